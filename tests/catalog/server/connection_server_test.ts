/** Tests the bounds of connections, with connections in memory. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import {
  type Acceptor,
  type Connection,
  ConnectionServer,
  readUntil,
  writeAll,
} from "../../../lib/catalog/server/connection_server.ts";

/** A connection that is silent until it is closed. */
class Silent implements Connection {
  readonly #closed = Promise.withResolvers<null>();
  isClosed = false;

  read(): Promise<null> {
    return this.#closed.promise;
  }
  write(): Promise<number> {
    return Promise.resolve(1);
  }
  close(): void {
    assert.equal(this.isClosed, false, "closed twice");
    this.isClosed = true;
    this.#closed.resolve(null);
  }
}

/** An acceptor of the connections that a test makes. */
class Queue implements Acceptor<Silent> {
  readonly #stream = new TransformStream<Silent, Silent>(undefined, { highWaterMark: 1_000 });
  readonly #writer = this.#stream.writable.getWriter();
  readonly #reader = this.#stream.readable.getReader();

  async connect(): Promise<Silent> {
    const connection = new Silent();
    await this.#writer.write(connection);
    return connection;
  }
  async accept(): Promise<Silent> {
    const { value } = await this.#reader.read();
    if (!value) throw new Error("closed");
    return value;
  }
  close(): void {
    void this.#writer.close();
  }
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `connection server: ${name}`, permissions: "none", fn });
}

const untilClosed = async (connection: Silent) => void await connection.read();
const roomy = {
  connections: 100,
  perAddress: 100,
  rejections: 100,
  graceMs: 60_000,
  exchangeMs: 60_000,
};

test("an exchange over its time is closed", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, untilClosed, {
    limits: { ...roomy, exchangeMs: 10 },
  });
  await (await queue.connect()).read();
  await server.stop();
});

test("at the bound, only the oldest connection is closed, after its grace time", async () => {
  const queue = new Queue();
  const limits = { ...roomy, connections: 2, graceMs: 20 };
  const server = new ConnectionServer(queue, untilClosed, { limits });
  const first = await queue.connect();
  await sleep(5);
  const second = await queue.connect();
  await first.read();
  assert.equal(second.isClosed, false);
  await server.stop();
  assert.equal(second.isClosed, true);
});

test("an exchange that throws closes its connection, and the server accepts others", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, () => Promise.reject(new Error("reset")), {
    limits: roomy,
  });
  await (await queue.connect()).read();
  await (await queue.connect()).read();
  await server.stop();
});

test("reading ends when the peer closes, when the bytes are enough, or over the bound", async () => {
  const connectionWith = (...chunks: string[]): Connection => ({
    read: (into) => {
      const chunk = new TextEncoder().encode(chunks.shift());
      into.set(chunk);
      return Promise.resolve(chunk.length || null);
    },
    write: () => Promise.resolve(1),
    close: () => {},
  });
  const text = async (bytes: Promise<Uint8Array | undefined>) =>
    new TextDecoder().decode(await bytes ?? new TextEncoder().encode("too long"));
  assert.equal(await text(readUntil(connectionWith("ab", "cd"), 10)), "abcd");
  assert.equal(
    await text(readUntil(connectionWith("ab", "cd"), 10, (bytes) => bytes.length > 1)),
    "ab",
  );
  assert.equal(await text(readUntil(connectionWith("ab", "cd"), 3)), "too long");
});

test("writing continues until all bytes are written", async () => {
  const written: number[] = [];
  await writeAll({
    read: () => Promise.resolve(null),
    write: (bytes) => {
      written.push(bytes.length);
      return Promise.resolve(Math.min(2, bytes.length));
    },
    close: () => {},
  }, new Uint8Array(5));
  assert.deepEqual(written, [5, 3, 1]);
});

const untilRequest = async (connection: Silent, onRequest: () => void) => {
  onRequest();
  await connection.read();
};

test("over the bound of one address, its oldest connection without a request is closed at once", async () => {
  const queue = new Queue();
  const addressesInOrder = ["b", "a", "a", "a"];
  const server = new ConnectionServer(queue, untilClosed, {
    limits: { ...roomy, perAddress: 2 },
    addressOf: () => addressesInOrder.shift() ?? "",
  });
  const others = await queue.connect();
  const first = await queue.connect();
  const second = await queue.connect();
  const third = await queue.connect();
  await first.read();
  assert.deepEqual([others, second, third].map(({ isClosed }) => isClosed), [false, false, false]);
  await server.stop();
});

test("if all connections of an address have a request, its next one is rejected", async () => {
  const queue = new Queue();
  const rejected: Silent[] = [];
  const server = new ConnectionServer(queue, untilRequest, {
    limits: { ...roomy, perAddress: 2, rejections: 1 },
    reject: async (connection) => {
      rejected.push(connection);
      await untilClosed(connection);
    },
  });
  const served = [await queue.connect(), await queue.connect()];
  const third = await queue.connect();
  const fourth = await queue.connect();
  await third.read(); // the bound is one rejection at a time: the older one is closed
  assert.deepEqual(rejected, [third, fourth]);
  assert.deepEqual(served.map(({ isClosed }) => isClosed), [false, false]);
  await server.stop();
});

test("after its grace time, a slow connection is closed for the next one of its address", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, untilRequest, {
    limits: { ...roomy, perAddress: 2, graceMs: 0 },
  });
  const first = await queue.connect();
  const second = await queue.connect();
  const third = await queue.connect();
  await first.read();
  assert.deepEqual([second, third].map(({ isClosed }) => isClosed), [false, false]);
  await server.stop();
});
