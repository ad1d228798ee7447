import assert from "assert";
import { asMarkdown, asText, type Table } from "../../bench/peers/tables.ts";

const TABLE: Table = {
  heading: ["cell", "ratio"],
  rows: [["lookup", "0.85x"], ["insert, 50 x 16", "12.00x"]],
  words: 1,
};

Deno.test("a table for a terminal is aligned, words left and figures right", () => {
  assert.equal(
    asText(TABLE),
    [
      "cell              ratio",
      "lookup            0.85x",
      "insert, 50 x 16  12.00x",
    ].join("\n"),
  );
});

Deno.test("a table for a document is Markdown", () => {
  assert.equal(
    asMarkdown(TABLE),
    [
      "| cell | ratio |",
      "| --- | ---: |",
      "| lookup | 0.85x |",
      "| insert, 50 x 16 | 12.00x |",
    ].join("\n"),
  );
});
