/** All targets. */
import type { Target } from "./target.ts";
import { httpTarget, listingTarget, updateTarget } from "./targets/catalog.ts";
import { decodeTarget } from "./targets/decode.ts";
import { framerTarget } from "./targets/framer.ts";
import { handshakeTarget } from "./targets/handshake.ts";
import { durableTarget, liveTarget } from "./targets/live.ts";
import { jsonTarget } from "./targets/json.ts";
import { replyTarget } from "./targets/reply.ts";
import { respTarget } from "./targets/resp.ts";
import { topologyTarget } from "./targets/topology.ts";
import { checkpointTarget, logTarget } from "./targets/storage.ts";

/** The targets, in the order of the results. */
export const TARGETS: readonly Target[] = [
  liveTarget(),
  durableTarget(),
  handshakeTarget(),
  framerTarget(),
  decodeTarget(),
  jsonTarget(),
  replyTarget(),
  logTarget(),
  checkpointTarget(),
  listingTarget(),
  updateTarget(),
  httpTarget(),
  respTarget(),
  topologyTarget(),
];

/** The target with this name. */
export function targetOf(name: string): Target | undefined {
  return TARGETS.find((target) => target.name === name);
}
