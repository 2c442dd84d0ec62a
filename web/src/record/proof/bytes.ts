// Bytes as the record writes them. Everything here refuses what has a second spelling.
export type Bytes = Uint8Array<ArrayBuffer>;

// What a check has found wrong: `what` is a text of the interface, `detail` says where.
export class Refused extends Error {
  readonly what: RefusedWhat;
  readonly detail: string;

  constructor(what: RefusedWhat, detail = "") {
    super(detail ? `${what}: ${detail}` : what);
    this.what = what;
    this.detail = detail;
  }
}
// form: not such a file. key: no key of the policy signed it. signature: one that should hold does not. tree: the
// entry, or the older head, is not under this head. quorum: not enough have cosigned. secure: this page came without TLS.
export type RefusedWhat = "form" | "key" | "signature" | "tree" | "quorum" | "secure";

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

// Only as encodeBase64 writes it: padded, without spaces, unused bits zero.
export function decodeBase64(text: string, where: string): Bytes {
  try {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    if (encodeBase64(bytes) === text) return bytes;
  } catch {
    // Below.
  }
  throw new Refused("form", where);
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export function fromUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("form", where);
  }
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// "0", "17"; nothing with a sign, a leading zero, or beyond what a number holds exactly.
export function decodeNumber(text: string, where: string): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new Refused("form", where);
}

// Browsers give their cryptography to pages that came over TLS, or from this very machine.
export function subtle(): SubtleCrypto {
  const found = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!found) throw new Refused("secure");
  return found;
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-256", bytes));
}
