import { describe, expect, it } from "vitest";
import "../testing/globals.ts";
import type { Feature, FeatureCollection } from "geojson";
import type { Notice } from "../api/types.ts";
import { noticeFeatures } from "./layers.ts";
import { NoticePainter } from "./painter.ts";

// A source as MapLibre's is: what is added under an id that is there takes its place.
class FakeSource {
  features = new Map<string, Feature>();
  loads = 0;
  sent = 0;
  setData(data: FeatureCollection): void {
    this.loads += 1;
    this.features = new Map(data.features.map((each) => [String(each.id), each]));
  }
  updateData({ remove, add }: { remove: string[]; add: Feature[] }): void {
    for (const id of remove) if (!this.features.delete(id)) throw new Error(`removed twice: ${id}`);
    for (const each of add) {
      if (this.features.has(String(each.id))) throw new Error(`added twice: ${String(each.id)}`);
      this.features.set(String(each.id), each);
    }
    this.sent += remove.length + add.length;
  }
}

const party = "11111111-1111-4111-8111-111111111111";

function notice(n: number, volumes = 1, radius_km = 3): Notice {
  return {
    id: `20000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    party: { id: party },
    kind: "activity",
    data_mode: "REAL",
    activity: "planned",
    latest: {
      disclosure: "declared",
      declaration: {
        volumes: Array.from({ length: volumes }, (_, i) => ({
          outline_circle: { center: { lat: 46 + n * 0.01, lng: 7 + i }, radius: { value: radius_km, units: "KM" } },
          time_start: "2027-01-15T12:00:00Z",
          time_end: "2027-01-15T13:00:00Z",
        })),
      },
    },
  } as unknown as Notice;
}

describe("the notices on the map", () => {
  it("are the same whether they were drawn anew or bit by bit, through any changes", () => {
    const sources = { notices: new FakeSource(), dots: new FakeSource() };
    const painter = new NoticePainter({ getSource: (name: "notices" | "dots") => sources[name] } as never);
    let seed = 7;
    const below = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    let shown = Array.from({ length: 40 }, (_, i) => notice(i));
    for (let turn = 0; turn < 120; ++turn) {
      shown = shown.filter(() => below(60) > 0).map((each, i) => (below(40) === 0 ? notice(Number(each.id.slice(-12)), 1 + below(3), 1 + i) : each));
      if (below(2) === 0) shown = [...shown, notice(1_000 + turn, 1 + below(2))];
      painter.paint(shown, party);
      const expected = shown.map((each) => noticeFeatures(each, party));
      for (const [name, features] of [["notices", expected.flatMap((e) => e.shapes)], ["dots", expected.flatMap((e) => e.dots)]] as const) {
        expect([...sources[name].features.keys()].sort(), `turn ${turn}`).toEqual(features.map((f) => String(f.id)).sort());
        const wrong = features.filter((feature) => JSON.stringify(sources[name].features.get(String(feature.id))) !== JSON.stringify(feature));
        expect(wrong, `turn ${turn}`).toEqual([]);
      }
    }
    expect(sources.notices.loads).toBeLessThan(20);
  });

  it("cost one feature when one of thousands changes", () => {
    const sources = { notices: new FakeSource(), dots: new FakeSource() };
    const painter = new NoticePainter({ getSource: (name: "notices" | "dots") => sources[name] } as never);
    const all = Array.from({ length: 5_000 }, (_, i) => notice(i));
    painter.paint(all, party);
    painter.paint(all, party);
    expect(sources.notices.sent).toBe(0);
    painter.paint(all.with(17, notice(17, 1, 9)), party);
    expect([sources.notices.loads, sources.notices.sent, sources.dots.sent]).toEqual([1, 2, 2]);
  });

  it("are dots until their shape is some pixels wide", () => {
    const zoomOf = (radius_km: number): number => noticeFeatures(notice(1, 1, radius_km), party).shapes[0]!.properties.z;
    expect(zoomOf(200)).toBeLessThan(zoomOf(3));
    expect(zoomOf(3)).toBeLessThan(zoomOf(0.05));
    // 2 * 3 km at 46 degrees: 156543 * cos(46) / 2 / 2^z metres a pixel of a tile of 512.
    expect(zoomOf(3)).toBe(Math.ceil(Math.log2((8 * 78_271.5 * Math.cos((46.01 * Math.PI) / 180)) / 6_000)));
  });
});
