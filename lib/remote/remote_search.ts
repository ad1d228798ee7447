import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Span } from "../bytes/span.ts";
import type { Cursors } from "../commands/cursors.ts";
import type { Failure } from "../protocol/message.ts";
import type { RequestOf } from "../protocol/requests.ts";

export interface SearchResult {
  readonly result: Span | ByteChunks;
  readonly cursor?: string;
}

export class RemoteSearch {
  run(
    _cursors: Cursors,
    request: RequestOf<"scan"> | RequestOf<"query">,
    _room: number,
  ): Promise<SearchResult | Failure> {
    return Promise.resolve({ type: "StorageError", message: `Cannot ${request.method}: not yet` });
  }
}
