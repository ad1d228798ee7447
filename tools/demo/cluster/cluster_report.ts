/** The report of the cluster's demo: what the clients saw. */
import { wrap } from "../../../lib/base/wrap.ts";
import type { ClientView } from "./client_view.ts";

/** Width of the labels and of the numbers, in characters. */
const COLUMNS = [44, 10] as const;

/** Formats the counts, a line each. @param clients their number @param width maximum characters per line */
export function formatView(view: ClientView, clients: number, width: number): string {
  const { checkedKeys } = view;
  const count = (value: number) => value.toLocaleString("en-US");
  const lines = [
    `What ${clients} clients saw`,
    row("requests with a reply", count(view.requests)),
    row("acknowledged changes", count(view.acknowledged)),
    "  longest pause of a client",
    ...[...view.longestPauseMs].map(([stretch, pauseMs]) =>
      row(`  ${stretch}`, `${(pauseMs / 1e3).toFixed(2)} s`)
    ),
    row("requests without a reply, sent again", count(view.sentAgain)),
    row("  changes of them (unknown outcome)", count(view.changesSentAgain)),
    row("refused changes (nothing changed)", count(view.refused)),
    ...(view.unanswered > 0 ? [row("lookups without an answer", count(view.unanswered))] : []),
    row("wrong values", count(view.wrong)),
    row("lost changes", checkedKeys === undefined ? "unchecked" : count(view.lost)),
  ];
  const meaning = checkedKeys === undefined ? [] : [
    `At the end all ${
      count(checkedKeys)
    } keys were looked up: lost is an acknowledged change that was not there. Wrong is a value that its key could not have when it was looked up.`,
  ];
  return [...lines, ...meaning.map((text) => wrap(text, width))].join("\n");
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(COLUMNS[0])}${value.padStart(COLUMNS[1])}`;
}
