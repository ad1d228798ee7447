/**
 * The control of a sweep: fixed work that does not use the server. If it is slower than before, the
 * machine is slower, and a run that was measured at that time is disturbed.
 *
 * It sees the machine of testperf only: it does not show that another machine with the server is slow.
 */
import type { ControlData } from "../results/sweep_data.ts";

/**
 * Length of each part, in milliseconds. On a quiet machine, the speeds of parts of this length differ by
 * 2%, and both parts take 2% of the time of a sweep of four stages of 1 s.
 */
const PART_MS = 50;

/** Steps of the loop between two readings of the clock, which take less than 1 ms. */
const LOOP_STEPS = 100_000;

/** Size of a message, in bytes: about that of a request. */
const MESSAGE_BYTES = 100;

/** Measures both parts of the control, one after the other. */
export async function measureControl(): Promise<ControlData> {
  const workPerS = loopStepsPerSecond();
  return { workPerS, echoesPerS: await echoesPerSecond().catch(() => null) };
}

function loopStepsPerSecond(): number {
  const startMs = performance.now();
  let steps = 0;
  let bits = 1;
  let elapsedMs = 0;
  while (elapsedMs < PART_MS) {
    for (let step = 0; step < LOOP_STEPS; step++) {
      // A step needs the result of the one before it, so the processor cannot run them side by side.
      bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d) + step | 0;
    }
    // The result is used, so that the compiler does not remove the loop.
    steps += LOOP_STEPS + (bits & 1);
    elapsedMs = performance.now() - startMs;
  }
  return 1e3 * steps / elapsedMs;
}

/** Sends messages to this process through the loopback interface, one at a time. */
async function echoesPerSecond(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [first, second] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  using near = first;
  using far = second;
  for (const connection of [near, far]) connection.setNoDelay();
  const echoed = echo(far);
  const message = new Uint8Array(MESSAGE_BYTES);
  const startMs = performance.now();
  let trips = 0;
  let elapsedMs = 0;
  while (elapsedMs < PART_MS) {
    await near.write(message);
    for (let bytes = 0; bytes < MESSAGE_BYTES;) bytes += await near.read(message) ?? NaN;
    trips++;
    elapsedMs = performance.now() - startMs;
  }
  near.closeWrite();
  await echoed;
  return 1e3 * trips / elapsedMs;
}

/** Sends back all bytes until the other side ends. */
async function echo(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(MESSAGE_BYTES);
  for (;;) {
    const bytes = await connection.read(buffer);
    if (bytes === null) return;
    await connection.write(buffer.subarray(0, bytes));
  }
}
