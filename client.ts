/**
 * The client library of htserver, and the `htclient` program.
 *
 * ```ts
 * import { catalogsFrom, HtClient } from "./client.ts";
 * const catalogs = catalogsFrom(undefined, Deno.env.toObject());
 * const table = await HtClient.connect("me-a4-x", { catalogs });
 * await table.insert("zebra", { weight: 100, name: "fred" });
 * console.log(await table.lookup("zebra"), await table.scan("^z"));
 * await table.close();
 * ```
 */
export { type Address, addressText, parseAddress } from "./lib/base/address.ts";
export { catalogsFrom } from "./lib/catalog/catalog_hosts.ts";
export * from "./lib/client/errors.ts";
export { type Atom, type ClientOptions, HtClient } from "./lib/client/client.ts";
export type { TableIdentity } from "./lib/client/server_identity.ts";
export type { JsonText } from "./lib/protocol/message.ts";

if (import.meta.main) {
  const { clientMain } = await import("./lib/cli/htclient/main.ts");
  await clientMain(Deno.args);
}
