/** Proves the choice among the live servers of a name, and the comparison of their tables. */
import assert from "assert";
import {
  chooseServer,
  newestTable,
  serverIdentity,
  tableDifference,
} from "../../lib/client/server_identity.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `server_identity: ${name}`, permissions: "none", fn });
}

let port = 0;
const server = (hello: Record<string, unknown>) =>
  serverIdentity(hello, { hostname: "127.0.0.1", port: ++port });
const shared = (table: string, more: Record<string, unknown> = {}) =>
  server({ table, features: ["session", "shared"], ...more });
const table = (table: string, seq: number) => server({ table, seq }).table;

test("the hello of any server is read, and so is a reply of another shape", () => {
  const at = { hostname: "h", port: 1 };
  for (const hello of [null, [], "x", {}, { instance: 1, table: [], uptime_s: "long" }]) {
    assert.deepEqual(serverIdentity(hello, at), {
      address: at,
      instance: "h:1",
      table: undefined,
      uptimeS: 0,
      isTakeover: false,
    });
  }
  const hello =
    '{"instance":"i","table":"t","seq":7,"uptime_s":1.5,"takeover":true,"features":["shared"]}';
  assert.deepEqual(serverIdentity(JSON.parse(hello), at), {
    address: at,
    instance: "i",
    table: { table: "t", seq: 7, isShared: true },
    uptimeS: 1.5,
    isTakeover: true,
  });
});

test("servers of one shared table cause no warning, and each is chosen equally often", () => {
  const live = [shared("t"), shared("t", { uptime_s: 90 }), shared("t")] as const;
  const chosen = [0, 0.33, 0.34, 0.66, 0.67, 0.999].map((random) => {
    const { chosen, sharing, warnings } = chooseServer("me-a4", live, () => random);
    assert.deepEqual(sharing, live);
    assert.deepEqual(warnings, []);
    return live.indexOf(chosen);
  });
  assert.deepEqual(chosen, [0, 0, 1, 1, 2, 2]);
});

test("a server of another table is not chosen beside a shared one, and causes one warning", () => {
  const first = shared("t"), old = shared("t", { uptime_s: 90 }), other = shared("u");
  const result = chooseServer("me-a4", [other, first, old], () => 0);
  assert.equal(result.chosen, first);
  assert.deepEqual(result.sharing, [first, old]);
  assert.equal(result.warnings.length, 1);
  assert.match(
    result.warnings.join(),
    /using .*:\d+, whose table has a server that has run longer, not/,
  );
});

test("servers that do not share their table are no choice, even if they have the same one", () => {
  const copies = [server({ table: "t" }), server({ table: "t", uptime_s: 3 })] as const;
  const { chosen, sharing, warnings } = chooseServer("me-a4", copies, () => 0);
  assert.equal(chosen, copies[1]);
  assert.deepEqual(sharing, [copies[1]]);
  assert.equal(warnings.length, 1);
});

test("the known table has the same identity and no older state", () => {
  const known = table("t", 10);
  const cases: [ReturnType<typeof server>, RegExp | undefined][] = [
    [server({ table: "t", seq: 10 }), undefined],
    [server({ table: "t", seq: 11 }), undefined],
    [server({ table: "t", seq: 9 }), /older state .*change 9, after 10/],
    [server({ table: "u", seq: 99 }), /another table/],
    [server({}), /does not report/],
    [shared("t", { seq: 2 }), undefined],
    [shared("u"), /another table/],
  ];
  for (const [found, difference] of cases) {
    const actual = tableDifference(found, known);
    if (difference === undefined) assert.equal(actual, undefined);
    else assert.match(actual ?? "", difference);
    assert.equal(tableDifference(found, undefined), undefined, "any table is accepted");
  }
});

test("the newest state is remembered", () => {
  assert.equal(newestTable(table("t", 10), table("t", 12))?.seq, 12);
  assert.equal(newestTable(table("t", 10), table("u", 2))?.seq, 2);
  assert.equal(newestTable(table("t", 10), undefined), undefined);
  assert.equal(newestTable(undefined, table("t", 1))?.seq, 1);
});
