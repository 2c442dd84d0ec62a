// The map: MapLibre over a basemap that the node itself serves. Loaded when first shown; everything on it can also be read
// and done in the lists and forms.
import type { FeatureCollection, Geometry } from "geojson";
import { type GeoJSONSource, Map as MapLibreMap, type MapMouseEvent, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { computed, effect } from "@preact/signals";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import worldUrl from "world-atlas/countries-10m.json?url";
import type { LatLng, Notice } from "../api/types.ts";
import { shown, t, word, wordIn } from "../i18n/text.ts";
import { copied } from "../notices/copied.ts";
import { emptyDraft } from "../notices/draft.ts";
import { isInForce, isReleased } from "../notices/select.ts";
import { nodeNow, now } from "../state/clock.ts";
import { conflicts, liveConflicts, notices } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { mayDo, partyId } from "../state/session.ts";
import { settings } from "../state/settings.ts";
import { formatDecimal, formatPosition, parsePosition, typedPosition } from "../units/coordinates.ts";
import { formatLocal, formatUtc } from "../units/time.ts";
import { handlesOf, pointedAt, ringsOfSketch, type Sketch, snapPoints, withClick, withMove } from "./draw.ts";
import { cornersOf } from "./geometry.ts";
import { conflictFeatures, day, emptyCollection, filterOf, gapFeatures, isShownAt, night, noticeLayers, style, type Wording } from "./layers.ts";
import { Key } from "../ui/parts.tsx";
import { NoticePainter } from "./painter.ts";
import { pointer } from "./pointer.ts";

setWorkerUrl(workerUrl);

export interface MapProps {
  // What is being drawn; null or none: the map only shows.
  sketch?: Sketch;
  // Told what changes, and not what comes of it: of two strokes between two paints neither is lost.
  onSketch?: (change: (sketch: Sketch) => Sketch) => void;
  // The conflict whose gap is drawn and that the map goes to.
  conflict?: string;
}

interface World extends Topology {
  objects: { countries: GeometryCollection; land: GeometryCollection };
}

let world: Promise<{ land: Geometry | FeatureCollection; borders: Geometry }> | undefined;

function basemap(): NonNullable<typeof world> {
  world ??= fetch(worldUrl)
    .then((answer) => answer.json() as Promise<World>)
    .then((topology) => ({
      land: feature(topology, topology.objects.land) as FeatureCollection,
      borders: mesh(topology, topology.objects.countries) as Geometry,
    }));
  return world;
}

const snap_px = 12;
const redraw_ms = 250;

function setData(map: MapLibreMap, source: string, data: FeatureCollection | Geometry): void {
  (map.getSource(source) as GeoJSONSource | undefined)?.setData(data as never);
}

const collection = (features: unknown[]): FeatureCollection => ({ type: "FeatureCollection", features: features as never });

// Released, or one's own draft or plan. What is over is there too, for the slider alone.
const isDrawn = (notice: Notice, party: string): boolean =>
  isReleased(notice) || (notice.party.id === party && notice.latest.author !== "withdrawn" && notice.activity === "planned");

const wording = computed((): Wording => {
  const { language } = shown.value;
  return (code) => wordIn(code, language);
});

function showNotices(painter: NoticePainter): void {
  const party = partyId.peek();
  painter.paint([...notices.peek().values()].filter((notice) => isDrawn(notice, party)), party, wording.peek());
}

function showConflicts(map: MapLibreMap, chosen: string | undefined): void {
  const alarming = liveConflicts.peek().filter((conflict) => conflict.treatment !== "listed");
  setData(map, "conflicts", collection(alarming.flatMap((each) => conflictFeatures(each, notices.peek()))));
  const one = chosen ? conflicts.peek().get(chosen) : undefined;
  setData(map, "gaps", collection(one ? gapFeatures(one) : []));
}

function showTime(map: MapLibreMap, at_s: number | null): void {
  const { dataset } = map.getContainer();
  delete dataset.drawn;
  dataset.shownAt = at_s === null ? "" : String(at_s);
  for (const layer of noticeLayers) map.setFilter(layer, filterOf(layer, at_s), { validate: false });
}

function showSketch(map: MapLibreMap, sketch: Sketch | undefined): void {
  delete map.getContainer().dataset.drawn;
  if (!sketch) {
    setData(map, "sketch", emptyCollection);
    setData(map, "handles", emptyCollection);
    return;
  }
  setData(map, "sketch", { type: "MultiPolygon", coordinates: ringsOfSketch(sketch).map((ring) => [ring]) });
  setData(map, "handles", { type: "MultiPoint", coordinates: handlesOf(sketch).map(({ lat, lng }) => [lng, lat]) });
}

// Where a person of this tab has moved the map to.
let lastView: { center: [number, number]; zoom: number } | undefined;

const place_zoom = 8;

// What was typed may lie elsewhere than where the map is.
function bringIntoView(map: MapLibreMap, sketch: Sketch | undefined): void {
  const at = sketch?.points.at(-1);
  if (!at || sketch?.points.some((point) => map.getBounds().contains([point.lng, point.lat]))) return;
  map.jumpTo({ center: [at.lng, at.lat], zoom: Math.max(place_zoom, map.getZoom()) });
}

// The whole of what is declared; `anew`: although a person has moved it.
function showAll(map: MapLibreMap, props: MapProps, anew = false): void {
  if (anew) lastView = undefined;
  const chosen = props.conflict ? conflicts.peek().get(props.conflict) : undefined;
  const corners = chosen
    ? chosen.pairs.flatMap((pair) => [pair.area.south_west, pair.area.north_east])
    : [...notices.peek().values()].filter(isInForce).slice(0, 500).flatMap((n) => n.latest.declaration?.volumes.flatMap(cornersOf) ?? []);
  if (lastView && !chosen) {
    map.jumpTo(lastView);
    return;
  }
  if (corners.length === 0) return;
  const lats = corners.map((c) => c.lat);
  const lngs = corners.map((c) => c.lng);
  map.fitBounds([Math.min(...lngs), Math.max(-85, Math.min(...lats)), Math.max(...lngs), Math.min(85, Math.max(...lats))], { padding: 60, maxZoom: 10, animate: false });
}

// The nearest corner of a zone or site within a few pixels, exactly as it was declared; else where the person clicked.
function snapped(map: MapLibreMap, event: MapMouseEvent): LatLng {
  let best = { at: pointedAt(event.lngLat), px: snap_px };
  for (const corner of snapPoints(notices.peek().values())) {
    const at = map.project([corner.lng, corner.lat]);
    const px = Math.hypot(at.x - event.point.x, at.y - event.point.y);
    if (px < best.px) best = { at: corner, px };
  }
  return best.at;
}

interface Held {
  map: MapLibreMap;
  props: MapProps;
  dragging: number | null;
  at_s: number | null;
}

function listen(held: Held): void {
  const { map } = held;
  map.on("click", (event) => {
    const at = snapped(map, event);
    pointer.value = at;
    const { sketch, onSketch } = held.props;
    if (sketch && onSketch) {
      // A press on a handle that was not dragged is none on the ground below.
      if (map.queryRenderedFeatures(event.point, { layers: ["handles"] }).length === 0) onSketch((old) => withClick(old, at));
      return;
    }
    const clash = map.queryRenderedFeatures(event.point, { layers: ["conflict-fill", "conflict-line"] })[0];
    const hit = clash ?? map.queryRenderedFeatures(event.point, { layers: [...noticeLayers] })[0];
    if (hit) go(clash ? "conflicts" : "notices", String(hit.properties.id));
  });
  map.on("mousedown", "handles", (event) => {
    const { sketch } = held.props;
    if (!sketch) return;
    const px = handlesOf(sketch).map((p) => {
      const at = map.project([p.lng, p.lat]);
      return Math.hypot(at.x - event.point.x, at.y - event.point.y);
    });
    held.dragging = px.indexOf(Math.min(...px));
    event.preventDefault();
  });
  map.on("mousemove", (event) => {
    const { sketch, onSketch } = held.props;
    // Let go of outside the map, where the map hears nothing of it.
    if (event.originalEvent.buttons === 0) held.dragging = null;
    if (held.dragging === null || !sketch || !onSketch) return;
    const { dragging } = held;
    const at = snapped(map, event);
    onSketch((old) => withMove(old, dragging, at));
  });
  map.on("mouseup", () => {
    held.dragging = null;
  });
  map.on("mousemove", "handles", () => {
    map.getCanvas().style.cursor = "move";
  });
  map.on("mouseleave", "handles", () => {
    map.getCanvas().style.cursor = "";
  });
  const sayWhere = (): void => {
    const { lng, lat } = map.getCenter();
    map.getContainer().dataset.view = `${lat} ${lng} ${map.getZoom()}`;
  };
  sayWhere();
  map.on("moveend", (event) => {
    sayWhere();
    // By hand, or by a word; not by a change of the window's size.
    if (!event.originalEvent && !(event as { wanted?: boolean }).wanted) return;
    lastView = { center: map.getCenter().toArray(), zoom: map.getZoom() };
  });
}

let probe: HTMLCanvasElement | undefined;
let hasDrawn = false;

// Asked on a canvas that hangs on nothing: MapLibre finds it out inside its constructor, when its workers' list of
// listeners already holds the half made map, and with it the whole page around it for as long as the tab lives.
function canDraw(): boolean {
  if (hasDrawn) return true;
  probe ??= document.createElement("canvas");
  const context = probe.getContext("webgl2");
  if (!context) return false;
  context.getExtension("WEBGL_lose_context")?.loseContext();
  probe = undefined;
  hasDrawn = true;
  return true;
}

function startMap(container: HTMLElement, props: MapProps, failed: () => void): { held: Held; stop: () => void } | null {
  if (!canDraw()) {
    failed();
    return null;
  }
  let map: MapLibreMap;
  try {
    map = new MapLibreMap({
      container,
      style: style(settings.peek().night ? night : day),
      center: [7, 46.5],
      zoom: 5,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      fadeDuration: 0,
      renderWorldCopies: true,
    });
  } catch {
    hasDrawn = false;
    failed();
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.getCanvas().setAttribute("aria-label", t("map.label"));
  const held: Held = { map, props, dragging: null, at_s: null };
  const stops: (() => void)[] = [];
  map.on("load", () => {
    void basemap().then(({ land, borders }) => {
      setData(map, "land", land);
      setData(map, "borders", borders);
    }, () => undefined);
    showAll(map, props);
    listen(held);
    showSketch(map, held.props.sketch);
    bringIntoView(map, held.props.sketch);
    if (held.at_s !== null) showTime(map, held.at_s);
    const painter = new NoticePainter(map);
    // Many events of a moment are drawn once.
    const soon = (paint: () => void): (() => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      stops.push(() => clearTimeout(timer));
      return () => {
        timer ??= setTimeout(() => {
          timer = undefined;
          delete container.dataset.drawn;
          paint();
        }, redraw_ms);
      };
    };
    const notices_soon = soon(() => showNotices(painter));
    const conflicts_soon = soon(() => showConflicts(map, props.conflict));
    stops.push(
      effect(() => {
        void notices.value;
        void wording.value;
        notices_soon();
      }),
      effect(() => {
        void liveConflicts.value;
        // The shapes of the two are theirs.
        if (liveConflicts.value.length > 0) void notices.value;
        conflicts_soon();
      }),
    );
    container.dataset.ready = "true";
  });
  // Everything that was asked for is drawn; for the tests and the pictures of the manual.
  map.on("idle", () => {
    container.dataset.drawn = "true";
  });
  return {
    held,
    stop: () => {
      for (const each of stops) each();
      map.remove();
    },
  };
}

export default function MapView(props: MapProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const running = useRef<Held | null>(null);
  const [failed, setFailed] = useState(false);
  const [offset_min, setOffset] = useState<number | null>(null);
  const [find, setFind] = useState("");
  const isNight = settings.value.night;
  useEffect(() => {
    const started = box.current ? startMap(box.current, props, () => setFailed(true)) : null;
    running.current = started?.held ?? null;
    return () => {
      running.current = null;
      started?.stop();
    };
  }, [isNight, props.conflict]);
  // Before anything else is done: later it would take the map from where somebody has moved it since.
  useLayoutEffect(() => {
    const held = running.current;
    if (!held) return;
    held.props = props;
    if (!held.map.getSource("sketch")) return;
    showSketch(held.map, props.sketch);
    if (held.dragging === null) bringIntoView(held.map, props.sketch);
  }, [props.sketch]);
  // To the minute: the slider follows the clock, and the map is laid out anew only when it has moved.
  const at_s = offset_min === null ? null : Math.round(nodeNow() / 60_000 + offset_min) * 60;
  useEffect(() => {
    const held = running.current;
    if (!held) return;
    held.at_s = at_s;
    if (held.map.getSource("notices")) showTime(held.map, at_s);
  }, [at_s, isNight, props.conflict]);
  const target = parsePosition(find);
  return (
    <div class="mapframe">
      <div ref={box} class="mapbox" />
      <div class="maptools">
        {failed && <p class="item warn">{t("map.failed")}</p>}
        {props.sketch && props.onSketch && (
          <>
            <button type="button" disabled={props.sketch.points.length === 0} onClick={() => props.onSketch?.((old) => ({ ...old, points: old.points.slice(0, -1) }))}>
              {t("map.undo")}
            </button>
            <button type="button" disabled={props.sketch.points.length === 0} onClick={() => props.onSketch?.((old) => ({ ...old, points: [] }))}>
              {t("map.clear")}
            </button>
          </>
        )}
        {!failed && (
          <button type="button" onClick={() => running.current && showAll(running.current.map, props, true)}>
            {t("map.fit")}
          </button>
        )}
        <form
          class="row tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (!target.ok) return;
            pointer.value = target.value;
            running.current?.map.flyTo({ center: [target.value.lng, target.value.lat], zoom: Math.max(place_zoom, running.current.map.getZoom()), animate: false }, { wanted: true });
          }}
        >
          <input aria-label={t("map.go")} placeholder={t("map.go")} value={find} aria-invalid={find !== "" && !target.ok ? "true" : undefined} onInput={(event) => setFind(event.currentTarget.value)} />
        </form>
        {pointer.value && <span class="tag ltr" title={formatDecimal(pointer.value)}>{formatPosition(pointer.value)}</span>}
        {pointer.value && !props.sketch && !props.conflict && mayDo("draft_notice") && (
          <button type="button" onClick={() => giveAt(pointer.value!)}>{t("map.give_here")}</button>
        )}
      </div>
      {/* Beside one conflict there is no room for it, and the moments of that stand in its profile. */}
      {!props.conflict && <TimeSlider offset_min={offset_min} at_s={at_s} change={setOffset} />}
    </div>
  );
}

function giveAt(at: LatLng): void {
  copied.put(undefined, { ...emptyDraft, points: typedPosition(at) });
  go("notices", "give");
}

const past_min = -6 * 60;
const future_min = 24 * 60;

// How many are on the map at a moment: what the drawing shows, in words.
function ShownAt({ at_s }: { at_s: number }): JSX.Element {
  const all = notices.value;
  const count = useMemo(() => {
    const party = partyId.peek();
    return [...all.values()].filter((notice) => isDrawn(notice, party) && isShownAt(notice, at_s)).length;
  }, [all, at_s]);
  return <span role="status">{t("map.shown", { n: count })}</span>;
}

// From what was to what is planned; "now" follows the clock.
function TimeSlider(props: { offset_min: number | null; at_s: number | null; change: (offset: number | null) => void }): JSX.Element {
  const { offset_min, at_s, change } = props;
  const at = new Date(now.value + (offset_min ?? 0) * 60_000).toISOString();
  return (
    <div class="timeslider panel">
      <div class="row tight">
        <label for="map-time">{t("map.time")}</label>
        <strong class="ltr">
          {offset_min === null ? t("map.all_times") : `${formatUtc(at, now.value)} · ${formatLocal(at)}`}
        </strong>
        {at_s !== null && <ShownAt at_s={at_s} />}
        <span class="grow" />
        <button type="button" class="plain" aria-pressed={offset_min === 0} onClick={() => change(0)}>
          {t("map.now")}
        </button>
        <button type="button" class="plain" aria-pressed={offset_min === null} onClick={() => change(null)}>
          {t("map.all_times")}
        </button>
      </div>
      <input
        id="map-time"
        type="range"
        dir="ltr"
        min={past_min}
        max={future_min}
        step={5}
        value={offset_min ?? 0}
        aria-valuetext={offset_min === null ? t("map.all_times") : at}
        onInput={(event) => change(Number(event.currentTarget.value))}
      />
      <div class="row tight maplegend">
        <Key name="ours" label={t("ui.us")} />
        <Key name="theirs" label={t("profile.theirs")} />
        <Key name="hazard" label={word("hazard")} />
        <Key name="clash" label={t("profile.clash")} />
        <Key name="planned" label={t("word.held")} />
      </div>
    </div>
  );
}
