/** The protocol cases at gateways of a cluster. */
import { testWithCluster } from "../../helpers/redis_cluster.ts";
import { isLong } from "../../helpers/long.ts";
import { WAYS } from "../server/protocol_case_runs.ts";
import { assertCasesHold } from "./gateway_cases.ts";

// `tests/remote/protocol_cases_test.ts` sends them in more ways, to a server over a store in memory.
const TESTED = isLong ? Object.keys(WAYS) : ["a whole case at once"];

testWithCluster("cluster: the protocol cases hold at a gateway", async (cluster, context) => {
  await assertCasesHold(cluster.url, context, TESTED);
});
