/** A connection in memory: the test decides what is read, when writing goes on, and what fails. */
import type { Socket } from "../../lib/server/socket.ts";
import { joined, utf8 } from "../helpers/streams.ts";

/** What a read gives: bytes, the end, or a failure. */
type Incoming = Uint8Array | null | Error;

/** One connection, from the server's side. */
export class FakeConnection implements Socket {
  /** Sizes of the buffers that were read into. */
  readonly bufferSizes: number[] = [];
  closes = 0;
  lingers = 0;
  /** Fails each write, where set. */
  writeFailure: Error | undefined;
  /** The most bytes that one write takes. */
  maxWriteBytes = Infinity;
  readonly #incoming: Incoming[] = [];
  readonly #written: Uint8Array[] = [];
  #wakeReader: (() => void) | undefined;
  #writesHeld: PromiseWithResolvers<void> | undefined;
  #seen = Promise.withResolvers<void>();

  /** Sends text or bytes to the server, ends the stream (null), or breaks it. */
  send(...all: (string | Incoming)[]): void {
    for (const one of all) this.#incoming.push(typeof one === "string" ? utf8(one) : one);
    this.#wakeReader?.();
  }

  /** Lets writes wait until `releaseWrites`. */
  holdWrites(): void {
    this.#writesHeld = Promise.withResolvers<void>();
  }

  releaseWrites(): void {
    this.#writesHeld?.resolve();
    this.#writesHeld = undefined;
  }

  /** What the server wrote so far. */
  get written(): string {
    return new TextDecoder().decode(joined(this.#written));
  }

  /** The replies so far. */
  get replies(): Record<string, unknown>[] {
    return this.written.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Resolves once a condition holds; looked at after each read, write and close. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#seen.promise;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.bufferSizes.push(buffer.length);
    this.#tell();
    while (this.#incoming.length === 0) {
      if (this.closes > 0) throw new Error("closed while reading");
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const next = this.#incoming.shift();
    if (next instanceof Error) throw next;
    if (next === null || next === undefined) return null;
    if (next.length > buffer.length) this.#incoming.unshift(next.subarray(buffer.length));
    buffer.fill(0xff); // nobody may still need what was read before
    buffer.set(next.subarray(0, buffer.length));
    return Math.min(next.length, buffer.length);
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#tell();
    await this.#writesHeld?.promise;
    if (this.writeFailure) throw this.writeFailure;
    if (this.closes > 0) throw new Error("closed while writing");
    const copy = bytes.slice(0, this.maxWriteBytes); // as a kernel does: when it comes to it
    this.#written.push(copy);
    this.#tell();
    return copy.length;
  }

  linger(): Promise<void> {
    this.lingers++;
    return Promise.resolve();
  }

  close(): void {
    this.closes++;
    this.#wakeReader?.();
    this.#writesHeld?.resolve();
    this.#tell();
  }

  #tell(): void {
    this.#seen.resolve();
    this.#seen = Promise.withResolvers<void>();
  }
}
