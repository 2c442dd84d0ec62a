// Checkpoints and proof files (C2SP tlog-checkpoint, tlog-proof), verified with nothing but the reader's policy, as
// src/record/proof_file.h does it.
import { type Bytes, decodeBase64, decodeNumber, encodeBase64, Refused, subtle } from "./bytes.ts";
import { type Head, leafHash, verifyInclusion } from "./merkle.ts";
import { parseNote, signedBy } from "./note.ts";
import type { Policy } from "./policy.ts";

export interface OpenedCheckpoint {
  origin: string;
  head: Head;
  // Who of the policy has cosigned, and when by their clocks.
  cosigned: { name: string; time_s: number }[];
  // By when enough of them had; null where the policy asks for none.
  not_after_s: number | null;
}

const header = "c2sp.org/tlog-proof@v1";
const hashes_max = 64;

function hashOf(text: string, where: string): Bytes {
  const bytes = decodeBase64(text, where);
  if (bytes.length !== 32) throw new Refused("form", where);
  return bytes;
}

export async function openCheckpoint(text: string, policy: Policy): Promise<OpenedCheckpoint> {
  subtle();  // says at once that there is none
  const note = parseNote(text);
  const [origin = "", size = "", root = "", ...rest] = note.text.split("\n");
  // The last line ends in a newline; lines of extensions before it are signed and mean nothing here.
  if (!origin || rest.pop() !== "" || rest.includes("")) throw new Refused("form", "checkpoint");
  const head = { size: decodeNumber(size, "checkpoint, line 2"), root: hashOf(root, "checkpoint, line 3") };
  const logs = policy.logs.filter((key) => key.name === origin);
  if (logs.length === 0) throw new Refused("key", origin);
  let byLog = false;
  for (const key of logs) byLog ||= (await signedBy(note, key)) !== null;
  if (!byLog) throw new Refused("key", origin);
  const times = new Map<number, number>();
  for (const [i, { key }] of policy.witnesses.entries()) {
    const time_s = await signedBy(note, key);
    if (time_s !== null) times.set(i, time_s);
  }
  const not_after_s = policy.quorumTime(times);
  const cosigned = [...times].map(([i, time_s]) => ({ name: policy.witnesses[i]!.name, time_s }));
  return { origin, head, cosigned, not_after_s };
}

export interface ProofFile {
  index: number;
  proof: Bytes[];
  checkpoint: string;
}

export function parseProofFile(text: string): ProofFile {
  const divide = text.indexOf("\n\n");
  if (divide < 0) throw new Refused("form", header);
  const lines = text.slice(0, divide).split("\n");
  if (lines.shift() !== header) throw new Refused("form", "line 1");
  // Nobody's word; skipped once it is seen to be well formed.
  if (lines[0]?.startsWith("extra ")) decodeBase64(lines.shift()!.slice(6), "extra");
  const index = lines.shift() ?? "";
  if (!index.startsWith("index ") || lines.length > hashes_max) throw new Refused("form", "index");
  return {
    index: decodeNumber(index.slice(6), "index"),
    proof: lines.map((line, i) => hashOf(line, `hash ${i + 1}`)),
    checkpoint: text.slice(divide + 2),
  };
}

export function formatProofFile({ index, proof, checkpoint }: ProofFile): string {
  return [header, `index ${index}`, ...proof.map(encodeBase64), "", checkpoint].join("\n");
}

export interface Proven extends OpenedCheckpoint {
  index: number;
}

// That these very bytes are entry `index` of the log, and that the policy's witnesses have seen them there.
export async function verifyProofFile(text: string, entry: Uint8Array, policy: Policy): Promise<Proven> {
  const file = parseProofFile(text);
  const opened = await openCheckpoint(file.checkpoint, policy);
  await verifyInclusion(file.index, await leafHash(entry), file.proof, opened.head);
  return { ...opened, index: file.index };
}
