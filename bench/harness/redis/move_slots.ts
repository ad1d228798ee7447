/** Moves hash slots between masters of a cluster, as `redis-cli --cluster reshard` does, key by key. */
import type { RedisNode } from "./redis_node.ts";

/** The masters that take part. */
export interface SlotMove {
  readonly from: { readonly node: RedisNode; readonly id: string };
  readonly to: { readonly node: RedisNode; readonly id: string };
  /** The other masters, which learn the new owner. */
  readonly others: readonly RedisNode[];
}

/** Keys of one MIGRATE. */
const KEYS_AT_ONCE = 10;

/** Time limit of one MIGRATE, in milliseconds. */
const MIGRATE_MS = 4_000;

/** Moves slots one after another, each with its keys, while clients go on. */
export async function moveSlots(slots: readonly number[], move: SlotMove): Promise<void> {
  for (const slot of slots) await moveSlot(slot, move);
}

async function moveSlot(slot: number, { from, to, others }: SlotMove): Promise<void> {
  await to.node.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
  await from.node.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
  const { password } = from.node.options;
  const { hostname, port } = to.node.address;
  for (;;) {
    const keys = await from.node.ask("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE);
    if (!Array.isArray(keys) || keys.length === 0) break;
    const auth = password === undefined ? [] : ["AUTH", password];
    await from.node.ask("MIGRATE", hostname, port, "", 0, MIGRATE_MS, ...auth, "KEYS", ...keys);
  }
  // The new owner first: otherwise a client could be sent to a node that does not serve the slot.
  for (const node of [to.node, from.node, ...others]) {
    await node.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id);
  }
}
