/** The scans of one connection that are not finished: a cursor's name and where it goes on. */
import { MAX_CURSORS } from "../base/limits.ts";
import type { AtomTest } from "./json_atom.ts";
import type { KeyPattern } from "./key_pattern.ts";

/** What a scan or query looks for. */
export type Search =
  | { readonly method: "scan"; readonly regex: string; readonly pattern: KeyPattern }
  | {
    readonly method: "query";
    readonly subkey: string;
    readonly subvalue: string;
    readonly test: AtomTest;
  };

/** A search and the first slot that it has not looked at. */
export interface OpenCursor {
  readonly search: Search;
  readonly slot: number;
}

/** The cursors of a connection at one moment. */
export interface CursorsSnapshot {
  readonly open: ReadonlyMap<string, OpenCursor>;
  readonly made: number;
}

/** At most `MAX_CURSORS` (I5): a further one takes the place of the one not used for longest. */
export class Cursors {
  /** Made with the first cursor: most connections never have one. */
  #open: Map<string, OpenCursor> | undefined;
  #made = 0;
  readonly #most: number;

  /** @param most that may be open (default: `MAX_CURSORS`) */
  constructor(most: number = MAX_CURSORS) {
    this.#most = most;
  }

  /** Opens a cursor and gives its name. */
  open(cursor: OpenCursor): string {
    const open = this.#open ??= new Map();
    if (open.size >= this.#most) {
      const [oldest] = open.keys();
      if (oldest !== undefined) open.delete(oldest);
    }
    const name = `c${++this.#made}`;
    open.set(name, cursor);
    return name;
  }

  /** Finds a cursor, which stays open. */
  find(name: string): OpenCursor | undefined {
    return this.#open?.get(name);
  }

  /** What is open now, to come back to. */
  snapshot(): CursorsSnapshot {
    return { open: new Map(this.#open), made: this.#made };
  }

  /** Comes back to what was open, names included. */
  restore({ open, made }: CursorsSnapshot): void {
    this.#open = new Map(open);
    this.#made = made;
  }

  /** Closes a cursor. */
  close(name: string): void {
    this.#open?.delete(name);
  }
}
