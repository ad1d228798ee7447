/**
 * The probe of a silent server: checks whether its address still accepts connections. A network that
 * drops packets to an old address (DHCP gave the machine a new one) reports nothing. Without the probe,
 * a client would wait until the limit of its calls. A server that is slow or stopped still accepts.
 */
import { addressText } from "../base/address.ts";
import { PROBE_CONNECT_MS, SILENT_PROBE_MS } from "../base/limits.ts";
import type { Connection } from "./connection.ts";
import { acceptsConnections } from "./dial.ts";
import { ConnectionLostError } from "./errors.ts";

/** Share of the time after which a server counts as silent: timers are not exact. */
export const SILENT_SHARE = 0.95;

/** Probes the client's connections, at most one at a time. */
export class SilenceProbe {
  readonly #replies: () => number;
  readonly #closing = new AbortController();
  #repliesBefore = 0;
  #probe: Promise<void> | undefined;

  /** @param replies returns the number of replies so far */
  constructor(replies: () => number) {
    this.#replies = replies;
  }

  /**
   * Starts a probe if no reply came since the last check; called at most every `SILENT_PROBE_MS`.
   *
   * @param connection the probe breaks it if its address no longer accepts connections
   * @param waitedMs time that its oldest call has waited, in milliseconds
   */
  check(connection: Connection, waitedMs: number): void {
    const replies = this.#replies();
    const isSilent = replies === this.#repliesBefore;
    this.#repliesBefore = replies;
    if (!isSilent || waitedMs < SILENT_SHARE * SILENT_PROBE_MS) return;
    this.#probe ??= this.#breakIfGone(connection, replies).finally(() => this.#probe = undefined);
  }

  /** Ends a running probe. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#probe;
  }

  async #breakIfGone(connection: Connection, replies: number): Promise<void> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), PROBE_CONNECT_MS);
    const signal = AbortSignal.any([timeUp.signal, this.#closing.signal]);
    const isAccepting = await acceptsConnections(connection.address, signal);
    clearTimeout(timer);
    if (isAccepting || this.#closing.signal.aborted || replies !== this.#replies()) return;
    const at = addressText(connection.address);
    connection.break(
      new ConnectionLostError(`${at} is silent and no longer accepts connections`, true),
    );
  }
}
