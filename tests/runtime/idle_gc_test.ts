/** Proves that garbage is collected once after a crowd has left, and not for clients that come and go. */
import assert from "assert";
import { CROWD_CLIENTS, CROWD_GONE_MS, CROWD_PAUSE_MS } from "../../lib/base/limits.ts";
import { IdleGc } from "../../lib/runtime/idle_gc.ts";

Deno.test({
  name: "crowd_watch: collects once after a crowd has left, and not too often",
  permissions: "none",
  fn() {
    let collected = 0;
    const watch = new IdleGc(() => collected++);
    const after = (clients: number, nowMs: number) => {
      watch.update(clients, nowMs);
      return collected;
    };
    for (let ms = 0; ms < 5; ms++) assert.equal(after(ms % 2 * (CROWD_CLIENTS - 1), ms), 0);
    assert.equal(after(5 * CROWD_CLIENTS, 10), 0);
    assert.equal(after(5 * CROWD_CLIENTS - 10, 20), 0);
    assert.equal(after(CROWD_CLIENTS, 30), 0, "perhaps more are leaving");
    assert.equal(after(CROWD_CLIENTS, 29 + CROWD_GONE_MS), 0, "perhaps more are leaving");
    const firstMs = 30 + CROWD_GONE_MS;
    assert.equal(after(CROWD_CLIENTS, firstMs), 1);
    assert.equal(after(CROWD_CLIENTS, firstMs + 10), 1);
    assert.equal(after(0, firstMs + 20), 1);
    assert.equal(after(0, firstMs + 20 + CROWD_GONE_MS), 1, "too soon");
    assert.equal(after(0, firstMs + CROWD_PAUSE_MS), 2);
    assert.equal(after(0, firstMs + 3 * CROWD_PAUSE_MS), 2);
    new IdleGc(undefined).update(0, 0);
  },
});
