/** A client whose request has an unknown outcome does not wait for other requests in flight. */
import assert from "assert";
import { PATIENCE_MS } from "../../bench/harness/program.ts";
import { RawClient } from "../../bench/harness/raw_client.ts";
import { settlesWithin } from "../../lib/base/clock.ts";
import type { StoreCommand } from "../../lib/store/store.ts";
import { FakeStore } from "./fake_store.ts";
import { startRemoteServer } from "./remote_server.ts";

/** A store in which each command ends when the test says so. */
class ManualStore extends FakeStore {
  readonly commands: StoreCommand[] = [];

  override execute(command: StoreCommand): void {
    this.commands.push(command);
  }
}

Deno.test("(I1) over a store, an unknown outcome ends its client after the replies before it, at once", async () => {
  const store = new ManualStore();
  await using server = startRemoteServer(store);
  using client = await RawClient.connect(server.port);
  const requests = [0, 1, 2, 3].map((id) => ({ method: "insert", id, key: `k${id}`, value: 1 }));
  await client.send(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
  while (store.commands.length < 4) await new Promise((resolve) => setImmediate(resolve));
  const [first, second, third, fourth] = store.commands;
  // The third command may need long: its node does not answer.
  second?.lost("the connection broke");
  fourth?.onInteger(1);
  fourth?.done();
  first?.onInteger(1);
  first?.done();
  assert.equal(await client.line(), '{"status":"OK","id":0,"result":null}');
  const end = client.line();
  const isClosed = await settlesWithin(end, PATIENCE_MS);
  assert.deepEqual([isClosed, third?.isUnwanted], [true, true]);
  third?.failed({ kind: "unavailable", why: "its client has gone" });
  assert.equal(await end, undefined);
  using other = await RawClient.connect(server.port);
  await other.send('{"method":"info"}\n');
  const { result } = await other.reply() as { result: { store: Record<string, number> } };
  const { requests_in_flight: inFlight, unknown_outcomes: unknown } = result.store;
  assert.deepEqual([inFlight, unknown], [0, 1]);
});
