// Where the person is: the part of the address behind #. "#/notices/ID" gives ["notices", "ID"].
import { signal } from "@preact/signals";
import { type Place, placeOf } from "./paths.ts";

// An address that somebody mistyped or cut off ("%E0") is read as it stands.
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const read = (): string[] => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);

export const route = signal<string[]>(read());

addEventListener("hashchange", () => {
  route.value = read();
});

export function go(...parts: string[]): void {
  location.hash = `/${parts.map(encodeURIComponent).join("/")}`;
}

export const pages = ["watch", "notices", "conflicts", "calls", "line", "record", "agreements", "operators"] as const;
export type Page = (typeof pages)[number];
export const place = (): Place => placeOf(route.value);
export const page = (): Page => pages.find((p) => p === route.value[0]) ?? "watch";
