/** Control groups with a memory limit (version 1 or 2), which root can make. */
import { sleep } from "../../../lib/base/clock.ts";

/** Mount points of hierarchies that limit memory, with the file of the limit. */
const HIERARCHIES = [
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
  ["/sys/fs/cgroup", "memory.max"],
] as const;

/** A group with a limit, and in it a group for processes. The end of the test removes both. */
export class MemoryGroup implements AsyncDisposable {
  readonly #outer: string;

  private constructor(outer: string) {
    this.#outer = outer;
  }

  /** @param bytes the limit of the outer group */
  static make(bytes: number): MemoryGroup {
    let problem: unknown;
    for (const [mount, limit] of HIERARCHIES) {
      const group = new MemoryGroup(`${mount}/htserver-test-${crypto.randomUUID()}`);
      try {
        Deno.mkdirSync(group.#outer);
        try {
          Deno.writeTextFileSync(`${group.#outer}/${limit}`, String(bytes));
          Deno.mkdirSync(group.#inner);
          return group;
        } catch (error) {
          Deno.removeSync(group.#outer);
          throw error;
        }
      } catch (error) {
        problem = error;
      }
    }
    throw problem;
  }

  /** A line of shell that moves the shell, and all that it starts, into the inner group. */
  get enter(): string {
    return `echo $$ > ${this.#inner}/cgroup.procs`;
  }

  get #inner(): string {
    return `${this.#outer}/inner`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of [this.#inner, this.#outer]) {
      // A process that ended may be counted for a moment.
      for (let tries = 0;; tries++) {
        try {
          Deno.removeSync(folder);
          break;
        } catch (error) {
          if (tries === 100) throw error;
          await sleep(20);
        }
      }
    }
  }
}

/** Whether this user can make such groups. */
export const canLimitMemory: boolean = await (async () => {
  try {
    await using _group = MemoryGroup.make(250_000_000);
    return true;
  } catch {
    return false;
  }
})();
