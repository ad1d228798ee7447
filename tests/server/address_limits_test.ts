/** Proves what an address may do: clients, connects, wrong tokens; and that few bytes are kept of it. */
import assert from "assert";
import { CONNECT_BURST_S, MAX_ADDRESSES, MAX_AUTH_DELAY_MS } from "../../lib/base/limits.ts";
import { AddressLimiter, isSameMachine } from "../../lib/server/address_limits.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `address_book: ${name}`, permissions: "none", fn });
}

const newBook = () => new AddressLimiter({ maxClientsPerAddress: 2, maxConnectsPerSecond: 10 });

test("an address may have so many clients, and others are not touched", () => {
  const book = newBook();
  for (let client = 0; client < 2; client++) {
    assert.equal(book.connect("a", 0), undefined);
    book.add("a");
  }
  assert.equal(book.connect("a", 0), "too many clients");
  assert.equal(book.connect("b", 0), undefined);
  book.remove("a");
  assert.equal(book.connect("a", 0), undefined);
});

test("an address may connect so often: many at once, then as time goes by", () => {
  const book = newBook();
  const burst = 10 * CONNECT_BURST_S;
  for (let count = 0; count < burst; count++) assert.equal(book.connect("a", 5), undefined);
  assert.equal(book.connect("a", 5), "too many connects");
  assert.equal(book.connect("b", 5), undefined);
  let taken = 0;
  for (let ms = 5; ms < 10_005; ms++) if (book.connect("a", ms) === undefined) taken++;
  assert.ok(Math.abs(taken - 100) <= 1, `${taken} in ten seconds`);
});

test("the delay for wrong tokens grows to its limit, for that address only, and is forgotten", () => {
  const book = newBook();
  const delays = [1, 2, 3, 4].map(() => book.refused("a", 0));
  assert.deepEqual(delays, [100, 200, 400, 800]);
  for (let count = 0; count < 100; count++) book.refused("a", 0);
  assert.equal(book.refused("a", 59_000), MAX_AUTH_DELAY_MS);
  assert.equal(book.refused("b", 59_000), 100);
  assert.equal(book.refused("a", 200_000), 100);
});

test("what is remembered is bounded, and who was seen last is remembered (I5)", () => {
  const book = newBook();
  book.refused("often", 0);
  for (let count = 0; count < MAX_ADDRESSES + 5_000; count++) {
    book.connect(`x${count}`, 0);
    if (count % 1_000 === 0) book.connect("often", 0);
  }
  assert.equal(book.remembered, MAX_ADDRESSES);
  assert.equal(book.refused("often", 0), 200);
});

test("both ends are on one machine where the address is the same, or the loopback's", () => {
  assert.ok(isSameMachine("10.0.0.1", "10.0.0.1"));
  assert.ok(isSameMachine("127.0.0.1", "127.0.0.2"));
  assert.ok(isSameMachine("::ffff:127.0.0.1", "::ffff:127.0.0.1"));
  assert.ok(!isSameMachine("10.0.0.1", "10.0.0.2"));
  assert.ok(!isSameMachine("10.0.0.1", "1270.0.0.1"));
});
