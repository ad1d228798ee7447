/** A store over real nodes, for tests. */
import type { Address } from "../../../lib/base/address.ts";
import { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { bucketSlots } from "../../../lib/store/bucket_slots.ts";
import {
  ClusterStore,
  type ClusterStoreOptions,
} from "../../../lib/store/cluster/cluster_store.ts";
import { openNode } from "../../../lib/store/open_node.ts";
import { SCRIPTS } from "../../../lib/store/scripts.ts";
import { TestTable } from "./store_commands.ts";

/** A table over real nodes, until disposal. */
export class RealStore extends TestTable implements AsyncDisposable {
  /** Hash slot of each bucket. */
  readonly slots: Uint16Array;

  private constructor(store: ClusterStore, keys: BucketKeys, slots: Uint16Array) {
    super(store, keys);
    this.slots = slots;
  }

  /** @param options default: a cluster, with replicas */
  static open(seeds: readonly Address[], options: Partial<ClusterStoreOptions> = {}): RealStore {
    const keys = new BucketKeys("test");
    const slots = bucketSlots(keys);
    const access = { user: undefined, password: undefined, tls: undefined };
    const store = new ClusterStore({
      seeds,
      keys,
      slots,
      isCluster: true,
      scripts: SCRIPTS.map(({ text }) => text),
      connect: (address, signal) => openNode(address, access, { scripts: SCRIPTS, signal }),
      ...options,
    });
    return new RealStore(store, keys, slots);
  }

  /** Buckets in a slot range of a real node. */
  bucketsOf(slots: readonly number[]): number[] {
    const wanted = new Set(slots);
    return [...this.slots.keys()].filter((bucket) => wanted.has(this.slots[bucket] ?? -1));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.store.close();
  }
}
