/**
 * The system calls of direct sockets, by FFI. A call takes 0.1 us besides its work in the kernel; an
 * operation of the runtime takes 1 us, and waits for the next round of the event loop.
 */

const FUNCTIONS = {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
} as const;

type Functions = Deno.DynamicLibrary<typeof FUNCTIONS>["symbols"];

// Constants of Linux, the same on all its processors for which there is a Deno.
const CLOCK_THREAD_CPUTIME_ID = 3;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const AF_INET = 2, AF_INET6 = 10;

/** Size of the largest address of a socket, in bytes. */
const ADDRESS_BYTES = 128;

/** An end of a connection: its IP address in one form of many, and its port. */
export interface SocketEnd {
  readonly ip: string;
  readonly port: number;
}

/** System calls on sockets. None of them waits. */
export class SystemCalls {
  readonly #c: Functions;
  readonly #time = new Uint32Array(4);
  readonly #timeBytes = new Uint8Array(this.#time.buffer);
  readonly #address = new Uint8Array(ADDRESS_BYTES);
  readonly #addressSize = new Uint8Array(4);

  private constructor(functions: Functions) {
    this.#c = functions;
  }

  /** Loads the C library; undefined: the system has none of this name, or the permission is missing. */
  static load(): SystemCalls | undefined {
    // A query, because without a permission the runtime would ask the user for it.
    const isGranted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
    if (Deno.build.os !== "linux" || !isGranted) return undefined;
    try {
      return new SystemCalls(Deno.dlopen("libc.so.6", FUNCTIONS).symbols);
    } catch {
      return undefined;
    }
  }

  /** @param fds as `poll(2)` has them @returns number of sockets with events; -1 after an error */
  poll(fds: Uint8Array<ArrayBuffer>, count: number): number {
    return this.#c.poll(fds, BigInt(count), 0);
  }

  /** @returns number of bytes; 0 at the end of the stream; -1 if there is none, or an error */
  receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return Number(this.#c.recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT));
  }

  /** @returns number of bytes; -1 if there is no room, or an error */
  send(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return Number(this.#c.send(fd, bytes, BigInt(bytes.length), flags));
  }

  /** Processor time of this thread, in milliseconds. */
  threadMs(): number {
    this.#c.clock_gettime(CLOCK_THREAD_CPUTIME_ID, this.#timeBytes);
    const [seconds = 0, , nanoseconds = 0] = this.#time;
    return seconds * 1e3 + nanoseconds / 1e6;
  }

  /** This end of a connection; undefined: the descriptor is not that of a connection. */
  localEnd(fd: number): SocketEnd | undefined {
    return this.#endOf(fd, this.#c.getsockname);
  }

  /** The other end of a connection; undefined as for `localEnd`. */
  remoteEnd(fd: number): SocketEnd | undefined {
    return this.#endOf(fd, this.#c.getpeername);
  }

  #endOf(fd: number, call: Functions["getsockname"]): SocketEnd | undefined {
    const address = this.#address;
    new DataView(this.#addressSize.buffer).setUint32(0, ADDRESS_BYTES, true);
    if (call(fd, address, this.#addressSize) !== 0) return undefined;
    const view = new DataView(address.buffer);
    const port = view.getUint16(2);
    const family = view.getUint16(0, true);
    if (family === AF_INET) return { ip: address.subarray(4, 8).join("."), port };
    if (family !== AF_INET6) return undefined;
    const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at).toString(16));
    return { ip: oneForm(groups.join(":")), port };
  }
}

/** Converts an IP address to one form: an IPv6 address has many. */
export function oneForm(ip: string): string {
  return ip.includes(":") ? new URL(`http://[${ip}]`).hostname : ip;
}
