/**
 * The file `nodes.conf` and the reply of `CLUSTER NODES`, which have the same lines:
 *
 *     <id> <host>:<port>@<bus port>[,<host name>] <flags> <id of master or -> <ping> <pong> <epoch> <link> <slots>...
 *
 * Slots are numbers and ranges such as `0-5460`; `[93-<-ID]` is a slot that moves.
 */

/** Number of hash slots of a cluster. */
export const SLOTS = 16_384;

/** A node as another one sees it. */
export interface NodeView {
  readonly id: string;
  readonly port: number;
  /** For example `master` and `fail?`. */
  readonly flags: readonly string[];
  /** The id of its master; undefined for a master. */
  readonly masterId: string | undefined;
  readonly isLinked: boolean;
  /** First and last slot of each range. */
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/** Parses the reply of `CLUSTER NODES`. */
export function parseNodes(text: string): NodeView[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [id = "", address = "", flags = "", masterId, , , , link, ...slots] = line.split(" ");
    return {
      id,
      port: Number(/:(\d+)/.exec(address)?.[1]),
      flags: flags.split(","),
      masterId: masterId === "-" ? undefined : masterId,
      isLinked: link === "connected",
      slots: slots.filter((one) => !one.startsWith("[")).map((range) => {
        const [first = 0, last = first] = range.split("-").map(Number);
        return [first, last] as const;
      }),
    };
  });
}

/** Whether a node has a slot. */
export function hasSlot({ slots }: NodeView, slot: number): boolean {
  return slots.some(([first, last]) => first <= slot && slot <= last);
}

/** A node of a cluster that is about to start. */
export interface PlannedNode {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  /** The slots of a master, or the id of a replica's master. */
  readonly role: { readonly slots: readonly [number, number] } | { readonly masterId: string };
}

/** A cluster's whole file, for the node with this id. */
export function formatNodes(nodes: readonly PlannedNode[], ownId: string): string {
  const lines = nodes.map(({ id, host, port, busPort, role }, index) => {
    const isMaster = "slots" in role;
    const flags = `${id === ownId ? "myself," : ""}${isMaster ? "master" : "slave"}`;
    const master = isMaster ? "-" : role.masterId;
    // A replica has the epoch of its master; the epochs of masters differ.
    const epoch = isMaster ? index + 1 : nodes.findIndex((one) => one.id === master) + 1;
    const slots = isMaster ? ` ${role.slots.join("-")}` : "";
    const link = id === ownId ? "connected" : "disconnected";
    return `${id} ${host}:${port}@${busPort} ${flags} ${master} 0 0 ${epoch} ${link}${slots}`;
  });
  const vars = `vars currentEpoch ${nodes.length} lastVoteEpoch 0`;
  return [...lines, vars].map((line) => `${line}\n`).join("");
}

/** A new id of a node: 40 hexadecimal digits. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint8Array(20)).toHex();
}
