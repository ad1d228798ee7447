/** Attacks by slow clients. */
import { type Attack, line, type Scenario, withClient } from "./scenario.ts";

/** The value that slow readers ask for, in bytes. */
const VALUE_BYTES = 8_000_000;

/** The limits of the server, low enough that slow readers reach them. */
export const READER_LIMITS = { hardBytes: 20_000_000, totalBytes: 200_000_000 } as const;

const LOOKUP = line({ method: "lookup", key: "hostile-large" });

export const SLOW: readonly Scenario[] = [
  {
    name: "slow sender",
    what: "200 clients send one byte a second of a request",
    async run(attack) {
      const clients = await attack.connectMany(attack.scaled(200));
      const text = line({ method: "insert", key: "hostile-slow", value: "x".repeat(1_000) });
      for (let at = 0; !attack.isOver; at++) {
        await Promise.all(clients.map((client) => client.send(text.charAt(at))));
        await attack.pause(1_000);
      }
      for (const client of clients) client.close();
    },
  },
  slowReaders(
    "slow reader",
    "one client asks for 800 MB of replies and never reads",
    ...[1, READER_LIMITS.hardBytes],
  ),
  slowReaders(
    "100 slow readers",
    "100 clients ask for 800 MB of replies each and never read",
    ...[100, READER_LIMITS.totalBytes],
  ),
];

function slowReaders(name: string, what: string, count: number, mayHoldBytes: number): Scenario {
  const { hardBytes, totalBytes } = READER_LIMITS;
  return {
    name,
    what,
    flags: ["--max-output-hard", `${hardBytes}B`, "--max-buffers", `${totalBytes}B`],
    mayHoldBytes: () => mayHoldBytes,
    prepare: (attack) =>
      withClient(attack, (client) =>
        client.exchange(
          line({ method: "insert", key: "hostile-large", value: "x".repeat(VALUE_BYTES) }),
          1,
        )),
    async run(attack) {
      const clients = await attack.connectMany(count);
      // Not awaited: the server does not read all of it.
      const sending = clients.map((client) => askForMuch(attack, client));
      await attack.rest();
      for (const client of clients) client.close();
      await Promise.all(sending);
    },
    cleanUp: (attack) =>
      withClient(
        attack,
        (client) => client.exchange(line({ method: "remove", key: "hostile-large" }), 1),
      ),
  };
}

async function askForMuch(
  attack: Attack,
  client: { send(text: string): Promise<boolean> },
): Promise<void> {
  attack.count("requests", 100);
  await client.send(LOOKUP.repeat(100));
}
