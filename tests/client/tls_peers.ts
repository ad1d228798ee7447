/** TLS servers and an eavesdropper for the tests of the client with TLS. */
import { TlsError } from "../../mod.ts";
import type { Certificate } from "../helpers/certificates.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

export const TOKEN = "the-secret-token";
export const IP = "IP:127.0.0.1";

/** Starts a server with TLS. */
export function startTlsServer({ cert, key }: Certificate, token?: string): TestServer {
  return startServer({ tls: { cert, key } }, token);
}

/** For `assert.rejects`: a TLS error with a message that matches. */
export function tlsError(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof TlsError && message.test(error.message);
}

const WRONG_SERVER = new TextEncoder().encode(
  '{"status":"ERROR","type":"WrongServer","message":"mine"}\n',
);

/** A server without TLS that sends the same reply to every line, and stores the lines. */
export class Eavesdropper implements AsyncDisposable {
  received = "";
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving = this.#serve();

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const connections: Promise<void>[] = [];
    for await (const { readable, writable } of this.#listener) {
      const replies = new TransformStream<Uint8Array, Uint8Array>({
        transform: (bytes, controller) => {
          this.received += new TextDecoder("latin1").decode(bytes);
          controller.enqueue(WRONG_SERVER);
        },
      });
      connections.push(readable.pipeThrough(replies).pipeTo(writable).catch(() => {}));
    }
    await Promise.all(connections);
  }
}
