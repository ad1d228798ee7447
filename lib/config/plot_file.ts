/** The file of a picture, whose ending says which form it has. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Forms of a picture, which are the endings of its file. */
export const PLOT_FORMS = ["svg", "png"] as const;

export type PlotForm = (typeof PLOT_FORMS)[number];

/** Where to draw, and in which form. */
export interface PlotFile {
  readonly file: string;
  readonly form: PlotForm;
}

/** Reads `results.svg`. */
export function plotFile(file: string): PlotFile {
  const [, ending = ""] = /[^/\\]\.([^./\\]+)$/.exec(file) ?? [];
  const form = PLOT_FORMS.find((one) => one === ending.toLowerCase());
  if (form !== undefined) return { file, form };
  throw new InvalidArgumentError("It must be a file whose name ends in .svg or .png.");
}
