/**
 * Runs the protocol cases of docs/protocol-cases at gateways, each case sent in several ways.
 *
 * Not run here: `limits` about a full table, and `failing-disk`, since a store has no `--max-memory` and
 * no data folder of ours; `bad_stores_test.ts` fills a store and takes its replicas away.
 */
import assert from "assert";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { assertAllHold, casesIn, WAYS } from "../server/protocol_case_runs.ts";
import { Gateway } from "./gateways.ts";

/** The token of the cases in `token`. */
const TOKEN = "otters-hold-hands-while-they-sleep";

/**
 * Runs the cases of all folders on gateways of a store.
 *
 * @param ways names of ways of sending
 */
export async function assertCasesHold(
  url: string,
  context: Deno.TestContext,
  ways: readonly string[],
): Promise<void> {
  await using folder = await TempFolder.make();
  const tokenFile = `${folder.path}/token`;
  await Deno.writeTextFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  await using plain = await Gateway.start(url);
  await using withToken = await Gateway.start(url, { flags: ["--token-file", tokenFile] });
  await using limited = await Gateway.start(url, {
    flags: ["--max-request", "2MB", "--max-reply", "500KB"],
  });
  await using small = await Gateway.start(url, { flags: ["--max-clients", "1"] });
  using only = await RawClient.connect(small.address.port);
  await only.send('{"method":"ping"}\n');
  assert.equal(await only.line(), '{"status":"OK","result":"pong"}');
  const runs = [
    [casesIn(""), plain],
    [casesIn("cursors"), plain],
    [casesIn("token"), withToken],
    [casesIn("limits").filter(({ name }) => name.includes("over the limit")), limited],
    [casesIn("full"), small],
  ] as const;
  for (const [way, options] of Object.entries(WAYS)) {
    if (!ways.includes(way)) continue;
    await context.step(`sent ${way}`, async () => {
      for (const [cases, gateway] of runs) await assertAllHold(cases, gateway.address, options);
    });
  }
}
