/** Proves that the control of a sweep measures this machine, and needs only the permission for the loopback interface. */
import assert from "assert";
import { measureControl } from "../../../lib/perf/sweep/control.ts";

Deno.test({
  name: "control: both parts have a speed, and leave no socket",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const { workPerS, echoesPerS } = await measureControl(2);
    assert.ok(workPerS > 1e5 && Number.isFinite(workPerS), `${workPerS}`);
    assert.ok(echoesPerS !== null && echoesPerS > 1, `${echoesPerS}`);
  },
});

Deno.test({
  name: "control: without the loopback interface, the work alone has a speed",
  permissions: "none",
  async fn() {
    const { workPerS, echoesPerS } = await measureControl(2);
    assert.ok(workPerS > 1e5);
    assert.equal(echoesPerS, null);
  },
});
