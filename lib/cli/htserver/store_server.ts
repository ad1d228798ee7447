/** The `htserver` program with its table in a shared store (`--store`): a gateway without data of its own. */
import { addressText } from "../../base/address.ts";
import { machineTiming, sleep } from "../../base/clock.ts";
import { UsageError } from "../../base/errors.ts";
import { DRAIN_MS } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { remoteEngine } from "../../remote/remote_engine.ts";
import { openTableMeta } from "../../remote/table_meta.ts";
import { TableSize } from "../../remote/table_size.ts";
import { TableWatch } from "../../remote/table_watch.ts";
import { BucketKeys } from "../../store/bucket_keys.ts";
import { bucketSlots } from "../../store/bucket_slots.ts";
import { ClusterStore } from "../../store/cluster/cluster_store.ts";
import { StateLog } from "../../store/cluster/state_log.ts";
import { openNode } from "../../store/open_node.ts";
import { nodeAccess, preflight } from "../../store/preflight/preflight.ts";
import { SCRIPTS } from "../../store/scripts.ts";
import type { OpenedEngine } from "./opened_engine.ts";
import { runServerProgram } from "./server_program.ts";
import { readStoreSecrets } from "./store_secrets.ts";

/** Runs the program, and ends the process. */
export function runStoreServer(): Promise<void> {
  return runServerProgram(openStoreEngine);
}

/**
 * Checks the store, and makes an engine over the table in it.
 *
 * @throws {ExitError} if the store cannot be used
 */
async function openStoreEngine(config: ServerConfig, log: Log): Promise<OpenedEngine> {
  const { project, store: storeConfig } = config;
  if (storeConfig === undefined) throw new UsageError("--store must be an option, not a value");
  const secrets = await readStoreSecrets(storeConfig, (sentence) => log.warn(sentence));
  const { product, masters, replicas } = await preflight(storeConfig, secrets, log);
  const access = nodeAccess(storeConfig, secrets);
  const { kind, addresses, needsReplicas, hasFencedReads } = storeConfig;
  const keys = new BucketKeys(project);
  const store = new ClusterStore({
    seeds: [...addresses, ...masters, ...replicas],
    connect: (address, signal) => openNode(address, access, { scripts: SCRIPTS, signal }),
    scripts: SCRIPTS.map(({ text }) => text),
    slots: bucketSlots(keys),
    keys,
    isCluster: kind === "cluster",
    needsReplicas,
    hasFencedReads,
  });
  const size = new TableSize(store, keys);
  const stateLog = new StateLog(store, log, machineTiming);
  const stopWaiting = new AbortController();
  let watch: TableWatch | undefined, closing: Promise<void> | undefined;
  const close = () => {
    stopWaiting.abort();
    size.close();
    watch?.close();
    return closing ??= Promise.all([stateLog.close(), store.close()]).then(() => {});
  };
  try {
    const { tableId, seed, isNew } = await openTableMeta(store, keys, project);
    await size.start();
    log.info(`${project} is kept in a shared store${isNew ? ", as a new table" : ""}`, {
      store: product,
      masters: masters.map(addressText).join(" "),
      replicas: replicas.map(addressText).join(" "),
      durability: store.durability,
      keys: size.last,
    });
    watch = new TableWatch({ store, keys, name: project, identity: { tableId, seed } });
    stateLog.start();
    return {
      gone: watch.gone,
      makeEngine: remoteEngine({ store, keys, tableId, seed, size }),
      isNew: size.last === 0,
      beginClose() {
        // A store that does not answer must not delay the end: no client waits for its replies any more.
        void sleep(DRAIN_MS, stopWaiting.signal).then(close);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
