/** The connections of the clients of a run, which spread evenly over the servers of a shared table. */
import { type Address, addressText } from "../../base/address.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import type { ConnectTcp } from "../../client/client_socket.ts";
import { LineClient } from "../../client/line_client.ts";

/** The addresses of a client. */
type Addresses = Pick<LineClient, "address" | "servers">;

/**
 * Connects some clients of a run. The first one finds the server; with a shared table, each further one
 * begins at the next of its servers. Each reconnects by the name.
 *
 * @param range the number of the first client, from 0 over all clients of the run, and their number
 * @param options `at` has the same servers for all clients of the run
 * @throws {HtError} the first failure
 */
export async function connectClients(
  target: string,
  { from, count }: { readonly from: number; readonly count: number },
  options: ClientOptions,
  connectTcp: ConnectTcp | undefined,
): Promise<LineClient[]> {
  const at = beginAt([options.at ?? []].flat(), from);
  const first = await LineClient.connect(target, { ...options, at }, connectTcp);
  const servers = serversOf(first);
  const others = await Promise.allSettled(
    Array.from({ length: count - 1 }, (_, place) => {
      const known = { ...options, at: beginAt(servers, place + 1), table: first.table };
      return LineClient.connect(target, known, connectTcp);
    }),
  );
  const clients = [first];
  let failure: unknown;
  for (const other of others) {
    if (other.status === "fulfilled") clients.push(other.value);
    else failure ??= other.reason;
  }
  if (failure === undefined) return clients;
  await Promise.all(clients.map((client) => client.close()));
  throw failure;
}

/** Returns the servers of the table of a client, its own first. */
export function serversOf({ address, servers }: Addresses): Address[] {
  return [address, ...servers.filter((one) => one !== address)];
}

/** Counts clients by the server that they are connected to, as HOST:PORT. */
export function countByServer(clients: readonly Addresses[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { address } of clients) {
    const at = addressText(address);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Moves the first elements of a list to its end, so that it begins at a place, modulo its length. */
function beginAt<T>(all: readonly T[], place: number): T[] {
  const at = place % Math.max(all.length, 1);
  return [...all.slice(at), ...all.slice(0, at)];
}
