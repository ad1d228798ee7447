/** One life of a server: clients send requests until the test kills it. */
import assert from "assert";
import { ConnectionLostError } from "../../lib/client/errors.ts";
import type { History } from "./history/history.ts";
import { connect, perform } from "./key_requests.ts";
import type { Program } from "../../bench/harness/program.ts";
import { type Random, randomFrom } from "../../bench/harness/random.ts";
import { actionsOf, type Mix } from "./random_action.ts";

/** Exit code of a process that SIGKILL ended. */
const KILLED = 128 + 9;

/** Numbers of requests that a client may have in flight. Each life draws one of them. */
const WINDOWS = [1, 4, 16, 64] as const;

/** The parameters of a life. */
export interface Life {
  readonly server: Program;
  /** Number of the life. Each value that clients write during the life contains it. */
  readonly number: number;
  readonly clients: number;
  readonly mix: Mix;
  /** Number of replies to all clients before the kill. */
  readonly acknowledged: number;
  readonly random: Random;
  readonly history: History;
}

/**
 * Runs clients until they have received `acknowledged` replies, and kills the server at that moment.
 *
 * @throws if a reply is malformed, or the server ends earlier
 */
export async function liveUntilKilled(life: Life): Promise<void> {
  const { server, history, random } = life;
  const window = WINDOWS[random.below(WINDOWS.length)] ?? 1;
  const plainClients = await connect(await server.port(), life.clients);
  let left = life.acknowledged, isKilled = false;
  const kill = () => {
    isKilled = true;
    server.kill("SIGKILL");
  };
  const onAcknowledged = () => {
    if (--left === 0) kill();
  };
  const lanes = plainClients.flatMap((plainClient, client) => {
    const by = `client ${client} in life ${life.number}`;
    const nextAction = actionsOf(client, by, life.mix, randomFrom(random.below(2 ** 31)));
    const connection = life.number * life.clients + client;
    return Array.from({ length: window }, async () => {
      while (!isKilled) {
        const { key, action } = nextAction();
        const pending = history.invoke({ key, action, connection, by });
        try {
          const value = await perform(plainClient, key, action);
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
    throw new Error(`Life ${life.number} failed: ${server.stderr}`, { cause: error });
  } finally {
    await Promise.allSettled(lanes);
    await Promise.all(plainClients.map((plainClient) => plainClient.close()));
  }
  assert.equal(await server.exitCode(), KILLED, server.stderr);
  history.crash();
}
