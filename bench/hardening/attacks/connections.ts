/** Attacks with connections: half-open, reset, too many. */
import { CONNECTION_BYTES, line, OUTPUT_BYTES, type Scenario, withClient } from "./scenario.ts";

const PING = line({ method: "ping" });

/** A value of 100 KB, for large replies. */
const BIG = line({ method: "insert", key: "hostile-big", value: "b".repeat(100_000) });
const LOOK_UP_BIG = line({ method: "lookup", key: "hostile-big" });
const REMOVE_BIG = line({ method: "remove", key: "hostile-big" });

const bigValue: Pick<Scenario, "prepare" | "cleanUp"> = {
  prepare: (attack) => withClient(attack, (client) => client.exchange(BIG, 1)),
  cleanUp: (attack) => withClient(attack, (client) => client.exchange(REMOVE_BIG, 1)),
};

export const CONNECTIONS: readonly Scenario[] = [
  {
    name: "half-open",
    what: "500 clients connect; half of them send nothing, the others half a request",
    mayHoldBytes: (attack) => attack.scaled(500) * CONNECTION_BYTES,
    async run(attack) {
      const clients = await attack.connectMany(attack.scaled(500));
      for (const [n, client] of clients.entries()) if (n % 2 === 1) await client.send('{"method":');
      await attack.rest();
      for (const client of clients) client.close();
    },
  },
  {
    name: "half-closed",
    what: "50 clients connect in a loop, close their sending side in mid-request, and read on",
    run: (attack) =>
      attack.visitors(attack.scaled(50), async (client) => {
        await client.send(PING.repeat(20) + '{"method":"lookup","key":"half');
        await client.closeWrite();
        await client.toTheEnd();
      }),
  },
  {
    name: "reset",
    what: "50 clients connect in a loop, and reset the connection with 10 MB of replies unread",
    mayHoldBytes: (attack) => attack.scaled(50) * (OUTPUT_BYTES + BIG.length),
    ...bigValue,
    run: (attack) =>
      attack.visitors(attack.scaled(50), async (client) => {
        attack.count("requests", 100);
        await client.send(LOOK_UP_BIG.repeat(100));
        await client.read();
      }),
  },
  {
    name: "leaving at once",
    what: "1,000 clients ask for 2 MB each, and all disconnect together in mid-reply",
    mayHoldBytes: (attack) => attack.scaled(1_000) * (OUTPUT_BYTES + BIG.length),
    ...bigValue,
    async run(attack) {
      const clients = await attack.connectMany(attack.scaled(1_000));
      await Promise.all(clients.map(async (client) => {
        attack.count("requests", 20);
        await client.send(LOOK_UP_BIG.repeat(20));
        await client.read();
      }));
      for (const client of clients) client.close();
      await attack.rest();
    },
  },
  {
    name: "connect flood",
    what: "5,000 connects as fast as possible; all stay until the end",
    mayHoldBytes: (attack) => attack.scaled(5_000) * CONNECTION_BYTES,
    async run(attack) {
      const clients = await attack.connectMany(attack.scaled(5_000), 500);
      await attack.rest();
      for (const client of clients) client.close();
    },
  },
  {
    name: "idle connections",
    what: "9,990 clients send one ping and then nothing",
    mayHoldBytes: (attack) => attack.scaled(9_990) * CONNECTION_BYTES,
    async run(attack) {
      const clients = await attack.connectMany(attack.scaled(9_990));
      await Promise.all(clients.map((client) => client.exchange(PING, 1)));
      await attack.rest();
      for (const client of clients) client.close();
    },
  },
  {
    name: "Busy storm",
    what: "a server for 20 clients is full, and 50 more connect in a loop",
    flags: ["--max-clients", "20"],
    async run(attack) {
      const clients = await attack.connectMany(18);
      await attack.visitors(attack.scaled(50), async (client) => {
        await client.toTheEnd();
      });
      for (const client of clients) client.close();
    },
  },
];
