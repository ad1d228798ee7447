/** Proves that calls without promises get their replies in order, and can be sent again. */
import assert from "assert";
import { HtError } from "../../lib/client/errors.ts";
import { LineClient } from "../../lib/client/line_client.ts";
import { type Call, EXPECTED_REPLY } from "../../lib/client/pending_calls.ts";
import type { RetryPolicy } from "../../lib/client/retry.ts";
import { isFailure, type SuccessReply } from "../../lib/protocol/decode_reply.ts";
import { encodeRequest } from "../../lib/protocol/encode_request.ts";
import type { Failure } from "../../lib/protocol/message.ts";
import { FakeServer, OK_NULL } from "./fake_server.ts";

type Outcome = SuccessReply | Failure | Error;

/** A call that passes its outcome to a function. */
class TestCall implements Call {
  line: string | Uint8Array = encodeRequest({ method: "ping" });
  retry: RetryPolicy = "always";
  startedMs = performance.now();
  wasSent = false;
  wasSentBefore = false;
  readsBefore = 0;
  isExpected: NonNullable<Call["isExpected"]> = () => false;
  onEnd: (outcome: Outcome) => void = () => {};

  onReply(reply: SuccessReply | Failure): void {
    this.onEnd(reply);
  }

  onError(error: unknown): void {
    assert.ok(error instanceof Error);
    this.onEnd(error);
  }
}

async function connect(server: FakeServer): Promise<LineClient & AsyncDisposable> {
  const client = await LineClient.connect(server.target, { timeoutMs: 10_000 });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** Sends a call, and waits for its outcome. */
function outcomeOf(client: LineClient, call: TestCall): Promise<Outcome> {
  return new Promise((resolve) => {
    call.onEnd = resolve;
    call.startedMs = performance.now();
    client.send(call);
  });
}

Deno.test("line client: an expected reply is not decoded, and any other one is", async () => {
  await using server = new FakeServer({
    reply: ({ key }) => key === "expected" ? "no reply of this protocol" : OK_NULL,
  });
  await using client = await connect(server);
  const call = new TestCall();
  call.line = encodeRequest({ method: "lookup", key: "expected" });
  call.isExpected = (bytes, start, end) => {
    const line = new TextDecoder().decode(bytes.subarray(start, end));
    return line === "no reply of this protocol";
  };
  assert.equal(await outcomeOf(client, call), EXPECTED_REPLY);
  call.line = encodeRequest({ method: "lookup", key: "other" });
  assert.deepEqual(await outcomeOf(client, call), { result: "null" });
});

Deno.test("line client: a call is sent again when its reply arrives, and others keep their order", async () => {
  await using server = new FakeServer({
    reply: ({ key }) => `{"status":"OK","result":"${key}"}`,
  });
  await using client = await connect(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  const results: string[] = [];
  const lines = ["a", "b", "c"].map((key) => encodeRequest({ method: "lookup", key }));
  for (const line of lines) {
    const call = new TestCall();
    call.line = line;
    call.onEnd = (reply) => {
      assert.ok(!(reply instanceof Error) && !isFailure(reply));
      results.push(reply.result);
      if (results.length >= 300) resolve();
      if (results.length <= 297) client.send(call);
    };
    client.send(call);
  }
  await promise;
  assert.equal(results.join(""), '"a""b""c"'.repeat(100));
});

Deno.test("line client: a line of bytes may change after it was sent", async () => {
  await using server = new FakeServer({
    reply: ({ key }) => `{"status":"OK","result":"${key}"}`,
  });
  await using client = await connect(server);
  const line = new TextEncoder().encode(encodeRequest({ method: "lookup", key: "old" }));
  const call = new TestCall();
  call.line = line;
  const outcome = outcomeOf(client, call);
  line.fill(0x20);
  assert.deepEqual(await outcome, { result: '"old"' });
});

Deno.test("line client: a reply that is an error is passed on as such", async () => {
  const failure = '{"status":"ERROR","type":"KeyError","message":"no such key"}';
  await using server = new FakeServer({ reply: () => failure });
  await using client = await connect(server);
  const outcome = await outcomeOf(client, new TestCall());
  assert.deepEqual(outcome, { type: "KeyError", message: "no such key" });
});

Deno.test("line client: no function of a call is called while it is sent", async () => {
  await using server = new FakeServer();
  const client = await connect(server);
  await client.close();
  const call = new TestCall();
  let isSending = true;
  const ended = new Promise<Outcome>((resolve) => {
    call.onEnd = (outcome) => {
      assert.ok(!isSending);
      resolve(outcome);
    };
  });
  client.send(call);
  isSending = false;
  assert.ok(await ended instanceof HtError);
});

Deno.test("line client: calls that are retried come before calls that a failure leads to", async () => {
  await using server = new FakeServer({
    reply: ({ key, hangUp }) => key === "failing" ? hangUp() : OK_NULL,
  });
  await using client = await connect(server);
  const callOf = (key: string) =>
    Object.assign(new TestCall(), { line: encodeRequest({ method: "lookup", key }) });
  const failing = callOf("failing"), retried = callOf("retried"), late = callOf("late");
  failing.retry = "if unsent";
  failing.onEnd = () => client.send(late);
  const replied = new Promise<Outcome>((resolve) => late.onEnd = resolve);
  client.send(failing);
  client.send(retried);
  assert.deepEqual(await replied, { result: "null" });
  const keys = server.lines.map((line) => JSON.parse(line).key);
  assert.deepEqual(keys.slice(-2), ["retried", "late"]);
});
