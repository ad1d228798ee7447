/**
 * Finds out whether the address of a silent server is still there. A network that drops packets to an
 * old address (DHCP gave the machine a new one) reports nothing: without a probe, a client would wait
 * until the limit of its calls. A server that is only slow, or stopped, still accepts a connection.
 */
import { addressText } from "../base/address.ts";
import { PROBE_CONNECT_MS, SILENT_PROBE_MS } from "../base/limits.ts";
import { acceptsConnections } from "./dial.ts";
import { ConnectionLostError } from "./errors.ts";
import type { Connection } from "./connection.ts";

/** A silence counts from this share of its time on: timers are not exact. */
export const SILENT_SHARE = 0.95;

/** Probes one connection after another; at most one probe is under way. */
export class SilenceProbe {
  readonly #replies: () => number;
  readonly #closing = new AbortController();
  #repliesBefore = 0;
  #probe: Promise<void> | undefined;

  /** @param replies how many have come so far */
  constructor(replies: () => number) {
    this.#replies = replies;
  }

  /**
   * Starts a probe if no reply came since the last look; called every `SILENT_PROBE_MS` at most.
   *
   * @param link broken if its address accepts connections no more
   * @param waitedMs how long its oldest call has waited, in milliseconds
   */
  look(link: Connection, waitedMs: number): void {
    const replies = this.#replies();
    const isSilent = replies === this.#repliesBefore;
    this.#repliesBefore = replies;
    if (!isSilent || waitedMs < SILENT_SHARE * SILENT_PROBE_MS) return;
    this.#probe ??= this.#breakIfGone(link, replies).finally(() => this.#probe = undefined);
  }

  /** Ends the probe that is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#probe;
  }

  async #breakIfGone(link: Connection, replies: number): Promise<void> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), PROBE_CONNECT_MS);
    const signal = AbortSignal.any([timeUp.signal, this.#closing.signal]);
    const isThere = await acceptsConnections(link.address, signal);
    clearTimeout(timer);
    if (isThere || this.#closing.signal.aborted || replies !== this.#replies()) return;
    const at = addressText(link.address);
    link.break(new ConnectionLostError(`${at} is silent and accepts no connection any more`, true));
  }
}
