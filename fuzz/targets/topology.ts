/** What nodes say of their cluster: any text is read, and of several claims for a slot the newest counts. */
import { type Address, addressText } from "../../lib/base/address.ts";
import { textAt } from "../../lib/bytes/span.ts";
import { SLOTS } from "../../lib/store/bucket_slots.ts";
import { ClusterView } from "../../lib/store/cluster/cluster_view.ts";
import { type ClusterNode, parseClusterNodes } from "../../lib/store/cluster/topology.ts";
import { utf8 } from "../../tests/helpers/streams.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { oneIn, pick, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

const ASKED: Address = { hostname: "asked.example", port: 7_000 };

/** Separates the answers of several nodes. */
const NEXT_ANSWER = "\n\n";

/** @param parse reads the answer of a node (default: that of the gateway) */
export function topologyTarget(
  parse: typeof parseClusterNodes = parseClusterNodes,
): PartTarget {
  return {
    name: "topology",
    input: "replies to CLUSTER NODES of one to three nodes",
    share: 6,
    make: answers,
    check(input) {
      const texts = textAt(input, 0, input.length).split(NEXT_ANSWER, 4);
      const read = texts.map((text) => ({ text, nodes: parse(text, ASKED) }));
      for (const { text, nodes } of read) {
        for (const node of nodes) {
          const problem = wrongNode(node, text);
          if (problem !== undefined) return `${problem}: ${JSON.stringify(node)}`;
        }
      }
      return wrongOwner(read.map(({ nodes }) => nodes));
    },
  };
}

/** What is wrong with a node; undefined: nothing. */
function wrongNode({ id, address, slots, epoch, isFailed }: ClusterNode, text: string) {
  if (addressText(address) === "" || address.port < 1 || address.port > 65_535) {
    return "its address";
  }
  if (slots.some(({ first, last }) => !(first >= 0 && first <= last && last < SLOTS))) {
    return "its slots";
  }
  // One of the lines with its id must have what was read.
  const lines = text.split("\n").map((line) => line.trimEnd().split(" ")).filter(([one]) =>
    one === id
  );
  const isThere = lines.some(([, , flags = "", , , , digits = ""]) =>
    Number(digits) === epoch && flags.split(",").includes("fail") === isFailed
  );
  return isThere ? undefined : "its epoch or its flags";
}

/** Looks at some slots. */
function wrongOwner(answers: readonly (readonly ClusterNode[])[]): string | undefined {
  const state = new ClusterView().merge(answers.map((nodes) => ({ asked: ASKED, nodes })), 1);
  if (state === undefined) return answers.flat().length > 0 ? "there is no state" : undefined;
  for (let slot = 0; slot < SLOTS; slot += 1_000) {
    const claims = answers.flat().filter(({ slots }) =>
      slots.some(({ first, last }) => first <= slot && slot <= last)
    );
    const newest = claims.filter(({ epoch }) => claims.every((other) => other.epoch <= epoch));
    const owner = state.masters[state.owners[slot] ?? -1];
    if (owner === undefined) continue; // a node that only an old answer knows
    const hasClaim = newest.some(({ id }) =>
      answers.flat().some((node) =>
        node.id === id && addressText(node.address) === addressText(owner.address)
      )
    );
    if (!hasClaim) return `slot ${slot} belongs to ${addressText(owner.address)}`;
  }
  return undefined;
}

function answers(random: Random): Uint8Array {
  const text = Array.from({ length: 1 + random.below(3) }, () => answer(random)).join(NEXT_ANSWER);
  const bytes = oneIn(random, 10) ? anyBytes(random, 200) : utf8(text);
  return oneIn(random, 2) ? mutate(bytes, random) : bytes;
}

function answer(random: Random): string {
  const id = () => pick(random, ["a", "b", "c", "d"]).repeat(40);
  return Array.from({ length: random.below(5) }, () => {
    const place = pick(random, ["10.0.0.1:7000@17000", ":7001@17001", "::1:7002@1,host", "?:0@0"]);
    const flags = pick(random, [
      "master",
      "myself,master",
      "slave",
      "master,fail",
      "slave,fail?",
      "slave,fail",
    ]);
    const first = random.below(SLOTS);
    const slots = pick(random, [
      "0-16383",
      `${first}`,
      `${first}-${first + random.below(3_000)}`,
      "",
    ]);
    const master = flags.includes("slave") ? id() : "-";
    return `${id()} ${place} ${flags} ${master} 0 1 ${random.below(9)} connected ${slots}`;
  }).join("\n");
}
