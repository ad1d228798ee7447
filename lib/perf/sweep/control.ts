/**
 * The control of a sweep: fixed work that does not use the server. If it is slower than before, the
 * machine is slower, and a run that was measured at that time is disturbed.
 *
 * It sees the machine of testperf only: it does not show that another machine with the server is slow.
 */
import type { ControlData } from "../results/sweep_data.ts";

/**
 * Length of each part, in milliseconds. On a quiet machine, the speeds of parts of this length differ by
 * 4%, and both parts take 2% of the time of a sweep of four stages of 1 s.
 */
const PART_MS = 50;

/** Size of a block to hash, in bytes: 0.15 to 1 ms of work. */
const BLOCK_BYTES = 250_000;

/** Size of a message, in bytes: about that of a request. */
const MESSAGE_BYTES = 100;

/**
 * Measures both parts of the control, one after the other.
 *
 * @param processes number of processes that are busy during a run: another program on one processor
 *   halves the speed of a server and a testperf that have two, and one thread would not see it
 */
export async function measureControl(processes: number): Promise<ControlData> {
  const workPerS = await hashedPerSecond(Math.min(processes, navigator.hardwareConcurrency));
  return { workPerS, echoesPerS: await echoesPerSecond().catch(() => null) };
}

/** Hashes blocks in threads of the runtime. @returns bytes a second of all threads */
async function hashedPerSecond(threads: number): Promise<number> {
  const block = new Uint8Array(BLOCK_BYTES);
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  let bytes = 0;
  const hash = async () => {
    while (elapsedMs() < PART_MS) {
      await crypto.subtle.digest("SHA-256", block);
      bytes += BLOCK_BYTES;
    }
  };
  await Promise.all(Array.from({ length: threads }, hash));
  return 1e3 * bytes / elapsedMs();
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
