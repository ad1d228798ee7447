/** The open cursors of one connection: each is a name and the position of an unfinished search. */
import { MAX_CURSORS } from "../base/limits.ts";

/** The position of a search. It is small, because thousands of connections may have some (I5). */
export interface SearchPosition {
  /** The first slot that is not visited; over a shared store, the first bucket of which some keys are not. */
  readonly slot: number;
  /** The position within that bucket (default: its beginning). */
  readonly within?: number;
}

/** A cursor. */
interface OpenCursor extends SearchPosition {
  /** Identifies the search: its `searchDigest`. */
  readonly digest: number;
}

/** The cursors of a connection at one moment. */
export interface CursorsSnapshot {
  readonly open: ReadonlyMap<string, OpenCursor>;
  readonly made: number;
}

/** A bounded number of cursors (I5): a further one replaces the least recently opened one. */
export class Cursors {
  readonly #max: number;
  /** Created with the first cursor: most connections never have one. */
  #open: Map<string, OpenCursor> | undefined;
  #made = 0;

  /** @param max maximum number of open cursors */
  constructor(max: number = MAX_CURSORS) {
    this.#max = max;
  }

  /** Opens a cursor and returns its name. */
  open(cursor: OpenCursor): string {
    const open = this.#open ??= new Map();
    if (open.size >= this.#max) {
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

  /** A copy of the state, for `restore`. */
  snapshot(): CursorsSnapshot {
    return { open: new Map(this.#open), made: this.#made };
  }

  /** Restores an earlier state, names included. */
  restore({ open, made }: CursorsSnapshot): void {
    this.#open = new Map(open);
    this.#made = made;
  }

  /** Closes a cursor. */
  close(name: string): void {
    this.#open?.delete(name);
  }
}
