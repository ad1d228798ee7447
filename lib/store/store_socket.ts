/** Opens the socket of a connection to a node, by TCP or TLS, and says in a few words why it could not. */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { type ClientSocket, TlsFailure } from "../client/client_socket.ts";
import { connectByDeno } from "../client/deno_socket.ts";

/** How to reach the nodes of a store, and the user to authenticate as. */
export interface NodeAccess {
  /** Undefined: the default user. */
  readonly user: string | undefined;
  /** Undefined: the node requires none. */
  readonly password: string | undefined;
  /** Undefined: plain TCP. `ca`: PEM text of certificates to trust beside those of public authorities. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

/** Why a connection to a node could not be made. */
type ConnectFailure =
  /** Nothing answers there in time. */
  | "unreachable"
  /** The node's certificate is not trusted, or only one side uses TLS. */
  | "tls"
  /** Something else than Redis or Valkey answers, or one that is too old. */
  | "not a node"
  /** The node rejects user or password, or requires a password. */
  | "credentials"
  /** The user may not do what a table needs. */
  | "permission"
  /** The node refuses for another reason, such as `LOADING`. */
  | "refused";

/** A connection that could not be made. The message is the end of a sentence and has no secret. */
export class NodeConnectError extends Error {
  override name = "NodeConnectError";
  readonly kind: ConnectFailure;
  /** The first word of the node's reply; empty if there was none. */
  readonly code: string;

  constructor(kind: ConnectFailure, message: string, code: string = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/**
 * Opens a socket, with TLS including the handshake.
 *
 * @param signal ends the attempt
 * @throws {NodeConnectError}
 */
export async function openNodeSocket(
  address: Address,
  tls: NodeAccess["tls"],
  signal: AbortSignal,
): Promise<ClientSocket> {
  const at = addressText(address);
  let isConnected = false;
  try {
    const socket = await connectByDeno(address, signal);
    isConnected = true;
    return tls === undefined ? socket : await socket.startTls(tls.ca, address.hostname, signal);
  } catch (error) {
    if (signal.aborted) {
      const hint = isConnected ? " to the handshake of TLS (does it use TLS?)" : "";
      throw new NodeConnectError("unreachable", `${at} does not answer${hint}`);
    }
    if (!(error instanceof TlsFailure)) {
      throw new NodeConnectError("unreachable", `cannot connect to ${at}: ${messageOf(error)}`);
    }
    throw new NodeConnectError("tls", `${at} ${tlsProblem(error, address.hostname, tls?.ca)}`);
  }
}

function tlsProblem({ kind, message }: TlsFailure, name: string, ca: string | undefined): string {
  switch (kind) {
    case "invalid name":
      return `has no certificate, because none can be for ${quoted(name)}`;
    case "wrong name":
      return `has a certificate that is not for ${quoted(name)}`;
    case "unknown issuer":
      return ca === undefined
        ? "has a certificate that no public authority signed: name its authority with --store-ca"
        : "has a certificate whose issuer --store-ca does not trust";
    case "authority as server":
      return "has the certificate of an authority (CA:TRUE), and needs one with CA:FALSE";
    case "no TLS":
      return "does not use TLS";
    case "other":
      return `failed the TLS handshake: ${message}`;
  }
}
