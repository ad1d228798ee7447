/** An executor over a fake storage, which replies to lines. */
import assert from "assert";
import fc from "fast-check";
import { type Log, silentLog } from "../../lib/base/log.ts";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { spanOf } from "../../lib/bytes/span.ts";
import { type Answer, Executor } from "../../lib/engine/executor.ts";
import { decodeRequest } from "../../lib/protocol/decode_request.ts";
import { type Rejection, type Request } from "../../lib/protocol/requests.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import type { CommandContext } from "../../lib/commands/command_table.ts";
import { contextWith, newClient } from "./command_context.ts";
import { FakeStorage } from "./fake_storage.ts";
import type { TextChange } from "./requests.ts";
import { jsonText } from "../helpers/json_texts.ts";
import { textOfChunks } from "../helpers/streams.ts";

/** Every reply is appended to an earlier one. */
const BEFORE = "an earlier reply\n";

/** Decodes a line in the middle of others. */
export function decoded(line: string): Request | Rejection {
  const { bytes } = spanOf(`[{"before":""}]\n${line}\n`);
  return decodeRequest(bytes, '[{"before":""}]\n'.length, bytes.length - 1);
}

/** An executor over a fake storage, and ways to send lines to it. */
export interface ExecutorEngine {
  readonly executor: Executor;
  readonly context: CommandContext;
  readonly commits: GroupCommit;
  readonly storage: FakeStorage;
  readonly client: Client;
  /** All changes so far. */
  changes(): readonly TextChange[];
  /** Executes a line, and returns the answer with its reply line. */
  answer(line: string, asking?: Client, writeError?: string): Answer & { readonly line: string };
  /** Executes a line, and returns the reply line. */
  ask(line: string, asking?: Client): string;
}

/** Makes an executor over a fake storage. */
export function engine(options: {
  context?: Partial<CommandContext>;
  maxReplyBytes?: number;
  log?: Log;
} = {}): ExecutorEngine {
  const context = contextWith(options.context);
  const storage = new FakeStorage("never");
  const commits = new GroupCommit(storage, context.table);
  const executor = new Executor({
    context,
    commits,
    maxReplyBytes: options.maxReplyBytes ?? 1e9,
    log: options.log ?? silentLog,
  });
  const client = newClient();
  const answer = (line: string, asking?: Client, writeError?: string) => {
    const out = new ByteChunks();
    out.addText(BEFORE);
    const answer = executor.execute(asking ?? client, decoded(line), out, writeError);
    const text = textOfChunks(out);
    assert.ok(text.startsWith(BEFORE), "earlier replies stay");
    assert.equal(text.indexOf("\n", BEFORE.length), text.length - 1, "one line");
    return { ...answer, line: text.slice(BEFORE.length, -1) };
  };
  const ask = (line: string, asking?: Client) => answer(line, asking).line;
  const changes = () => storage.changes;
  return { executor, context, commits, storage, changes, client, answer, ask };
}

const anyKey = fc.constantFrom("a", "b", "c", "__proto__", "");
/** Lines of requests, valid and not. */
export const anyLine: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(anyKey, jsonText).map(([key, value]) =>
      `{"method":"insert","key":"${key}","value":${value.replace(/[\r\n]/g, " ")}}`
    ),
  },
  { weight: 3, arbitrary: anyKey.map((key) => `{"method":"remove","key":"${key}"}`) },
  anyKey.map((key) => `{"method":"insert","key":"${key}","value":"${"x".repeat(4_000)}"}`),
  fc.nat(4_500).map((size) => `{"method":"insert","key":"a","value":1,"id":"${"i".repeat(size)}"}`),
  fc.nat(4_500).map((size) => `{"method":"remove","key":"a","id":"${"\u00e9".repeat(size / 2)}"}`),
  anyKey.map((key) => `{"method":"lookup","key":"${key}"}`),
  fc.constantFrom(
    '{"method":"scan","regex":""}',
    '{"method":"scan","regex":"","limit":2}',
    '{"method":"size"}',
  ),
  fc.constantFrom(
    "{",
    '{"method":"insert"}',
    '{"method":"insert","key":"a"}',
    '{"method":"scan","regex":"("}',
  ),
);
