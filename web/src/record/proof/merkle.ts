// The tree of a log (RFC 6962): what is proven under its head, and how a proof is made of the tiles that anybody serves.
import { type Bytes, concat, equal, Refused, sha256 } from "./bytes.ts";

export interface Head {
  size: number;
  root: Bytes;
}

export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(concat(Uint8Array.of(0), entry));
const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(concat(Uint8Array.of(1), left, right));
const hash_bytes = 32;
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;

export async function verifyInclusion(index: number, leaf: Bytes, proof: readonly Bytes[], head: Head): Promise<void> {
  if (leaf.length !== hash_bytes || index >= head.size) throw new Refused("tree", `entry ${index} of ${head.size}`);
  let at = index;
  let last = head.size - 1;
  let hash = leaf;
  for (const other of proof) {
    if (last === 0) throw new Refused("tree", "the proof is too long");
    if (isOdd(at) || at === last) {
      hash = await nodeHash(other, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = await nodeHash(hash, other);
    }
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0 || !equal(hash, head.root)) throw new Refused("tree", `entry ${index}`);
}

// That the newer head has everything of the older one, which must have something.
export async function verifyConsistency(older: Head, newer: Head, proof: readonly Bytes[]): Promise<void> {
  const refuse = (): never => {
    throw new Refused("tree", `${older.size}, ${newer.size}`);
  };
  if (older.size < 1 || older.size > newer.size) refuse();
  if (older.size === newer.size) {
    if (proof.length > 0 || !equal(older.root, newer.root)) refuse();
    return;
  }
  let at = older.size - 1;
  let last = newer.size - 1;
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  // A size that is a power of two is a node itself: then its root begins the proof.
  const hashes = at === 0 ? [older.root, ...proof] : [...proof];
  const first = hashes.shift() ?? refuse();
  let [was, is] = [first, first];
  for (const other of hashes) {
    if (last === 0) refuse();
    if (isOdd(at) || at === last) {
      was = await nodeHash(other, was);
      is = await nodeHash(other, is);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      is = await nodeHash(is, other);
    }
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0 || !equal(was, older.root) || !equal(is, newer.root)) refuse();
}

// ---- Proofs made of tiles (C2SP tlog-tiles). What comes of wrong tiles is a proof that does not hold.

const tile_hashes = 256;
const tile_levels = 8;

// The path of a tile below the log, for a tree of `size` entries: "0/x001/234.p/112".
export function tilePath(level: number, index: number, size: number): string {
  const stored = Math.floor(size / tile_hashes ** level);
  const width = Math.min(tile_hashes, stored - index * tile_hashes);
  const digits = String(index).padStart(3, "0");
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g)!;
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `${level}/${name}${width < tile_hashes ? `.p/${width}` : ""}`;
}

export type ReadTile = (path: string) => Promise<Bytes>;

export class TileTree {
  readonly #size: number;
  readonly #read: ReadTile;
  readonly #tiles = new Map<string, Promise<Bytes>>();

  constructor(size: number, read: ReadTile) {
    this.#size = size;
    this.#read = read;
  }

  // The hash of 2^level entries beginning with index * 2^level.
  async #node(level: number, index: number): Promise<Bytes> {
    const tileLevel = Math.floor(level / tile_levels);
    const count = 2 ** (level % tile_levels);
    const first = index * count;
    const path = tilePath(tileLevel, Math.floor(first / tile_hashes), this.#size);
    if (!this.#tiles.has(path)) this.#tiles.set(path, this.#read(path));
    const tile = await this.#tiles.get(path)!;
    const begin = (first % tile_hashes) * hash_bytes;
    let hashes: Bytes[] = [];
    for (let i = 0; i < count; ++i) hashes.push(tile.slice(begin + i * hash_bytes, begin + (i + 1) * hash_bytes));
    if (hashes.some((hash) => hash.length !== hash_bytes)) throw new Refused("tree", `tile ${path}`);
    while (hashes.length > 1) {
      const pairs: Promise<Bytes>[] = [];
      for (let i = 0; i < hashes.length; i += 2) pairs.push(nodeHash(hashes[i]!, hashes[i + 1]!));
      hashes = await Promise.all(pairs);
    }
    return hashes[0]!;
  }

  async #range(begin: number, end: number): Promise<Bytes> {
    const count = end - begin;
    const left = leftOf(count);
    if (left === count) return this.#node(Math.log2(count), begin / count);
    return nodeHash(await this.#range(begin, begin + left), await this.#range(begin + left, end));
  }

  async inclusion(index: number, begin = 0, end = this.#size): Promise<Bytes[]> {
    if (end - begin <= 1) return [];
    const middle = begin + splitOf(end - begin);
    return index < middle
      ? [...(await this.inclusion(index, begin, middle)), await this.#range(middle, end)]
      : [...(await this.inclusion(index, middle, end)), await this.#range(begin, middle)];
  }

  consistency(older: number): Promise<Bytes[]> {
    return this.#subproof(older, 0, this.#size, true);
  }

  async #subproof(older: number, begin: number, end: number, whole: boolean): Promise<Bytes[]> {
    if (older === end) return whole ? [] : [await this.#range(begin, end)];
    const middle = begin + splitOf(end - begin);
    return older <= middle
      ? [...(await this.#subproof(older, begin, middle, whole)), await this.#range(middle, end)]
      : [...(await this.#subproof(older, middle, end, false)), await this.#range(begin, middle)];
  }
}

// The largest power of two that is at most n, and that is below n.
const leftOf = (n: number): number => 2 ** Math.floor(Math.log2(n));
const splitOf = (n: number): number => (leftOf(n) === n ? n / 2 : leftOf(n));
