/** Proves the limits for an address: clients, connects, wrong tokens; and that memory is bounded. */
import assert from "assert";
import { CONNECT_BURST_S, MAX_ADDRESSES, MAX_AUTH_DELAY_MS } from "../../lib/base/limits.ts";
import { AddressLimiter, isSameMachine } from "../../lib/server/address_limits.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("address_limits");

const newLimiter = () => new AddressLimiter({ maxClientsPerAddress: 2, maxConnectsPerSecond: 10 });

test("the clients of an address are limited, and other addresses are not affected", () => {
  const limiter = newLimiter();
  for (let client = 0; client < 2; client++) {
    assert.equal(limiter.connect("a", 0), undefined);
    limiter.add("a");
  }
  assert.equal(limiter.connect("a", 0), "too many clients");
  assert.equal(limiter.connect("b", 0), undefined);
  limiter.remove("a");
  assert.equal(limiter.connect("a", 0), undefined);
});

test("the connects of an address are limited: a burst at once, then a rate", () => {
  const limiter = newLimiter();
  const burst = 10 * CONNECT_BURST_S;
  for (let count = 0; count < burst; count++) assert.equal(limiter.connect("a", 5), undefined);
  assert.equal(limiter.connect("a", 5), "too many connects");
  assert.equal(limiter.connect("b", 5), undefined);
  let accepted = 0;
  for (let ms = 5; ms < 10_005; ms++) if (limiter.connect("a", ms) === undefined) accepted++;
  assert.ok(Math.abs(accepted - 100) <= 1, `${accepted} in ten seconds`);
});

test("the delay for wrong tokens grows to its limit, for that address only, and expires", () => {
  const limiter = newLimiter();
  const delays = [1, 2, 3, 4].map(() => limiter.countWrongToken("a", 0));
  assert.deepEqual(delays, [100, 200, 400, 800]);
  for (let count = 0; count < 100; count++) limiter.countWrongToken("a", 0);
  assert.equal(limiter.countWrongToken("a", 59_000), MAX_AUTH_DELAY_MS);
  assert.equal(limiter.countWrongToken("b", 59_000), 100);
  assert.equal(limiter.countWrongToken("a", 200_000), 100);
});

test("at most MAX_ADDRESSES addresses are remembered, those of the latest connects (I5)", () => {
  const limiter = newLimiter();
  limiter.countWrongToken("often", 0);
  for (let count = 0; count < MAX_ADDRESSES + 5_000; count++) {
    limiter.connect(`x${count}`, 0);
    if (count % 1_000 === 0) limiter.connect("often", 0);
  }
  assert.equal(limiter.remembered, MAX_ADDRESSES);
  assert.equal(limiter.countWrongToken("often", 0), 200);
});

test("both ends are on one machine if the addresses are equal, or the address is a loopback address", () => {
  assert.ok(isSameMachine("10.0.0.1", "10.0.0.1"));
  assert.ok(isSameMachine("127.0.0.1", "127.0.0.2"));
  assert.ok(isSameMachine("::ffff:127.0.0.1", "::ffff:127.0.0.1"));
  assert.ok(!isSameMachine("10.0.0.1", "10.0.0.2"));
  assert.ok(!isSameMachine("10.0.0.1", "1270.0.0.1"));
});
