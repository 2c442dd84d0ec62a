// The form of a notice as it is typed, and the declaration that it makes. Pure: time is a parameter.
import type { Declaration, HazardClass, Kind, LatLng, Volume } from "../api/types.ts";
import { type ParseRule, parsePositions, typedPosition } from "../units/coordinates.ts";
import { parseHeight, parseLength, typedHeight, typedLength } from "../units/measures.ts";
import { parseTime } from "../units/time.ts";

export type Shape = "circle" | "polygon" | "corridor";

export interface Draft {
  kind: Kind;
  mode: Declaration["data_mode"];
  hazardClass: HazardClass;
  source: "own" | "observed" | "expected_third_party";
  activityClass: string;
  restriction: NonNullable<Declaration["restriction"]>;
  confidence: NonNullable<Declaration["confidence"]>;
  name: string;
  shape: Shape;
  // One position a line: the centre, the corners, or the line.
  points: string;
  // A circle's radius, a corridor's half width.
  extent: string;
  lower: string;
  upper: string;
  start: string;
  end: string;
  roleToCall: string;
  frequency: string;
  onBehalfOf: boolean;
  // What this form does not edit: kept as it was.
  moreVolumes: Volume[];
  mayTell: string[];
}

export const emptyDraft: Draft = {
  kind: "activity",
  mode: "REAL",
  hazardClass: "live_firing",
  source: "own",
  activityClass: "",
  restriction: "PROHIBITED",
  confidence: "planned",
  name: "",
  shape: "circle",
  points: "",
  extent: "5 NM",
  lower: "SFC",
  upper: "FL100",
  start: "+60",
  end: "+120",
  roleToCall: "duty officer",
  frequency: "",
  onBehalfOf: false,
  moreVolumes: [],
  mayTell: [],
};

export type Errors = Partial<Record<keyof Draft, ParseRule>>;
export interface Made {
  declaration: Declaration | null;
  errors: Errors;
}

// Of a flight or a hazard a name would say more than is declared: the node has no field for it.
export const isNamed = (kind: Kind): boolean => kind === "zone" || kind === "protected_site";

const points_min: Record<Shape, number> = { circle: 1, polygon: 3, corridor: 2 };

function outlineOf(draft: Draft, errors: Errors): Partial<Volume> {
  const points = parsePositions(draft.points);
  if (!points.ok) errors.points = points.rule;
  else if (points.value.length < points_min[draft.shape]) errors.points = "parse.points";
  else if (draft.shape === "circle" && points.value.length > 1) errors.points = "parse.points";
  const extent = parseLength(draft.extent);
  if (draft.shape !== "polygon" && !extent.ok) errors.extent = extent.rule;
  if (!points.ok || errors.points || errors.extent) return {};
  if (draft.shape === "polygon") return { outline_polygon: { vertices: points.value } };
  if (!extent.ok) return {};
  if (draft.shape === "circle") return { outline_circle: { center: points.value[0]!, radius: extent.value } };
  return { outline_corridor: { centreline: points.value, half_width: extent.value } };
}

const openOr = (text: string, now_ms: number): ReturnType<typeof parseTime> =>
  text.trim().toLowerCase() === "open" ? { ok: true, value: "open" } : parseTime(text, now_ms);

function volumeOf(draft: Draft, now_ms: number, errors: Errors): Volume | null {
  const outline = outlineOf(draft, errors);
  const lower = parseHeight(draft.lower);
  const upper = parseHeight(draft.upper);
  const start = openOr(draft.start, now_ms);
  const end = openOr(draft.end, now_ms);
  if (!lower.ok) errors.lower = lower.rule;
  if (!upper.ok) errors.upper = upper.rule;
  if (!start.ok) errors.start = start.rule;
  if (!end.ok) errors.end = end.rule;
  if (!lower.ok || !upper.ok || !start.ok || !end.ok || Object.keys(errors).length > 0) return null;
  if (start.value !== "open" && end.value !== "open" && Date.parse(end.value) <= Date.parse(start.value)) {
    errors.end = "parse.time_order";
    return null;
  }
  return {
    ...outline,
    altitude_lower: lower.value,
    altitude_upper: upper.value,
    time_start: start.value,
    time_end: end.value,
  } as Volume;
}

export function make(draft: Draft, now_ms: number): Made {
  const errors: Errors = {};
  const volume = volumeOf(draft, now_ms, errors);
  if (!volume) return { declaration: null, errors };
  const declaration: Declaration = {
    kind: draft.kind,
    data_mode: draft.mode,
    confidence: draft.confidence,
    volumes: [volume, ...draft.moreVolumes],
    ...(draft.kind === "hazard" ? { hazard: { class: draft.hazardClass, source: draft.source } } : {}),
    ...(draft.kind === "activity" && draft.activityClass ? { activity_class: draft.activityClass } : {}),
    ...(draft.kind === "zone" ? { restriction: draft.restriction } : {}),
    ...(isNamed(draft.kind) && draft.name.trim() ? { name: draft.name.trim() } : {}),
    ...(draft.roleToCall.trim() ? { role_to_call: draft.roleToCall.trim() } : {}),
    ...(draft.frequency.trim() ? { frequency: draft.frequency.trim() } : {}),
    ...(draft.onBehalfOf ? { on_behalf_of: true } : {}),
    ...(draft.mayTell.length > 0 ? { may_tell: draft.mayTell } : {}),
  };
  return { declaration, errors };
}

const lines = (points: readonly LatLng[]): string => points.map(typedPosition).join("\n");
const typedTime = (time: string): string => (time === "open" ? "open" : `${time.slice(0, 19)}Z`);

// To be edited: text that `make` reads as the same again.
export function draftOf(declaration: Declaration): Draft {
  const [first, ...moreVolumes] = declaration.volumes;
  const shape: Shape = first?.outline_polygon ? "polygon" : first?.outline_corridor ? "corridor" : "circle";
  return {
    ...emptyDraft,
    kind: declaration.kind,
    mode: declaration.data_mode,
    hazardClass: declaration.hazard?.class ?? emptyDraft.hazardClass,
    source: declaration.hazard?.source ?? "own",
    activityClass: declaration.activity_class ?? "",
    restriction: declaration.restriction ?? emptyDraft.restriction,
    confidence: declaration.confidence ?? "planned",
    name: declaration.name ?? "",
    shape,
    points: lines(
      first?.outline_polygon?.vertices ??
        first?.outline_corridor?.centreline ??
        (first?.outline_circle ? [first.outline_circle.center] : []),
    ),
    extent: first?.outline_circle
      ? typedLength(first.outline_circle.radius)
      : first?.outline_corridor
        ? typedLength(first.outline_corridor.half_width)
        : "",
    lower: first ? typedHeight(first.altitude_lower) : "",
    upper: first ? typedHeight(first.altitude_upper) : "",
    start: first ? typedTime(first.time_start) : "",
    end: first ? typedTime(first.time_end) : "",
    roleToCall: declaration.role_to_call ?? "",
    frequency: declaration.frequency ?? "",
    onBehalfOf: declaration.on_behalf_of ?? false,
    moreVolumes,
    mayTell: declaration.may_tell ?? [],
  };
}
