/** A node with the replies of a test: in pieces, wrong, or none. */
import { Fifo } from "../../lib/base/fifo.ts";
import type { Address } from "../../lib/base/address.ts";
import type { LinkCommand, ReplyValue } from "../../lib/store/node_link.ts";
import { AskCommand } from "../../lib/store/ask_command.ts";
import { RespReader } from "../../lib/store/resp_reader.ts";
import { utf8 } from "../helpers/streams.ts";

/** The reply to `HELLO` of a master that is no cluster, with this number of the connection. */
export function helloReply(id: number): string {
  return `*14\r\n+server\r\n+redis\r\n+version\r\n+7.0.15\r\n+proto\r\n:2\r\n+id\r\n:${id}\r\n` +
    "+mode\r\n+standalone\r\n+role\r\n+master\r\n+modules\r\n*0\r\n";
}

/** A connection to a fake node. */
export interface FakePeer {
  /** Sends text without change. */
  send(text: string): Promise<void>;
  /** Closes the connection. */
  hangUp(): void;
}

/**
 * What a fake node does with a command.
 *
 * @param words of the command
 * @returns the reply as RESP; undefined: none
 */
type Answer = (
  words: readonly string[],
  peer: FakePeer,
) => string | undefined | Promise<string | undefined>;

/** A node on the loopback, until disposal. It replies to `HELLO` by itself unless the test does. */
export class FakeNode implements AsyncDisposable {
  /** All received commands, without `HELLO`. */
  readonly commands: string[][] = [];
  readonly #answer: Answer;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work: Promise<void>[] = [];

  constructor(answer: Answer) {
    this.#answer = answer;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#work.push(this.#accept());
  }

  get address(): Address {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      this.#work.push(this.#serve(connection).catch(() => {})); // one side closed it
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const peer: FakePeer = {
      async send(text) {
        let bytes = utf8(text);
        while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
      },
      hangUp: () => close(connection),
    };
    const received: string[][] = [];
    const waiting = new Fifo<LinkCommand>();
    const expect = () => {
      waiting.push(
        new AskCommand([], {
          resolve(words) {
            received.push(wordsOf(words));
            expect();
          },
          reject() {},
        }),
      );
    };
    expect();
    // A command has the form of a reply: an array of strings.
    const reader = new RespReader(waiting);
    const buffer = new Uint8Array(4_096);
    for (let count; (count = await connection.read(buffer)) !== null;) {
      reader.push(buffer, count);
      for (const words of received.splice(0)) {
        if (words[0] !== "HELLO") this.commands.push(words);
        const reply = await this.#answer(words, peer) ??
          (words[0] === "HELLO" ? helloReply(this.#connections.size) : undefined);
        if (reply !== undefined) await peer.send(reply);
      }
    }
  }
}

function wordsOf(value: ReplyValue): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
