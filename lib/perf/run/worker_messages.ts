/**
 * What a run's process and its worker processes say to each other: a JSON object a line, orders on
 * the worker's stdin, answers on its stdout. (What a worker writes to stderr is the user's to read.)
 *
 *     order                           answer                  meaning
 *     {"type":"begin", ...}           {"type":"begun"}        connect the clients of this share
 *     {"type":"prepare","stage":0}    {"type":"prepared"}     put the keys in that the stage needs
 *     {"type":"warm","stage":0, ...}  {"type":"warm"}         warm up, and wait at the start
 *     {"type":"start","unixMs":...}   {"type":"measured"}     start all at that moment, and measure
 *     {"type":"cleanUp"}              {"type":"cleanedUp"}    take the keys out
 *     {"type":"end"}                  {"type":"ended"}        close the clients; `begin` may follow
 *
 * A worker answers each order once, and has one at a time. Besides, it sends `alive` once it
 * reads orders and then every `ALIVE_EVERY_MS`, so that one that hangs is found out, and `note` for the user. Where it cannot do
 * what it should, it sends `failed` and ends. It ends at once when its stdin does: a run that is
 * killed leaves no workers.
 *
 * Both ends are the same program, so messages are checked only as far as it takes to tell one from
 * a line that something else wrote.
 */
import type { RunTarget, ShareOrder, UnmeasuredResult } from "./share.ts";
import type { StageData } from "../measure/stage_data.ts";

/** How often a worker says that it is there, in milliseconds. */
export const ALIVE_EVERY_MS = 500;

/** To a worker. */
export type WorkerOrder =
  | { readonly type: "begin"; readonly order: ShareOrder }
  | { readonly type: "prepare"; readonly stage: number }
  | { readonly type: "warm"; readonly stage: number; readonly keyEnds: readonly number[] }
  /** When to start, in milliseconds since 1970. */
  | { readonly type: "start"; readonly unixMs: number }
  | { readonly type: "cleanUp" }
  | { readonly type: "end" };

/** From a worker, to an order. */
export type WorkerAnswer =
  | { readonly type: "begun"; readonly server: RunTarget }
  | { readonly type: "prepared"; readonly result: UnmeasuredResult }
  | { readonly type: "warm" }
  | { readonly type: "measured"; readonly data: StageData }
  | { readonly type: "cleanedUp"; readonly result: UnmeasuredResult }
  | { readonly type: "ended" }
  | { readonly type: "failed"; readonly message: string };

/** From a worker, unasked. */
export type WorkerEvent =
  /** Operations that were measured since the last one. */
  | { readonly type: "alive"; readonly operations: number }
  | { readonly type: "note"; readonly text: string };

const ORDERS: ReadonlySet<string> = new Set<WorkerOrder["type"]>([
  ...["begin", "prepare", "warm", "start", "cleanUp", "end"] as const,
]);

const ANSWERS: ReadonlySet<string> = new Set<(WorkerAnswer | WorkerEvent)["type"]>([
  ...["begun", "prepared", "warm", "measured", "cleanedUp", "ended", "failed"] as const,
  ...["alive", "note"] as const,
]);

/** A message as a line, without its end. */
export function messageLine(message: WorkerOrder | WorkerAnswer | WorkerEvent): string {
  return JSON.stringify(message);
}

/** Reads an order. @throws {SyntaxError} where the line is none */
export function readOrder(line: string): WorkerOrder {
  return read(line, ORDERS, "an order to a worker") as WorkerOrder;
}

/** Reads what a worker sent. @throws {SyntaxError} where the line is no message */
export function readAnswer(line: string): WorkerAnswer | WorkerEvent {
  return read(line, ANSWERS, "a worker's answer") as WorkerAnswer | WorkerEvent;
}

function read(line: string, types: ReadonlySet<string>, what: string): unknown {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    // The error below says it.
  }
  if (
    typeof message === "object" && message !== null && "type" in message &&
    typeof message.type === "string" && types.has(message.type)
  ) return message;
  throw new SyntaxError(`Expected ${what}, got ${JSON.stringify(line.slice(0, 80))}`);
}

/** The lines of a stream of UTF-8; what follows the last line end is none. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Messages may be megabytes in many pieces: these are joined once, at the line's end.
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
