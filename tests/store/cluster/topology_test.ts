/** What nodes say of their cluster, from any text. */
import assert from "assert";
import fc from "fast-check";
import {
  parseClientAddresses,
  parseClusterNodes,
  parseEndpoint,
  parseReplicationInfo,
} from "../../../lib/store/cluster/topology.ts";
import { actionFor, parseRedirection } from "../../../lib/store/cluster/refusals.ts";
import type { ReplyValue } from "../../../lib/store/node_link.ts";

const ASKED = { hostname: "asked.example", port: 7_000 };

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(40));

const NODES =
  `${A} 127.0.0.1:7000@17000,host.example,shard-id=1 myself,master - 0 0 7 connected 0-5460 7000 [93->-${B}]
${B} ::1:7001@17001 slave ${A} 0 1 7 connected
${C} :7002@17002 master,fail - 1 0 3 disconnected 5461-6999
${C} 127.0.0.1:0@0 master,noaddr - 1 0 3 disconnected
${C} 127.0.0.1:1@1 handshake - 1 0 3 disconnected
${C} 127.0.0.1:7003@17003 master - 1 0 x connected
${C} 127.0.0.1:7003@17003 master - 1 0 4 connected 5-1 16384 a-b 9-99999
`;

Deno.test("topology: CLUSTER NODES", () => {
  assert.deepEqual(parseClusterNodes(NODES, ASKED), [
    {
      id: A,
      address: { hostname: "127.0.0.1", port: 7_000 },
      announced: "127.0.0.1:7000@17000,host.example,shard-id=1",
      isMyself: true,
      masterId: undefined,
      isFailed: false,
      epoch: 7,
      slots: [{ first: 0, last: 5_460 }, { first: 7_000, last: 7_000 }],
    },
    {
      id: B,
      address: { hostname: "::1", port: 7_001 },
      announced: "::1:7001@17001",
      isMyself: false,
      masterId: A,
      isFailed: false,
      epoch: 7,
      slots: [],
    },
    {
      id: C,
      address: { hostname: "asked.example", port: 7_002 },
      announced: ":7002@17002",
      isMyself: false,
      masterId: undefined,
      isFailed: true,
      epoch: 3,
      slots: [{ first: 5_461, last: 6_999 }],
    },
    {
      id: C,
      address: { hostname: "127.0.0.1", port: 7_003 },
      announced: "127.0.0.1:7003@17003",
      isMyself: false,
      masterId: undefined,
      isFailed: false,
      epoch: 4,
      slots: [],
    },
  ]);
});

Deno.test("topology: CLUSTER SLOTS has the addresses for clients", () => {
  const reply = [
    [0, 5_460, ["name.example", 7_000, "a", []], [null, 7_001, "b", []]],
    [5_461, 9, ["", 7_002, "c"], ["x y", 1, "d"], [1, 2, 3], null, 7],
    "x",
  ];
  assert.deepEqual(
    parseClientAddresses(reply, ASKED),
    new Map([
      ["a", { hostname: "name.example", port: 7_000 }],
      ["b", { hostname: "asked.example", port: 7_001 }],
      ["c", { hostname: "asked.example", port: 7_002 }],
    ]),
  );
});

Deno.test("topology: INFO replication", () => {
  const text = "# Replication\r\nrole:master\r\nconnected_slaves:3\r\n" +
    "slave0:ip=127.0.0.1,port=1,state=online,offset=5,lag=1\r\n" +
    "slave1:ip=127.0.0.1,port=2,state=online,offset=5,lag=9\r\n" +
    "slave2:ip=127.0.0.1,port=3,state=wait_bgsave,offset=0,lag=0\r\nmaster_replid:x\r\n";
  assert.deepEqual(parseReplicationInfo(text), { online: 1, syncing: 1 });
  assert.deepEqual(parseReplicationInfo("role:slave\r\n"), {
    online: 0,
    syncing: 0,
  });
});

Deno.test("topology: redirections", () => {
  assert.deepEqual(parseRedirection("MOVED 3999 127.0.0.1:6381", ASKED), {
    slot: 3_999,
    address: { hostname: "127.0.0.1", port: 6_381 },
  });
  assert.deepEqual(parseRedirection("ASK 1 :6381", ASKED), {
    slot: 1,
    address: { hostname: "asked.example", port: 6_381 },
  });
  assert.deepEqual(parseRedirection("MOVED 1 fe80::1:6381", ASKED)?.address.hostname, "fe80::1");
  for (
    const text of ["MOVED", "MOVED x y:1", "MOVED 1 host", "MOVED 1 host:0", "MOVED 1 host:65536"]
  ) {
    assert.equal(parseRedirection(text, ASKED), undefined, text);
  }
});

Deno.test("topology: any text is read without an error", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(A, B, "master", "slave", "-", "0-5", "127.0.0.1:7000@17000", ":1@2", "?:1"),
  );
  fc.assert(fc.property(fc.array(fc.array(word)), (lines) => {
    const text = lines.map((words) => words.join(" ")).join("\n");
    for (const { address, slots, epoch } of parseClusterNodes(text, ASKED)) {
      assert(address.port >= 1 && address.port <= 65_535 && Number.isSafeInteger(epoch));
      for (const { first, last } of slots) assert(first <= last && last < 16_384);
    }
    parseReplicationInfo(text);
    parseRedirection(text, ASKED);
    parseEndpoint(text, "");
    actionFor(text);
  }));
  const { reply } = fc.letrec<{ reply: ReplyValue }>((tie) => ({
    reply: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, 7_000, ""),
      fc.string(),
      fc.integer(),
      fc.array(tie("reply")),
    ),
  }));
  fc.assert(fc.property(reply, (value) => {
    for (const { port } of parseClientAddresses(value, ASKED).values()) assert(port >= 1);
  }));
});
