/** The names in a simulated folder, with the changes that a power failure may undo. */
import type { Random } from "../../../bench/harness/random.ts";

/** A change of names that is not durable yet. */
export type NameChange =
  | { readonly kind: "create"; readonly name: string; readonly inode: number }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly inode: number };

/** Names, and the inodes of their files. */
export class SimulatedNames {
  #names: Map<string, number>;
  #durable: Map<string, number>;
  /** Changes since the durable names, the oldest first. */
  #changes: readonly NameChange[] = [];

  /** @param names names that are durable */
  constructor(names: Iterable<readonly [name: string, inode: number]> = []) {
    this.#names = new Map(names);
    this.#durable = new Map(this.#names);
  }

  copy(): SimulatedNames {
    const names = new SimulatedNames();
    names.#names = new Map(this.#names);
    names.#durable = new Map(this.#durable);
    names.#changes = this.#changes;
    return names;
  }

  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  inodeOf(name: string): number | undefined {
    return this.#names.get(name);
  }

  /** The names of a file. */
  namesOf(inode: number): string[] {
    return [...this.#names].filter(([, other]) => other === inode).map(([name]) => name);
  }

  apply(change: NameChange): void {
    applyTo(this.#names, change);
    this.#changes = [...this.#changes, change];
  }

  /** Starts a sync; the returned function ends it. It makes the names durable that exist at its start. */
  startSync(): () => void {
    const names = new Map(this.#names);
    const count = this.#changes.length;
    return () => {
      this.#durable = names;
      this.#changes = this.#changes.slice(count);
    };
  }

  /** The names that a power failure leaves: the first changes, as a journal keeps them, or any of them. */
  crashNames(random: Random): Map<string, number> {
    const changes = random.below(2) === 0
      ? this.#changes.slice(0, random.below(this.#changes.length + 1))
      : this.#changes.filter(() => random.below(2) === 0);
    const names = new Map(this.#durable);
    for (const change of changes) applyTo(names, change);
    return names;
  }
}

function applyTo(names: Map<string, number>, change: NameChange): void {
  switch (change.kind) {
    case "create":
      return void names.set(change.name, change.inode);
    case "remove":
      return void names.delete(change.name);
    case "rename":
      if (names.get(change.from) === change.inode) names.delete(change.from);
      names.set(change.to, change.inode);
  }
}
