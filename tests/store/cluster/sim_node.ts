/**
 * A simulated node of a cluster: it executes commands, copies its changes to its replicas after a while,
 * and acts on what it believes about the cluster, which may be out of date.
 *
 * One file because connections, commands and copies of a node share one state.
 */
import assert from "assert";
import calculateSlot from "cluster-key-slot";
import { type Address, addressText } from "../../../lib/base/address.ts";
import { Fifo } from "../../../lib/base/fifo.ts";
import { AskCommand } from "../../../lib/store/ask_command.ts";
import type { LinkCommand } from "../../../lib/store/node_link.ts";
import { RespReader } from "../../../lib/store/resp_reader.ts";
import { REMOVE } from "../../../lib/store/scripts.ts";
import { utf8 } from "../../helpers/streams.ts";
import { type Later, SimSocket } from "./sim_socket.ts";

/** What a node believes about the cluster. */
export interface Belief {
  readonly version: number;
  /** The master of each slot. */
  readonly owners: readonly SimNode[];
  /** The master of each replica. */
  readonly masterOf: ReadonlyMap<SimNode, SimNode>;
  readonly epochs: ReadonlyMap<SimNode, number>;
  readonly failed: ReadonlySet<SimNode>;
}

/** The value of a key, and the writes that made it, in order. */
export interface SimValue {
  readonly fields: Map<string, string>;
  readonly writes: string[];
}

/** What nodes need from their cluster. */
export interface SimWorld extends Later {
  readonly nodes: readonly SimNode[];
  /** A write was executed by a node that believes to be the master. */
  onExecuted(write: string): void;
  /** The error of a random refusal; undefined: none. */
  refusal(words: readonly string[]): string | undefined;
}

interface Connection {
  readonly id: number;
  readonly socket: SimSocket;
  readonly commands: string[][];
  isAsking: boolean;
  isOpen: boolean;
  /** The offset of its last write. */
  offset: number;
  /** Set while it waits for replicas. */
  wait: { readonly replicas: number; isOver: boolean } | undefined;
}

/** The copying of changes to one replica. */
interface Stream {
  readonly replica: SimNode;
  isOpen: boolean;
  isOnline: boolean;
  confirmed: number;
}

const NIL = "$-1\r\n";

/** A node. */
export class SimNode {
  readonly address: Address;
  readonly id: string;
  readonly data = new Map<string, SimValue>();
  belief: Belief | undefined;
  state: "running" | "paused" | "down" = "running";
  /** Whether other nodes cannot reach it; clients can. */
  isIsolated = false;
  /** Whether it has found that it is in the minority. */
  isMinority = false;
  readonly migrating = new Map<number, SimNode>();
  readonly importing = new Set<number>();
  /** Number of changes that it has executed or copied. */
  offset = 0;
  streams: Stream[] = [];
  readonly #world: SimWorld;
  #runs = 1;
  #connections = new Map<number, Connection>();
  #lastId = 10;
  #hasScripts = true;
  /** What arrives while it is paused or isolated. */
  #backlog: (() => void)[] = [];

  constructor(number: number, world: SimWorld) {
    this.#world = world;
    this.address = { hostname: "10.0.0.1", port: 7_000 + number };
    this.id = String(number).repeat(40).slice(0, 40);
  }

  get isMaster(): boolean {
    return this.belief?.masterOf.has(this) === false;
  }

  /** Loses the scripts. */
  flushScripts(): void {
    this.#hasScripts = false;
  }

  /** Runs work as soon as the node is not paused; never if it goes down before. */
  run(work: () => void): void {
    if (this.state === "paused") this.#backlog.push(work);
    else if (this.state === "running") work();
  }

  /** Stops or resumes the process. */
  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "running";
    for (const work of this.#backlog.splice(0)) this.run(work);
  }

  /** Ends the process. */
  kill(): void {
    this.state = "down";
    this.#backlog = [];
    this.breakConnections();
    this.#connections.clear();
    this.#closeStreams();
    for (const node of this.#world.nodes) {
      for (const stream of node.streams) if (stream.replica === this) stream.isOpen = false;
    }
  }

  /** Starts the process again. */
  start(): void {
    this.state = "running";
    this.#runs++;
    this.#lastId = 10;
    this.isIsolated = this.isMinority = false;
  }

  /** Breaks all connections of clients. */
  breakConnections(): void {
    for (const connection of this.#connections.values()) {
      const delayMs = 1 + this.#world.random.below(200);
      connection.socket.breakDown(delayMs);
      // The node notices it when it has read what has arrived.
      this.#world.later(delayMs + 1, () => this.run(() => this.#drop(connection)));
    }
  }

  /** Connects a client. @throws {Error} if the process is down */
  connect(): { socket: SimSocket; id: number } {
    if (this.state === "down") throw new Error("connection refused");
    const id = ++this.#lastId;
    const received = new Fifo<LinkCommand>();
    const expect = () => {
      const resolve = (words: unknown) => {
        connection.commands.push(Array.isArray(words) ? words.map(String) : []);
        expect();
      };
      received.push(new AskCommand([], { resolve, reject() {} }));
    };
    expect();
    // A command has the form of a reply: an array of strings.
    const reader = new RespReader(received);
    const runs = this.#runs;
    const socket = new SimSocket(
      this.#world,
      1 + this.#world.random.below(8),
      (bytes) =>
        this.run(() => {
          if (this.#runs !== runs || !connection.isOpen) return;
          reader.push(bytes);
          this.#execute(connection);
        }),
      () => this.run(() => this.#drop(connection)),
    );
    const connection: Connection = {
      id,
      socket,
      commands: [],
      isAsking: false,
      isOpen: true,
      offset: 0,
      wait: undefined,
    };
    this.#connections.set(id, connection);
    return { socket, id };
  }

  /** Acts on news about the cluster. */
  believe(belief: Belief): void {
    if (this.belief !== undefined && belief.version <= this.belief.version) return;
    const before = this.belief?.masterOf.get(this), after = belief.masterOf.get(this);
    const wasMaster = this.belief !== undefined && before === undefined;
    this.belief = belief;
    if (wasMaster && after !== undefined) {
      this.#closeStreams();
      for (const connection of this.#connections.values()) {
        if (connection.wait === undefined) continue;
        connection.wait.isOver = true;
        this.#endWait(connection, "-UNBLOCKED force unblock, the role has changed\r\n");
      }
    }
    if (after !== undefined && after !== before) this.follow(after);
  }

  /** Becomes a replica: copies everything, then each change. */
  follow(master: SimNode): void {
    const stream: Stream = { replica: this, isOpen: true, isOnline: false, confirmed: -1 };
    this.#world.later(5 + this.#world.random.below(100), () =>
      master.run(() => {
        const isWanted = this.belief?.masterOf.get(this) === master && this.state === "running" &&
          master.isMaster && !master.isIsolated && !this.isIsolated;
        if (!isWanted) {
          if (this.belief?.masterOf.get(this) === master && this.state !== "down") {
            this.follow(master);
          }
          return;
        }
        for (const old of master.streams) if (old.replica === this) old.isOpen = false;
        master.streams = [...master.streams.filter(({ isOpen }) => isOpen), stream];
        this.data.clear();
        for (const [key, { fields, writes }] of master.data) {
          this.data.set(key, { fields: new Map(fields), writes: [...writes] });
        }
        this.offset = master.offset;
        stream.isOnline = true;
        this.#confirm(stream, master, master.offset);
      }));
  }

  /** Changes a key here, and later at the replicas. */
  change(key: string, work: (value: SimValue) => void): void {
    const apply = (node: SimNode) => {
      const value = node.data.get(key) ?? { fields: new Map(), writes: [] };
      work(value);
      node.data.set(key, value);
      node.offset++;
    };
    apply(this);
    this.#copy(apply);
  }

  /** A write that leaves everything as it is. */
  touch(): void {
    const apply = (node: SimNode) => void node.offset++;
    apply(this);
    this.#copy(apply);
  }

  /** Removes a key here, and later at the replicas. */
  drop(key: string): void {
    const apply = (node: SimNode) => {
      node.data.delete(key);
      node.offset++;
    };
    apply(this);
    this.#copy(apply);
  }

  #copy(apply: (node: SimNode) => void): void {
    const { offset } = this;
    for (const stream of this.streams) {
      const { replica } = stream;
      const arrive = () => {
        if (!stream.isOpen) return;
        // A partition holds back what is in flight.
        if (this.isIsolated || replica.isIsolated) return this.#world.later(20, arrive);
        replica.run(() => {
          if (!stream.isOpen || replica.belief?.masterOf.get(replica) !== this) return;
          // Changes arrive in order: an earlier one may have been held back.
          if (replica.offset !== offset - 1) return this.#world.later(1, arrive);
          apply(replica);
          this.#confirm(stream, this, offset);
        });
      };
      this.#world.later(1 + this.#world.random.below(8), arrive);
    }
  }

  #confirm(stream: Stream, master: SimNode, offset: number): void {
    const arrive = () => {
      if (master.isIsolated || stream.replica.isIsolated) return this.#world.later(20, arrive);
      master.run(() => {
        if (!stream.isOpen) return;
        stream.confirmed = Math.max(stream.confirmed, offset);
        for (const connection of master.#connections.values()) master.#checkWait(connection);
      });
    };
    this.#world.later(1 + this.#world.random.below(4), arrive);
  }

  #closeStreams(): void {
    for (const stream of this.streams) stream.isOpen = false;
    this.streams = [];
  }

  #drop(connection: Connection): void {
    connection.isOpen = false;
    this.#connections.delete(connection.id);
  }

  #execute(connection: Connection): void {
    while (connection.isOpen && connection.wait === undefined) {
      const words = connection.commands.shift();
      if (words === undefined) return;
      const reply = this.#reply(connection, words);
      if (words[0] !== "ASKING") connection.isAsking = false;
      if (reply !== undefined) this.#send(connection, reply);
    }
  }

  /** In two pieces, sometimes. */
  #send({ socket }: Connection, reply: string): void {
    const bytes = utf8(reply);
    const middle = this.#world.random.below(bytes.length);
    if (this.#world.random.below(5) > 0) return socket.deliver(bytes);
    if (middle > 0) socket.deliver(bytes.slice(0, middle));
    socket.deliver(bytes.slice(middle));
  }

  #reply(connection: Connection, words: readonly string[]): string | undefined {
    const [name = "", first = "", second = ""] = words;
    switch (`${name} ${first}`) {
      case "CLUSTER NODES":
        return bulk(this.#nodesText());
      case "CLUSTER SLOTS":
        return "-NOPERM this user has no permissions\r\n";
      case "INFO replication":
        return bulk(this.#replicationText());
      case "INFO server":
        return bulk(`run_id:${this.id}r${this.#runs}\r\n`);
      case "CLIENT KILL":
        return this.#killClient(Number(words[3]));
      case "SCRIPT LOAD":
        this.#hasScripts = true;
        return bulk("sha");
    }
    if (name === "ASKING") {
      connection.isAsking = true;
      return "+OK\r\n";
    }
    if (name === "WAIT") return this.#wait(connection, Number(first), Number(second));
    const key = name === "EVALSHA" || name === "EVAL" ? words[3] ?? "" : first;
    return this.#misdirected(connection, key) ?? this.#world.refusal(words) ??
      this.#executeOn(connection, key, words);
  }

  #misdirected(connection: Connection, key: string): string | undefined {
    const slot = calculateSlot(key);
    if (this.isMinority) return "-CLUSTERDOWN The cluster is down\r\n";
    const owner = this.belief?.owners[slot];
    if (owner === undefined) return "-CLUSTERDOWN Hash slot not served\r\n";
    const target = this.migrating.get(slot);
    if (owner === this && target !== undefined && !this.data.has(key)) {
      return `-ASK ${slot} ${addressText(target.address)}\r\n`;
    }
    if (owner === this || connection.isAsking && this.importing.has(slot)) return undefined;
    return `-MOVED ${slot} ${addressText(owner.address)}\r\n`;
  }

  #executeOn(connection: Connection, key: string, words: readonly string[]): string {
    const fields = this.data.get(key)?.fields;
    const [name, , field = "", value = ""] = words;
    if (name === "HGET") return bulk(fields?.get(field));
    if (name === "EVALSHA") {
      if (!this.#hasScripts) return "-NOSCRIPT No matching script\r\n";
      assert.equal(words[1], REMOVE.sha);
      const [, , , , removed = "", write = ""] = words;
      const found = fields?.get(removed);
      if (found === undefined) return NIL;
      this.#world.onExecuted(write);
      this.change(key, ({ fields, writes }) => {
        fields.delete(removed);
        writes.push(write);
      });
      connection.offset = this.offset;
      return bulk(found);
    }
    if (name === "EVAL") {
      this.touch(); // the fence
      connection.offset = this.offset;
      return ":1\r\n";
    }
    assert.equal(name, "HSET");
    this.#world.onExecuted(value);
    this.change(key, ({ fields, writes }) => {
      fields.set(field, value);
      writes.push(value);
    });
    connection.offset = this.offset;
    return ":1\r\n";
  }

  #wait(connection: Connection, replicas: number, timeoutMs: number): string | undefined {
    if (!this.isMaster) return "-ERR WAIT cannot be used with replica instances\r\n";
    const confirmed = this.#confirmedBy(connection);
    if (confirmed >= replicas) return `:${confirmed}\r\n`;
    const wait = { replicas, isOver: false };
    connection.wait = wait;
    this.#world.later(timeoutMs, () =>
      this.run(() => {
        if (wait.isOver || !connection.isOpen) return;
        wait.isOver = true;
        this.#endWait(connection, `:${this.#confirmedBy(connection)}\r\n`);
      }));
    return undefined;
  }

  #checkWait(connection: Connection): void {
    const { wait } = connection;
    if (wait === undefined || wait.isOver) return;
    const confirmed = this.#confirmedBy(connection);
    if (confirmed < wait.replicas) return;
    wait.isOver = true;
    this.#endWait(connection, `:${confirmed}\r\n`);
  }

  #endWait(connection: Connection, reply: string): void {
    connection.wait = undefined;
    this.#send(connection, reply);
    this.#execute(connection);
  }

  #confirmedBy({ offset }: Connection): number {
    return this.streams.filter((stream) => stream.isOpen && stream.confirmed >= offset).length;
  }

  #killClient(id: number): string {
    const connection = this.#connections.get(id);
    if (connection === undefined) return "-ERR No such client\r\n";
    this.#drop(connection);
    return ":1\r\n";
  }

  #nodesText(): string {
    const { belief } = this;
    if (belief === undefined) return "";
    return this.#world.nodes.map((node) => {
      const master = belief.masterOf.get(node);
      const flags = [
        ...(node === this ? ["myself"] : []),
        master === undefined ? "master" : "slave",
        ...(belief.failed.has(node) ? ["fail"] : []),
      ];
      const { hostname, port } = node.address;
      const host = node === this ? "" : hostname;
      const epoch = belief.epochs.get(master ?? node) ?? 0;
      const ranges = master === undefined ? rangesOf(belief.owners, node) : [];
      return `${node.id} ${host}:${port}@1${port} ${flags.join()} ${
        master?.id ?? "-"
      } 0 0 ${epoch} connected ${ranges.join(" ")}\n`;
    }).join("");
  }

  #replicationText(): string {
    const streams = this.streams.filter(({ isOpen }) => isOpen);
    const lines = streams.map(({ isOnline }, at) =>
      `slave${at}:ip=10.0.0.1,port=1,state=${isOnline ? "online" : "send_bulk"},offset=1,lag=0\r\n`
    );
    return `role:${this.isMaster ? "master" : "slave"}\r\n${lines.join("")}`;
  }
}

function bulk(text: string | undefined): string {
  return text === undefined ? NIL : `$${utf8(text).length}\r\n${text}\r\n`;
}

function rangesOf(owners: readonly SimNode[], node: SimNode): string[] {
  const ranges: string[] = [];
  for (let slot = 0, first = 0; slot < owners.length; slot++) {
    if (owners[slot] !== node) first = slot + 1;
    else if (owners[slot + 1] !== node) {
      ranges.push(first === slot ? `${slot}` : `${first}-${slot}`);
    }
  }
  return ranges;
}
