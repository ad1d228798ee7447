/** Finds a port of the loopback that is free for TCP and UDP, for the local catalog of one test. */
export function freePort(): number {
  for (let tries = 1;; tries++) {
    using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = tcp.addr;
    try {
      Deno.listenDatagram({ transport: "udp", hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries === 10) throw error;
    }
  }
}
