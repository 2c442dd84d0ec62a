import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bytes, concat, decodeBase64, encodeBase64, equal, hex, Refused, sha256, utf8 } from "./bytes.ts";
import { leafHash, TileTree, tilePath, verifyConsistency, verifyInclusion } from "./merkle.ts";
import { parseKey, parseNote, signedBy } from "./note.ts";
import { Policy } from "./policy.ts";
import { formatProofFile, openCheckpoint, parseProofFile, verifyProofFile } from "./proof.ts";

const vectors = join(import.meta.dirname, "../../../../../shared/vectors/record");
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;
const holds = (work: Promise<unknown>): Promise<boolean> => work.then(() => true, () => false);
const bytesOf = (text: string): Bytes => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

interface Signer {
  key: CryptoKey;
  vkey: string;
  id: Bytes;
  name: string;
}

async function makeSigner(name: string, algorithm: number): Promise<Signer> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = concat(Uint8Array.of(algorithm), new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = (await sha256(concat(utf8(`${name}\n`), raw))).slice(0, 4);
  return { key: pair.privateKey, name, id, vkey: `${name}+${hex(id)}+${encodeBase64(raw)}` };
}

async function line(signer: Signer, text: string, time_s?: number): Promise<string> {
  const message = time_s === undefined ? text : `cosignature/v1\ntime ${time_s}\n${text}`;
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", signer.key, utf8(message)));
  const time = new Uint8Array(time_s === undefined ? 0 : 8);
  if (time_s !== undefined) new DataView(time.buffer).setBigUint64(0, BigInt(time_s));
  return `\u2014 ${signer.name} ${encodeBase64(concat(signer.id, time, signature))}\n`;
}

// A log of its own, with its tiles, and two who cosign it.
const entries = Array.from({ length: 300 }, (_, i) => utf8(`entry ${i}`));
const tiles = new Map<string, Bytes>();

async function rootOf(begin: number, end: number): Promise<Bytes> {
  if (end - begin === 1) return leafHash(entries[begin]!);
  let k = 1;
  while (k * 2 < end - begin) k *= 2;
  return sha256(concat(Uint8Array.of(1), await rootOf(begin, begin + k), await rootOf(begin + k, end)));
}

async function layTiles(size: number): Promise<void> {
  const leaves = await Promise.all(entries.slice(0, size).map(leafHash));
  for (let n = 0; n * 256 < size; ++n) tiles.set(tilePath(0, n, size), concat(...leaves.slice(n * 256, (n + 1) * 256)));
  if (size >= 256) tiles.set(tilePath(1, 0, size), await rootOf(0, 256));
}

const readTile = (path: string): Promise<Bytes> => {
  const found = tiles.get(path);
  return found ? Promise.resolve(found) : Promise.reject(new Error(path));
};

let log: Signer;
let south: Signer;
let neutral: Signer;
let policy: Policy;
const origin = "north/line/south";
const times = { south: 1_800_000_000, neutral: 1_800_000_007 };

async function checkpointOf(size: number): Promise<string> {
  const text = `${origin}\n${size}\n${encodeBase64(await rootOf(0, size))}\n`;
  return `${text}\n${await line(log, text)}${await line(south, text, times.south)}${await line(neutral, text, times.neutral)}`;
}

async function proofOf(index: number, size: number): Promise<string> {
  await layTiles(size);
  return formatProofFile({ index, proof: await new TileTree(size, readTile).inclusion(index), checkpoint: await checkpointOf(size) });
}

const policyText = (group: string): string =>
  `# ours\nlog ${log.vkey}\nwitness south ${south.vkey}\nwitness neutral ${neutral.vkey} https://witness.example/\n${group}`;

beforeAll(async () => {
  log = await makeSigner(origin, 1);
  south = await makeSigner("south.example/mirror", 4);
  neutral = await makeSigner("neutral.example/w", 4);
  policy = await Policy.parse(policyText("group both all south neutral\nquorum both\n"));
});

describe("other people's vectors", () => {
  const present = existsSync(vectors);
  const cases = (kind: string): string[] =>
    present ? readdirSync(join(vectors, kind), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json")) : [];

  it.skipIf(!present)("inclusion proofs hold and fail as they should", async () => {
    const names = cases("inclusion");
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) {
      const v = readJson<{ leafIdx: number; treeSize: number; root: string; leafHash: string; proof: string[] | null; wantErr: boolean }>(join(vectors, "inclusion", name));
      const done = holds(verifyInclusion(v.leafIdx, bytesOf(v.leafHash), (v.proof ?? []).map(bytesOf), { size: v.treeSize, root: bytesOf(v.root) }));
      expect(await done, name).toBe(!v.wantErr);
    }
  });

  it.skipIf(!present)("consistency proofs hold and fail as they should", async () => {
    const names = cases("consistency");
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) {
      const v = readJson<{ size1: number; size2: number; root1: string; root2: string; proof: string[] | null; wantErr: boolean }>(join(vectors, "consistency", name));
      const done = holds(verifyConsistency({ size: v.size1, root: bytesOf(v.root1) }, { size: v.size2, root: bytesOf(v.root2) }, (v.proof ?? []).map(bytesOf)));
      expect(await done, name).toBe(!v.wantErr);
    }
  });

  it.skipIf(!present)("a signed note and checkpoints of others verify under their keys", async () => {
    const { signed_note } = readJson<{ signed_note: { vkey: string; note: string } }>(join(vectors, "c2sp_examples.json"));
    expect(await signedBy(parseNote(signed_note.note), await parseKey(signed_note.vkey))).toBe(0);
    const other = signed_note.note.replace("example message", "example massage");
    await expect(signedBy(parseNote(other), await parseKey(signed_note.vkey))).rejects.toThrow(Refused);
    const witness = readJson<{ log_vkey: string; steps: { body: string; status: number }[] }>(join(vectors, "witness_add_checkpoint.json"));
    const sigsum = await Policy.parse(`log ${witness.log_vkey}\nquorum none\n`);
    const bodies = witness.steps.filter((step) => step.status === 200).map((step) => step.body.slice(step.body.indexOf("\n\n") + 2));
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expect((await openCheckpoint(body, sigsum)).head.size).toBeGreaterThan(0);
  });
});

describe("a proof file", () => {
  it("holds for every entry of trees of many sizes, and for no other entry", async () => {
    for (const size of [1, 2, 3, 7, 8, 13, 255, 256, 257, 300]) {
      await layTiles(size);
      const head = { size, root: await rootOf(0, size) };
      const tree = new TileTree(size, readTile);
      for (const index of new Set([0, 1, 6, 127, 255, 256, size - 2, size - 1].filter((i) => i >= 0 && i < size))) {
        const proof = await tree.inclusion(index);
        await verifyInclusion(index, await leafHash(entries[index]!), proof, head);
        expect(await holds(verifyInclusion(index, await leafHash(utf8("another")), proof, head))).toBe(false);
      }
    }
  });

  it("says which log, which entry and by when enough had seen it", async () => {
    const proven = await verifyProofFile(await proofOf(7, 13), entries[7]!, policy);
    expect(proven).toMatchObject({ origin, index: 7, not_after_s: times.neutral });
    expect(proven.cosigned).toEqual([{ name: "south", time_s: times.south }, { name: "neutral", time_s: times.neutral }]);
    const anyOf = await Policy.parse(policyText("group one any south neutral\nquorum one\n"));
    expect((await verifyProofFile(await proofOf(7, 13), entries[7]!, anyOf)).not_after_s).toBe(times.south);
  });

  it("is refused with any byte of it, or of the entry, flipped", async () => {
    const file = utf8(await proofOf(2, 5));
    const entry = entries[2]!;
    expect(await holds(verifyProofFile(new TextDecoder().decode(file), entry, policy))).toBe(true);
    const read = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    for (let i = 0; i < file.length; ++i) {
      for (const bit of [1, 0x20, 0x80]) {
        const other = file.slice();
        other[i]! ^= bit;
        const done = (async () => verifyProofFile(read(other), entry, policy))();
        expect(await holds(done), `byte ${i}, bit ${bit}`).toBe(false);
      }
    }
    for (let i = 0; i < entry.length; ++i) {
      const other = entry.slice();
      other[i]! ^= 1;
      await expect(verifyProofFile(read(file), other, policy)).rejects.toMatchObject({ what: "tree" });
    }
  });

  it("is refused cut at any place and with anything behind it", async () => {
    const file = await proofOf(2, 5);
    for (let end = 0; end < file.length; ++end) expect(await holds(verifyProofFile(file.slice(0, end), entries[2]!, policy)), `${end}`).toBe(false);
    expect(await holds(verifyProofFile(`${file}\n`, entries[2]!, policy))).toBe(false);
    expect(await holds(verifyProofFile(file.replaceAll("\n", "\r\n"), entries[2]!, policy))).toBe(false);
  });

  it("says what is missing: the log's key, a signature, the quorum", async () => {
    const file = await proofOf(2, 5);
    const stranger = await makeSigner(origin, 1);
    const swapped = policyText("quorum none\n").replace(log.vkey, stranger.vkey);
    await expect(verifyProofFile(file, entries[2]!, await Policy.parse(swapped))).rejects.toMatchObject({ what: "key" });
    const lines = file.split("\n");
    const without = lines.filter((each) => !each.startsWith("\u2014 neutral")).join("\n");
    await expect(verifyProofFile(without, entries[2]!, policy)).rejects.toMatchObject({ what: "quorum" });
    // A time other than the one that was signed.
    const south_line = lines.findIndex((each) => each.startsWith("\u2014 south"));
    const signature = decodeBase64(lines[south_line]!.split(" ")[2]!, "");
    signature[11]! ^= 1;
    lines[south_line] = `\u2014 ${south.name} ${encodeBase64(signature)}`;
    await expect(verifyProofFile(lines.join("\n"), entries[2]!, policy)).rejects.toMatchObject({ what: "signature" });
    expect(parseProofFile(file).index).toBe(2);
  });
});

describe("two heads of one log", () => {
  it("are consistent when the newer one has all of the older, and refused when it has not", async () => {
    for (const [a, b] of [[1, 2], [3, 7], [4, 8], [6, 13], [255, 300], [256, 300], [257, 300], [300, 300]] as const) {
      await layTiles(b);
      const proof = await new TileTree(b, readTile).consistency(a);
      const [older, newer] = [{ size: a, root: await rootOf(0, a) }, { size: b, root: await rootOf(0, b) }];
      await verifyConsistency(older, newer, proof);
      const forked = { size: a, root: await sha256(older.root) };
      expect(await holds(verifyConsistency(forked, newer, proof))).toBe(false);
      expect(await holds(verifyConsistency(older, { size: b, root: forked.root }, proof))).toBe(false);
    }
  });
});

describe("keys and policies", () => {
  it("refuse what is not exactly one", async () => {
    const bad = [
      "", "log\nquorum none\n", `log ${log.vkey}\n`, `quorum none\n`, `log ${log.vkey}\nquorum nobody\n`,
      `log ${log.vkey}\nlog ${log.vkey}\nquorum none\n`, `log ${south.vkey}\nquorum none\n`,
      `log ${log.vkey.replace("+", "x+")}\nquorum none\n`, policyText("group g 3 south neutral\nquorum g\n"),
      policyText("group g 0 south\nquorum g\n"), policyText("group g all south\ngroup h any south\nquorum h\n"),
      policyText("quorum south\nquorum south\n"), `log ${log.vkey} a b\nquorum none\n`,
    ];
    for (const text of bad) await expect(Policy.parse(text), text).rejects.toThrow(Refused);
  });
  it("refuse keys under which one signature fits many messages", async () => {
    const raw = concat(Uint8Array.of(1), Uint8Array.of(1), new Uint8Array(31));
    const id = (await sha256(concat(utf8("a\n"), raw))).slice(0, 4);
    await expect(parseKey(`a+${hex(id)}+${encodeBase64(raw)}`)).rejects.toThrow(Refused);
  });
  it("read base64 and numbers in one spelling alone", () => {
    expect(equal(decodeBase64("AQI=", ""), Uint8Array.of(1, 2))).toBe(true);
    for (const text of ["AQI", "AQJ=", "AQI =", "AQI=\n", "!"]) expect(() => decodeBase64(text, ""), text).toThrow(Refused);
  });
  it("name tiles as others do", () => {
    expect(tilePath(0, 1_234_067, 1_234_067 * 256 + 3)).toBe("0/x001/x234/067.p/3");
    expect(tilePath(0, 0, 256)).toBe("0/000");
    expect(tilePath(1, 0, 70_000)).toBe("1/000");
    expect(tilePath(1, 1, 70_000)).toBe("1/001.p/17");
    expect(tilePath(0, 273, 70_000)).toBe("0/273.p/112");
  });
});
