/** Proves that garbage is collected once after many clients disconnect, and not for a few. */
import assert from "assert";
import { IDLE_GC_CLIENTS, IDLE_GC_PAUSE_MS, IDLE_GC_QUIET_MS } from "../../lib/base/limits.ts";
import { IdleGc } from "../../lib/runtime/idle_gc.ts";

Deno.test({
  name: "idle_gc: collects once after many clients disconnect, and not too often",
  permissions: "none",
}, () => {
  let collected = 0;
  const watch = new IdleGc(() => collected++);
  const after = (clients: number, nowMs: number) => {
    watch.update(clients, nowMs);
    return collected;
  };
  for (let ms = 0; ms < 5; ms++) assert.equal(after(ms % 2 * (IDLE_GC_CLIENTS - 1), ms), 0);
  assert.equal(after(5 * IDLE_GC_CLIENTS, 10), 0);
  assert.equal(after(5 * IDLE_GC_CLIENTS - 10, 20), 0);
  assert.equal(after(IDLE_GC_CLIENTS, 30), 0, "perhaps more are leaving");
  assert.equal(after(IDLE_GC_CLIENTS, 29 + IDLE_GC_QUIET_MS), 0, "perhaps more are leaving");
  const firstMs = 30 + IDLE_GC_QUIET_MS;
  assert.equal(after(IDLE_GC_CLIENTS, firstMs), 1);
  assert.equal(after(IDLE_GC_CLIENTS, firstMs + 10), 1);
  assert.equal(after(0, firstMs + 20), 1);
  assert.equal(after(0, firstMs + 20 + IDLE_GC_QUIET_MS), 1, "too soon");
  assert.equal(after(0, firstMs + IDLE_GC_PAUSE_MS), 2);
  assert.equal(after(0, firstMs + 3 * IDLE_GC_PAUSE_MS), 2);
  new IdleGc(undefined).update(0, 0);
});
