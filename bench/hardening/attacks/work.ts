/** Attacks with much work. */
import { type Attack, LARGEST_BYTES, line, type Scenario, withClient } from "./scenario.ts";

/** The greatest value that a request has room for, in bytes. */
const LARGEST_VALUE_BYTES = 16 * 1024 * 1024 - 100;

const LARGE_CLIENTS = 4;
const PIPELINED = 100_000;
const SCANNED_KEYS = 50_000;
const GUESSES_PER_SECOND = 1_000;

/** Long keys, which make a regex slow. */
const REGEX_KEYS = 200;
const REGEX_KEY_CHARS = 2_000;

/** Regexes that take exponential time in an engine with backtracking, and many states in RE2. */
const REGEXES = [
  "(a*)*b",
  "(a|aa)+$b",
  "(x+x+)+y",
  ".*.*.*.*.*=.*",
  "(?:a?){500}a{500}b",
  "((a{1,30}){1,30})b",
  "(?i)[^b]*[^c]*[^d]*[^e]*f$",
];

const encoder = new TextEncoder();

export const WORK: readonly Scenario[] = [
  {
    name: "pipelining",
    what: "one client sends 100,000 requests at a time, in a loop",
    run: (attack) =>
      withClient(attack, async (client) => {
        const count = attack.scaled(PIPELINED);
        const requests = encoder.encode(
          Array.from({ length: count }, (_, n) =>
            line(
              n % 2 === 0
                ? { method: "insert", key: `hostile-${n % 1_000}`, value: n }
                : { method: "lookup", key: `hostile-${(n - 1) % 1_000}` },
            )).join(""),
        );
        do {
          if (!await client.exchange(requests, count)) return;
        } while (!attack.isOver);
      }),
    cleanUp: (attack) =>
      removeKeys(attack, Array.from({ length: 1_000 }, (_, n) => `hostile-${n}`)),
  },
  {
    name: "16 MiB values",
    what: "4 clients insert, look up and remove values of 16 MiB",
    mayHoldBytes: () => LARGE_CLIENTS * LARGEST_BYTES,
    run: async (attack) => {
      const value = "x".repeat(LARGEST_VALUE_BYTES);
      await Promise.all(
        Array.from({ length: LARGE_CLIENTS }, (_, n) =>
          withClient(attack, async (client) => {
            const key = `hostile-large-${n}`;
            const insert = encoder.encode(line({ method: "insert", key, value }));
            const others = line({ method: "lookup", key }) + line({ method: "remove", key });
            do {
              if (!await client.exchange(insert, 1) || !await client.exchange(others, 2)) return;
            } while (!attack.isOver);
          })),
      );
    },
  },
  {
    name: "hard regexes",
    what:
      `2 clients scan, in parts, ${REGEX_KEYS} keys of ${REGEX_KEY_CHARS} characters by hard regexes`,
    prepare: (attack) => insertKeys(attack, hardKeys()),
    run: (attack) => searches(attack, REGEXES.map((regex) => ({ regex, limit: 10 }))),
    cleanUp: (attack) => removeKeys(attack, hardKeys()),
  },
  {
    name: "whole scans",
    what: `2 clients scan a table of ${SCANNED_KEYS} keys whole`,
    prepare: (attack) => insertKeys(attack, manyKeys(attack)),
    run: (attack) => searches(attack, [{ regex: "7$" }, { regex: "" }]),
    cleanUp: (attack) => removeKeys(attack, manyKeys(attack)),
  },
  {
    name: "scans in parts",
    what: `2 clients scan a table of ${SCANNED_KEYS} keys in parts`,
    prepare: (attack) => insertKeys(attack, manyKeys(attack)),
    run: (attack) =>
      searches(attack, [{ regex: "7$", limit: 1_000_000 }, { regex: "no match", limit: 1 }]),
    cleanUp: (attack) => removeKeys(attack, manyKeys(attack)),
  },
  {
    name: "open cursors",
    what: "20 clients connect in a loop, and leave more scans open than the server keeps",
    prepare: (attack) => insertKeys(attack, cursorKeys()),
    run: (attack) =>
      attack.visitors(attack.scaled(20), async (client) => {
        await client.exchange(line({ method: "scan", regex: "", limit: 1 }).repeat(20), 20);
      }),
    cleanUp: (attack) => removeKeys(attack, cursorKeys()),
  },
  {
    name: "wrong tokens",
    what: `${GUESSES_PER_SECOND} wrong tokens a second, each on a connection of its own`,
    token: "correct horse battery staple",
    async run(attack) {
      const open = new Set<Promise<void>>();
      const startedMs = performance.now();
      for (let n = 0; !attack.isOver; n++) {
        const dueMs = startedMs + n * 1e3 / GUESSES_PER_SECOND;
        if (dueMs > performance.now()) await attack.pause(dueMs - performance.now());
        const guess = withClient(attack, async (client) => {
          attack.count("guesses");
          await client.send(line({ method: "hello", token: `guess ${n}` }));
          await client.toTheEnd();
        }).then(() => void open.delete(guess));
        open.add(guess);
      }
      await Promise.all(open);
    },
  },
];

/** Two clients that wait for each reply. */
async function searches(
  attack: Attack,
  which: readonly { readonly regex: string; readonly limit?: number }[],
): Promise<void> {
  await Promise.all([0, 1].map((first) =>
    withClient(attack, async (client) => {
      for (let n = first; n < which.length + first || !attack.isOver; n++) {
        const request = line({ method: "scan", ...which[n % which.length] });
        if (!await client.exchange(request, 1)) return;
      }
    })
  ));
}

function hardKeys(): string[] {
  return Array.from({ length: REGEX_KEYS }, (_, n) => "a".repeat(REGEX_KEY_CHARS) + n);
}

function cursorKeys(): string[] {
  return Array.from({ length: 10 }, (_, n) => `hostile-cursor-${n}`);
}

function manyKeys(attack: Attack): string[] {
  return Array.from({ length: attack.scaled(SCANNED_KEYS) }, (_, n) => `hostile-${n}`);
}

function insertKeys(attack: Attack, keys: readonly string[]): Promise<void> {
  return each(attack, keys, (key) => line({ method: "insert", key, value: "some value" }));
}

function removeKeys(attack: Attack, keys: readonly string[]): Promise<void> {
  return each(attack, keys, (key) => line({ method: "remove", key }));
}

async function each(
  attack: Attack,
  keys: readonly string[],
  request: (key: string) => string,
): Promise<void> {
  await withClient(attack, (client) => client.exchange(keys.map(request).join(""), keys.length));
}
