/** Runs a protocol case against a server. */
import { messageOf } from "../../lib/base/errors.ts";
import { membersOf, partsOf } from "../../fuzz/oracle/json_text.ts";
import { checkReply } from "./check_reply.ts";
import { CaseConnection, CaseError } from "./exchange.ts";
import {
  concatenate,
  type ExpectedReply,
  type ProtocolCase,
  type SendItem,
} from "./protocol_case.ts";

/** A server, and the way to send a case to it. */
export interface CaseOptions {
  readonly hostname: string;
  readonly port: number;
  /** Size of the pieces to send (default: all at once). */
  readonly splitBytes?: number;
  /** Whether to send a whole case before reading replies (default: each line waits for its reply). */
  readonly isPipelined?: boolean;
}

/** Longest time for a case, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** Most parts of one search, which would otherwise never end. */
const MAX_PARTS = 10_000;

const encoder = new TextEncoder();

/**
 * Runs a case on its own connection.
 *
 * @returns the problem, as a sentence; undefined: there is none
 */
export async function runCase(
  one: ProtocolCase,
  options: CaseOptions,
): Promise<string | undefined> {
  const { hostname, port, splitBytes = 0 } = options;
  let isLate = false;
  try {
    using connection = await CaseConnection.open(hostname, port, splitBytes);
    const timer = setTimeout(() => {
      isLate = true;
      connection[Symbol.dispose]();
    }, TIMEOUT_MS);
    try {
      return await exchange(one, connection, options.isPipelined ?? false);
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    return isLate ? `it took longer than ${TIMEOUT_MS} ms` : messageOf(error);
  }
}

async function exchange(
  { send, expect }: ProtocolCase,
  connection: CaseConnection,
  isPipelined: boolean,
): Promise<string | undefined> {
  // An element can only wait for its reply if there is one for each element.
  const isInTurn = send.length === expect.length && (!isPipelined || send.some(hasParts));
  if (!isInTurn) { for (const sent of send) connection.send(bytesOf(sent)); }
  for (const [number, expected] of expect.entries()) {
    const sent = isInTurn ? send[number] : undefined;
    const problem = sent !== undefined && hasParts(sent)
      ? await checkSearch(sent.parts, expected, connection)
      : await checkLine(sent, expected, connection);
    if (problem !== undefined) return `reply ${number + 1}: ${problem}`;
    if (expected.close) return undefined;
  }
  await connection.closeWrite();
  const more = await connection.line();
  return more === undefined ? undefined : `one reply more: ${more.slice(0, 300)}`;
}

async function checkLine(
  sent: SendItem | undefined,
  expected: ExpectedReply,
  connection: CaseConnection,
): Promise<string | undefined> {
  if (sent !== undefined) connection.send(bytesOf(sent));
  const line = await connection.line();
  if (expected.close) return line === undefined ? undefined : `not closed: ${line.slice(0, 300)}`;
  return line === undefined ? "the server has closed" : checkReply(expected, line);
}

/** Sends a search with the cursor of each reply until there is none, and checks all replies as one. */
async function checkSearch(
  request: string,
  expected: ExpectedReply,
  connection: CaseConnection,
): Promise<string | undefined> {
  const limit = Number(new Map(membersOf(request)).get("limit"));
  const pairs: string[] = [];
  let cursor: string | undefined;
  for (let part = 0; part < MAX_PARTS; part++) {
    const more = cursor === undefined ? "" : `,"cursor":${cursor}`;
    connection.send(encoder.encode(`${request.slice(0, -1)}${more}}\n`));
    const line = await connection.line();
    if (line === undefined) throw new CaseError("the server has closed");
    const members = new Map(membersOf(line));
    const result = members.get("result");
    if (result === undefined) return checkReply(expected, line);
    const came = partsOf(result);
    if (came.length > limit) return `${came.length} pairs pass the limit of ${limit}`;
    pairs.push(...came);
    cursor = members.get("cursor");
    if (cursor !== undefined) continue;
    const id = members.get("id");
    const idText = id === undefined ? "" : `"id":${id},`;
    return checkReply(expected, `{"status":"OK",${idText}"result":[${pairs.join()}]}`);
  }
  return `there is no end after ${MAX_PARTS} parts`;
}

function hasParts(sent: SendItem): sent is { readonly parts: string } {
  return typeof sent === "object" && "parts" in sent;
}

function bytesOf(sent: SendItem): Uint8Array {
  if (typeof sent === "string") return encoder.encode(`${sent}\n`);
  if ("bytes" in sent) return Uint8Array.fromHex(sent.bytes);
  if ("concat" in sent) return encoder.encode(`${concatenate(sent.concat)}\n`);
  throw new CaseError("a search in parts needs one expectation for each element that is sent");
}
