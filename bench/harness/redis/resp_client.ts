/**
 * A small client of Redis and Valkey for tests: one command at a time, each with a time limit. It shares
 * no code with the store of the server, which it checks.
 */
import type { Address } from "../../../lib/base/address.ts";
import { settlesWithin } from "../../../lib/base/clock.ts";

/** A reply: a string, an integer, nil or an array. */
export type RespReply = string | number | null | readonly RespReply[];

/** An error that a node replied; its message begins with a code such as `MOVED`. */
export class RespError extends Error {
  override name = "RespError";
}

/** How to connect. */
export interface RespOptions {
  /** PEM of the authority of the node's certificate (default: no TLS). */
  readonly caCert?: string | undefined;
  /** The password of the default user (default: none). */
  readonly password?: string | undefined;
  /** The time limit for the connection and for each command, in milliseconds (default: 5,000). */
  readonly timeoutMs?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const CR = 13;

/** A connection to one node. */
export class RespClient implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #timeoutMs: number;
  #buffer: Uint8Array = new Uint8Array(65_536);
  #start = 0;
  #end = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(conn: Deno.Conn, timeoutMs: number) {
    this.#conn = conn;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {Error} if the node does not accept the connection or the password in time */
  static async connect(
    { hostname, port }: Address,
    { caCert, password, timeoutMs = 5_000 }: RespOptions = {},
  ): Promise<RespClient> {
    const connecting: Promise<Deno.Conn> = caCert === undefined
      ? Deno.connect({ hostname, port })
      : Deno.connectTls({ hostname, port, caCerts: [caCert] });
    if (!await settlesWithin(connecting, timeoutMs)) {
      void connecting.then((conn) => conn.close(), () => {});
      throw new Error(`${hostname}:${port} did not accept a connection within ${timeoutMs} ms`);
    }
    const client = new RespClient(await connecting, timeoutMs);
    try {
      if (password !== undefined) await client.ask("AUTH", password);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sends a command and returns its reply. Commands that are asked at the same time go one after another.
   *
   * @throws {RespError} if the reply is an error
   * @throws {Error} if the connection ends, or no reply comes in time; then the connection is closed
   */
  ask(...words: readonly (string | number)[]): Promise<RespReply> {
    const reply = this.#last.then(() => this.#exchange(words));
    this.#last = reply.catch(() => {});
    return reply;
  }

  async #exchange(words: readonly (string | number)[]): Promise<RespReply> {
    const reply = this.#write(words).then(() => this.#read());
    if (!await settlesWithin(reply, this.#timeoutMs)) {
      void reply.catch(() => {});
      this[Symbol.dispose]();
      throw new Error(`no reply to ${words[0]} within ${this.#timeoutMs} ms`);
    }
    return reply;
  }

  async #write(words: readonly (string | number)[]): Promise<void> {
    const texts = words.map((word) => {
      const text = String(word);
      return `$${encoder.encode(text).length}\r\n${text}\r\n`;
    });
    let bytes = encoder.encode(`*${words.length}\r\n${texts.join("")}`);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#conn.write(bytes));
  }

  async #read(): Promise<RespReply> {
    const line = await this.#line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        throw new RespError(rest);
      case ":":
        return Number(rest);
      case "$":
        return rest === "-1" ? null : await this.#bulk(Number(rest));
      case "*":
        return rest === "-1" ? null : await this.#array(Number(rest));
    }
    throw new Error(`not a reply in RESP: ${line}`);
  }

  async #array(length: number): Promise<RespReply[]> {
    const replies: RespReply[] = [];
    while (replies.length < length) replies.push(await this.#read());
    return replies;
  }

  async #bulk(length: number): Promise<string> {
    while (this.#end - this.#start < length + 2) await this.#fill();
    const text = decoder.decode(this.#buffer.subarray(this.#start, this.#start + length));
    this.#start += length + 2;
    return text;
  }

  async #line(): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(CR, this.#start);
      if (at >= 0 && at + 1 < this.#end) {
        const line = decoder.decode(this.#buffer.subarray(this.#start, at));
        this.#start = at + 2;
        return line;
      }
      await this.#fill();
    }
  }

  async #fill(): Promise<void> {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const room = rest.length * 2 > this.#buffer.length
      ? new Uint8Array(this.#buffer.length * 2)
      : new Uint8Array(this.#buffer.length);
    room.set(rest);
    this.#buffer = room;
    this.#start = 0;
    this.#end = rest.length;
    const count = await this.#conn.read(room.subarray(rest.length));
    if (count === null) throw new Error("the node closed the connection");
    this.#end += count;
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}
