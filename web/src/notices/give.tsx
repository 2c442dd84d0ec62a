// Giving a notice: drawn on the map or typed, checked against what is known while it is being made, kept as a draft for
// the second person, or as a plan that stays here.
import type { JSX } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ApiError, api } from "../api/client.ts";
import type { Conflict, Declaration, HazardClass, Kind, Notice } from "../api/types.ts";
import { ConflictLine } from "../conflicts/item.tsx";
import { Profile } from "../conflicts/profile.tsx";
import type { TextKey } from "../i18n/en.ts";
import { t, word } from "../i18n/text.ts";
import type { Sketch } from "../map/draw.ts";
import { keep, newId } from "../state/acts.ts";
import { nodeNow } from "../state/clock.ts";
import { connection, notices, refreshNotice, rules } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { mayDo } from "../state/session.ts";
import { Choices, Empty, ErrorText, Field, Select, useTask } from "../ui/parts.tsx";
import { parsePositions, typedPosition } from "../units/coordinates.ts";
import { metresOf, parseLength, formatLength_m } from "../units/measures.ts";
import { formatLocal } from "../units/time.ts";
import { Content } from "./content.tsx";
import { type Draft, draftOf, emptyDraft, isNamed, make, type Shape } from "./draft.ts";
import { copied } from "./copied.ts";
import { modes } from "./reading.tsx";

const MapView = lazy(() => import("../map/view.tsx"));

const kinds: Kind[] = ["activity", "hazard", "protected_site", "zone"];
const shapes: Shape[] = ["circle", "polygon", "corridor"];
const hazards: HazardClass[] = ["live_firing", "launch", "re_entry", "debris", "air_defence_activity", "fire_fighting", "unmanned_swarm", "laser", "electromagnetic", "parachuting", "other"];
const sources = ["own", "observed", "expected_third_party"] as const;
const confidences = ["planned", "observed", "expected"] as const;
const restrictions = ["PROHIBITED", "REQ_AUTHORISATION", "CONDITIONAL", "NO_RESTRICTION"] as const;
const check_pause_ms = 400;

export function GivePage({ from }: { from: string | undefined }): JSX.Element {
  const before = from ? notices.value.get(from) : undefined;
  if (from && !before) return <Empty>{connection.value === "live" ? t("notices.gone") : t("ui.loading")}</Empty>;
  return <Form before={before} />;
}

// What the content would conflict with if it were released now; nobody hears of the question.
function useCheck(declaration: Declaration | null, notice: string | undefined): { conflicts: Conflict[] | null; error: unknown } {
  const [found, setFound] = useState<{ conflicts: Conflict[] | null; error: unknown }>({ conflicts: null, error: null });
  const text = JSON.stringify(declaration);
  useEffect(() => {
    if (!declaration) {
      setFound({ conflicts: null, error: null });
      return undefined;
    }
    const timer = setTimeout(() => {
      api.post<{ conflicts: Conflict[] }>("/v1/check", { declaration, ...(notice ? { notice } : {}) }).then(
        ({ conflicts }) => setFound({ conflicts, error: null }),
        (error: unknown) => setFound({ conflicts: null, error }),
      );
    }, check_pause_ms);
    return () => clearTimeout(timer);
  }, [text, notice]);
  return found;
}

function Form({ before }: { before: Notice | undefined }): JSX.Element {
  const [id] = useState(before?.id ?? newId());
  // The version that this form was made from. When somebody else stores another one meanwhile the node refuses this one.
  const [base, setBase] = useState(before?.latest.digest);
  const [draft, setDraft] = useState<Draft>(() => {
    const handed = copied.take(before?.id);
    return handed ?? (before?.latest.declaration ? draftOf(before.latest.declaration) : emptyDraft);
  });
  const change = (part: Partial<Draft>): void => setDraft((old) => ({ ...old, ...part }));
  const task = useTask();
  // Relative times ("+60") count from when the form was opened, so that the content stands still while it is looked at.
  const [opened_ms] = useState(nodeNow);
  const { declaration, errors } = useMemo(() => make(draft, opened_ms), [draft, opened_ms]);
  const check = useCheck(declaration, before?.id);
  const changedMeanwhile = before !== undefined && notices.value.get(before.id)?.latest.digest !== base;
  const goOnFrom = (digest: string): void => {
    setBase(digest);
    task.forget();
  };
  const takeTheirs = (): void => {
    const { declaration: theirs, digest } = before!.latest;
    if (theirs) setDraft(draftOf(theirs));
    goOnFrom(digest);
  };
  const store = async (held: boolean): Promise<void> => {
    if (!declaration) return;
    const done = await task.run(() => keep(id, declaration, { held, ...(base ? { replaces: base } : {}) }));
    if (done) go("notices", id);
    // Refused perhaps because of a version that has not come here yet.
    else if (before) refreshNotice(id);
  };
  const held = before?.latest.disclosure === "held";
  return (
    <div class="give">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void store(held);
        }}
      >
        <div class="stack sheet">
          <div class="row">
            <h1 class="grow">{before ? t("notices.correct") : t("notices.give")}</h1>
            <Choices label={t("field.mode")} value={draft.mode} onChange={(v) => change({ mode: v as Draft["mode"] })} choices={modes.map((value) => ({ value, label: value }))} />
          </div>
          {changedMeanwhile && <Changed take={takeTheirs} keep={() => goOnFrom(before.latest.digest)} />}
          <What draft={draft} change={change} />
          <div class="panel stack tight">
            <Where draft={draft} change={change} errors={errors} />
            <When draft={draft} change={change} errors={errors} declaration={declaration} />
          </div>
          <More draft={draft} change={change} />
          {before?.latest.declaration && declaration && (
            <section class="panel" aria-label={t("give.differences")}>
              <h2>{t("give.differences")}</h2>
              <Content declaration={declaration} before={before.latest.declaration} />
            </section>
          )}
          {declaration && <Profile ours={declaration.volumes} />}
        </div>
        <div class="acts stack tight">
          <section class="checked" aria-live="polite" aria-label={t("give.check")}>
            <h2>{t("give.check")}</h2>
            {check.conflicts?.length === 0 && <p>✓ {t("give.no_conflicts")}</p>}
            {check.conflicts?.map((conflict) => (
              <ConflictLine key={conflict.id} conflict={conflict} />
            ))}
            {!declaration && <p class="quiet">{t("give.missing", { fields: missingOf(draft, errors) })}</p>}
            <ErrorText error={check.error} />
          </section>
          {!changedMeanwhile && task.error instanceof ApiError && task.error.field === "/replaces" && <p class="item alarm" role="alert">{t("give.changed")}</p>}
          <ErrorText error={task.error} />
          <div class="row tight">
            <button class="primary" disabled={!declaration || task.busy || !mayDo(held ? "hold_plan" : "draft_notice")}>
              {task.busy ? t("ui.sending") : held ? t("give.hold") : t("give.keep")}
            </button>
            {!before && (
              <button type="button" disabled={!declaration || task.busy || !mayDo("hold_plan")} onClick={() => void store(true)}>
                {t("give.hold")}
              </button>
            )}
            <a class="button" href={before ? `#/notices/${before.id}` : "#/watch"}>
              {t("ui.cancel")}
            </a>
          </div>
          {!held && <p class="quiet">{t("give.then")}</p>}
        </div>
      </form>
      <div class="map">
        <Suspense fallback={<Empty>{t("ui.loading")}</Empty>}>
          <MapView
            sketch={sketchOf(draft)}
            onSketch={(stroke) => setDraft((old) => drawn(old, stroke(sketchOf(old))))}
          />
        </Suspense>
      </div>
    </div>
  );
}

// Somebody else has stored a version since this form was opened. What differs stands below, and a person says which of
// the two goes on; until then the node refuses this one.
function Changed({ take, keep: keepMine }: { take: () => void; keep: () => void }): JSX.Element {
  return (
    <div class="item alarm stack tight" role="alert">
      <p>{t("give.changed")}</p>
      <div class="row">
        <button type="button" onClick={keepMine}>
          {t("give.keep_mine")}
        </button>
        <button type="button" onClick={take}>
          {t("give.take_theirs")}
        </button>
      </div>
    </div>
  );
}

// Only what was drawn is written anew: a width that was typed stays as it was typed, and so do positions that cannot be
// read yet.
function drawn(draft: Draft, sketch: Sketch): Draft {
  if (draft.points.trim() !== "" && !parsePositions(draft.points).ok) return draft;
  const { radius_m } = sketch;
  const same = radius_m === sketchOf(draft).radius_m;
  return {
    ...draft,
    points: sketch.points.map(typedPosition).join("\n"),
    ...(same || radius_m === undefined ? {} : { extent: formatTyped(radius_m) }),
  };
}

// As a person would type it, in the unit that is set.
function formatTyped(m: number): string {
  return formatLength_m(m).replaceAll("\u202f", "");
}

function sketchOf(draft: Draft): Sketch {
  const points = parsePositions(draft.points);
  const extent = parseLength(draft.extent);
  return {
    shape: draft.shape,
    points: points.ok ? points.value : [],
    ...(extent.ok && draft.shape !== "polygon" ? { radius_m: metresOf(extent.value) } : {}),
  };
}

const labels: Partial<Record<keyof Draft, TextKey>> = {
  extent: "field.radius", lower: "field.lower", upper: "field.upper", start: "field.start", end: "field.end",
};

// By their labels, in the order of the form: what keeps it from being kept.
function missingOf(draft: Draft, errors: Rules): string {
  const labelOf = (key: keyof Draft): TextKey => {
    if (key === "points") return pointsLabel(draft.shape);
    return key === "extent" && draft.shape === "corridor" ? "field.half_width" : (labels[key] ?? "field.notice");
  };
  return (Object.keys(errors) as (keyof Draft)[]).map((key) => t(labelOf(key))).join(", ");
}

const pointsLabel = (shape: Shape): TextKey => (shape === "circle" ? "field.centre" : "field.points");

interface Part {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}
type Rules = ReturnType<typeof make>["errors"];

function What({ draft, change }: Part): JSX.Element {
  const classes = rules.value?.activity_classes ?? [];
  return (
    <fieldset class="panel stack tight">
      <legend class="vh">{t("give.what")}</legend>
      <Choices label={t("field.kind")} value={draft.kind} onChange={(v) => change({ kind: v as Kind })} choices={kinds.map((value) => ({ value, label: word(value) }))} />
      <div class={draft.kind === "hazard" ? "fields narrow" : "fields"}>
        {draft.kind === "hazard" && (
          <>
            <Select label={t("field.hazard_class")} value={draft.hazardClass} onChange={(v) => change({ hazardClass: v as HazardClass })} choices={hazards.map((value) => ({ value, label: word(value) }))} />
            <Select label={t("field.source")} value={draft.source} onChange={(v) => change({ source: v as Draft["source"] })} choices={sources.map((value) => ({ value, label: word(value) }))} />
          </>
        )}
        {draft.kind === "activity" && (
          <Select
            label={t("field.activity_class")}
            value={draft.activityClass}
            onChange={(activityClass) => change({ activityClass })}
            choices={[{ value: "", label: t("give.unstated") }, ...classes.map((value) => ({ value, label: word(value) }))]}
          />
        )}
        {draft.kind === "zone" && (
          <Select label={t("field.restriction")} value={draft.restriction} onChange={(v) => change({ restriction: v as Draft["restriction"] })} choices={restrictions.map((value) => ({ value, label: t(`restriction.${value}`) }))} />
        )}
        {isNamed(draft.kind) && <Field label={t("field.name")} value={draft.name} onInput={(name) => change({ name })} hint={t("hint.optional")} />}
        <Select label={t("field.confidence")} value={draft.confidence} onChange={(v) => change({ confidence: v as Draft["confidence"] })} choices={confidences.map((value) => ({ value, label: word(value) }))} />
      </div>
    </fieldset>
  );
}

function Where({ draft, change, errors }: Part & { errors: Rules }): JSX.Element {
  const typed = (key: keyof Rules, text: string): string | undefined => (text && errors[key] ? t(errors[key]) : undefined);
  return (
    <fieldset class="stack tight">
      <legend class="vh">{t("give.where")}</legend>
      <Choices label={t("field.outline")} value={draft.shape} onChange={(v) => change({ shape: v as Shape })} choices={shapes.map((value) => ({ value, label: t(`shape.${value}`) }))} />
      <Field
        label={t(pointsLabel(draft.shape))}
        value={draft.points}
        onInput={(points) => change({ points })}
        lines={draft.shape === "circle" ? undefined : 4}
        error={typed("points", draft.points)}
        hint={t("hint.draw")}
        forms={t("hint.place")}
        autofocus
      />
      <div class="fields narrow">
        {draft.shape !== "polygon" && (
          <Field
            label={draft.shape === "circle" ? t("field.radius") : t("field.half_width")}
            value={draft.extent}
            onInput={(extent) => change({ extent })}
            error={typed("extent", draft.extent)}
            hint={t("hint.length")}
          />
        )}
        <Field label={t("field.lower")} value={draft.lower} onInput={(lower) => change({ lower })} error={typed("lower", draft.lower)} hint={t("hint.height")} />
        <Field label={t("field.upper")} value={draft.upper} onInput={(upper) => change({ upper })} error={typed("upper", draft.upper)} hint={t("hint.height")} />
      </div>
      {draft.moreVolumes.length > 0 && <p class="quiet">{t("give.more_volumes", { n: draft.moreVolumes.length })}</p>}
    </fieldset>
  );
}

function When({ draft, change, errors, declaration }: Part & { errors: Rules; declaration: Declaration | null }): JSX.Element {
  const hint = (time: string | undefined): string =>
    !time || time === "open" ? t("hint.time") : `${time.slice(0, 16).replace("T", " ")}Z = ${formatLocal(time)}`;
  const volume = declaration?.volumes[0];
  return (
    <fieldset class="fields">
      <legend class="vh">{t("give.when")}</legend>
      <Field label={t("field.start")} value={draft.start} onInput={(start) => change({ start })} error={errors.start && t(errors.start)} hint={hint(volume?.time_start)} />
      <Field label={t("field.end")} value={draft.end} onInput={(end) => change({ end })} error={errors.end && t(errors.end)} hint={hint(volume?.time_end)} />
    </fieldset>
  );
}

// What is seldom other than it stands.
function More({ draft, change }: Part): JSX.Element {
  return (
    <fieldset class="panel stack tight">
      <legend class="vh">{t("give.whom")}</legend>
      <div class="fields">
        <Field label={t("field.role_to_call")} value={draft.roleToCall} onInput={(roleToCall) => change({ roleToCall })} />
        <Field label={t("field.frequency")} value={draft.frequency} onInput={(frequency) => change({ frequency })} hint={t("hint.optional")} />
      </div>
      {(draft.kind === "protected_site" || draft.kind === "hazard") && (
        <label class="check">
          <input type="checkbox" checked={draft.onBehalfOf} onChange={() => change({ onBehalfOf: !draft.onBehalfOf })} />
          {t("field.on_behalf_of")}
        </label>
      )}
    </fieldset>
  );
}
