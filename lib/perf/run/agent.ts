/**
 * The agents of testperf processes: the names by which they see each other at the server, in `agents` of
 * `info`. All connections of a process have the agent `testperf HOST:PID`. When it has chosen the start
 * of its run, its observer adds it: `testperf HOST:PID start UNIXMS`.
 */
import { MAX_AGENT_CHARS } from "../../base/limits.ts";

const PREFIX = "testperf ";

/** A start that any client can write: at most the milliseconds until the year 2286. */
const START = / start (\d{1,13})$/;

/** Characters of the longest start. */
const START_CHARS = " start 1234567890123".length;

/** The other testperf processes at a server: their agents, and their starts in Unix milliseconds. */
export type Peers = ReadonlyMap<string, number | undefined>;

/** Returns the agent of a process. A long name of the host is cut. */
export function agentOf(host: string, pid: number): string {
  const process = `:${pid}`;
  const room = MAX_AGENT_CHARS - PREFIX.length - process.length - START_CHARS;
  return `${PREFIX}${[...host].slice(0, room).join("")}${process}`;
}

/** Adds a start to an agent. */
export function agentWithStart(agent: string, startUnixMs: number): string {
  return `${agent} start ${Math.round(startUnixMs)}`;
}

/**
 * Reads the other testperf processes.
 *
 * @param agents of `info`
 * @param own the agent of this process
 * @returns undefined if the server does not report agents
 */
export function peersIn(agents: unknown, own: string): Peers | undefined {
  if (typeof agents !== "object" || agents === null) return undefined;
  const peers = new Map<string, number | undefined>();
  for (const name of Object.keys(agents)) {
    if (!name.startsWith(PREFIX)) continue;
    const start = START.exec(name);
    const agent = name.replace(START, "");
    if (agent === own) continue;
    if (start) peers.set(agent, Number(start[1]));
    else if (!peers.has(agent)) peers.set(agent, undefined);
  }
  return peers;
}

/**
 * Merges the processes at several servers. Of a process with several starts, which moves its start from
 * server to server, the last one counts.
 *
 * @param parts undefined: the server does not report agents
 * @returns undefined if no server reports agents
 */
export function mergePeers(parts: readonly (Peers | undefined)[]): Peers | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0) return undefined;
  const peers = new Map<string, number | undefined>();
  for (const [agent, startUnixMs] of known.flatMap((part) => [...part])) {
    const other = peers.get(agent);
    const isLater = startUnixMs !== undefined && (other === undefined || startUnixMs > other);
    if (isLater || !peers.has(agent)) peers.set(agent, startUnixMs);
  }
  return peers;
}
