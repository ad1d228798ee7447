/** Tests that a server with few open files rejects clients, and that its reserved connection works. */
import assert from "assert";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { ALONE, fromSource, Program } from "../../../bench/harness/program.ts";

const FILES = 400;

Deno.test("without free files, further clients get Busy, and the reserved admin connection works", async () => {
  const command = fromSource("server.ts", "files-a4", ...ALONE);
  const line = `ulimit -n ${FILES} && exec "$@"`;
  await using server = new Program(["sh", "-c", line, "sh", ...command]);
  const port = await server.port();
  using all = new DisposableStack();
  const clients: RawClient[] = [];
  for (let count = 0; count < FILES + 50; count++) {
    clients.push(all.use(await RawClient.connect(port)));
  }
  await server.until("stderr", /at most \d+ clients from now on/);
  const owner = all.use(await RawClient.connect(port));
  await owner.send('{"method":"info"}\n');
  const { result } = await owner.reply() as { result: { clients: number } };
  assert.ok(result.clients > 100 && result.clients < FILES, `${result.clients} clients`);
  const last = clients.at(-1);
  assert.equal((await last?.reply())?.["type"], "Busy");
});
