/** The options of a client. */
import type { Address } from "../base/address.ts";
import type { TableIdentity } from "./server_identity.ts";

/** The options of `HtClient.connect`, and of all calls of the client. */
export interface ClientOptions {
  /** Catalogs to query for a name, all at once (default: only this machine's). */
  readonly catalogs?: readonly Address[] | undefined;
  /** Port of this machine's own catalog (default: 9097); null: do not query it. */
  readonly localCatalogPort?: number | null | undefined;
  /**
   * Token for a server that requires one (default: none). A server that was found by its name gets the
   * token only over TLS (`ca`) or on this machine's loopback; a server at HOST:PORT always gets it.
   */
  readonly token?: string | undefined;
  /**
   * Whether the token may go without TLS to a server that was found by its name (default: false).
   * Names in catalogs are not authenticated, and other machines may read the network.
   */
  readonly tokenInClear?: boolean | undefined;
  /**
   * PEM text of certificates to trust: of authorities, or the server's own (default: plain TCP). With
   * it, every connection uses TLS. The server's certificate must be for the target: its name, or the
   * host of HOST:PORT.
   */
  readonly ca?: string | undefined;
  /**
   * Limit of each call, `connect` included, in milliseconds (default: 60,000). A call without a result
   * fails then. The server may have executed it: see `HtError.maybeExecuted`.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Name of the program (default: none), at most 64 characters. The server counts its connections by it
   * and shows it to every client (`info`).
   */
  readonly agent?: string | undefined;
  /** Receives sentences that a user should read (default: they are dropped). */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Address of a recent connection, or several of them, such as `HtClient.servers` (default: none). The
   * client tries them first, once, in their order, so that many clients need not query the catalogs for
   * the same name. If its server shares the table with the others, the client goes on with one of these
   * when the connection breaks.
   */
  readonly at?: Address | readonly Address[] | undefined;
  /** The table that the server must have: `HtClient.table` of another client (default: any). */
  readonly table?: TableIdentity | undefined;
  /**
   * Whether a reconnect may lead to another table of the same name or address (default: false, which
   * is a `DifferentTableError`).
   */
  readonly acceptOtherTable?: boolean | undefined;
}
