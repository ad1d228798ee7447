/** The hash slot of each bucket: the part of the key space of a cluster that its key is in. */
import calculateSlot from "cluster-key-slot";
import { type BucketKeys, META_BUCKET } from "./bucket_keys.ts";

/** Number of hash slots of a cluster. */
export const SLOTS = 16_384;

/** Computes the slots of all buckets, and of `META_BUCKET`, by their number. It takes some milliseconds. */
export function bucketSlots(keys: BucketKeys): Uint16Array {
  return Uint16Array.from(
    { length: META_BUCKET + 1 },
    (_, bucket) => calculateSlot(keys.text(bucket)),
  );
}
