/** The file of a picture: the end of its name is the form of the picture. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Forms of a picture, which are endings of file names. */
const PLOT_FORMS = ["svg", "png"] as const;

export type PlotForm = (typeof PLOT_FORMS)[number];

/** A picture's file and form. */
export interface PlotFile {
  readonly file: string;
  readonly form: PlotForm;
}

/** Reads a file name such as `results.svg`. */
export function plotFile(file: string): PlotFile {
  const [, ending = ""] = /[^/\\]\.([^./\\]+)$/.exec(file) ?? [];
  const form = PLOT_FORMS.find((one) => one === ending.toLowerCase());
  if (form !== undefined) return { file, form };
  throw new InvalidArgumentError("It must be a file whose name ends in .svg or .png.");
}
