/**
 * The client library of htserver, a durable networked hash table.
 *
 * ```ts
 * import { HtClient, KeyError } from "@htserver/htserver";
 *
 * const table = await HtClient.connect("localhost:9000");
 * await table.insert("zebra", { weight: 100, name: "fred" });
 * console.log(await table.lookup("zebra"), await table.scan("^z"));
 * await table.lookup("none").catch((error) => console.log(error instanceof KeyError));
 * await table.close();
 * ```
 *
 * It runs under Deno and under Node.js 20.9 or later, and depends on no package.
 *
 * @module
 */
export { type Address, addressText, parseAddress } from "./lib/base/address.ts";
export { type CatalogEnvironment, catalogsFrom } from "./lib/catalog/catalog_hosts.ts";
export { type Atom, HtClient } from "./lib/client/client.ts";
export type { ClientOptions } from "./lib/client/client_options.ts";
export {
  AuthError,
  BusyError,
  ConnectionLostError,
  DifferentTableError,
  HtError,
  isServerGone,
  KeyError,
  MethodError,
  ReplyError,
  RequestError,
  ServerNotFoundError,
  StorageError,
  TableFullError,
  TimeoutError,
  TlsError,
  TooLargeError,
  ValueError,
  WrongServerError,
} from "./lib/client/errors.ts";
export type { TableIdentity } from "./lib/client/server_identity.ts";
export type { SuccessReply } from "./lib/protocol/decode_reply.ts";
export type { RequestMembers } from "./lib/protocol/encode_request.ts";
export type { Failure, FailureType, JsonText, Part } from "./lib/protocol/message.ts";
