/** The error for a damaged or missing file. A server must not serve such a table (I4). */
import { ExitError } from "../../base/errors.ts";
import type { Files } from "../folder/folder_files.ts";

/** A damaged file, and the offset where the damage begins. */
export class DamageError extends ExitError {
  override name = "DamageError";
  readonly file: string;
  readonly offset: number;
  /** The problem, without the name of the file. */
  readonly what: string;

  /** @param offset in bytes; undefined: the file is missing, or all of it is wrong */
  constructor(files: Files, name: string, offset: number | undefined, what: string) {
    const where = offset === undefined ? what : `${what} at byte ${offset}`;
    super(
      `Cannot read ${files.folder}/${name}: ${where}. Nothing was changed; ` +
        `show its content with htserver --check ${files.folder}, or repair it with htserver --repair ${files.folder}`,
    );
    this.file = name;
    this.offset = offset ?? 0;
    this.what = where;
  }
}
