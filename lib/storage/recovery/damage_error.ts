/** What recovery throws at a file that it must not serve from (I4). */
import { ExitError } from "../../base/errors.ts";
import type { Files } from "../folder/folder_files.ts";

/** A file that cannot be trusted, and from which byte on. */
export class DamageError extends ExitError {
  override name = "DamageError";
  readonly file: string;
  readonly offset: number;
  /** What is wrong, without the name of the file. */
  readonly what: string;

  /** @param offset in bytes; undefined: the file is missing, or as a whole it is the wrong one */
  constructor(files: Files, name: string, offset: number | undefined, what: string) {
    const where = offset === undefined ? what : `${what} at byte ${offset}`;
    super(
      `Cannot read ${files.folder}/${name}: ${where}. Nothing was changed; ` +
        `see what is there with htserver --check ${files.folder}, or salvage it with htserver --repair ${files.folder}`,
    );
    this.file = name;
    this.offset = offset ?? 0;
    this.what = where;
  }
}
