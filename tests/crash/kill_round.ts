/** One life of a server: clients work on it until it is killed. */
import assert from "assert";
import { ConnectionLostError } from "../../lib/client/errors.ts";
import type { History } from "./history.ts";
import { connect, perform } from "./key_requests.ts";
import type { Program } from "../../bench/harness/program.ts";
import { type Random, randomFrom } from "../../bench/harness/random.ts";
import { Actions, type Mix } from "./random_action.ts";

/** Exit code of a process that was ended by SIGKILL. */
const KILLED = 128 + 9;

/** How many requests a client has under way at once, of which each life has one at random. */
const WINDOWS = [1, 4, 16, 64] as const;

/** A life. */
export interface Life {
  readonly server: Program;
  /** Its number: said in all values that are written in it. */
  readonly number: number;
  readonly clients: number;
  readonly mix: Mix;
  /** Operations that are acknowledged, over all clients, before the kill. */
  readonly acknowledged: number;
  readonly random: Random;
  readonly history: History;
}

/**
 * Lets clients work until enough operations are acknowledged, and kills the server at that moment.
 *
 * @throws where a reply is wrong in itself, or the server ends earlier
 */
export async function liveUntilKilled(life: Life): Promise<void> {
  const { server, history, random } = life;
  const window = WINDOWS[random.below(WINDOWS.length)] ?? 1;
  const links = await connect(await server.port(), life.clients);
  let left = life.acknowledged, isKilled = false;
  const kill = () => {
    isKilled = true;
    server.kill("SIGKILL");
  };
  const onAcknowledged = () => {
    if (--left === 0) kill();
  };
  const lanes = links.flatMap((link, client) => {
    const by = `client ${client} in life ${life.number}`;
    const actions = new Actions(client, by, life.mix, randomFrom(random.below(2 ** 31)));
    const session = life.number * life.clients + client;
    return Array.from({ length: window }, async () => {
      while (!isKilled) {
        const { key, action } = actions.next();
        const pending = history.invoke({ key, action, session, by });
        try {
          const value = await perform(link, key, action);
          history.acknowledge(pending, value);
        } catch (error) {
          if (!(error instanceof ConnectionLostError) || !isKilled) throw error;
          if (!error.maybeExecuted) history.forget(pending);
          return;
        }
        onAcknowledged();
      }
    });
  });
  try {
    await Promise.all(lanes);
  } catch (error) {
    kill();
    await server.exitCode();
    throw new Error(`Life ${life.number} went wrong: ${server.stderr}`, { cause: error });
  } finally {
    await Promise.allSettled(lanes);
    await Promise.all(links.map((link) => link.close()));
  }
  assert.equal(await server.exitCode(), KILLED, server.stderr);
  history.crash();
}
