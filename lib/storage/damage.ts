/** What recovery throws at a file that it must not serve from (I4). */
import { ExitError } from "../base/errors.ts";
import type { Files } from "./files.ts";

/** A file that cannot be trusted, and from which byte on. */
export class DamageError extends ExitError {
  override name = "DamageError";
  readonly file: string;
  readonly offset: number;

  constructor(files: Files, name: string, offset: number, what: string) {
    super(
      `Cannot read ${files.folder}/${name}: ${what} at byte ${offset}. Nothing was changed; ` +
        `see what is there with htserver --check ${files.folder}, or salvage it with htserver --repair ${files.folder}`,
    );
    this.file = name;
    this.offset = offset;
  }
}
