/**
 * Proves that an insert goes through at most ten files from socket to reply, and that ARCHITECTURE.md lists
 * them. A file is on the way if a function in it runs for a connection that sends an empty line and an
 * insert, and not for a connection that sends an empty line. The way begins at the connection, which
 * reads both. Leaf folders (bytes, json, table, base, runtime) do not count.
 */
import assert from "assert";
import { Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { RawClient } from "../bench/harness/raw_client.ts";
import { silentLog } from "../lib/base/log.ts";
import { openFolder } from "../lib/storage/open.ts";
import { TempFolder } from "./helpers/folders.ts";
import { startServer } from "./helpers/server.ts";

const TOP = fileURLToPath(new URL("../", import.meta.url));

const START = "lib/server/connection.ts";

const COUNTED_FILES = /^lib\/(server|protocol|engine|commands|storage)\//;

const MAX_FILES = 10;

/** Rounds of the measurement: the server's timers may run in any of them, an insert runs in all. */
const ROUNDS = 5;

const EMPTY_LINE = "\n";

/** Finds the functions that this process calls. */
class CallCoverage implements Disposable {
  readonly #session = new Session();

  static async start(): Promise<CallCoverage> {
    const coverage = new CallCoverage();
    const session = coverage.#session;
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    return coverage;
  }

  /** The functions of the project that were called since the last call, each with its file. */
  async takeCalled(): Promise<Map<string, string>> {
    const fileOf = new Map<string, string>();
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    for (const { url, functions } of result) {
      const path = url.startsWith("file:") ? fileURLToPath(url) : "";
      if (!path.startsWith(TOP)) continue;
      const file = path.slice(TOP.length);
      for (const { functionName, ranges: [range] } of functions) {
        if (range === undefined || range.count === 0) continue;
        fileOf.set(`${file} ${functionName} ${range.startOffset}`, file);
      }
    }
    return fileOf;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

/** The files with functions that run for every insert and for no empty line. */
async function filesOfInsert(): Promise<Set<string>> {
  await using folder = await TempFolder.make();
  const opened = await openFolder({
    folder: `${folder.path}/data`,
    fsync: "always",
    compact: { entries: undefined, bytes: undefined },
    log: silentLog,
    onSyncFailure: (error) => assert.fail(String(error)),
  });
  try {
    await using server = startServer({}, undefined, opened);
    using coverage = await CallCoverage.start();
    const calledFor = async (text: string, expectedReply: string | undefined) => {
      await coverage.takeCalled();
      {
        using client = await RawClient.connect(server.port);
        await client.send(text);
        await client.conn.closeWrite();
        assert.equal(await client.line(), expectedReply);
      }
      while (server.server.clients > 0) {
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
      return await coverage.takeCalled();
    };
    const ofEmptyLines = new Set<string>();
    let ofInserts: Map<string, string> | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name] of await calledFor(EMPTY_LINE, undefined)) ofEmptyLines.add(name);
      const insert = `${EMPTY_LINE}{"method":"insert","key":"key ${round}","value":1}\n`;
      const called = await calledFor(insert, '{"status":"OK","result":null}');
      ofInserts = new Map([...ofInserts ?? called].filter(([name]) => called.has(name)));
    }
    const added = [...ofInserts ?? []].filter(([name]) => !ofEmptyLines.has(name));
    return new Set(added.map(([, file]) => file).filter((file) => COUNTED_FILES.test(file)));
  } finally {
    await opened.close();
  }
}

/** The files in the numbered list of the first section of ARCHITECTURE.md. */
function listedFiles(): string[] {
  const [, , firstSection = ""] = Deno.readTextFileSync(`${TOP}ARCHITECTURE.md`).split(/^#+ .*$/m);
  return [...firstSection.matchAll(/^\d+\. \*\*`([^`]+)`\*\*/gm)].map(([, file = ""]) => file);
}

Deno.test("request_walk: an insert goes through the files of ARCHITECTURE.md, at most ten", async () => {
  const files = await filesOfInsert();
  files.add(START);
  const listed = listedFiles();
  assert.ok(listed.length <= MAX_FILES, `${listed.length} files`);
  assert.equal(listed[0], START);
  assert.deepEqual(listed.toSorted(), [...files].sort());
});
