/** Tests the demo of a shared store: what it counts as lost or wrong, and a whole run. */
import assert from "assert";
import { KeyError, StorageError } from "../../lib/client/errors.ts";
import { TemporaryFolder } from "../../bench/harness/folders.ts";
import { Program } from "../../bench/harness/program.ts";
import { CheckingLoad, type LoadClient } from "../../tools/demo/cluster/checking_load.ts";
import { ClientView } from "../../tools/demo/cluster/client_view.ts";
import { formatView } from "../../tools/demo/cluster/cluster_report.ts";
import { ExpectedKey } from "../../tools/demo/cluster/expected_keys.ts";
import { testWith } from "../helpers/needs.ts";
import { REDIS } from "../helpers/redis_cluster.ts";

/** A client of a table in this process. */
class FakeClient implements LoadClient {
  readonly table: Map<string, string>;
  readonly address = { hostname: "127.0.0.1", port: 1 };
  connections = 1;
  inserts = 0;

  constructor(table: Map<string, string>) {
    this.table = table;
  }

  async insertText(key: string, value: string): Promise<void> {
    await turn();
    this.inserts++;
    this.table.set(key, value);
  }

  async lookupText(key: string): Promise<string> {
    await turn();
    const value = this.table.get(key);
    if (value === undefined) throw new KeyError({ type: "KeyError", message: "not there" });
    return value;
  }

  async size(): Promise<number> {
    await turn();
    return this.table.size;
  }
}

/** The end of this round of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Runs the load with two clients, and checks the table. @param disturb called between them */
async function loadWith(
  makeClient: (table: Map<string, string>) => LoadClient,
  disturb: (table: Map<string, string>) => void = () => {},
): Promise<ClientView> {
  const table = new Map<string, string>();
  const view = new ClientView();
  const load = new CheckingLoad([new FakeClient(table), makeClient(table)], view, 1);
  const failures: unknown[] = [];
  load.start((error) => void failures.push(error));
  assert.ok(await load.progress(20, AbortSignal.timeout(60_000)));
  await load.finish();
  disturb(table);
  await load.check(new FakeClient(table));
  assert.deepEqual(failures, []);
  return view;
}

Deno.test("cluster demo: nothing is lost or wrong in a table without faults", async () => {
  const { requests, acknowledged, ...view } = await loadWith((table) => new FakeClient(table));
  assert.ok(acknowledged >= 20 && requests >= 2 * acknowledged - 2);
  assert.deepEqual([view.lost, view.wrong, view.refused, view.sentAgain], [0, 0, 0, 0]);
  assert.equal(view.checkedKeys, 1_000);
});

Deno.test("fault: cluster demo counts a lost key, an older value and a value that no client sent", async () => {
  const view = await loadWith((table) => new FakeClient(table), (table) => {
    table.delete("client 1, key 1");
    table.set("client 1, key 2", `{"client":1,"change":2}`);
    table.set("client 1, key 3", `{"client":1, "change":1}`);
  });
  assert.deepEqual([view.lost, view.wrong], [1, 2]);
});

Deno.test("fault: cluster demo counts lookups that show an earlier value", async () => {
  class Stale extends FakeClient {
    override lookupText(): Promise<string> {
      return Promise.reject(new KeyError({ type: "KeyError", message: "not there" }));
    }
  }
  assert.ok((await loadWith((table) => new Stale(table))).wrong > 0);
});

Deno.test("cluster demo counts requests that were sent again, and refused changes", async () => {
  class Unsteady extends FakeClient {
    override async insertText(key: string, value: string): Promise<void> {
      await super.insertText(key, value);
      if (this.inserts === 2) this.connections++;
      if (this.inserts === 3) throw new StorageError({ type: "StorageError", message: "refused" });
    }
  }
  const view = await loadWith((table) => new Unsteady(table));
  assert.deepEqual([view.changesSentAgain, view.sentAgain, view.refused], [1, 1, 1]);
  // A refused change may be found later: it is not acknowledged, and not wrong.
  assert.deepEqual([view.lost, view.wrong], [0, 0]);
});

Deno.test("cluster demo: a key has the last acknowledged change, or a later one", () => {
  const key = new ExpectedKey("a", 3);
  key.sent = 5;
  const results = [undefined, 0, 1, 2, 3, 5, 6].map((change) =>
    key.check(change === undefined ? undefined : key.textOf(change), 3)
  );
  assert.deepEqual(results, ["old", "wrong", "old", "old", "right", "right", "wrong"]);
  assert.equal(key.check(undefined, 0), "right");
});

Deno.test("cluster demo: the report fits 80 columns, and says what was not checked", () => {
  const view = new ClientView();
  view.requests = 123_456_789;
  view.stretch = "when a master was killed";
  view.onReply(12_345);
  assert.match(formatView(view, 8, 80), /^ +lost changes +unchecked$/m);
  assert.match(formatView(view, 8, 80), /^ +when a master was killed +12\.3[45] s$/m);
  assert.doesNotMatch(formatView(view, 8, 80), /gateway/);
  view.checkedKeys = 4_000;
  const text = formatView(view, 8, 80);
  assert.match(text, /^ +lost changes +0$/m);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

/** Starts `demo --cluster` with its temporary files in a folder. */
function startDemo(folder: string): Program {
  const task = ["run", "-A", "tools/demo.ts", "--cluster"];
  return new Program([Deno.execPath(), ...task], { env: { TMPDIR: folder } });
}

/** Asserts that no node of the cluster is left: neither its port nor its files. */
function assertNothingLeft(stdout: string, folder: string): void {
  const [, text = ""] = /127\.0\.0\.1,\s+ports\s+((?:\d+,?\s+){6})/.exec(stdout) ?? [];
  const ports = text.match(/\d+/g) ?? [];
  assert.equal(ports.length, 6, stdout);
  // A port that can be taken has no listener.
  for (const port of ports) Deno.listen({ hostname: "127.0.0.1", port: Number(port) }).close();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
}

testWith(REDIS, "cluster demo ends with what the clients saw, and leaves nothing", async () => {
  using folder = new TemporaryFolder();
  await using program = startDemo(folder.path);
  const code = await program.exitCode();
  const { stdout, stderr } = program;
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  assertNothingLeft(stdout, folder.path);
  // On a busy machine the time is not enough.
  if (/demo: the time was up/.test(stderr)) return assert.equal(code, 1);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^ +wrong values +0\n +lost changes +0$/m);
});

testWith(REDIS, "fault: Ctrl-C ends the cluster demo, and leaves nothing", async () => {
  using folder = new TemporaryFolder();
  await using program = startDemo(folder.path);
  await program.until("stdout", /A catalog listens/);
  program.kill("SIGINT");
  assert.equal(await program.exitCode(), 1);
  assert.match(program.stderr, /^demo: SIGINT ended it$/m);
  assertNothingLeft(program.stdout, folder.path);
});

Deno.test("fault: cluster demo without redis-server says what to install", async () => {
  using folder = new TemporaryFolder();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/demo.ts", "--cluster"],
    env: { PATH: folder.path },
    stdin: "null",
  }).output();
  assert.equal(code, 1);
  assert.equal(
    new TextDecoder().decode(stderr),
    "demo: --cluster needs redis-server, which is not installed (Debian: apt-get install redis-server)\n",
  );
});
