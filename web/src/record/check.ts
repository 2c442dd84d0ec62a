// The record of a line, checked here: the node that is asked for it is not believed. What is believed is the policy that
// a person has pinned in this browser, and the newest head that was verified in it before.
import { api } from "../api/client.ts";
import type { Log } from "../api/types.ts";
import { type Bytes, decodeBase64, encodeBase64, Refused } from "./proof/bytes.ts";
import { type Head, TileTree, verifyConsistency } from "./proof/merkle.ts";
import { Policy } from "./proof/policy.ts";
import { formatProofFile, type OpenedCheckpoint, openCheckpoint, type Proven, verifyProofFile } from "./proof/proof.ts";

// Of which log: the party whose console this is, the peer, and who writes it.
export interface LogName {
  party: string;
  peer: string;
  writer: "ours" | "theirs";
}

const keyOf = (what: "policy" | "head", log: LogName): string => `wideberth.${what}.${log.party}.${log.peer}.${log.writer}`;
const pathOf = (log: LogName): string => `/v1/record/${log.peer}/${log.writer}`;

export function pinnedPolicy(log: LogName): string {
  return localStorage.getItem(keyOf("policy", log)) ?? "";
}

// Other keys, other memories: a head that was verified under another policy says nothing.
export function pinPolicy(log: LogName, text: string): void {
  if (text === pinnedPolicy(log)) return;
  localStorage.setItem(keyOf("policy", log), text);
  localStorage.removeItem(keyOf("head", log));
}

export const suggestedPolicy = (log: Log): string => `log ${log.log_key}\nwitness peer ${log.cosigner_key}\nquorum peer\n`;

export function rememberedHead(log: LogName): Head | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf("head", log)) ?? "null") as { size: number; root: string } | null;
    return kept && { size: kept.size, root: decodeBase64(kept.root, "root") };
  } catch {
    return null;
  }
}

function remember(log: LogName, head: Head): void {
  localStorage.setItem(keyOf("head", log), JSON.stringify({ size: head.size, root: encodeBase64(head.root) }));
}

const treeOf = (log: LogName, size: number): TileTree => new TileTree(size, (path) => api.bytes(`${pathOf(log)}/tile/${path}`));

export interface CheckedHead extends OpenedCheckpoint {
  // The size of the head verified here before that this one goes on from.
  since?: number;
}

// The longest head that is cosigned: signed as the policy asks, and with everything of the one that was verified before.
export async function checkHead(log: LogName): Promise<CheckedHead> {
  const policy = await Policy.parse(pinnedPolicy(log));
  const opened = await openCheckpoint(await api.text(`${pathOf(log)}/checkpoint`), policy);
  const before = rememberedHead(log);
  if (before) {
    if (before.size > opened.head.size) throw new Refused("tree", `${before.size} > ${opened.head.size}`);
    await verifyConsistency(before, opened.head, await treeOf(log, opened.head.size).consistency(before.size));
  }
  remember(log, opened.head);
  return before ? { ...opened, since: before.size } : opened;
}

export interface CheckedEntry extends Proven {
  file: string;
  entry: Bytes;
}

// Makes the proof file of an entry from what the node serves, and verifies it as a stranger would.
export async function checkEntry(log: LogName, index: number): Promise<CheckedEntry> {
  const policy = await Policy.parse(pinnedPolicy(log));
  const checkpoint = await api.text(`${pathOf(log)}/checkpoint?covering=${index}`);
  const { head } = await openCheckpoint(checkpoint, policy);
  const entry = await api.bytes(`${pathOf(log)}/entries/${index}`);
  const file = formatProofFile({ index, proof: await treeOf(log, head.size).inclusion(index), checkpoint });
  return { ...(await verifyProofFile(file, entry, policy)), file, entry };
}
