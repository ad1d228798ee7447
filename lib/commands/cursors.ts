/** The scans of one connection that are not finished: a cursor's name and where it goes on. */
import { MAX_CURSORS } from "../base/limits.ts";

/** Where a search goes on, and no more: thousands of connections may have some of them (I5). */
export interface OpenCursor {
  /** Tells the search from others, as `searchDigest` gives it. */
  readonly digest: number;
  /** The first slot that it has not looked at. */
  readonly slot: number;
}

/** The cursors of a connection at one moment. */
export interface CursorsSnapshot {
  readonly open: ReadonlyMap<string, OpenCursor>;
  readonly made: number;
}

/** A bounded number of cursors (I5): one more takes the place of the one not used for longest. */
export class Cursors {
  readonly #max: number;
  /** Made with the first cursor: most connections never have one. */
  #open: Map<string, OpenCursor> | undefined;
  #made = 0;
  /** @param max most that are open at once */
  constructor(max: number = MAX_CURSORS) {
    this.#max = max;
  }

  /** Opens a cursor and gives its name. */
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
