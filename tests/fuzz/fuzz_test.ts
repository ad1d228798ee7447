/**
 * Short runs of the fuzzer, and runs with a decoder or a model that is broken on purpose. The fuzzer must
 * find the problem, and the printed command must find it again.
 */
import assert from "assert";
import { TARGETS } from "../../fuzz/all_targets.ts";
import { TableModel } from "../../fuzz/oracle/table.ts";
import { runInputs } from "../../fuzz/run_inputs.ts";
import { isServerTarget, type PartTarget, type Target } from "../../fuzz/target.ts";
import { listingTarget, updateTarget } from "../../fuzz/targets/catalog.ts";
import { decodeTarget } from "../../fuzz/targets/decode.ts";
import { framerTarget } from "../../fuzz/targets/framer.ts";
import { handshakeTarget } from "../../fuzz/targets/handshake.ts";
import { jsonTarget } from "../../fuzz/targets/json.ts";
import { liveTarget } from "../../fuzz/targets/live.ts";
import { LIMITS } from "../../fuzz/server_process.ts";
import { replyTarget } from "../../fuzz/targets/reply.ts";
import { respTarget } from "../../fuzz/targets/resp.ts";
import { checkpointTarget, logTarget } from "../../fuzz/targets/storage.ts";
import { topologyTarget } from "../../fuzz/targets/topology.ts";
import { parseOptions, replayLine } from "../../fuzz/options.ts";
import { skipValue } from "../../lib/json/scan.ts";
import { parseListing } from "../../lib/catalog/record/listing.ts";
import { parseUpdate } from "../../lib/catalog/server/update_parser.ts";
import { Connection } from "../../lib/server/connection.ts";
import type { Socket } from "../../lib/server/socket.ts";
import { decodeReply, isFailure } from "../../lib/protocol/decode_reply.ts";
import { decodeRequest, isRejection } from "../../lib/protocol/decode_request.ts";
import { LineFramer } from "../../lib/bytes/line_framer.ts";
import { RespReader } from "../../lib/store/resp_reader.ts";
import { parseClusterNodes } from "../../lib/store/cluster/topology.ts";
import { readFolder } from "../../lib/storage/recovery/folder_reader.ts";
import { seedFor } from "../../bench/harness/random.ts";

/** Number of inputs of a target. A slow target runs a tenth of them. */
const INPUTS = 3_000;

/** The inputs within which the fuzzer must find a problem. */
const BROKEN_INPUTS = 20_000;

for (const target of TARGETS) {
  const inputs = isServerTarget(target)
    ? target.roundInputs
    : target.share < 3
    ? INPUTS / 10
    : INPUTS;
  Deno.test(`fuzz: ${inputs} inputs of ${target.name} have no finding`, async () => {
    const seed = seedFor(`fuzz ${target.name}`);
    // The fourth round of a server with a data folder ends with a kill.
    const first = isServerTarget(target) ? 3 * target.roundInputs : 0;
    const { finding, done } = await runInputs(target, { seed, first, count: inputs });
    assert.equal(finding && describe(target, seed, finding.number, finding.problem), undefined);
    assert.equal(done, inputs);
  });
}

/** Targets with broken code, which is right for nearly all inputs. */
const BROKEN: readonly PartTarget[] = [
  framerTarget((most) => new ForgetfulFramer(most)),
  decodeTarget((bytes, start, end) => {
    const decoded = decodeRequest(bytes, start, end);
    if (isRejection(decoded) || decoded.method !== "insert") return decoded;
    const { value } = decoded; // It loses the last byte of a value that ends with two brackets.
    const isNested = value.bytes[value.end - 1] === 93 && value.bytes[value.end - 2] === 93;
    return isNested ? { ...decoded, value: { ...value, end: value.end - 1 } } : decoded;
  }),
  handshakeTarget((options) => new Connection({ ...options, socket: afterPing(options.socket) })),
  jsonTarget((bytes, at, end) => {
    const isOdd = bytes[at] === 45 && bytes[at + 1] === 48;
    return isOdd ? ~at : skipValue(bytes, at, end); // It rejects -0.
  }),
  replyTarget((line) => {
    const reply = decodeReply(line);
    return isFailure(reply) || reply.cursor === undefined ? reply : { result: reply.result };
  }),
  logTarget((files, names, table) => {
    const read = readFolder(files, names, table);
    if (read.replay.tornTail === undefined) return read;
    throw new RangeError("a torn tail is too much for it");
  }),
  checkpointTarget((files, names, table) => {
    try {
      return readFolder(files, names, table);
    } catch {
      return readFolder(files, [], table); // It accepts damage.
    }
  }),
  listingTarget((bytes, options) =>
    parseListing(bytes, options).filter(({ port }) => port !== 9123)
  ),
  updateTarget((bytes) => {
    const update = parseUpdate(bytes);
    return { ...update, body: update.body.replace("true", "false") };
  }),
  respTarget((commands) => new ForgetfulReader(commands)),
  topologyTarget((text, asked) =>
    // It does not see that a replica may fail.
    parseClusterNodes(text, asked).map((node) =>
      node.masterId === undefined ? node : { ...node, isFailed: false }
    )
  ),
];

for (const target of BROKEN) {
  Deno.test(`fuzz: a problem in ${target.name} is found, and found again by its number`, async () => {
    const seed = seedFor(`fuzz broken ${target.name}`);
    const { finding } = await runInputs(target, { seed, first: 0, count: BROKEN_INPUTS });
    assert.ok(finding, "it has a finding");
    assert.deepEqual(await again(target, replayLine(seed, target.name, finding.number)), finding);
  });
}

Deno.test("fuzz: a server that differs from the model is found, and found again", async () => {
  const seed = seedFor("fuzz broken model");
  const target = liveTarget(() => new ForgetfulModel(LIMITS));
  const { finding } = await runInputs(target, { seed, first: 0, count: target.roundInputs });
  assert.ok(finding, "it has a finding");
  assert.deepEqual(await again(target, replayLine(seed, target.name, finding.number)), finding);
});

Deno.test("fuzz: the input of a finding is made smaller", async () => {
  const target: PartTarget = {
    name: "x",
    input: "bytes",
    share: 1,
    make: () => new TextEncoder().encode("abcdefxghijk".repeat(20)),
    check: (input) => input.includes(120) ? "there is an x" : undefined,
  };
  const { finding } = await runInputs(target, { seed: 1, first: 0, count: 1 });
  assert.equal(finding && new TextDecoder().decode(finding.input), "x");
});

/** The finding of a command in a target. */
async function again(target: Target, line: string): Promise<unknown> {
  const words = line.split(" ");
  assert.deepEqual(words.splice(0, 3), ["./denow", "task", "fuzz"]);
  const { seed, only, targets } = parseOptions(words, [target.name]);
  assert.deepEqual(targets, [target.name]);
  assert.ok(seed !== undefined && only !== undefined);
  return (await runInputs(target, { seed, first: only, count: 1 })).finding;
}

function describe(target: Target, seed: number, number: number, problem: string): string {
  return `${problem}; again: ${replayLine(seed, target.name, number)}`;
}

/** A socket with a good line before the input, so that the first line of the input is not checked. */
function afterPing(connection: Socket): Socket {
  let hasRead = false, hasWritten = false;
  return {
    read(buffer) {
      if (hasRead) return connection.read(buffer);
      hasRead = true;
      const { written } = new TextEncoder().encodeInto('{"method":"ping"}\n', buffer);
      return Promise.resolve(written);
    },
    write(bytes) {
      if (hasWritten) return connection.write(bytes);
      hasWritten = true;
      return Promise.resolve(bytes.length);
    },
    linger: () => connection.linger(),
    close: () => connection.close(),
  };
}

/** Loses a CR at the start of a piece. */
class ForgetfulFramer extends LineFramer {
  override push(chunk: Uint8Array, end: number = chunk.length): void {
    const isLost = end > 1 && chunk[0] === 13 && chunk[1] !== 10;
    super.push(isLost ? chunk.subarray(1) : chunk, isLost ? end - 1 : end);
  }
}

/** Loses an LF at the start of a piece. */
class ForgetfulReader extends RespReader {
  override push(bytes: Uint8Array, end: number = bytes.length): void {
    const isLost = end > 1 && bytes[0] === 10 && bytes[1] === 36;
    super.push(isLost ? bytes.subarray(1) : bytes, isLost ? end - 1 : end);
  }
}

/** Ignores one of ten removes. */
class ForgetfulModel extends TableModel {
  #removed = 0;

  override judge(line: Parameters<TableModel["judge"]>[0], reply: string): string | undefined {
    const isRemove = typeof line !== "string" &&
      new TextDecoder().decode(line).startsWith('{"method":"remove"');
    if (isRemove && reply.startsWith('{"status":"OK"') && ++this.#removed % 10 === 0) {
      return undefined;
    }
    return super.judge(line, reply);
  }
}
