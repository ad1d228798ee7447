/** Connects clients that the end of the test closes. */
import { type ClientOptions, HtClient } from "../../mod.ts";

/** Connects a client. */
export async function connect(
  target: string,
  options?: ClientOptions,
): Promise<HtClient & AsyncDisposable> {
  const client = await HtClient.connect(target, options);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}
