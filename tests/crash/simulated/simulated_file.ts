/** The bytes of a file on a simulated disk, with every state that a power failure may leave. */
import type { Random } from "../../../bench/harness/random.ts";

/** Sizes of pages, in bytes: a disk may write some pages and lose others. */
const PAGE_BYTES = [16, 64, 512, 4096] as const;

/** A file's bytes at all times since its last sync, the oldest first; a version never changes. */
export interface FileVersions {
  readonly versions: readonly Uint8Array[];
  /** Number of older versions that were dropped. */
  readonly dropped: number;
}

/** A file with durable bytes. */
export function durableFile(bytes: Uint8Array): FileVersions {
  return { versions: [bytes], dropped: 0 };
}

/** The bytes that the operating system has. */
export function currentBytes({ versions }: FileVersions): Uint8Array {
  return versions.at(-1) ?? new Uint8Array(0);
}

/** Adds a version. */
export function change({ versions, dropped }: FileVersions, bytes: Uint8Array): FileVersions {
  return { versions: [...versions, bytes], dropped };
}

/** Adds a version with another length; new bytes are zeros. */
export function resize(file: FileVersions, length: number): FileVersions {
  const bytes = new Uint8Array(length);
  bytes.set(currentBytes(file).subarray(0, length));
  return change(file, bytes);
}

/** Number of the last version, for `makeDurable`. */
export function lastVersion({ versions, dropped }: FileVersions): number {
  return dropped + versions.length - 1;
}

/** Drops all versions before one that is durable now. */
export function makeDurable(file: FileVersions, version: number): FileVersions {
  const { versions, dropped } = file;
  if (version <= dropped) return file;
  return { versions: versions.slice(version - dropped), dropped: version };
}

/** The bytes that a power failure leaves: an older version, a torn one, or pages of several. */
export function crashBytes({ versions }: FileVersions, random: Random): Uint8Array {
  if (versions.length === 1) return versions[0] ?? new Uint8Array(0);
  const number = random.below(versions.length);
  const version = versions[number] ?? new Uint8Array(0);
  switch (random.below(3)) {
    case 0:
      return version;
    case 1: {
      const { length } = version;
      const before = versions[number - 1]?.length ?? length;
      return version.slice(
        0,
        before >= length ? length : before + random.below(length - before + 1),
      );
    }
    default:
      return mixPages(versions, version.length, random);
  }
}

/** Takes each page from any version; bytes that it does not have are zeros. */
function mixPages(versions: readonly Uint8Array[], length: number, random: Random): Uint8Array {
  const pageBytes = PAGE_BYTES[random.below(PAGE_BYTES.length)] ?? PAGE_BYTES[0];
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += pageBytes) {
    const version = versions[random.below(versions.length)];
    bytes.set(version?.subarray(start, Math.min(start + pageBytes, length)) ?? [], start);
  }
  return bytes;
}
