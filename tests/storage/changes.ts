/** Changes that are made from texts. */
import { spanOf } from "../../lib/bytes/span.ts";
import type { Change } from "../../lib/storage/storage.ts";
import { keyText } from "../helpers/table_texts.ts";

/** The insert of a key with the JSON text of its value. */
export function insertOf(key: string, valueJson: string): Change {
  return { method: "insert", key: spanOf(keyText(key)), value: spanOf(valueJson) };
}

/** The removal of a key. */
export function removeOf(key: string): Change {
  return { method: "remove", key: spanOf(keyText(key)) };
}
