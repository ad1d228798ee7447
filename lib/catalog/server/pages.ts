/**
 * The pages of a catalog: JSON and text for programs, HTML for people. All pages are ASCII.
 *
 * A long page is built record by record while it is sent (see `http.ts`). Records do not change, so all
 * readers share their texts (I5).
 */
import { stringAt, visitMembers } from "../../json/scan.ts";
import { textAt } from "../../bytes/span.ts";
import { decodeBase64, type Filter, parseFilter, PASS_ALL } from "../filter/filter.ts";
import type { HttpReply, HttpRequest } from "./http.ts";
import type { CatalogRecord, CatalogTime, RecordStore } from "./record_store.ts";

/** Rows of the table; the other records are in `/query.json`. */
const MAX_PAGE_ROWS = 1_000;

/** Characters of a cell; `/query.json` has the whole value. */
const MAX_CELL_CHARS = { table: 128, detail: 4_000 } as const;

/** Members in the columns of the table. */
const COLUMNS = ["type", "project", "name", "port", "owner", "version"] as const;

const encoder = new TextEncoder();

/**
 * Replies to a request.
 *
 * Paths are compared without decoding, as in cctools; only the key of a record may be percent-encoded.
 */
export function replyTo(
  { path, url }: Pick<HttpRequest, "path" | "url">,
  store: RecordStore,
  now: CatalogTime,
): HttpReply {
  switch (path) {
    case "/":
    case "/query.html":
      return html(200, "Catalog", indexPage(store.list(now), now));
    case "/style.css":
      return { status: 200, contentType: "text/css", parts: [STYLE] };
    case "/query.json":
      return text(200, jsonParts(store.list(now), PASS_ALL));
    case "/query.text":
      return text(200, mapLazily(store.list(now), textRecord));
  }
  const [, filter] = /^\/query\/([^/]+)/.exec(path) ?? [];
  if (filter !== undefined) return filterRecords(filter, store.list(now));
  const [, key] = /^\/detail\/(.+)$/.exec(path) ?? [];
  const record = key === undefined ? undefined : store.get(decodePercents(key), now);
  if (record) return html(200, record.name, detailPage(record, now));
  // The text of cctools, but no part of the address becomes markup.
  const shown = url.replace(/[^\x20-\x7e]|[<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  return {
    status: 404,
    contentType: "text/html",
    parts: [
      `<p>Error 404: Invalid URL</p><pre>${shown}</pre><p><a href=/>Return to Index</a></p>`,
    ],
  };
}

const REJECTIONS = {
  400: "Not an HTTP request: its first line must be a method, a path and a version.\n",
  431: "The head of the request is too long.\n",
  503: "Too many requests from one address at the same time: try again in a second.\n",
} as const;

/** Returns the reply to a bad request, or to an address with too many requests. */
export function rejection(status: keyof typeof REJECTIONS): HttpReply {
  return { ...text(status, [REJECTIONS[status]]), ...(status === 503 && { retryAfterS: 1 }) };
}

/** Replies with the records that pass a filter. */
function filterRecords(encoded: string, records: readonly CatalogRecord[]): HttpReply {
  const filterText = decodeBase64(encoded);
  if (filterText === undefined) return text(400, ["Invalid base-64 encoding.\n"]);
  const passes = parseFilter(filterText);
  if (!passes) return text(400, ["Invalid query text.\n"]);
  return text(200, jsonParts(records, passes));
}

/** JSON with one record in each line. */
function* jsonParts(records: readonly CatalogRecord[], passes: Filter): Generator<string> {
  yield "[\n";
  let between = "";
  for (const record of records) {
    if (passes(record.typedText)) {
      yield between + record.text;
      between = ",\n";
    } else {
      yield ""; // the filter took time, too: a slice may end here
    }
  }
  yield "\n]\n";
}

function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function* mapLazily<T>(items: Iterable<T>, toText: (item: T) => string): Generator<string> {
  for (const item of items) yield toText(item);
}

function text(status: HttpReply["status"], parts: Iterable<string>): HttpReply {
  return { status, contentType: "text/plain", parts };
}

/** One line for each member, then an empty one. */
function textRecord(record: CatalogRecord): string {
  const lines = membersOf(record).map(([name, value]) =>
    // A name with a blank could look like the name and value of another member.
    `${name.replaceAll(" ", "?")} ${value}\n`
  );
  return lines.join("") + "\n";
}

function* indexPage(records: readonly CatalogRecord[], now: CatalogTime): Generator<string> {
  const count = records.length === 1 ? "1 record" : `${records.length} records`;
  const head = [...COLUMNS, "last heard"].map((name) => `<th>${name}</th>`).join("");
  const more = records.length > MAX_PAGE_ROWS
    ? `<p>The table has the first ${MAX_PAGE_ROWS} records; <a href="/query.json">query.json</a> has all.</p>`
    : "";
  yield `<h1>Catalog</h1><p>${count}; also as <a href="/query.json">JSON</a> and <a href="/query.text">text</a></p>`;
  yield `<table><thead><tr>${head}</tr></thead><tbody>\n`;
  yield* mapLazily(records.slice(0, MAX_PAGE_ROWS), (record) => row(record, now));
  yield `</tbody></table>${more}`;
}

function row(record: CatalogRecord, now: CatalogTime): string {
  const members = new Map(membersOf(record));
  const cells = COLUMNS.map((column) => {
    const value = cell(members.get(column) ?? "", MAX_CELL_CHARS.table);
    if (column !== "name") return `<td>${value}</td>`;
    return `<td><a href="/detail/${encodeURIComponent(record.key)}">${value}</a></td>`;
  });
  return `<tr>${cells.join("")}<td>${ageText(record, now)}</td></tr>\n`;
}

function* detailPage(record: CatalogRecord, now: CatalogTime): Generator<string> {
  yield `<h1>${escapeHtml(record.name)}</h1>` +
    `<p>last heard ${ageText(record, now)}; <a href="/">all records</a></p>` +
    "<table><tbody>\n";
  const { detail } = MAX_CELL_CHARS;
  yield* mapLazily(
    membersOf(record),
    ([name, value]) => `<tr><th>${cell(name, detail)}</th><td>${cell(value, detail)}</td></tr>\n`,
  );
  yield "</tbody></table>";
}

/** Shortens and escapes a value: one record must not make a page of megabytes. */
function cell(text: string, maxChars: number): string {
  return text.length <= maxChars ? escapeHtml(text) : escapeHtml(text.slice(0, maxChars)) + "...";
}

/** The time since the last update of a record, in the largest unit that fits. */
function ageText({ lastHeardS }: CatalogRecord, { monotonicS }: CatalogTime): string {
  const s = Math.floor(monotonicS - lastHeardS);
  if (s < 120) return `${s} s ago`;
  return s < 7_200 ? `${Math.floor(s / 60)} min ago` : `${Math.floor(s / 3_600)} h ago`;
}

/** Escapes text, so that no part of a record becomes markup. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Reads names and values in order; strings are decoded, other values stay JSON text. */
function membersOf({ text }: CatalogRecord): [name: string, value: string][] {
  const bytes = encoder.encode(text);
  const members: [string, string][] = [];
  visitMembers(bytes, 0, bytes.length, (nameStart, nameEnd, start, end) => {
    const json = textAt(bytes, start, end);
    const value: string = json.startsWith('"') ? JSON.parse(json) : json;
    members.push([stringAt(bytes, nameStart, nameEnd), value]);
  });
  return members;
}

function html(status: HttpReply["status"], title: string, body: Iterable<string>): HttpReply {
  return { status, contentType: "text/html", parts: htmlParts(title, body) };
}

function* htmlParts(title: string, body: Iterable<string>): Generator<string> {
  yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">' +
    `<title>${escapeHtml(title)}</title>` +
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
