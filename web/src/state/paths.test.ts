import { describe, expect, it } from "vitest";
import { paths, placeOf } from "./paths.ts";

describe("an address", () => {
  it.each(paths)("%s is a page of its own", (path) => {
    const parts = path.split("/").map((part) => (part.startsWith(":") ? `${part.slice(1)}-1` : part));
    const names = Object.fromEntries(path.split("/").filter((part) => part.startsWith(":")).map((part) => [part.slice(1), `${part.slice(1)}-1`]));
    expect(placeOf(parts)).toEqual({ path, names });
  });
  it("that no page has is that of the page above it", () => {
    expect(placeOf([])).toEqual({ path: "watch", names: {} });
    expect(placeOf(["no", "such"])).toEqual({ path: "watch", names: {} });
    expect(placeOf(["record", "gone"])).toEqual({ path: "record", names: {} });
    expect(placeOf(["notices", "id", "gone", "too"])).toEqual({ path: "notices/:notice", names: { notice: "id" } });
    expect(placeOf(["__proto__", "constructor"])).toEqual({ path: "watch", names: {} });
  });
});
