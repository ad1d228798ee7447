/**
 * A live server over a socket. Every reply agrees with a model. At the end of a round the table is that
 * of the model, byte for byte, and the server accepts a new connection.
 *
 * A round starts with an empty table and has several connections, one after another. The effect of an
 * input depends on the inputs before it in the round. Some connections end in the middle of a request.
 * A server with a data folder is killed after some rounds, and must recover the same table.
 */
import { messageOf } from "../../lib/base/errors.ts";
import { type Exchange, ExchangeError } from "../exchange.ts";
import { mutate } from "../make/mutate.ts";
import { requestBytes } from "../make/requests.ts";
import { partsOf } from "../oracle/json_text.ts";
import { firstReply } from "../oracle/request.ts";
import { type Line, linesOf } from "../oracle/lines.ts";
import { TableModel } from "../oracle/table.ts";
import { joined } from "../../tests/helpers/streams.ts";
import { LIMITS, MAX_REQUEST_BYTES, ServerProcess } from "../server_process.ts";
import { oneIn, pick, type Random, sourceOf } from "../source.ts";
import type { Finding, Rounds, ServerTarget } from "../target.ts";

const encoder = new TextEncoder();
const LF = 10;

/** Inputs that are sent before their replies are compared. */
const BATCH_INPUTS = 64;

/** Inputs of one connection. */
const CONNECTION_INPUTS = 512;

/** Inputs of one round. */
const ROUND_INPUTS = 2_048;

/** The rounds between two kills of a server with a data folder. */
const ROUNDS_PER_KILL = 4;

/** A model, like `TableModel`. */
export type Model = Pick<
  TableModel,
  "judge" | "reconnect" | "pairs" | "keys" | "size" | "searches"
>;

/** @param modelOf makes the model (default: that of the protocol) */
export function liveTarget(modelOf: () => Model = () => new TableModel(LIMITS)): ServerTarget {
  return {
    name: "live",
    input: "request line to a server in memory, over a socket",
    share: 5,
    roundInputs: ROUND_INPUTS,
    open: () => Promise.resolve(new LiveRounds("live", modelOf, ["--memory"])),
  };
}

/** @param modelOf see `liveTarget` */
export function durableTarget(modelOf: () => Model = () => new TableModel(LIMITS)): ServerTarget {
  return {
    name: "durable",
    input: "request line to a server with a data folder, over a socket",
    share: 0.8,
    roundInputs: ROUND_INPUTS,
    async open() {
      const folder = await Deno.makeTempDir({ prefix: "ht-fuzz-" });
      // Several checkpoints in each round.
      const flags = ["--data", `${folder}/table`, "--compact-entries", "700"];
      return new LiveRounds("durable", modelOf, flags, folder);
    },
  };
}

/** The error of an input with a problem. */
class InputError extends Error {
  readonly number: number;
  readonly input: Uint8Array;

  constructor(number: number, input: Uint8Array, problem: string) {
    super(problem);
    this.number = number;
    this.input = input;
  }
}

/** An input of a batch, and its lines. */
interface BatchInput {
  readonly number: number;
  readonly input: Uint8Array;
  readonly lines: readonly Line[];
}

class LiveRounds implements Rounds {
  readonly #name: string;
  readonly #modelOf: () => Model;
  readonly #flags: readonly string[];
  /** The folder with the data folder; undefined for a server in memory. */
  readonly #folder: string | undefined;
  #server: ServerProcess;

  constructor(name: string, modelOf: () => Model, flags: readonly string[], folder?: string) {
    this.#name = name;
    this.#modelOf = modelOf;
    this.#flags = flags;
    this.#folder = folder;
    this.#server = new ServerProcess(flags);
  }

  async round(seed: number, first: number, count: number): Promise<Finding | undefined> {
    const model = this.#modelOf();
    try {
      for (let at = first; at < first + count; at += CONNECTION_INPUTS) {
        const end = Math.min(first + count, at + CONNECTION_INPUTS);
        await this.#connection(model, seed, at, end);
      }
      const isKilled = first / ROUND_INPUTS % ROUNDS_PER_KILL === ROUNDS_PER_KILL - 1;
      const problem = await this.#endProblem(model, isKilled);
      if (problem === undefined) return undefined;
      throw new InputError(first + count - 1, new Uint8Array(0), `after the round, ${problem}`);
    } catch (error) {
      if (error instanceof InputError) {
        return { number: error.number, problem: error.message, input: error.input };
      }
      const problem = `${messageOf(error)}; stderr of the server: ${this.#server.stderr}`;
      return { number: first + count - 1, problem, input: new Uint8Array(0) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    if (this.#folder) await Deno.remove(this.#folder, { recursive: true });
  }

  async #connection(model: Model, seed: number, first: number, end: number): Promise<void> {
    model.reconnect();
    const begin = await this.#sendForeign(model, seed, first, end);
    using exchange = await this.#server.connect();
    for (let at = begin; at < end; at += BATCH_INPUTS) {
      const batch: BatchInput[] = [];
      for (let number = at; number < Math.min(end, at + BATCH_INPUTS); number++) {
        const input = this.#input(model, seed, number);
        batch.push({ number, input, lines: linesOf(input, MAX_REQUEST_BYTES) });
      }
      await this.#batch(model, exchange, batch, sourceOf(seed, `${this.#name} beside`, at));
    }
    const random = sourceOf(seed, `${this.#name} end`, first);
    if (oneIn(random, 2)) {
      await exchange.send(encoder.encode('{"method":"insert","key":"k1","value":1'));
    }
  }

  #input(model: Model, seed: number, number: number): Uint8Array {
    const random = sourceOf(seed, this.#name, number);
    return withLf(oneIn(random, 24) ? nextPartBytes(model, random) : requestBytes(random));
  }

  /**
   * Sends inputs that cannot be the first of a connection, each on its own connection. Each gets one
   * error, and the server closes the connection.
   *
   * @returns the number of the first input that can be the first of a connection
   */
  async #sendForeign(model: Model, seed: number, first: number, end: number): Promise<number> {
    for (let number = first; number < end; number++) {
      const input = this.#input(model, seed, number);
      const type = firstReply(input, MAX_REQUEST_BYTES);
      if (type === "ours") return number;
      if (type === undefined) continue;
      using exchange = await this.#server.connect();
      try {
        const [reply = ""] = await exchange.ask(input, [], 1);
        if (!reply.startsWith(`{"status":"ERROR","type":"${type}","message":"`)) {
          throw new ExchangeError(`the reply to the first line is ${reply}, not ${type}`);
        }
        await exchange.end();
      } catch (error) {
        throw new InputError(number, input, messageOf(error));
      }
    }
    return end;
  }

  async #batch(
    model: Model,
    exchange: Exchange,
    batch: BatchInput[],
    random: Random,
  ): Promise<void> {
    const inputs = batch.map(({ input }) => input);
    const expected = batch.reduce((sum, { lines }) => sum + lines.length, 0);
    const bytes = joined(inputs);
    let replies: string[];
    try {
      const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
      replies = await exchange.ask(bytes, cuts.sort((a, b) => a - b), expected);
    } catch (error) {
      const last = batch.at(-1);
      const what = error instanceof ExchangeError
        ? error.message
        : `the connection broke (${messageOf(error)})`;
      throw new InputError(
        last?.number ?? 0,
        bytes,
        `${what}; stderr of the server: ${this.#server.stderr}`,
      );
    }
    let next = 0;
    for (const { number, input, lines } of batch) {
      for (const line of lines) {
        const problem = model.judge(line, replies[next++] ?? "");
        if (problem !== undefined) throw new InputError(number, input, problem);
      }
    }
  }

  /**
   * Compares the tables, and empties them.
   *
   * @param isKilled whether to kill a server with a data folder, and to compare again
   */
  async #endProblem(model: Model, isKilled: boolean): Promise<string | undefined> {
    const problem = await this.#server.ping() ?? await this.#tableProblem(model);
    if (problem !== undefined) return problem;
    if (this.#folder && isKilled) {
      await this.#server[Symbol.asyncDispose]();
      this.#server = new ServerProcess(this.#flags);
      const lost = await this.#tableProblem(model);
      if (lost !== undefined) return `and a kill, ${lost}`;
    }
    using exchange = await this.#server.connect();
    const removes = model.keys.map((key) => `{"method":"remove","key":${JSON.stringify(key)}}\n`);
    for (const remove of removes) await exchange.ask(encoder.encode(remove), [], 1);
    const [size] = await exchange.ask(encoder.encode('{"method":"size"}\n'), [], 1);
    return size === '{"status":"OK","result":0}'
      ? undefined
      : `all keys were removed, and the reply to size is ${size}`;
  }

  /** Compares the tables by a scan in parts, because one reply may not have room for all pairs. */
  async #tableProblem(model: Model): Promise<string | undefined> {
    using exchange = await this.#server.connect();
    const left = model.pairs();
    for (let cursor: string | undefined = "", limit = 50; cursor !== undefined;) {
      const member: string = cursor === "" ? "" : `,"cursor":"${cursor}"`;
      const line = `{"method":"scan","regex":"","limit":${limit}${member}}\n`;
      const [reply = ""] = await exchange.ask(encoder.encode(line), [], 1);
      const [, next, pairs] =
        /^\{"status":"OK",(?:"cursor":"([^"]+)",)?"result":([^]*)\}$/.exec(reply) ?? [];
      if (pairs === undefined) return `a scan gives ${reply.slice(0, 300)}`;
      for (const pair of partsOf(pairs)) {
        if (!left.delete(pair)) {
          return `the table has ${pair.slice(0, 300)}, and the model does not`;
        }
      }
      cursor = next;
    }
    const [missing] = left;
    return missing === undefined ? undefined : `the table does not have ${missing.slice(0, 300)}`;
  }
}

/** The request for the next part of an open search, in some cases with an error. */
function nextPartBytes(model: Model, random: Random): Uint8Array {
  if (model.searches.length === 0) return requestBytes(random);
  const { cursor, request } = pick(random, model.searches);
  const names = ["regex", "subkey", "subvalue"];
  const same = names.flatMap((name) => {
    const text = request.members.get(name);
    return text === undefined ? [] : [`"${name}":${text}`];
  });
  const limit = oneIn(random, 12) ? [] : [`"limit":${1 + random.below(30)}`];
  const line = `{${
    [`"method":"${request.method}"`, ...same, ...limit, `"cursor":"${cursor}"`].join(",")
  }}`;
  const bytes = encoder.encode(line);
  return oneIn(random, 12) ? mutate(bytes, random) : bytes;
}

/** The input with an LF at its end. */
function withLf(input: Uint8Array): Uint8Array {
  return input.at(-1) === LF ? input : joined([input, Uint8Array.of(LF)]);
}
