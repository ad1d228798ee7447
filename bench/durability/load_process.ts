/**
 * Clients in a process of their own, each with one request in flight (closed loop). Started by
 * `startLoad`; its argument is a `Load` as JSON. After the time, or on SIGTERM, it writes what each
 * request took to a file.
 */
import assert from "assert";
import { fromSource, Program } from "../harness/program.ts";
import { keyOf, valueOf } from "./dataset.ts";

/** Who asks for what. */
export interface Load {
  readonly port: number;
  /** Clients that insert only, that look up only, and that do both by turns. */
  readonly inserting: number;
  readonly lookingUp: number;
  readonly mixed: number;
  /** Keys that are looked up: 1 to this. The same are inserted by `mixed`; others by `inserting`. */
  readonly keys: number;
  readonly seconds: number;
  /** Before the time begins. */
  readonly warmupSeconds: number;
}

/** Requests in the order in which they were answered. */
export interface Requests {
  /** Epoch, in milliseconds. */
  readonly answeredAtMs: Float64Array;
  readonly tookMs: Float64Array;
}

/** What became of a load. */
export interface LoadResult {
  readonly inserts: Requests;
  readonly lookups: Requests;
}

/** Clients that are at work. */
export interface RunningLoad {
  /** Ends them before their time. */
  end(): void;
  result(): Promise<LoadResult>;
}

/** Starts clients; `await` their `result`. */
export function startLoad(load: Load): RunningLoad {
  const file = Deno.makeTempFileSync({ prefix: "htserver-bench-" });
  const program = new Program(
    fromSource("bench/durability/load_process.ts", JSON.stringify(load), file),
  );
  return {
    end: () => program.kill("SIGTERM"),
    async result() {
      await using ended = program;
      try {
        assert.equal(await ended.exitCode(), 0, ended.stderr);
        return resultFrom(Deno.readFileSync(file));
      } finally {
        Deno.removeSync(file);
      }
    },
  };
}

/** Runs a load to its end. */
export function runLoad(load: Load): Promise<LoadResult> {
  return startLoad(load).result();
}

/** Two numbers a request, inserts first; at the very front how many those are. */
function resultFrom(bytes: Uint8Array): LoadResult {
  const [insertNumbers = 0, ...rest] = new Float64Array(bytes.slice().buffer);
  const requests = (numbers: readonly number[]): Requests => ({
    answeredAtMs: Float64Array.from(numbers.filter((_, at) => at % 2 === 0)),
    tookMs: Float64Array.from(numbers.filter((_, at) => at % 2 === 1)),
  });
  return {
    inserts: requests(rest.slice(0, insertNumbers)),
    lookups: requests(rest.slice(insertNumbers)),
  };
}

const LF = 10;
const encoder = new TextEncoder();

class Clients {
  readonly inserts: number[] = [];
  readonly lookups: number[] = [];
  readonly #load: Load;
  #countsFromMs = Infinity;
  #isOver = false;

  constructor(load: Load) {
    this.#load = load;
  }

  async run(): Promise<void> {
    const { inserting, lookingUp, mixed, seconds, warmupSeconds } = this.#load;
    const startMs = performance.now();
    this.#countsFromMs = startMs + warmupSeconds * 1e3;
    setTimeout(() => this.#isOver = true, (warmupSeconds + seconds) * 1e3);
    Deno.addSignalListener("SIGTERM", () => this.#isOver = true);
    await Promise.all([
      ...Array.from({ length: inserting }, (_, n) => this.#client(n, () => "insert")),
      ...Array.from({ length: lookingUp }, (_, n) => this.#client(n, () => "lookup")),
      ...Array.from(
        { length: mixed },
        (_, n) => this.#client(n, (count) => count % 2 === 0 ? "insert" : "lookup"),
      ),
    ]);
  }

  /** One client, until the time is over. */
  async #client(number: number, method: (count: number) => "insert" | "lookup"): Promise<void> {
    const { port, keys, mixed } = this.#load;
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const buffer = new Uint8Array(4_096);
    for (let count = 0; !this.#isOver; count++) {
      const does = method(count);
      const key = 1 + Math.floor(Math.random() * keys);
      const line = does === "lookup"
        ? `{"method":"lookup","key":"${keyOf(key)}"}\n`
        : insertLine(mixed > 0 ? key : keys + 1 + number * 1_000_000 + count % 1_000_000);
      const bytes = encoder.encode(line);
      const sentMs = performance.now();
      assert.equal(await connection.write(bytes), bytes.length);
      const read = await connection.read(buffer);
      const nowMs = performance.now();
      assert(read !== null && buffer[read - 1] === LF, "a whole reply");
      if (sentMs < this.#countsFromMs || this.#isOver) continue;
      (does === "insert" ? this.inserts : this.lookups)
        .push(performance.timeOrigin + nowMs, nowMs - sentMs);
    }
  }
}

function insertLine(key: number): string {
  return `{"method":"insert","key":"${keyOf(key)}","value":"${valueOf(key)}"}\n`;
}

if (import.meta.main) {
  const clients = new Clients(JSON.parse(Deno.args[0] ?? "{}"));
  await clients.run();
  const { inserts, lookups } = clients;
  const numbers = Float64Array.from([inserts.length, ...inserts, ...lookups]);
  Deno.writeFileSync(Deno.args[1] ?? "", new Uint8Array(numbers.buffer));
  Deno.exit(0); // the timer of an early end
}
