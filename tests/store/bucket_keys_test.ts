import assert from "assert";
import { ByteBuilder } from "../../lib/bytes/byte_builder.ts";
import { textOf } from "../../lib/bytes/span.ts";
import { BucketKeys, BUCKETS, META_BUCKET } from "../../lib/store/bucket_keys.ts";
import { addNumberWord, addTextWord, wordOf } from "../../lib/store/resp_writer.ts";
import { testsOf } from "../helpers/pure.ts";

const pure = testsOf("keys of a store");

function wordsBy(add: (out: ByteBuilder) => void): string {
  const out = new ByteBuilder(new Uint8Array(1));
  add(out);
  return textOf({ bytes: out.bytes, start: 0, end: out.length });
}

pure("the key of each bucket is the same as text and as a word", () => {
  for (const name of ["otter", "gr\u00f6\u00dfe", ""]) {
    const keys = new BucketKeys(name);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      assert.equal(keys.text(bucket), `ht:{${name}:${bucket}}`);
      assert.equal(
        wordsBy((out) => keys.addTo(out, bucket)),
        wordsBy((out) => addTextWord(out, `ht:{${name}:${bucket}}`)),
      );
    }
    assert.equal(keys.text(META_BUCKET), `ht:{${name}:meta}`);
  }
});

pure("a brace in a name does not end the part that decides the slot", () => {
  assert.equal(new BucketKeys("a}b%7D{c").text(3), "ht:{a%7Db%257D{c:3}");
});

pure("numbers and fixed words are words of text", () => {
  for (const value of [0, 9, 10, 99, 100, 65_536, Number.MAX_SAFE_INTEGER]) {
    assert.equal(
      wordsBy((out) => addNumberWord(out, value)),
      wordsBy((out) => addTextWord(out, String(value))),
    );
  }
  assert.equal(
    wordsBy((out) => out.add(wordOf("HGET"))),
    wordsBy((out) => addTextWord(out, "HGET")),
  );
});
