import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { counted, durations } from "./counts.ts";

interface Property {
  type?: string;
  $ref?: string;
}

const described = JSON.parse(readFileSync(new URL("../../../docs/openapi/wideberth-v1.json", import.meta.url), "utf8")) as {
  components: { schemas: { Counts: { properties: Record<string, Property> } } };
};
const properties = Object.entries(described.components.schemas.Counts.properties);

describe("the page of statistics", () => {
  it("shows every count that the API gives, in its order", () => {
    expect([...counted]).toEqual(properties.filter(([, of]) => of.type === "integer").map(([name]) => name));
  });
  it("shows every duration that the API gives, in its order", () => {
    expect([...durations]).toEqual(properties.filter(([, of]) => of.$ref?.endsWith("/Durations")).map(([name]) => name));
  });
});
