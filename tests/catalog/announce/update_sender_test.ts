/** Tests the addresses to and from which updates are sent. */
import assert from "assert";
import type { Address, ListenAddress } from "../../../lib/base/address.ts";
import type { AnnouncerOptions } from "../../../lib/catalog/announce/announcer.ts";
import { A, B, FACTS, OWN, Scene } from "./announcer_scene.ts";

Deno.test("fault: UDP without an error is taken for delivery: all addresses of a catalog's name get updates", async () => {
  await using scene = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 9_097 }],
    lookUpHost: () => Promise.resolve(["2001:db8::1", "192.0.2.8", "192.0.2.9"]),
  });
  await scene.until(500);
  const all = ["[2001:db8::1]:9097", "192.0.2.8:9097", "192.0.2.9:9097"];
  assert.deepEqual(scene.sent.map(({ to }) => to), all);
  await scene.announcer.stop();
  const goodbyes = scene.sent.slice(3);
  assert.deepEqual(
    goodbyes.map(({ to, record }) => [to, record["lifetime"]]),
    all.map((to) => [to, 1]),
  );
});

Deno.test("update sender: a catalog gets each update, even if others hang or fail", async () => {
  await using scene = new Scene({}, {
    catalogs: [
      { hostname: "hangs.test", port: 1 },
      A,
      { hostname: "no.test", port: 1 },
      B,
    ],
    lookUpHost: (name) =>
      name === "no.test" ? Promise.reject(new Error("no")) : new Promise(() => {}),
  });
  await scene.until(500);
  assert.deepEqual(scene.sent.map(({ to }) => to), ["192.0.2.8:9097", "192.0.2.9:9097"]);
});

Deno.test("update sender: neither the goodbye nor the start waits for a DNS lookup", async () => {
  const scene = new Scene({ "hangs.test": () => "silent" }, {
    catalogs: [{ hostname: "hangs.test", port: 1 }],
    lookUpHost: () => new Promise(() => {}),
  });
  await scene.until(1_500);
  await scene.announcer.stop();
  assert.deepEqual(scene.sent, []);
});

Deno.test("update sender: a failed DNS lookup keeps the last addresses; a hanging one times out", async () => {
  let lookups = 0;
  await using failing = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () =>
      lookups++ === 0 ? Promise.resolve(["192.0.2.8"]) : Promise.reject(new Error("no")),
  });
  assert.deepEqual(await failing.until(70_000), [0, 60_000]);
  let hung = 0;
  await using hanging = new Scene({ "c.test": () => [OWN] }, {
    catalogs: [{ hostname: "c.test", port: 1 }],
    lookUpHost: () => hung++ === 0 ? new Promise(() => {}) : Promise.resolve(["192.0.2.8"]),
  });
  assert.deepEqual(await hanging.until(70_000), [60_000]);
});

/** Options for a server that listens on an address. */
function listenOn(hostname: string, isV4: boolean, isV6: boolean): { listening: ListenAddress } {
  return { listening: { hostname, port: 4_321, isV4, isV6 } };
}

const V6: Address = { hostname: "2001:db8::8", port: 9_097 };

const UNREACHABLE = [
  [
    "--host 127.0.0.1",
    listenOn("127.0.0.1", true, false),
    A,
    "127.0.0.1 only, which no other machine can reach",
  ],
  ["a name that resolves to 127.0.1.1", listenOn("127.0.1.1", true, false), A, "127.0.1.1 only"],
  [
    "0.0.0.0 in an IPv6 network",
    listenOn("0.0.0.0", true, false),
    V6,
    "IPv4 only, and that catalog has IPv6 only",
  ],
  [
    "`::` with bindv6only=1",
    listenOn("::", false, true),
    A,
    "IPv6 only, and that catalog has IPv4 only",
  ],
] as const;

for (const [title, listening, catalog, reason] of UNREACHABLE) {
  Deno.test(`fault: announced where it does not listen: ${title}`, async () => {
    const options = { catalogs: [catalog], ...listening };
    await using scene = new Scene({ [catalog.hostname]: () => [] }, options);
    assert.deepEqual(await scene.until(100_000), []);
    assert.equal(scene.lines.length, 1);
    assert.match(scene.lines[0] ?? "", /^warn: .*no update could be sent: /);
    assert.ok(scene.lines[0]?.includes(`this server listens on ${reason}`), scene.lines[0]);
  });
}

Deno.test("update sender: an update comes from the listening address, unless another address is advertised", async () => {
  const local = { hostname: "127.0.0.2", port: 9_097 };
  const sources = async (options: Partial<AnnouncerOptions>) => {
    await using scene = new Scene({}, { catalogs: [A, V6, local], ...options });
    await scene.until(500);
    return scene.sent.map(({ to, from }) => `${from} to ${to}`);
  };
  const advertised = () => ({ ...FACTS, advertise: { hostname: "h.test" } });
  assert.deepEqual(await sources(listenOn("10.0.0.5", true, false)), [
    "10.0.0.5 to 192.0.2.8:9097",
    "10.0.0.5 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("127.0.0.1", true, false)), [
    "127.0.0.1 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("::", true, true)), [
    "0.0.0.0 to 192.0.2.8:9097",
    ":: to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.deepEqual(await sources(listenOn("2001:db8::5", false, true)), [
    "2001:db8::5 to [2001:db8::8]:9097",
    "0.0.0.0 to 127.0.0.2:9097",
  ]);
  assert.equal(
    (await sources({ facts: advertised, ...listenOn("127.0.0.1", true, false) })).length,
    3,
  );
});
