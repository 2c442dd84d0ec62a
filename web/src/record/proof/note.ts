// Signed notes and their keys (C2SP signed-note, tlog-cosignature), as src/record/signed_note.h reads them.
import { type Bytes, concat, decodeBase64, equal, hex, Refused, sha256, subtle, utf8 } from "./bytes.ts";

export type Algorithm = "log" | "cosignature";
const algorithms: Record<number, Algorithm> = { 1: "log", 4: "cosignature" };

export interface VerifierKey {
  name: string;
  algorithm: Algorithm;
  id: Bytes;
  publicKey: Bytes;
  text: string;
}

// Under these points of small order one signature fits many messages; the top bit is the sign.
const smallOrder = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);
function isSmall(point: Uint8Array): boolean {
  const masked = Uint8Array.from(point);
  masked[31]! &= 0x7f;
  return smallOrder.has(hex(masked));
}

// Spaces of Unicode and control characters are none of a name's.
const isName = (text: string): boolean => text.length > 0 && text.length <= 255 && !/[\s\p{Cc}\p{Z}+]/u.test(text);

export async function parseKey(text: string): Promise<VerifierKey> {
  const where = `vkey ${text.slice(0, 60)}`;
  // Base64 has a '+' of its own: only the first two divide.
  const parts = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text);
  if (!parts) throw new Refused("form", where);
  const [, name = "", id = "", key = ""] = parts;
  const bytes = decodeBase64(key, where);
  const algorithm = algorithms[bytes[0] ?? 0];
  if (!isName(name) || !algorithm || bytes.length !== 33 || isSmall(bytes.subarray(1))) throw new Refused("form", where);
  const expected = (await sha256(concat(utf8(`${name}\n`), bytes))).slice(0, 4);
  if (hex(expected) !== id) throw new Refused("form", where);
  return { name, algorithm, id: expected, publicKey: bytes.slice(1), text };
}

export interface NoteSignature {
  name: string;
  id: Bytes;
  signature: Bytes;
}
export interface SignedNote {
  text: string;
  signatures: NoteSignature[];
}

const signatures_max = 100;

export function parseNote(note: string): SignedNote {
  const end = note.lastIndexOf("\n\n");
  const lines = end < 0 ? [] : note.slice(end + 2).split("\n");
  if (end < 0 || lines.pop() !== "" || lines.length === 0 || lines.length > signatures_max || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    throw new Refused("form", "a signed note");
  }
  const signatures = lines.map((line) => {
    const parts = /^\u2014 (\S+) (\S+)$/u.exec(line);
    const bytes = decodeBase64(parts?.[2] ?? "?", `signature line: ${line.slice(0, 60)}`);
    if (!parts || !isName(parts[1]!) || bytes.length < 5) throw new Refused("form", `signature line: ${line.slice(0, 60)}`);
    return { name: parts[1]!, id: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

async function verify(key: VerifierKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64 || isSmall(signature.subarray(0, 32))) return false;
  const imported = await subtle().importKey("raw", key.publicKey, "Ed25519", false, ["verify"]);
  return subtle().verify("Ed25519", imported, signature, message);
}

// When the key signed the note's text, 0 for a log's; null when it did not. A signature under the key's name and id that
// does not hold refuses the whole note.
export async function signedBy(note: SignedNote, key: VerifierKey): Promise<number | null> {
  let earliest_s: number | null = null;
  for (const each of note.signatures) {
    if (each.name !== key.name || !equal(each.id, key.id)) continue;
    const found = await timeOf(note.text, key, each.signature);
    if (found === null) throw new Refused("signature", key.name);
    earliest_s = Math.min(earliest_s ?? found, found);
  }
  return earliest_s;
}

async function timeOf(text: string, key: VerifierKey, signature: Bytes): Promise<number | null> {
  if (key.algorithm === "log") return (await verify(key, utf8(text), signature)) ? 0 : null;
  if (signature.length !== 72) return null;
  const time_s = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time_s > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const held = await verify(key, utf8(`cosignature/v1\ntime ${time_s}\n${text}`), signature.slice(8));
  return held ? Number(time_s) : null;
}
