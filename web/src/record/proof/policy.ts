// Whose word is enough (C2SP tlog-policy), as src/record/policy.h reads it. A policy is the reader's own: it comes from
// people who have compared keys, never from the node that is checked.
import { equal, Refused } from "./bytes.ts";
import { type Algorithm, parseKey, type VerifierKey } from "./note.ts";

interface Member {
  name: string;
  witness?: number;
  threshold: number;
  members: number[];
  taken: boolean;
}

export class Policy {
  readonly logs: VerifierKey[] = [];
  readonly witnesses: { name: string; key: VerifierKey }[] = [];
  readonly #nodes: Member[] = [];
  #quorum: number | null | undefined;

  static async parse(text: string): Promise<Policy> {
    const policy = new Policy();
    const lines = text.split(/\r?\n/);
    for (const [i, line] of lines.entries()) {
      const items = line.split(/[ \t]+/).filter(Boolean);
      if (items.length === 0 || items[0]!.startsWith("#")) continue;
      await policy.#read(items, `line ${i + 1}`);
    }
    if (policy.logs.length === 0 || policy.#quorum === undefined) throw new Refused("form", "log, quorum");
    return policy;
  }

  async #read(items: string[], where: string): Promise<void> {
    const refuse = (): never => {
      throw new Refused("form", where);
    };
    const [word, a = "", b = ""] = items;
    if (word === "log" && (items.length === 2 || items.length === 3)) {
      this.logs.push(await this.#key(a, "log", where, this.logs));
    } else if (word === "witness" && (items.length === 3 || items.length === 4)) {
      this.#checkNew(a, where);
      const key = await this.#key(b, "cosignature", where, this.witnesses.map((witness) => witness.key));
      this.#nodes.push({ name: a, witness: this.witnesses.length, threshold: 1, members: [], taken: false });
      this.witnesses.push({ name: a, key });
    } else if (word === "group" && items.length >= 4) {
      this.#group(a, b, items.slice(3), where);
    } else if (word === "quorum" && items.length === 2 && this.#quorum === undefined) {
      const found = this.#find(a);
      this.#quorum = a === "none" ? null : found >= 0 ? found : refuse();
    } else {
      refuse();
    }
  }

  #find(name: string): number {
    return this.#nodes.findIndex((node) => node.name === name);
  }

  #checkNew(name: string, where: string): void {
    if (name === "none" || this.#find(name) >= 0) throw new Refused("form", where);
  }

  async #key(text: string, algorithm: Algorithm, where: string, others: VerifierKey[]): Promise<VerifierKey> {
    const key = await parseKey(text);
    if (key.algorithm !== algorithm || others.some((other) => equal(other.publicKey, key.publicKey))) throw new Refused("form", where);
    return key;
  }

  #group(name: string, count: string, names: string[], where: string): void {
    this.#checkNew(name, where);
    const members = names.map((each) => {
      const found = this.#find(each);
      if (found < 0 || this.#nodes[found]!.taken) throw new Refused("form", where);
      this.#nodes[found]!.taken = true;
      return found;
    });
    const threshold = count === "all" ? members.length : count === "any" ? 1 : /^[1-9]\d*$/.test(count) ? Number(count) : 0;
    if (threshold < 1 || threshold > members.length) throw new Refused("form", where);
    this.#nodes.push({ name, threshold, members, taken: false });
  }

  #holds(cosigned: ReadonlySet<number>): boolean {
    if (this.#quorum === null || this.#quorum === undefined) return true;
    const holds: boolean[] = [];
    for (const node of this.#nodes) {
      const is = node.witness === undefined ? node.members.filter((m) => holds[m]).length >= node.threshold : cosigned.has(node.witness);
      holds.push(is);
    }
    return holds[this.#quorum] ?? false;
  }

  // The earliest time by which enough had cosigned; null when nobody needs to, and nobody has.
  quorumTime(times: ReadonlyMap<number, number>): number | null {
    const cosigned = new Set<number>();
    for (const [witness, time_s] of [...times].sort((x, y) => x[1] - y[1])) {
      cosigned.add(witness);
      if (this.#holds(cosigned)) return time_s;
    }
    if (this.#holds(cosigned)) return null;
    throw new Refused("quorum", `${times.size} / ${this.witnesses.length}`);
  }
}
