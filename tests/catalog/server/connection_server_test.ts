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

/** Hands out connections as the test gives them. */
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
  Deno.test({ name: `connections: ${name}`, permissions: "none", fn });
}

const untilClosed = async (connection: Silent) => void await connection.read();
const roomy = {
  connections: 100,
  perAddress: 100,
  refusals: 100,
  graceMs: 60_000,
  exchangeMs: 60_000,
};

test("an exchange that takes too long is cut off", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, untilClosed, {
    limits: { ...roomy, exchangeMs: 10 },
  });
  await (await queue.connect()).read();
  await server.stop();
});

test("at the bound, the oldest is cut off after its grace, and only it", async () => {
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

test("an exchange that throws closes its connection, and others go on", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, () => Promise.reject(new Error("reset")), {
    limits: roomy,
  });
  await (await queue.connect()).read();
  await (await queue.connect()).read();
  await server.stop();
});

test("reading ends at the peer's end, at enough, or with nothing over the bound", async () => {
  const giving = (...chunks: string[]): Connection => ({
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
  assert.equal(await text(readUntil(giving("ab", "cd"), 10)), "abcd");
  assert.equal(await text(readUntil(giving("ab", "cd"), 10, (bytes) => bytes.length > 1)), "ab");
  assert.equal(await text(readUntil(giving("ab", "cd"), 3)), "too long");
});

test("writing goes on until all is written", async () => {
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

const untilAsked = async (connection: Silent, hasAsked: () => void) => {
  hasAsked();
  await connection.read();
};

test("one peer does not fill the room of all: its oldest one without a question goes at once", async () => {
  const queue = new Queue();
  const peers = ["b", "a", "a", "a"];
  const server = new ConnectionServer(queue, untilClosed, {
    limits: { ...roomy, perAddress: 2 },
    addressOf: () => peers.shift() ?? "",
  });
  const others = await queue.connect();
  const first = await queue.connect();
  const second = await queue.connect();
  const third = await queue.connect();
  await first.read();
  assert.deepEqual([others, second, third].map(({ isClosed }) => isClosed), [false, false, false]);
  await server.stop();
});

test("where all of a peer's have asked, its next one is refused, and none of them is cut off", async () => {
  const queue = new Queue();
  const refused: Silent[] = [];
  const server = new ConnectionServer(queue, untilAsked, {
    limits: { ...roomy, perAddress: 2, refusals: 1 },
    refuse: async (connection) => {
      refused.push(connection);
      await untilClosed(connection);
    },
  });
  const served = [await queue.connect(), await queue.connect()];
  const third = await queue.connect();
  const fourth = await queue.connect();
  await third.read(); // there is one refusal at a time: the older one makes room
  assert.deepEqual(refused, [third, fourth]);
  assert.deepEqual(served.map(({ isClosed }) => isClosed), [false, false]);
  await server.stop();
});

test("one that takes its answer slowly makes room for its peer's next one, once its grace is over", async () => {
  const queue = new Queue();
  const server = new ConnectionServer(queue, untilAsked, {
    limits: { ...roomy, perAddress: 2, graceMs: 0 },
  });
  const first = await queue.connect();
  const second = await queue.connect();
  const third = await queue.connect();
  await first.read();
  assert.deepEqual([second, third].map(({ isClosed }) => isClosed), [false, false]);
  await server.stop();
});
