/** Proves that a client with large values does not load the store with values that are dropped. */
import assert from "assert";
import { insert, lookup } from "../engine/requests.ts";
import { testsOf } from "../helpers/pure.ts";
import { FakeStore } from "./fake_store.ts";
import { engineOver, ListSource } from "./remote_clients.ts";

const test = testsOf("expected value");

const KEYS_COUNT = 60;

test("large values come one at a time, also to the next client; small ones come together", async () => {
  const store = new FakeStore(1);
  const { engine } = engineOver(store);
  const keys = (name: string) => Array.from({ length: KEYS_COUNT }, (_, at) => `${name}${at}`);
  const large = JSON.stringify("x".repeat(300_000));
  await new ListSource(keys("large").map((key) => insert(key, large))).run(engine);
  await new ListSource(keys("small").map((key) => insert(key, "1"))).run(engine);
  const lookUp = (name: string) =>
    [...keys(name), ...keys(name), ...keys(name)].map((key) => lookup(key));

  await new ListSource(lookUp("large")).run(engine);
  const dropped = store.skipped;
  assert.ok(dropped > 0 && dropped < 2 * KEYS_COUNT, `${dropped} values were dropped`);
  const source = new ListSource([...lookUp("large"), ...lookUp("small"), ...lookUp("small")]);
  store.mostInFlight = 0;
  await source.run(engine);
  assert.equal(store.skipped, dropped, "the next client expects large values");
  assert.ok(store.mostInFlight > 8, `${store.mostInFlight} small lookups were in flight`);
});
