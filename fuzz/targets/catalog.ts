/** The readers of catalog listings, updates and HTTP requests. */
import { isDeepStrictEqual } from "node:util";
import { deflateSync } from "node:zlib";
import {
  MAX_ANNOUNCED_ADDRESSES,
  MAX_LISTED_RECORD_BYTES,
  MAX_NAME_CHARS,
  MAX_UPDATE_BYTES,
  MAX_UPDATE_DEPTH,
  MAX_UPDATE_MEMBERS,
} from "../../lib/base/limits.ts";
import { parseFilter } from "../../lib/catalog/filter/filter.ts";
import { readRequest } from "../../lib/catalog/server/http.ts";
import { ListingError, parseListing } from "../../lib/catalog/record/listing.ts";
import {
  parseUpdate,
  readUpdate,
  type Update,
  UpdateError,
} from "../../lib/catalog/server/update_parser.ts";
import { cut } from "../../tests/helpers/streams.ts";
import { FakeSocket } from "../../tests/server/fake_socket.ts";
import { filterText, headBytes, listingBytes, updateBytes } from "../make/catalog.ts";
import { mutate } from "../make/mutate.ts";
import { readListing } from "../oracle/listing.ts";
import { parsed } from "../oracle/json_text.ts";
import { canonical, updateText } from "../oracle/update.ts";
import { oneIn, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

const NOW_S = 1_700_001_000;

/** One of this number of updates is also read compressed, which takes long. */
const COMPRESSED_ONE_IN = 200;

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** @param parse the reader (default: that of the client) */
export function listingTarget(parse: typeof parseListing = parseListing): PartTarget {
  const limits = {
    recordBytes: MAX_LISTED_RECORD_BYTES,
    nameChars: MAX_NAME_CHARS,
    addresses: MAX_ANNOUNCED_ADDRESSES,
  };
  return {
    name: "listing",
    input: "catalog listing of up to four records",
    share: 3,
    make: listingBytes,
    check(input) {
      const wanted = readListing(lossy.decode(input), NOW_S, limits);
      try {
        const actual = parse(input, { nowS: NOW_S });
        return wanted === undefined || isDeepStrictEqual(actual, wanted)
          ? undefined
          : `the records are ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`;
      } catch (error) {
        if (!(error instanceof ListingError)) throw error;
        return wanted && `it is rejected: ${error.message}`;
      }
    },
  };
}

/** @param parse the reader (default: that of the catalog) */
export function updateTarget(parse: typeof parseUpdate = parseUpdate): PartTarget {
  return {
    name: "update",
    input: "datagram to a catalog",
    share: 3.6,
    make: updateBytes,
    check(input, random) {
      const actual = outcome(() => parse(input));
      const problem = updateProblem(input, actual);
      if (problem !== undefined || !oneIn(random, COMPRESSED_ONE_IN)) return problem;
      return compressedProblem(input, actual, random);
    },
  };
}

type Outcome = Update | UpdateError;

function outcome(parse: () => Update): Outcome {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UpdateError) return error;
    throw error;
  }
}

function updateProblem(input: Uint8Array, actual: Outcome): string | undefined {
  const limits = { bytes: MAX_UPDATE_BYTES, depth: MAX_UPDATE_DEPTH, members: MAX_UPDATE_MEMBERS };
  const wanted = updateText(input, limits);
  if (actual instanceof UpdateError) return wanted && `it is dropped: ${actual.message}`;
  if (wanted === undefined) return "it is accepted, and should be dropped";
  if (!/^[ -~]*$/.test(actual.body)) return `${actual.body} is not printable ASCII`;
  const object = `{${actual.body}}`;
  if (parsed(object) === undefined) return `it is not JSON: ${object}`;
  const listed = canonical(object);
  if (listed !== wanted) return `it is read as ${listed}, not as ${wanted}`;
  const again = parseUpdate(encoder.encode(`{${actual.typedBody}}`)).body;
  return again === actual.body ? undefined : `read again, ${object} is {${again}}`;
}

/** Reads the update compressed. Damaged compressed bytes may give anything but a crash. */
async function compressedProblem(
  input: Uint8Array,
  plain: Outcome,
  random: Random,
): Promise<string | undefined> {
  const packed = deflateSync(input);
  const isWhole = oneIn(random, 2);
  const sent = isWhole ? packed : mutate(packed, random);
  try {
    const actual = await readUpdate(Uint8Array.from([0x1a, ...sent]));
    if (!isWhole) return undefined; // The change may include the checksum.
    return isDeepStrictEqual(actual, plain) ? undefined : "compressed, it is different";
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    return isWhole && !(plain instanceof UpdateError) ? "compressed, it is dropped" : undefined;
  }
}

/** HTTP requests are the same however they are cut, and no filter throws an error. */
export function httpTarget(): PartTarget {
  return {
    name: "http",
    input: "head of an HTTP request to a catalog, in pieces, and a filter",
    share: 3,
    make: headBytes,
    async check(input, random) {
      const filter = parseFilter(filterText(random));
      if (filter && typeof filter('{"type":"hashtable","port":1}') !== "boolean") {
        return "a filter is not boolean";
      }
      const whole = await readRequest(inPieces(input, [input.length]));
      const sizes = Array.from({ length: 1 + random.below(8) }, () => 1 + random.below(40));
      const actual = await readRequest(inPieces(input, sizes));
      if (!isDeepStrictEqual(whole, actual)) {
        return `cut in ${sizes.join(", ")} it is ${JSON.stringify(actual)}, not ${
          JSON.stringify(whole)
        }`;
      }
      if (typeof whole !== "object") return undefined;
      return [whole.method, whole.path].every((word) => /^[^ \t\v\f\r\n]+$/.test(word))
        ? undefined
        : "it is not a request";
    },
  };
}

/** A connection that receives pieces of these sizes in turn, and then closes. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): FakeSocket {
  const socket = new FakeSocket();
  socket.send(...cut(bytes, sizes), null);
  return socket;
}
