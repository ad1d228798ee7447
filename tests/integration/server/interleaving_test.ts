/** Tests with the log of `--debug` that requests of clients interleave, one at a time (I7). */
import assert from "assert";
import { HtClient } from "../../../client.ts";
import { ALONE, fromSource, Program } from "../../../bench/harness/program.ts";

const CLIENTS = 4;
const REQUESTS = 300;

/** A `request` line of the debug output. */
interface RequestLine {
  readonly n: number;
  readonly client: number;
  readonly method: string;
  readonly "start_us": number;
  readonly "end_us": number;
}

Deno.test("requests of several clients interleave, and never overlap", async () => {
  const server = new Program(
    fromSource("server.ts", "weave-a4", ...ALONE, "--debug", "--log-format", "json"),
  );
  await using _ended = server;
  const target = `127.0.0.1:${await server.port()}`;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => HtClient.connect(target)),
  );
  await Promise.all(clients.map(async (client, number) => {
    for (let at = 0; at < REQUESTS; at++) await client.insert(`${number}-${at}`, at);
  }));
  await Promise.all(clients.map((client) => client.close()));
  for (let left = 1; left <= CLIENTS; left++) {
    await server.until("stderr", new RegExp(`(?:"message":"disconnect".*\\n[^]*){${left}}`));
  }
  server.kill("SIGTERM");
  assert.equal(await server.exitCode(), 0);

  const events = server.stderr.trim().split("\n").map((line) => JSON.parse(line));
  const requests: RequestLine[] = events.filter(({ message }) => message === "request");
  const inserts = requests.filter(({ method }) => method === "insert");
  assert.equal(inserts.length, CLIENTS * REQUESTS);
  assert.deepEqual(requests.map(({ n }) => n), requests.map((_, at) => at + 1));
  requests.forEach((one, at) => {
    const next = requests[at + 1];
    assert.ok(one["start_us"] <= one["end_us"]);
    assert.ok(
      next === undefined || one["end_us"] <= next["start_us"],
      "a request ends before the next one starts",
    );
  });
  // If the server served one client after another, there would be CLIENTS - 1 switches.
  const switches = inserts.filter((one, at) => at > 0 && one.client !== inserts[at - 1]?.client);
  assert.ok(switches.length > CLIENTS, `${switches.length} switches between clients`);
  assert.equal(events.filter(({ message }) => message === "connect").length, CLIENTS);
});
