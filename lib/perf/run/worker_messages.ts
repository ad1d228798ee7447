/**
 * The messages between the process of a run and its workers: one JSON object in each line. Orders go to
 * the worker's stdin, answers to its stdout. (A worker inherits stderr.)
 *
 *     order                           answer                  meaning
 *     {"type":"connect", ...}         {"type":"connected"}    connect the clients of the share
 *     {"type":"prepare","stage":0}    {"type":"prepared"}     insert the keys that the stage needs
 *     {"type":"refill","stage":0...}  {"type":"refilled"}     insert further keys for removes
 *     {"type":"warm","stage":0, ...}  {"type":"warm"}         warm up, and wait for the start
 *     {"type":"start","unixMs":...}   {"type":"measured"}     start at that moment, and measure
 *     {"type":"cancel"}               none                    end refill or start early
 *     {"type":"cleanUp"}              {"type":"cleanedUp"}    remove the keys
 *     {"type":"end"}                  {"type":"ended"}        close the clients; `connect` may follow
 *
 * A worker has one order at a time, except `cancel`, and answers each other once. It also sends
 * `alive` when it begins to read orders and then every `ALIVE_EVERY_MS`, so that a worker that hangs
 * is noticed, and `note` for the user. If an order fails, the worker sends `failed` and ends. It also ends when its stdin ends, so a
 * killed run leaves no workers.
 *
 * Both ends are the same program. So only the type of a message is checked, which excludes lines of
 * any other source.
 */
import type { ConnectedTarget, ShareOrder, UnmeasuredResult } from "./share.ts";
import type { StageData } from "../measure/stage_data.ts";

/** Time between two `alive` messages of a worker, in milliseconds. */
export const ALIVE_EVERY_MS = 500;

/** A message to a worker. */
export type WorkerOrder =
  | { readonly type: "connect"; readonly order: ShareOrder }
  | { readonly type: "prepare"; readonly stage: number }
  | {
    readonly type: "refill";
    readonly stage: number;
    readonly keys: number;
    readonly untilUnixMs: number;
  }
  | { readonly type: "warm"; readonly stage: number; readonly keyEnds: readonly number[] }
  /** `unixMs`: start time, in Unix milliseconds. */
  | { readonly type: "start"; readonly unixMs: number }
  | { readonly type: "cancel" }
  | { readonly type: "cleanUp" }
  | { readonly type: "end" };

/** A worker's answer to an order. */
export type WorkerAnswer =
  | { readonly type: "connected"; readonly server: ConnectedTarget }
  | { readonly type: "prepared"; readonly result: UnmeasuredResult }
  | { readonly type: "refilled"; readonly result: UnmeasuredResult }
  | { readonly type: "warm" }
  | { readonly type: "measured"; readonly data: StageData }
  | { readonly type: "cleanedUp"; readonly result: UnmeasuredResult }
  | { readonly type: "ended" }
  | { readonly type: "failed"; readonly message: string };

/** A message of a worker that answers no order. */
export type WorkerEvent =
  /** `operations`: number of measured operations since the last one. */
  | { readonly type: "alive"; readonly operations: number }
  | { readonly type: "note"; readonly text: string };

const ORDERS: ReadonlySet<string> = new Set<WorkerOrder["type"]>([
  ...["connect", "prepare", "refill", "warm", "start", "cancel", "cleanUp", "end"] as const,
]);

const ANSWERS: ReadonlySet<string> = new Set<(WorkerAnswer | WorkerEvent)["type"]>([
  ...["connected", "prepared", "refilled", "warm", "measured", "cleanedUp", "ended"] as const,
  ...["failed", "alive", "note"] as const,
]);

/** Formats a message as a line, without its LF. */
export function messageLine(message: WorkerOrder | WorkerAnswer | WorkerEvent): string {
  return JSON.stringify(message);
}

/** Parses an order. @throws {SyntaxError} if the line is not an order */
export function readOrder(line: string): WorkerOrder {
  return read(line, ORDERS, "an order to a worker") as WorkerOrder;
}

/** Parses a message of a worker. @throws {SyntaxError} if the line is not a message */
export function readAnswer(line: string): WorkerAnswer | WorkerEvent {
  return read(line, ANSWERS, "a worker's answer") as WorkerAnswer | WorkerEvent;
}

function read(line: string, types: ReadonlySet<string>, what: string): unknown {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    // The error below reports it.
  }
  if (
    typeof message === "object" && message !== null && "type" in message &&
    typeof message.type === "string" && types.has(message.type)
  ) return message;
  throw new SyntaxError(`Expected ${what}, got ${JSON.stringify(line.slice(0, 80))}`);
}

/** Splits a stream of UTF-8 into lines; text after the last line end is dropped. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // A message can have megabytes in many pieces, which are joined once, at the end of the line.
  let pieces: string[] = [];
  for await (const bytes of stream) {
    const [rest = "", ...lines] = decoder.decode(bytes, { stream: true }).split("\n");
    pieces.push(rest);
    for (const next of lines) {
      yield pieces.join("");
      pieces = [next];
    }
  }
}
