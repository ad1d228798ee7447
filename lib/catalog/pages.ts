/**
 * What a catalog shows: JSON and text for programs, pages for people. All of it is ASCII.
 *
 * Whatever is long is made record by record while it is sent (see `http_exchange.ts`), of records
 * that do not change: all readers share their texts (I5).
 */
import type { HttpReply } from "./http_exchange.ts";
import { type Members, parseFilter } from "./filter.ts";
import type { CatalogRecord, RecordStore } from "./record_store.ts";

/** Rows of the page; the rest is in `/query.json`. */
const MAX_PAGE_ROWS = 1_000;

/** Characters of a cell; the rest is in `/query.json`. */
const MAX_CELL_CHARS = { page: 128, detail: 4_000 } as const;

/** Columns of the page, by member. */
const COLUMNS = ["type", "project", "name", "port", "owner", "version"] as const;

/**
 * Answers a path.
 *
 * @param path percent-decoded
 * @param nowS Unix seconds
 */
export function page(path: string, store: RecordStore, nowS: number): HttpReply {
  switch (path) {
    case "/":
    case "/query.html":
      return html(200, "Catalog", indexPage(store.list(nowS), nowS));
    case "/style.css":
      return {
        status: 200,
        contentType: "text/css; charset=utf-8",
        parts: [STYLE],
        length: STYLE.length,
      };
    case "/query.json":
      return json(store.list(nowS));
    case "/query.text":
      return text(mapped(store.list(nowS), textRecord));
  }
  if (path.startsWith("/query/")) return filtered(path.slice("/query/".length), store.list(nowS));
  if (path.startsWith("/detail/")) {
    const record = store.get(path.slice("/detail/".length), nowS);
    if (record) return html(200, record.name, detailPage(record, nowS));
  }
  return html(404, "Not found", [
    '<h1>Not found</h1><p>There is nothing here, or it is no longer listed: <a href="/">all records</a>.</p>',
  ]);
}

/** Bad requests, as a page. */
export function errorPage(status: 400 | 405 | 431): HttpReply {
  return html(status, "Cannot answer", [
    '<h1>Cannot answer</h1><p>A catalog answers GET and HEAD only: <a href="/">all records</a>.</p>',
  ]);
}

/**
 * Records that pass a filter.
 *
 * A filter beyond `filter.ts` passes all records: cctools' programs, which are who asks here,
 * filter once more themselves.
 */
function filtered(encoded: string, records: readonly CatalogRecord[]): HttpReply {
  let filterText: string;
  try {
    filterText = atob(encoded);
  } catch {
    return { ...text(["Invalid base-64 encoding.\n"]), status: 400 };
  }
  const passes = filterText.trim() === "true" ? undefined : parseFilter(filterText);
  return json(records, passes && ((record) => passes(membersOf(record))));
}

/** One record a line, as cctools writes them. */
function json(
  records: readonly CatalogRecord[],
  passes?: (record: CatalogRecord) => boolean,
): HttpReply {
  const reply = { status: 200, contentType: "application/json" } as const;
  if (passes) return { ...reply, parts: jsonParts(records, passes) };
  const separators = 2 + 3 + 2 * Math.max(0, records.length - 1);
  const length = records.reduce((sum, { text }) => sum + text.length, separators);
  return { ...reply, parts: jsonParts(records, () => true), length };
}

function* jsonParts(
  records: readonly CatalogRecord[],
  passes: (record: CatalogRecord) => boolean,
): Generator<string> {
  let before = "[\n";
  for (const record of records) {
    if (passes(record)) {
      yield before + record.text;
      before = ",\n";
    } else {
      yield ""; // looking at it was work, too: a slice of time may end here
    }
  }
  yield (before === "[\n" ? before : "") + "\n]\n";
}

function* mapped<T>(items: Iterable<T>, made: (item: T) => string): Generator<string> {
  for (const item of items) yield made(item);
}

function text(parts: Iterable<string>): HttpReply {
  return { status: 200, contentType: "text/plain; charset=utf-8", parts };
}

/** Lines of a name and its value, then an empty one. */
function textRecord(record: CatalogRecord): string {
  const lines = Object.entries(membersOf(record)).map(([name, value]) =>
    // A name is one word, or it could pretend to be another one's name and value.
    `${name.replaceAll(" ", "?")} ${plainValue(value)}\n`
  );
  return lines.join("") + "\n";
}

function* indexPage(records: readonly CatalogRecord[], nowS: number): Generator<string> {
  const count = records.length === 1 ? "1 record" : `${records.length} records`;
  const head = [...COLUMNS, "last heard"].map((name) => `<th>${name}</th>`).join("");
  const more = records.length > MAX_PAGE_ROWS
    ? `<p>The first ${MAX_PAGE_ROWS} are shown; the rest is in <a href="/query.json">query.json</a>.</p>`
    : "";
  yield `<h1>Catalog</h1><p>${count}; the same as <a href="/query.json">JSON</a> or <a href="/query.text">text</a></p>`;
  yield `<table><thead><tr>${head}</tr></thead><tbody>\n`;
  yield* mapped(records.slice(0, MAX_PAGE_ROWS), (record) => row(record, nowS));
  yield `</tbody></table>${more}`;
}

function row(record: CatalogRecord, nowS: number): string {
  const members = membersOf(record);
  const cells = COLUMNS.map((column) => {
    const value = Object.hasOwn(members, column) ? cell(members[column], MAX_CELL_CHARS.page) : "";
    if (column !== "name") return `<td>${value}</td>`;
    return `<td><a href="/detail/${encodeURIComponent(record.key)}">${value}</a></td>`;
  });
  return `<tr>${cells.join("")}<td>${ageText(nowS - record.lastheardfrom)}</td></tr>\n`;
}

function* detailPage(record: CatalogRecord, nowS: number): Generator<string> {
  yield `<h1>${escaped(record.name)}</h1>` +
    `<p>last heard ${ageText(nowS - record.lastheardfrom)}; <a href="/">all records</a></p>` +
    "<table><tbody>\n";
  const members = Object.entries(membersOf(record));
  const { detail } = MAX_CELL_CHARS;
  yield* mapped(
    members,
    ([name, value]) => `<tr><th>${cell(name, detail)}</th><td>${cell(value, detail)}</td></tr>\n`,
  );
  yield "</tbody></table>";
}

/** A value in a page, cut where it is long: one record must not make a page of megabytes. */
function cell(value: unknown, maxChars: number): string {
  const text = plainValue(value);
  return text.length <= maxChars ? escaped(text) : escaped(text.slice(0, maxChars)) + "...";
}

/** How long ago, in the largest fitting unit. */
export function ageText(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 120) return `${s} s ago`;
  return s < 7_200 ? `${Math.floor(s / 60)} min ago` : `${Math.floor(s / 3_600)} h ago`;
}

/** Text that means nothing but itself in a page: page injection through records is an old trick. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function membersOf(record: CatalogRecord): Members {
  // Checked when it came, so it parses.
  return JSON.parse(record.text);
}

function plainValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function html(status: HttpReply["status"], title: string, body: Iterable<string>): HttpReply {
  return { status, contentType: "text/html; charset=utf-8", parts: htmlParts(title, body) };
}

function* htmlParts(title: string, body: Iterable<string>): Generator<string> {
  yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">' +
    `<title>${escaped(title)}</title>` +
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">' +
    "</head><body>\n";
  yield* body;
  yield "\n</body></html>\n";
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th { font-weight: 600; }
`;
