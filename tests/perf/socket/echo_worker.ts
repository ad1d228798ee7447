/** An echo server in a thread of its own, so that it replies while the thread of a test polls. */

/** The server; its disposal ends the thread. */
export class EchoWorker implements Disposable {
  readonly port: number;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  static async start(): Promise<EchoWorker> {
    const worker = new Worker(import.meta.url, { type: "module" });
    const port = await new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
    return new EchoWorker(worker, port);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

async function echo(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    for (let bytes = buffer.subarray(0, count); bytes.length > 0;) {
      bytes = bytes.subarray(await connection.write(bytes));
    }
  }
  connection.close();
}

if ("WorkerGlobalScope" in globalThis) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (globalThis as unknown as { postMessage(port: number): void }).postMessage(listener.addr.port);
  // An error ends only its connection.
  for await (const connection of listener) void echo(connection).catch(() => {});
}
