/** The shares of a run: one in this process, and one in each worker. */
import { LocalShare } from "./local_share.ts";
import type { Share, ShareEvents } from "./share.ts";
import type { DirectSockets } from "../socket/direct_socket.ts";
import { type Process, RemoteShare } from "./remote_share.ts";

/** Shares of clients that are closed together. */
export class Shares implements AsyncDisposable {
  /** The share of this process, then those of the workers. */
  readonly all: readonly Share[];
  readonly #workers: readonly RemoteShare[];

  /** @param sockets those of the clients in this process (default: ordinary ones) */
  constructor(workers: readonly Process[], events: ShareEvents, sockets?: DirectSockets) {
    const name = (place: number) => `Worker ${place + 2} of ${workers.length + 1}`;
    this.#workers = workers.map((worker, place) => new RemoteShare(worker, name(place), events));
    this.all = [new LocalShare(events, sockets), ...this.#workers];
  }

  /** Waits until all workers have booted: their start would take processor time from a measurement. */
  async ready(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((share) => share.close()));
  }
}
