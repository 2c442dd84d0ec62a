// Every page that the console has, by the part of its address behind #. What is not here cannot be gone to: app.tsx has
// one page for each, and the tests go to each. Of two that fit the earlier one is meant. PURE.
export const paths = [
  "watch",
  "notices",
  "notices/give",
  "notices/give/:notice",
  "notices/:notice",
  "notices/:notice/readback",
  "notices/:notice/readback/:act",
  "conflicts",
  "conflicts/:conflict",
  "calls",
  "line",
  "record",
  "record/timeline",
  "record/proofs",
  "record/exchanges",
  "record/exchanges/:exchange",
  "record/statistics",
  "agreements",
  "agreements/:agreement",
  "operators",
] as const;

export type Path = (typeof paths)[number];
export type Names = Readonly<Record<string, string>>;
export interface Place {
  path: Path;
  // What stands where the path has a name: "notices/ID" gives { notice: "ID" }.
  names: Names;
}

function match(path: Path, parts: readonly string[]): Names | null {
  const pattern = path.split("/");
  if (pattern.length !== parts.length) return null;
  const names: Record<string, string> = {};
  for (const [i, each] of pattern.entries()) {
    if (each.startsWith(":")) names[each.slice(1)] = parts[i]!;
    else if (each !== parts[i]) return null;
  }
  return names;
}

// An address that no page has, as one of another version of the console may be, is that of the page above it.
export function placeOf(parts: readonly string[]): Place {
  for (let n = parts.length; n > 0; --n) {
    for (const path of paths) {
      const names = match(path, parts.slice(0, n));
      if (names) return { path, names };
    }
  }
  return { path: "watch", names: {} };
}
