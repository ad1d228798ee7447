/** The protocol cases at gateways of a single store, and of a cluster with fenced reads. */
import { testWith } from "../../helpers/needs.ts";
import { REDIS, RedisCluster, startRedis } from "../../helpers/redis_cluster.ts";
import { isLong, longTest } from "../../helpers/long.ts";
import { WAYS } from "../server/protocol_case_runs.ts";
import { assertCasesHold } from "./gateway_cases.ts";

const TESTED = isLong ? Object.keys(WAYS) : ["a whole case at once"];

testWith(REDIS, "cluster: the protocol cases hold at a gateway of one Redis", async (context) => {
  await using redis = await startRedis();
  await assertCasesHold(`redis://${redis.name}`, context, TESTED);
});

longTest({
  name: "cluster: the protocol cases hold with fenced reads",
  async fn(context) {
    await using cluster = await RedisCluster.start({ masters: 1 });
    await assertCasesHold(`${cluster.url}?reads=fenced`, context, TESTED);
  },
});
