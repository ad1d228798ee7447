/** Proves what a server announces to which catalog, in virtual time. */
import assert from "assert";
import { addressText } from "../../../lib/base/address.ts";
import { ADDRESS_CHECK_MS } from "../../../lib/base/limits.ts";
import { createLog } from "../../../lib/base/log.ts";
import type { ServerFacts } from "../../../lib/catalog/record/server_record.ts";
import {
  Registration,
  type RegistrationOptions,
} from "../../../lib/catalog/announce/registration.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

const LISTED = { hostname: "192.0.2.8", port: 9_097 };

const facts: ServerFacts = {
  project: "me-a4-x",
  owner: "me",
  port: 4_321,
  version: "0.1.0",
  instance: "1f0c",
  lifetimeS: 300,
  startTimeS: 1,
  clients: 0,
  size: 0,
  durability: "always",
  requiresToken: false,
  protocol: 1,
};

/** A presence in virtual time, whose updates go nowhere. */
function stage(options: Partial<RegistrationOptions>) {
  const clock = new VirtualClock();
  const sent: { atMs: number; to: string; record: Record<string, unknown> }[] = [];
  const lines: string[] = [];
  const presence = new Registration({
    catalogs: [LISTED],
    intervalMs: 60_000,
    facts: () => facts,
    log: createLog({ write: (line) => lines.push(line.slice(line.indexOf(" ") + 1).trimEnd()) }),
    timing: clock,
    send: (text, to) => {
      sent.push({ atMs: clock.now(), to: addressText(to), record: JSON.parse(text) });
      return Promise.resolve();
    },
    query: () => Promise.reject(new Error("nothing listens there")),
    ...options,
  });
  return { clock, sent, lines, presence };
}

Deno.test("fault: the address changes (DHCP): the change is announced at once, and logged", async () => {
  let own = ["127.0.0.1", "10.0.0.1"];
  const { clock, sent, lines, presence } = stage({ interfaces: () => own });
  try {
    presence.start();
    await clock.run(clock.at(30_000));
    assert.ok(sent.every(({ record }) => String(record["addresses"]) === "10.0.0.1"));
    own = ["127.0.0.1", "10.0.0.2"];
    const changedMs = clock.now();
    const before = sent.length;
    await clock.run(clock.at(changedMs + ADDRESS_CHECK_MS));
    assert.equal(sent.length, before + 1);
    assert.deepEqual(sent.at(-1)?.record["addresses"], ["10.0.0.2"]);
    const change =
      "info: The addresses of this machine changed from 10.0.0.1 to 10.0.0.2; this is announced at once";
    assert.deepEqual(lines.filter((line) => line.includes("addresses")), [change]);
    // Without a cable there is none, and that is announced as well.
    own = ["127.0.0.1"];
    await clock.run(clock.at(clock.now() + ADDRESS_CHECK_MS));
    assert.equal("addresses" in (sent.at(-1)?.record ?? {}), false);
  } finally {
    await presence.stop();
  }
});

Deno.test("fault: `--advertise HOST:PORT` with port forwarding: the local record carries no advertised address", async () => {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const localPort = probe.addr.port;
  const { clock, sent, presence } = stage({
    localPort,
    facts: () => ({ ...facts, advertise: { hostname: "h.test", port: 80 } }),
  });
  try {
    presence.start();
    await clock.run(clock.at(500));
  } finally {
    await presence.stop();
  }
  const told = (to: string) => sent.find((one) => one.to === to)?.record;
  const listed = told("192.0.2.8:9097");
  assert.deepEqual(
    [listed?.["port"], listed?.["listen_port"], listed?.["advertise"]],
    [80, 4_321, "h.test"],
  );
  for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    const local = told(`${host}:${localPort}`);
    assert.deepEqual(
      [local?.["port"], local?.["listen_port"], local?.["advertise"]],
      [4_321, undefined, undefined],
      host,
    );
  }
});
