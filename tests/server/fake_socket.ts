/** A socket in memory: a test decides what is read, when writes end, and which calls fail. */
import type { Socket } from "../../lib/server/socket.ts";
import { joined, utf8 } from "../helpers/streams.ts";

/** The result of a read: bytes, the end of the stream, or an error. */
type Incoming = Uint8Array | null | Error;

/** The server's side of one connection. */
export class FakeSocket implements Socket {
  /** Sizes of the buffers of all reads. */
  readonly bufferSizes: number[] = [];
  closes = 0;
  lingers = 0;
  /** The error of each write; undefined: writes succeed. */
  writeFailure: Error | undefined;
  /** Maximum number of bytes that one write takes. */
  maxWriteBytes = Infinity;
  readonly #incoming: Incoming[] = [];
  readonly #written: Uint8Array[] = [];
  #wakeReader: (() => void) | undefined;
  #writesHeld: PromiseWithResolvers<void> | undefined;
  #changed = Promise.withResolvers<void>();

  /** Sends text or bytes to the server, ends the stream (null), or makes a read fail. */
  send(...all: (string | Incoming)[]): void {
    for (const one of all) this.#incoming.push(typeof one === "string" ? utf8(one) : one);
    this.#wakeReader?.();
  }

  /** Delays writes until `releaseWrites`. */
  holdWrites(): void {
    this.#writesHeld = Promise.withResolvers<void>();
  }

  releaseWrites(): void {
    this.#writesHeld?.resolve();
    this.#writesHeld = undefined;
  }

  /** The bytes that the server has written, as text. */
  get written(): string {
    return new TextDecoder().decode(joined(this.#written));
  }

  /** The replies that the server has written. */
  get replies(): Record<string, unknown>[] {
    return this.written.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Resolves when a condition is true; checked after each read, write and close. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.bufferSizes.push(buffer.length);
    this.#notify();
    while (this.#incoming.length === 0) {
      if (this.closes > 0) throw new Error("closed while reading");
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const next = this.#incoming.shift();
    if (next instanceof Error) throw next;
    if (next === null || next === undefined) return null;
    if (next.length > buffer.length) this.#incoming.unshift(next.subarray(buffer.length));
    buffer.fill(0xff); // earlier bytes in it must not be used any more
    buffer.set(next.subarray(0, buffer.length));
    return Math.min(next.length, buffer.length);
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#notify();
    await this.#writesHeld?.promise;
    if (this.writeFailure) throw this.writeFailure;
    if (this.closes > 0) throw new Error("closed while writing");
    const copy = bytes.slice(0, this.maxWriteBytes); // when the write ends, as a kernel copies
    this.#written.push(copy);
    this.#notify();
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
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
