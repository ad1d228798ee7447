/**
 * A store in memory. It reads commands in RESP and executes them on Maps. Replies come later, in an order and
 * with faults that a seed decides, as from several nodes.
 */
import assert from "assert";
import { type Random, randomFrom } from "../../lib/base/random.ts";
import { ByteBuilder } from "../../lib/bytes/byte_builder.ts";
import { GET_SOME, REMOVE } from "../../lib/store/scripts.ts";
import type { ReplyReceiver, Store, StoreCommand, StoreFailure } from "../../lib/store/store.ts";

/** Chances of faults, each from 0 to 1. */
export interface Faults {
  /** A command fails and changes nothing. */
  readonly failed?: number;
  /** The outcome of a write is unknown; half of them are made. */
  readonly lost?: number;
  /** The reply of a read comes again, perhaps with a newer value. */
  readonly repeated?: number;
  /** A command waits for this many rounds more, at most. */
  readonly rounds?: number;
}

type Reply = number | Uint8Array | undefined | readonly (Uint8Array | undefined)[];

interface Pending {
  readonly command: StoreCommand;
  reply: Reply | "not executed";
  isDelivered: boolean;
}

const CR = 13, LF = 10, ZERO = 48;

/** Bytes as a string with a character for each. */
export function binaryOf(bytes: Uint8Array): string {
  // TextDecoder has no Latin-1: for the web, that name means windows-1252.
  return bytes.reduce((text, byte) => text + String.fromCharCode(byte), "");
}

/** A store in memory. */
export class FakeStore implements Store {
  readonly durability: "replicated" | "store" = "replicated";
  /** Key of a hash to its fields, both as text with a character for each byte. */
  readonly hashes = new Map<string, Map<string, Uint8Array>>();
  readonly strings = new Map<string, Uint8Array>();
  /** Set to let all commands fail. */
  failure: StoreFailure | undefined;
  /** Whether no two commands for a bucket may be in flight: with one client. */
  isOneClient = false;
  /** Names of the executed commands, with their numbers. */
  readonly counts = new Map<string, number>();
  /** Strings that the receiver did not take. */
  skipped = 0;
  /** Most commands in flight. */
  mostInFlight = 0;
  /** Called before each round. */
  onRound: () => void = () => {};
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #pending = new Set<Pending>();
  /** The commands by the round in which they go on. */
  readonly #due = new Map<number, Pending[]>();
  #round = 0;
  #isScheduled = false;

  constructor(seed: number = 1, faults: Faults = {}) {
    this.#random = randomFrom(seed);
    this.#faults = faults;
  }

  /** Number of fields in all hashes. */
  get size(): number {
    let size = 0;
    for (const fields of this.hashes.values()) size += fields.size;
    return size;
  }

  execute(command: StoreCommand): void {
    if (this.isOneClient) {
      for (const other of this.#pending) assert.notEqual(other.command.bucket, command.bucket);
    }
    const pending: Pending = { command, reply: "not executed", isDelivered: false };
    this.#pending.add(pending);
    this.#wait(pending, this.#someRounds());
    this.mostInFlight = Math.max(this.mostInFlight, this.#pending.size);
    this.#schedule();
  }

  info(): Record<string, unknown> {
    return { kind: "fake" };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Executes a command at once. */
  run(words: readonly Uint8Array[]): Reply {
    const [name = "", key = "", ...rest] = words.map(binaryOf);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    const fields = this.hashes.get(key);
    const [field = ""] = rest;
    switch (name) {
      case "HSET": {
        const made = fields ?? new Map<string, Uint8Array>();
        this.hashes.set(key, made);
        const isNew = !made.has(field);
        made.set(field, words[3] ?? assert.fail());
        return isNew ? 1 : 0;
      }
      case "HGET":
        return fields?.get(field);
      case "HLEN":
        return fields?.size ?? 0;
      case "HKEYS":
        return this.#shuffled([...fields?.keys() ?? []]).map(bytesOf);
      case "GET":
        return this.strings.get(key);
      case "SET": {
        assert.equal(rest[1], "NX");
        if (this.strings.has(key)) return undefined;
        this.strings.set(key, words[2] ?? assert.fail());
        return bytesOf("OK");
      }
      case "EVALSHA":
      case "EVALSHA_RO":
        return this.#runScript(key, words.slice(2));
      default:
        throw new Error(`the fake store has no ${name}`);
    }
  }

  #runScript(sha: string, words: readonly Uint8Array[]): Reply {
    const [count, key = "", ...args] = words.map(binaryOf);
    assert.equal(count, "1");
    const fields = this.hashes.get(key);
    const limit = Number(sha === REMOVE.sha ? args[1] : args[0]);
    if (sha === REMOVE.sha) {
      const value = fields?.get(args[0] ?? "");
      if (value === undefined) return undefined;
      if (value.length > limit) return value.length;
      fields?.delete(args[0] ?? "");
      return value;
    }
    assert.equal(sha, GET_SOME.sha);
    const values: (Uint8Array | undefined)[] = [];
    let bytes = 0;
    for (const field of args.slice(1)) {
      const value = fields?.get(field);
      bytes += value?.length ?? 0;
      if (value !== undefined && bytes > limit && values.length > 0) break;
      values.push(value);
    }
    return values;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#pending.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.onRound();
      const due = this.#due.get(++this.#round) ?? [];
      this.#due.delete(this.#round);
      for (const pending of this.#shuffled(due)) this.#step(pending);
      this.#schedule();
    });
  }

  #step(pending: Pending): void {
    const { command } = pending;
    const isRead = command.kind === "read";
    if (pending.reply === "not executed") {
      if (this.failure !== undefined) {
        return this.#end(pending, () => command.failed(this.failure ?? assert.fail()));
      }
      if (this.#happens(this.#faults.failed)) {
        return this.#end(pending, () => command.failed({ kind: "unavailable", why: "a fault" }));
      }
      const isLost = !isRead && this.#happens(this.#faults.lost);
      if (isLost && this.#random.below(2) === 0) {
        return this.#end(pending, () => command.lost("a fault"));
      }
      pending.reply = this.run(wordsOf(command));
      if (isLost) return this.#end(pending, () => command.lost("a fault"));
      if (this.#pauses(pending)) return;
    }
    if (!pending.isDelivered) {
      pending.isDelivered = true;
      this.#deliver(pending.reply, command);
      // What it shows is durable later.
      if (this.#pauses(pending)) return;
    }
    if (isRead && this.#happens(this.#faults.repeated)) {
      pending.isDelivered = false;
      pending.reply = "not executed";
      return this.#wait(pending, 0);
    }
    this.#end(pending, () => command.done());
  }

  #someRounds(): number {
    return this.#random.below((this.#faults.rounds ?? 3) + 1);
  }

  /** A command continues after a number of rounds. */
  #wait(pending: Pending, rounds: number): void {
    const round = this.#round + 1 + rounds;
    const due = this.#due.get(round);
    if (due === undefined) this.#due.set(round, [pending]);
    else due.push(pending);
  }

  /** Whether a command now waits for some rounds. */
  #pauses(pending: Pending): boolean {
    const rounds = this.#someRounds();
    if (rounds > 0) this.#wait(pending, rounds - 1);
    return rounds > 0;
  }

  #end(pending: Pending, call: () => void): void {
    this.#pending.delete(pending);
    call();
  }

  #deliver(reply: Reply, to: ReplyReceiver): void {
    to.begin();
    const values: readonly (number | Uint8Array | undefined)[] = Array.isArray(reply)
      ? reply
      : [reply];
    if (Array.isArray(reply)) to.onArray(reply.length);
    for (const value of values) {
      if (value === undefined) to.onNil();
      else if (typeof value === "number") to.onInteger(value);
      else if (!to.takesString(value.length)) this.skipped++;
      else {
        // The bytes are valid during the call only.
        const bytes = new Uint8Array(value.length + 2);
        bytes.set(value, 1);
        to.onString(bytes, 1, value.length + 1);
        bytes.fill(0xff);
      }
    }
  }

  #happens(chance: number = 0): boolean {
    return chance > 0 && this.#random.below(1e6) < chance * 1e6;
  }

  #shuffled<T>(items: T[]): T[] {
    for (let at = items.length - 1; at > 0; at--) {
      const other = this.#random.below(at + 1);
      [items[at], items[other]] = [items[other] as T, items[at] as T];
    }
    return items;
  }
}

/** The words of a command. */
function wordsOf(command: StoreCommand): Uint8Array[] {
  const out = new ByteBuilder(new Uint8Array(1));
  command.encode(out);
  const bytes = out.view();
  let at = 0;
  const number = (type: string) => {
    assert.equal(bytes[at++], type.charCodeAt(0));
    let value = 0;
    while (bytes[at] !== CR) value = value * 10 + (bytes[at++] ?? NaN) - ZERO;
    endLine();
    return value;
  };
  const endLine = () => {
    assert.ok(bytes[at] === CR && bytes[at + 1] === LF);
    at += 2;
  };
  const words: Uint8Array[] = [];
  for (let left = number("*"); left > 0; left--) {
    const length = number("$");
    words.push(bytes.slice(at, at + length));
    at += length;
    endLine();
  }
  assert.equal(at, bytes.length);
  return words;
}

export function bytesOf(binary: string): Uint8Array {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
