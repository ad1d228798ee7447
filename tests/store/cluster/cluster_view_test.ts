/** Nodes that disagree about their cluster. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import {
  type ClusterAnswer,
  type ClusterState,
  ClusterView,
} from "../../../lib/store/cluster/cluster_view.ts";
import type { ClusterNode } from "../../../lib/store/cluster/topology.ts";

const LAST = 16_383;

interface Shape {
  readonly id: string;
  readonly epoch: number;
  readonly masterId?: string;
  readonly isFailed?: boolean;
  readonly slots?: readonly [number, number];
}

function addressOf(id: string): Address {
  return { hostname: id, port: 7_000 };
}

/** What the node `by` answers. */
function answer(by: string, ...shapes: readonly Shape[]): ClusterAnswer {
  const nodes = shapes.map(({ id, epoch, masterId, isFailed = false, slots }): ClusterNode => ({
    id,
    epoch,
    masterId,
    isFailed,
    address: addressOf(id),
    announced: id,
    isMyself: id === by,
    slots: slots === undefined ? [] : [{ first: slots[0], last: slots[1] }],
  }));
  return { asked: addressOf(by), nodes };
}

function ownerOf(state: ClusterState | undefined, slot: number): string | undefined {
  return state?.masters[state.owners[slot] ?? -1]?.address.hostname;
}

const OLD: readonly Shape[] = [
  { id: "m", epoch: 1, slots: [0, LAST] },
  { id: "r", epoch: 1, masterId: "m" },
  { id: "s", epoch: 1, masterId: "m" },
];

const NEW: readonly Shape[] = [
  { id: "m", epoch: 1, isFailed: true },
  { id: "r", epoch: 2, slots: [0, LAST] },
  { id: "s", epoch: 2, masterId: "r" },
];

Deno.test("cluster view: the higher epoch wins, in any order", () => {
  for (
    const answers of [
      [answer("m", ...OLD), answer("r", ...NEW), answer("s", ...NEW)],
      [answer("r", ...NEW), answer("s", ...NEW), answer("m", ...OLD)],
    ]
  ) {
    const state = new ClusterView().merge(answers, 3);
    assert.equal(ownerOf(state, 5), "r");
    const master = state?.masters.find(({ address }) => address.hostname === "r");
    assert.deepEqual(master?.replicas, [{ address: addressOf("s"), isFailed: false }]);
  }
});

Deno.test("cluster view: a node that the others have left behind never wins", () => {
  const view = new ClusterView();
  assert.equal(ownerOf(view.merge([answer("m", ...OLD)], 3), 5), "m");
  assert.equal(ownerOf(view.merge([answer("s", ...NEW)], 3), 5), "r", "one node knows the news");
  assert.equal(
    ownerOf(view.merge([answer("m", ...OLD)], 3), 5),
    "r",
    "only the old master answers",
  );
});

Deno.test("cluster view: more than half of the nodes may also return to a lower epoch", () => {
  const view = new ClusterView();
  view.merge([answer("r", ...NEW)], 3);
  assert.equal(ownerOf(view.merge([answer("m", ...OLD), answer("s", ...OLD)], 3), 5), "m");
});

Deno.test("cluster view: slots that no node has any more have no master", () => {
  const view = new ClusterView();
  view.merge([answer("m", ...OLD)], 3);
  const without: Shape[] = [{ id: "m", epoch: 1, slots: [0, 9] }];
  assert.equal(ownerOf(view.merge([answer("m", ...without)], 3), 10), "m", "one of three says so");
  assert.equal(ownerOf(view.merge([answer("m", ...without)], 1), 10), undefined);
  assert.equal(ownerOf(view.merge([answer("m", ...without)], 1), 9), "m");
});

Deno.test("cluster view: of equal epochs the earlier claim counts", () => {
  const view = new ClusterView();
  const a: Shape = { id: "a", epoch: 3, slots: [0, LAST] }, b: Shape = { ...a, id: "b" };
  const both = (first: Shape, second: Shape) => [
    answer(first.id, first, { ...second, slots: [1, 0] }),
    answer(second.id, second, { ...first, slots: [1, 0] }),
  ];
  assert.equal(ownerOf(view.merge(both(a, b), 2), 1), "a");
  assert.equal(ownerOf(view.merge(both(b, a), 2), 1), "a");
});

Deno.test("cluster view: a replica has failed if most nodes say so", () => {
  const failed = OLD.map((node) => node.id === "r" ? { ...node, isFailed: true } : node);
  const failures = (...answers: readonly ClusterAnswer[]) =>
    new ClusterView().merge(answers, 3)?.masters[0]?.replicas.map(({ isFailed }) => isFailed);
  assert.deepEqual(failures(answer("m", ...failed), answer("s", ...failed), answer("r", ...OLD)), [
    true,
    false,
  ]);
  assert.deepEqual(failures(answer("m", ...failed), answer("s", ...OLD), answer("r", ...OLD)), [
    false,
    false,
  ]);
});

Deno.test("cluster view: no node, no state", () => {
  assert.equal(new ClusterView().merge([], 3), undefined);
  assert.equal(new ClusterView().merge([answer("m")], 3), undefined);
});
