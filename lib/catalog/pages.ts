/** What a catalog shows: JSON and text for programs, pages for people. All of it is ASCII. */
import type { HttpReply } from "./http_exchange.ts";
import { type Members, parseFilter } from "./filter.ts";
import type { CatalogRecord, RecordStore } from "./record_store.ts";

/** Rows of the page; the rest is in `/query.json`. */
const MAX_PAGE_ROWS = 1_000;

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
      return { status: 200, contentType: "text/css; charset=utf-8", parts: [STYLE] };
    case "/query.json":
      return json(store.list(nowS));
    case "/query.text":
      return text(store.list(nowS).map(textRecord));
  }
  if (path.startsWith("/query/")) return filtered(path.slice("/query/".length), store.list(nowS));
  if (path.startsWith("/detail/")) {
    const record = store.get(path.slice("/detail/".length), nowS);
    if (record) return html(200, record.name, [detailPage(record, nowS)]);
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
  return json(passes ? records.filter((record) => passes(membersOf(record))) : records);
}

function json(records: readonly CatalogRecord[]): HttpReply {
  // One record a line, as cctools writes them.
  const parts = records.map(({ text }, index) => (index > 0 ? ",\n" : "") + text);
  return { status: 200, contentType: "application/json", parts: ["[\n", ...parts, "\n]\n"] };
}

function text(parts: readonly string[]): HttpReply {
  return { status: 200, contentType: "text/plain; charset=utf-8", parts };
}

/** Lines of a name and its value, then an empty one. */
function textRecord(record: CatalogRecord): string {
  const lines = Object.entries(membersOf(record)).map(([name, value]) =>
    `${name} ${plainValue(value)}\n`
  );
  return lines.join("") + "\n";
}

function indexPage(records: readonly CatalogRecord[], nowS: number): string[] {
  const count = records.length === 1 ? "1 record" : `${records.length} records`;
  const head = [...COLUMNS, "last heard"].map((name) => `<th>${name}</th>`).join("");
  const more = records.length > MAX_PAGE_ROWS
    ? `<p>The first ${MAX_PAGE_ROWS} are shown; the rest is in <a href="/query.json">query.json</a>.</p>`
    : "";
  return [
    `<h1>Catalog</h1><p>${count}; the same as <a href="/query.json">JSON</a> or <a href="/query.text">text</a></p>`,
    `<table><thead><tr>${head}</tr></thead><tbody>\n`,
    ...records.slice(0, MAX_PAGE_ROWS).map((record) => row(record, nowS)),
    `</tbody></table>${more}`,
  ];
}

function row(record: CatalogRecord, nowS: number): string {
  const members = membersOf(record);
  const cells = COLUMNS.map((column) => {
    const value = Object.hasOwn(members, column) ? escaped(plainValue(members[column])) : "";
    if (column !== "name") return `<td>${value}</td>`;
    return `<td><a href="/detail/${encodeURIComponent(record.key)}">${value}</a></td>`;
  });
  return `<tr>${cells.join("")}<td>${ageText(nowS - record.lastheardfrom)}</td></tr>\n`;
}

function detailPage(record: CatalogRecord, nowS: number): string {
  const rows = Object.entries(membersOf(record)).map(([name, value]) =>
    `<tr><th>${escaped(name)}</th><td>${escaped(plainValue(value))}</td></tr>\n`
  );
  return `<h1>${escaped(record.name)}</h1>` +
    `<p>last heard ${ageText(nowS - record.lastheardfrom)}; <a href="/">all records</a></p>` +
    `<table><tbody>\n${rows.join("")}</tbody></table>`;
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

function html(status: HttpReply["status"], title: string, body: readonly string[]): HttpReply {
  return {
    status,
    contentType: "text/html; charset=utf-8",
    parts: [
      `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${
        escaped(title)
      }</title>`,
      '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">',
      "</head><body>\n",
      ...body,
      "\n</body></html>\n",
    ],
  };
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th { font-weight: 600; }
`;
