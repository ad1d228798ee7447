/** The protocol cases at gateways of a cluster. */
import { testWithCluster } from "../../helpers/redis_cluster.ts";
import { assertCasesHold } from "./gateway_cases.ts";

/** Sending a byte at a time is tested in the long form. */
const WAYS = ["a line at a time", "seven bytes at a time", "a whole case at once"];

testWithCluster("cluster: the protocol cases hold at a gateway", async (cluster, context) => {
  await assertCasesHold(cluster.url, context, WAYS);
});
