/** A client of a table in memory, for tests that need no network. */
import assert from "assert";
import type { HtClient } from "../../lib/client/client.ts";
import { errorFrom } from "../../lib/client/errors.ts";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { isJson, notJsonError, pairsOf } from "../../lib/client/json_text.ts";
import { EXPECTED_REPLY } from "../../lib/client/pending_calls.ts";
import { spanOf, textAt } from "../../lib/bytes/span.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { silentLog } from "../../lib/base/log.ts";
import { decodeReply, isFailure, type SuccessReply } from "../../lib/protocol/decode_reply.ts";
import { decodeRequest } from "../../lib/protocol/decode_request.ts";
import type { Sender } from "../../lib/perf/workload/operation.ts";
import { encodeRequest, type RequestMembers } from "../../lib/protocol/encode_request.ts";
import { commitsInMemory, contextWith, newClient } from "../engine/command_context.ts";
import { textOfChunks } from "../helpers/streams.ts";

/** The client in both forms, and its requests in order. */
export interface FakeClient {
  readonly client: HtClient;
  readonly sender: Sender;
  readonly requests: RequestMembers[];
  /** Number of replies of the sender that were not expected byte for byte. */
  readonly decoded: () => number;
}

/**
 * Creates a client with its own table.
 *
 * @param distort changes the result of a request
 */
export function fakeClient(
  distort: (result: string, request: RequestMembers) => string = (result) => result,
): FakeClient {
  const requests: RequestMembers[] = [];
  const context = contextWith();
  const executor = new Executor({
    context,
    commits: commitsInMemory(context.table),
    maxReplyBytes: 1e8,
    log: silentLog,
  });
  const client = newClient();
  async function request(members: RequestMembers): Promise<SuccessReply> {
    requests.push(members);
    await Promise.resolve();
    const { bytes, start, end } = spanOf(encodeRequest(members).slice(0, -1));
    const out = new ByteChunks();
    executor.execute(client, decodeRequest(bytes, start, end), out);
    const reply = decodeReply(textOfChunks(out).slice(0, -1));
    if (isFailure(reply)) throw errorFrom(reply);
    return { ...reply, result: distort(reply.result, members) };
  }
  const pairs = async (members: RequestMembers) => pairsOf((await request(members)).result);
  const fake = {
    request,
    lookupText: async (key: string) => (await request({ method: "lookup", key })).result,
    removeText: async (key: string) => (await request({ method: "remove", key })).result,
    insertText(key: string, value: string) {
      if (!isJson(value)) return Promise.reject(notJsonError("insert", key, value));
      return request({ method: "insert", key, value }).then(() => {});
    },
    scanText: (regex: string) => pairs({ method: "scan", regex }),
    queryText: (subkey: string, subvalue: string) => pairs({ method: "query", subkey, subvalue }),
    async *scanAll(regex: string) {
      yield* await pairs({ method: "scan", regex });
    },
    size: async () => Number((await request({ method: "size" })).result),
  };
  let decoded = 0;
  const sender: Sender = {
    connections: 1,
    send(call) {
      assert.ok(typeof call.line !== "string");
      const members = JSON.parse(textAt(call.line, 0, call.line.length));
      if (members.method === "insert") members.value = JSON.stringify(members.value);
      request(members).then((reply) => {
        const { bytes, end } = spanOf(`{"status":"OK","result":${reply.result}}`);
        const isExpected = call.isExpected?.(bytes, 0, end) === true;
        if (!isExpected) decoded++;
        call.onReply(isExpected ? EXPECTED_REPLY : reply);
      }).catch((error) => call.onError(error));
    },
  };
  return { client: fake as unknown as HtClient, sender, requests, decoded: () => decoded };
}
