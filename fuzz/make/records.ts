/** Generators of logs and checkpoints: as the server writes them, and damaged. */
import { spanOf } from "../../lib/bytes/span.ts";
import { keyTextOf } from "../../lib/protocol/key_text.ts";
import { encodeHeader, type FileKind } from "../../lib/storage/log/file_header.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";
import { oneIn, pick, type Random } from "../source.ts";
import { json } from "./json.ts";
import { mutate } from "./mutate.ts";

/** Maximum number of records after the header. */
const MAX_RECORDS = 10;

const VALUE = json(2);

const ODD_HEADERS = [
  '{"htserver":"txn","version":2}',
  '{"htserver":"ckpt","version":1}',
  '{"htserver":"ckpt","version":1,"covers":"x"}',
  "[]",
  "null",
] as const;

/** A log, in most cases with changed bytes. */
export function logBytes(random: Random): Uint8Array {
  return perhapsDamaged(fileOf(random, "txn"), random);
}

/** A checkpoint, in most cases with changed bytes. */
export function checkpointBytes(random: Random): Uint8Array {
  return perhapsDamaged(fileOf(random, "ckpt"), random);
}

function perhapsDamaged(bytes: Uint8Array, random: Random): Uint8Array {
  return oneIn(random, 4) ? bytes : mutate(bytes, random);
}

function fileOf(random: Random, kind: FileKind): Uint8Array {
  const out = new RecordBuffer();
  const isOdd = oneIn(random, 4);
  const header = encodeHeader(kind, kind === "ckpt" ? { covers: random.below(100) } : {});
  out.add(
    isOdd && oneIn(random, 10) ? 1 : 0,
    0,
    isOdd && oneIn(random, 5) ? pick(random, ODD_HEADERS) : header,
  );
  let seq = 0;
  for (let left = random.below(MAX_RECORDS + 1); left > 0; left--) {
    seq++;
    if (isOdd && oneIn(random, 12)) seq += random.below(3) - 1;
    addChange(
      out,
      random,
      seq,
      kind === "txn" ? 1 + random.below(Math.max(1, Math.min(seq, 4))) : 0,
      isOdd,
    );
  }
  if (kind === "ckpt" && !oneIn(random, 20)) {
    out.add(seq + 1, 0, `{"end":${isOdd && oneIn(random, 8) ? random.below(9) : seq}}`);
  }
  return out.bytes().slice();
}

function addChange(
  out: RecordBuffer,
  random: Random,
  seq: number,
  lag: number,
  isOdd: boolean,
): void {
  if (isOdd && oneIn(random, 8)) {
    return out.add(
      seq,
      lag,
      pick(random, [
        '{"method":"size"}',
        "{}",
        "x",
        '{"end":1}',
        '{"method":"remove","key":"\\u006b1"}',
        '{"key":"k1","value":[1, 2],"method":"insert"}',
      ]),
    );
  }
  const key = keyTextOf(pick(random, ["k1", "k2", "k3", "", "a\u20ac", "\ud800", '"\n']));
  if (oneIn(random, 4)) out.addChange(seq, lag, { method: "remove", key });
  else out.addChange(seq, lag, { method: "insert", key, value: spanOf(random.draw(VALUE)) });
}
