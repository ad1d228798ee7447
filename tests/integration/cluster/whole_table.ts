/** A large table behind a gateway: filled by pipelined inserts, and read as a whole. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { encodeRequest } from "../../../lib/protocol/encode_request.ts";
import { HtClient } from "../../../mod.ts";

/** Number of different members `group` of the values. */
export const GROUPS = 1_000;

/** Inserts in one write, and bytes of the reply to one. */
const AT_ONCE = 2_000;
const OK = '{"status":"OK","result":null}\n';

/** The key with a number. */
export function keyOf(number: number): string {
  return `key ${number}`;
}

/** The value of a key with a number, as JSON. */
export function valueOf(number: number): string {
  return `{"group":${number % GROUPS},"text":"${"x".repeat(number % 40)}"}`;
}

/** Inserts the keys with the numbers from `first` up to `end`. */
export async function fillTable(
  { hostname, port }: Address,
  first: number,
  end: number,
): Promise<void> {
  using conn = await Deno.connect({ hostname, port });
  const replies = new Uint8Array(AT_ONCE * OK.length);
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  for (let start = first; start < end; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, end - start);
    const lines = Array.from({ length: count }, (_, at) => {
      const number = start + at;
      return encodeRequest({ method: "insert", key: keyOf(number), value: valueOf(number) });
    });
    let bytes = encoder.encode(lines.join(""));
    while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
    let length = 0;
    while (length < count * OK.length) {
      const more = await conn.read(replies.subarray(length, count * OK.length));
      assert.ok(more !== null, "the gateway has closed the connection");
      length += more;
    }
    assert.equal(decoder.decode(replies.subarray(0, length)), OK.repeat(count));
  }
}

/**
 * Scans the whole table in parts, and asserts that each key comes exactly once with its value.
 *
 * @param onMiddle called once, when half of the keys have come
 */
export async function assertWholeScan(
  { hostname, port }: Address,
  keys: number,
  onMiddle: () => Promise<void> = async () => {},
): Promise<void> {
  const client = await HtClient.connect(`${hostname}:${port}`);
  try {
    const seen = new Uint8Array(keys);
    let count = 0;
    for await (const [key, value] of client.scanAll("")) {
      const number = Number(key.slice("key ".length));
      assert.equal(key, keyOf(number));
      assert.equal(value, valueOf(number));
      assert.equal(seen[number], 0, `the scan lists ${key} twice`);
      seen[number] = 1;
      if (++count === keys >> 1) await onMiddle();
    }
    assert.equal(count, keys);
  } finally {
    await client.close();
  }
}

/** Asserts that size, query and a selective scan agree with the table. */
export async function assertSearches({ hostname, port }: Address, keys: number): Promise<void> {
  const client = await HtClient.connect(`${hostname}:${port}`);
  try {
    assert.equal(await client.size(), keys);
    const group = 77;
    const numbers = Array.from(
      { length: Math.ceil((keys - group) / GROUPS) },
      (_, at) => group + at * GROUPS,
    );
    const expected = new Map(numbers.map((number) => [keyOf(number), valueOf(number)]));
    assert.deepEqual(new Map(await client.queryText("group", String(group))), expected);
    const found = await client.scanText("^key 12345?$");
    assert.deepEqual(found.sort(), [1_234, 12_345].map((one) => [keyOf(one), valueOf(one)]));
  } finally {
    await client.close();
  }
}

/** Largest resident memory of a process since the last call, in bytes. */
export async function peakMemoryBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5"); // resets the peak
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
