/**
 * The methods of the protocol: one entry for each, with the members of its request.
 *
 * A new method needs an entry here and one in `commands/command_table.ts`. A new member needs its name
 * in `member_reader.ts`, too.
 */
import type { Span } from "../bytes/span.ts";
import type { MemberReader } from "./member_reader.ts";
import type { Failure } from "./message.ts";

type Id = Span | undefined;

/** The readers that make a request from the members of a line, by method. Messages use this order. */
const READERS = {
  insert: (line, id) => ({ method: "insert", id, key: line.key(), value: line.value() }) as const,
  lookup: (line, id) => ({ method: "lookup", id, key: line.key() }) as const,
  remove: (line, id) => ({ method: "remove", id, key: line.key() }) as const,
  scan: (line, id) =>
    ({ method: "scan", id, regex: line.string("regex"), ...line.part() }) as const,
  query: (line, id) =>
    ({
      method: "query",
      id,
      subkey: line.string("subkey"),
      subvalue: line.atom("subvalue"),
      ...line.part(),
    }) as const,
  size: (_line, id) => ({ method: "size", id }) as const,
  ping: (_line, id) => ({ method: "ping", id }) as const,
  info: (_line, id) => ({ method: "info", id }) as const,
  hello: (line, id) =>
    ({
      method: "hello",
      id,
      project: line.optionalString("project"),
      token: line.optionalString("token"),
      agent: line.agent(),
    }) as const,
} satisfies Readonly<Record<string, (line: MemberReader, id: Id) => { method: string; id: Id }>>;

export type Method = keyof typeof READERS;

/**
 * A request whose members have the right types. Its spans lie in the bytes of its line, or in bytes of
 * their own.
 */
export type Request = ReturnType<(typeof READERS)[Method]>;

/** The request of one method. */
export type RequestOf<M extends Method> = Extract<Request, { readonly method: M }>;

/** A line that is not a valid request: the failure to reply with, and the parts that could be read. */
export interface Rejection {
  readonly id: Span | undefined;
  readonly method: Method | undefined;
  readonly failure: Failure;
}

/** Every method. */
export const METHODS = Object.keys(READERS) as readonly Method[];

/** The reader of each of `METHODS`. */
export const REQUEST_READERS: readonly ((line: MemberReader, id: Id) => Request)[] = METHODS.map((
  method,
) => READERS[method]);
