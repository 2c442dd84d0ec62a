// The notices on the map. Only what has changed goes to the map's worker: of twenty thousand it is one or two at a time.
import type { Feature } from "geojson";
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { Notice } from "../api/types.ts";
import { noticeFeatures, type Wording } from "./layers.ts";

// From here on a circle is drawn with fewer sides: nobody sees the difference among so many.
const many = 3_000;
const few_steps = 16;
// Above this share a source is loaded anew, which is then the cheaper way.
const changed_share_max = 0.25;

interface Painted {
  notice: Notice;
  ids: string[];
}

export class NoticePainter {
  readonly #map: MapLibreMap;
  #painted = new Map<string, Painted>();
  #steps: number | undefined;
  #word: Wording | undefined;

  constructor(map: MapLibreMap) {
    this.#map = map;
  }

  // `shown`: all that are to be seen. A notice that has not changed is the same object as before.
  // `word`: what stands beside them; another one when the language is another.
  paint(shown: readonly Notice[], party: string, word?: Wording): void {
    const steps = shown.length > many ? few_steps : undefined;
    const next = new Map<string, Painted>();
    const shapes: Feature[] = [];
    const dots: Feature[] = [];
    const draw = (notice: Notice): void => {
      const drawn = noticeFeatures(notice, party, steps, word);
      shapes.push(...drawn.shapes);
      dots.push(...drawn.dots);
      next.set(notice.id, { notice, ids: drawn.shapes.map((each) => String(each.id)) });
    };
    const changed = shown.filter((notice) => this.#painted.get(notice.id)?.notice !== notice);
    const anew = steps !== this.#steps || word !== this.#word || changed.length > changed_share_max * shown.length;
    this.#steps = steps;
    this.#word = word;
    if (anew) {
      for (const notice of shown) draw(notice);
      this.#painted = next;
      this.#source("notices").setData({ type: "FeatureCollection", features: shapes });
      this.#source("dots").setData({ type: "FeatureCollection", features: dots });
      return;
    }
    for (const notice of changed) draw(notice);
    for (const notice of shown) if (!next.has(notice.id)) next.set(notice.id, this.#painted.get(notice.id)!);
    const remove: string[] = [];
    for (const [id, before] of this.#painted) {
      if (next.get(id) !== before) remove.push(...before.ids);
    }
    this.#painted = next;
    if (shapes.length === 0 && remove.length === 0) return;
    // What is removed and added again has changed.
    this.#source("notices").updateData({ remove, add: shapes as never });
    this.#source("dots").updateData({ remove, add: dots as never });
  }

  #source(name: string): GeoJSONSource {
    return this.#map.getSource(name) as GeoJSONSource;
  }
}
