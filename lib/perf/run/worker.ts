/** A worker process: it follows the orders of another process of this program (`worker_messages.ts`). */
import { messageOf } from "../../base/errors.ts";
import { LocalShare } from "./local_share.ts";
import type { DirectSockets } from "../socket/direct_socket.ts";
import type { Share, ShareEvents } from "./share.ts";
import {
  ALIVE_EVERY_MS,
  linesOf,
  messageLine,
  readOrder,
  type WorkerAnswer,
  type WorkerEvent,
  type WorkerOrder,
} from "./worker_messages.ts";

/** The argument of a worker process. Only this program uses it, so `--help` does not list it. */
export const WORKER_FLAG = "--worker";

/** The parts of a worker, which tests replace. */
interface WorkerParts {
  readonly orders: ReadableStream<Uint8Array>;
  /** Sends a line; `line` has no line end. */
  readonly send: (line: string) => void;
  /** The sockets of its clients (default: ordinary ones). */
  readonly sockets?: DirectSockets | undefined;
  /** (Default: the clients of this process.) */
  readonly share?: ((events: ShareEvents) => Share) | undefined;
  /** Time between two `alive` messages, in milliseconds (default: `ALIVE_EVERY_MS`). */
  readonly aliveEveryMs?: number;
}

/**
 * Follows orders until their end, which also ends a stage that runs.
 *
 * @returns whether every order succeeded
 */
export async function runWorker(parts: WorkerParts): Promise<boolean> {
  const { orders, send, sockets } = parts;
  const { share: shareOf = (events) => new LocalShare(events, sockets) } = parts;
  const sendMessage = (message: WorkerAnswer | WorkerEvent) => send(messageLine(message));
  let operations = 0;
  const share = shareOf({
    onProgress: (count) => operations += count,
    onNote: (text) => sendMessage({ type: "note", text }),
  });
  // The first message: the worker has booted, and reads orders from now on.
  sendMessage({ type: "alive", operations });
  const alive = setInterval(() => {
    sendMessage({ type: "alive", operations });
    operations = 0;
  }, parts.aliveEveryMs ?? ALIVE_EVERY_MS);
  const failure = Promise.withResolvers<boolean>();
  const followOrder = async (line: string) => {
    try {
      const answer = await executeOrder(readOrder(line), share);
      if (answer !== undefined) sendMessage(answer);
    } catch (error) {
      sendMessage({ type: "failed", message: messageOf(error) });
      failure.resolve(false);
    }
  };
  // Reading continues while an order is executed, so that the end of the orders is noticed at once.
  const all = (async () => {
    for await (const line of linesOf(orders)) void followOrder(line);
    return true;
  })();
  try {
    return await Promise.race([all, failure.promise]);
  } finally {
    clearInterval(alive);
    await share.close();
  }
}

async function executeOrder(
  order: WorkerOrder,
  share: Share,
): Promise<WorkerAnswer | undefined> {
  switch (order.type) {
    case "connect":
      return { type: "connected", server: await share.connect(order.order) };
    case "prepare":
      return { type: "prepared", result: await share.prepare(order.stage) };
    case "refill": {
      const { stage, keys, untilUnixMs } = order;
      return { type: "refilled", result: await share.refill(stage, keys, untilUnixMs) };
    }
    case "warm":
      await share.warm(order.stage, order.keyEnds);
      return { type: "warm" };
    case "start":
      return { type: "measured", data: await share.start(order.unixMs) };
    case "cancel":
      share.cancel();
      return undefined;
    case "cleanUp":
      return { type: "cleanedUp", result: await share.cleanUp() };
    case "end":
      await share.end();
      return { type: "ended" };
  }
}
