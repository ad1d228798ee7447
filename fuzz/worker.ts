/** A worker process: runs inputs of one target. `worker_watch.ts` has its messages. */
import { targetOf } from "./all_targets.ts";
import type { Message, Task } from "./worker_watch.ts";
import { runInputs } from "./run_inputs.ts";

// Oracles throw errors for many inputs, and a stack trace takes longer than the rest.
Error.stackTraceLimit = 0;

const task: Task = JSON.parse(Deno.args[0] ?? "null");
const target = targetOf(task.target);
if (target === undefined) throw new Error(`there is no target '${task.target}'`);

const encoder = new TextEncoder();

function send(message: Message): void {
  let line = encoder.encode(JSON.stringify(message) + "\n");
  while (line.length > 0) line = line.subarray(Deno.stdout.writeSync(line));
}

const { finding, done } = await runInputs(target, task, {
  step: task.step,
  onProgress(next) {
    send({ next });
    return performance.now() < task.forMs;
  },
});
send({
  done,
  ...(finding && {
    finding: {
      number: finding.number,
      problem: finding.problem,
      latin1: Array.from(finding.input, (byte) => String.fromCharCode(byte)).join(""),
    },
  }),
});
