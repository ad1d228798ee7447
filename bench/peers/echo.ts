/**
 * An echo server: reads from each connection, writes the same bytes, and reads again. It shows the
 * lowest cost of a server on this runtime.
 */
const BUFFER_BYTES = 16 * 1024;

async function echo(connection: Deno.TcpConn): Promise<void> {
  using open = connection;
  open.setNoDelay(true);
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await open.read(buffer);
    if (count === null) return;
    for (let sent = 0; sent < count;) sent += await open.write(buffer.subarray(sent, count));
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`Listening on port ${listener.addr.port}`);
for await (const connection of listener) {
  echo(connection).catch(() => {
    // The client has disconnected.
  });
}
