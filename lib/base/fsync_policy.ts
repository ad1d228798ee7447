/** When the log is forced to disk: before a change is acknowledged, once a second, or never. */
export type FsyncPolicy = "always" | "interval" | "never";
