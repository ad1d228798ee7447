/** Proves that a worker follows its orders, and that any failure of a worker is noticed. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { Shares } from "../../../lib/perf/run/shares.ts";
import type {
  ConnectedTarget,
  Share,
  ShareEvents,
  ShareOrder,
  UnmeasuredResult,
} from "../../../lib/perf/run/share.ts";
import { RemoteShare } from "../../../lib/perf/run/remote_share.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { FakeProcess, pipedWorker } from "../piped_worker.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("worker");

const ORDER: ShareOrder = {
  config: parseTestPerfConfig(["127.0.0.1:1", "--clients", "2", "--json"], {}),
  connection: { token: "secret", localCatalogPort: null },
  seed: 3,
  keyPrefix: "run.1",
  from: 1,
  to: 2,
};

const UNMEASURED: UnmeasuredResult = { keyEnds: [7], failed: 1, notes: ["a note"], isGone: false };
const STAGE = stageData("lookup", [clientData(operationData(2, 1, [1, 2]), "lookup")]);

const TARGET: ConnectedTarget = {
  servers: [{ hostname: "h", port: 1 }],
  clientsAt: { "h:1": 2 },
  table: { table: "t", seq: 3, isShared: false },
};

/** A share that records its calls. */
class RecordingShare implements Share {
  readonly calls: unknown[] = [];
  events: ShareEvents | undefined;

  connect = (order: ShareOrder) => this.#record(TARGET, "connect", order);
  prepare = (stage: number) => this.#record(UNMEASURED, "prepare", stage);
  refill = (...args: unknown[]) => this.#record(UNMEASURED, "refill", ...args);
  warm = (...args: unknown[]) => this.#record(undefined, "warm", ...args);
  start = (unixMs: number) => {
    this.events?.onProgress(2);
    this.events?.onNote("a note");
    return this.#record(STAGE, "start", unixMs);
  };
  cancel = () => void this.calls.push(["cancel"]);
  cleanUp = () => this.#record(UNMEASURED, "cleanUp");
  end = () => this.#record(undefined, "end");
  close = () => this.#record(undefined, "close");

  #record<Answer>(answer: Answer, ...call: unknown[]): Promise<Answer> {
    this.calls.push(call);
    return Promise.resolve(answer);
  }
}

const NO_EVENTS: ShareEvents = { onProgress() {}, onNote() {} };

test("orders and answers pass through the pipes unchanged", async () => {
  const share = new RecordingShare();
  const { process, ended } = pipedWorker((events) => {
    share.events = events;
    return share;
  }, 1);
  const notes: string[] = [];
  const progress = Promise.withResolvers<number>();
  const worker = new RemoteShare(process, "Worker 2 of 2", {
    onProgress: (operations) => operations > 0 && progress.resolve(operations),
    onNote: (text) => notes.push(text),
  });
  assert.deepEqual(await worker.connect(ORDER), TARGET);
  assert.deepEqual(await worker.prepare(0), UNMEASURED);
  assert.deepEqual(await worker.refill(0, 30, 1_800_000_000_000), UNMEASURED);
  await worker.warm(0, [5, 7]);
  assert.deepEqual(await worker.start(1_800_000_000_000.5), JSON.parse(JSON.stringify(STAGE)));
  worker.cancel();
  assert.equal(await progress.promise, 2);
  assert.deepEqual(notes, ["a note"]);
  assert.deepEqual(await worker.cleanUp(), UNMEASURED);
  await worker.end();
  await worker.close();
  assert.equal(await ended, true);
  assert.equal(process.wasKilled, false);
  assert.deepEqual(share.calls, [
    ["connect", JSON.parse(JSON.stringify(ORDER))],
    ["prepare", 0],
    ["refill", 0, 30, 1_800_000_000_000],
    ["warm", 0, [5, 7]],
    ["start", 1_800_000_000_000.5],
    ["cancel"],
    ["cleanUp"],
    ["end"],
    ["close"],
  ]);
});

test("a worker is ready when it reads orders, and reports that at once", async () => {
  const { process } = pipedWorker(() => new RecordingShare(), 1e6);
  await using shares = new Shares([process], NO_EVENTS);
  await shares.ready();
});

test("the wait for a silent worker is limited; it ends at once if the worker ends", async () => {
  const silent = new FakeProcess();
  const hanging = new RemoteShare(silent, "Worker", NO_EVENTS, 50);
  await assert.rejects(hanging.ready(), /sent no message for 0.05 s/);
  const dying = new FakeProcess();
  await using shares = new Shares([dying], NO_EVENTS);
  const ready = shares.ready();
  dying.end({ code: 3, signal: null });
  await assert.rejects(ready, /^ExitError: Worker 2 of 2 .* ended with exit code 3/);
  await hanging.close();
});

test("a worker that fails reports a sentence, and ends", async () => {
  const share = new RecordingShare();
  share.prepare = () => Promise.reject(new Error("there is no table"));
  const { process, ended } = pipedWorker(() => share);
  const worker = new RemoteShare(process, "Worker 2 of 3", NO_EVENTS);
  await assert.rejects(worker.prepare(0), {
    message: "Worker 2 of 3 (process 4711): there is no table",
  });
  assert.equal(await ended, false);
  assert.deepEqual(share.calls, [["close"]]);
  await worker.close();
});

test("a worker ends with its orders, also during a stage", async () => {
  const share = new RecordingShare();
  const isMeasuring = Promise.withResolvers<void>();
  share.start = () => {
    isMeasuring.resolve();
    return new Promise(() => {});
  };
  const { process, ended } = pipedWorker(() => share);
  const worker = new RemoteShare(process, "Worker", NO_EVENTS);
  void worker.start(0);
  await isMeasuring.promise;
  await worker.close();
  assert.equal(await ended, true);
  assert.deepEqual(share.calls, [["close"]]);
});

test("a line that is not an order ends a worker", async () => {
  const { process, ended } = pipedWorker(() => new RecordingShare());
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode("hello\n"));
  assert.equal(await ended, false);
});

for (
  const [end, code, signal] of [["was killed by SIGKILL", 137, "SIGKILL"], [
    "ended with exit code 5",
    5,
    null,
  ]] as const
) {
  test(`a worker that ${end} rejects the current order at once, and all later ones`, async () => {
    const process = new FakeProcess();
    const worker = new RemoteShare(process, "Worker 3 of 4", NO_EVENTS);
    const answer = worker.start(0);
    process.end({ code, signal });
    const ended = { message: `Worker 3 of 4 (process 4711) ${end}` };
    await assert.rejects(answer, ended);
    await assert.rejects(worker.end(), ended);
    await worker.close();
  });
}

test("a worker that hangs is killed; a slow worker that sends messages is not", async () => {
  const process = new FakeProcess();
  let messages = 0;
  const timer = setInterval(() => {
    process.writeLine('{"type":"alive","operations":0}');
    if (++messages === 20) clearInterval(timer);
  }, 20);
  const worker = new RemoteShare(process, "Worker", NO_EVENTS, 300);
  await assert.rejects(worker.prepare(0), {
    message: "Worker (process 4711) sent no message for 0.3 s, so it was killed",
  });
  assert.deepEqual([messages, process.wasKilled], [20, true]);
  await worker.close();
});

test("a worker that sends any other line is killed", async () => {
  for (const line of ["Segmentation fault", '{"type":"warm"}']) {
    const process = new FakeProcess();
    const worker = new RemoteShare(process, "Worker", NO_EVENTS);
    const answer = worker.prepare(0);
    process.writeLine(line);
    await assert.rejects(answer, /^ExitError: Worker \(process 4711\) .*(Segmentation|with warm)/);
    process.end({ code: 0, signal: null });
    await worker.close();
  }
});
