// The two buttons that are reachable from everywhere: the stop call and the hazard that nobody planned; and the warning of
// an entry, which is like the first. What was entered
// stays when the session has ended: it goes out after signing in (api/client.ts).
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { signal } from "@preact/signals";
import type { Declaration, HazardClass } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { pointer } from "../map/pointer.ts";
import { act, newId } from "../state/acts.ts";
import { nodeNow } from "../state/clock.ts";
import { lines } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { mayDo } from "../state/session.ts";
import { formatDecimal, parsePosition } from "../units/coordinates.ts";
import { metresOf, parseHeight, parseLength } from "../units/measures.ts";
import { formatLocal, formatUtc, parseTime } from "../units/time.ts";
import { Choices, Dialog, ErrorText, Field, Guarded, Select, type Task, useTask } from "./parts.tsx";

export type Urgent = "stop" | "entry" | "hazard" | null;
export const urgent = signal<Urgent>(null);
// While one is being filled in, nothing stands between the person and the button: an ended session asks to sign in when
// it is on its way, and it goes out then.
export const onItsWay = signal(false);

async function sendUrgent(task: Task, work: () => Promise<unknown>): Promise<boolean> {
  onItsWay.value = true;
  const sent = await task.run(work);
  onItsWay.value = false;
  return sent;
}

export function UrgentButtons(): JSX.Element {
  return (
    <div class="row tight">
      <button type="button" class="danger guarded" disabled={!mayDo("stop_call")} onClick={() => (urgent.value = "stop")}>
        {t("urgent.stop")}
        <small>
          <kbd>Shift</kbd> <kbd>S</kbd>
        </small>
      </button>
      <button
        type="button"
        class="danger guarded"
        disabled={!mayDo("report_unplanned_hazard")}
        onClick={() => (urgent.value = "hazard")}
      >
        {t("urgent.hazard")}
        <small>
          <kbd>Shift</kbd> <kbd>H</kbd>
        </small>
      </button>
    </div>
  );
}

export function UrgentDialog(): JSX.Element | null {
  if (urgent.value === "stop" || urgent.value === "entry") return <CallOut key={urgent.value} kind={urgent.value} />;
  if (urgent.value === "hazard") return <UnplannedHazard />;
  return null;
}

const close = (): void => {
  urgent.value = null;
};

interface Place {
  where: string;
  extent: string;
}

function usePlace(extent: string): [Place, (change: Partial<Place>) => void, { where?: string; extent?: string }] {
  const [place, setPlace] = useState<Place>({ where: pointer.value ? formatDecimal(pointer.value) : "", extent });
  const at = parsePosition(place.where);
  const radius = parseLength(place.extent);
  return [
    place,
    (change) => setPlace({ ...place, ...change }),
    {
      ...(place.where && !at.ok ? { where: t(at.rule) } : {}),
      ...(place.extent && !radius.ok ? { extent: t(radius.rule) } : {}),
    },
  ];
}

function PlaceFields(props: {
  place: Place;
  errors: { where?: string; extent?: string };
  change: (change: Partial<Place>) => void;
}): JSX.Element {
  return (
    <div class="fields">
      <Field
        label={t("field.centre")}
        value={props.place.where}
        onInput={(where) => props.change({ where })}
        error={props.errors.where}
        hint={t("hint.position")}
        autofocus
      />
      <Field
        label={t("field.radius")}
        value={props.place.extent}
        onInput={(extent) => props.change({ extent })}
        error={props.errors.extent}
        hint={t("hint.length")}
      />
    </div>
  );
}

// "Stop, we are in your area"; or "you are about to enter it", with the time.
function CallOut({ kind }: { kind: "stop" | "entry" }): JSX.Element {
  const [place, change, errors] = usePlace("5 NM");
  const [entry, setEntry] = useState("+5");
  const [callSign, setCallSign] = useState("");
  const [frequency, setFrequency] = useState("");
  const [to, setTo] = useState(lines.value.length === 1 ? lines.value[0]!.peer.id : "");
  const task = useTask();
  const at = parsePosition(place.where);
  const radius = parseLength(place.extent);
  const entryAt = parseTime(entry, nodeNow());
  const fire = async (): Promise<void> => {
    if (!at.ok || !radius.ok || !entryAt.ok) return;
    const sent = await sendUrgent(task, () =>
      act({
        ...(kind === "stop" ? { act: "stop_call" } : { act: "incursion_warning", entry_at: entryAt.value }),
        centre: at.value,
        radius_m: Math.round(metresOf(radius.value)),
        ...(callSign ? { call_sign: callSign } : {}),
        ...(frequency ? { frequency } : {}),
        ...(to ? { to } : {}),
      }),
    );
    if (!sent) return;
    close();
    go("calls");
  };
  return (
    <Dialog title={t(`urgent.${kind}_title`)} loud onClose={close}>
      <p>{t(`urgent.${kind}_help`)}</p>
      <PlaceFields place={place} errors={errors} change={change} />
      <div class="fields">
        {kind === "entry" && (
          <Field
            label={t("field.entry_at")}
            value={entry}
            onInput={setEntry}
            error={entryAt.ok ? undefined : t(entryAt.rule)}
            hint={entryAt.ok ? `${formatUtc(entryAt.value, nodeNow())} = ${formatLocal(entryAt.value)}` : t("hint.time")}
          />
        )}
        <Field label={t("field.call_sign")} value={callSign} onInput={setCallSign} hint={t("hint.optional")} />
        <Field label={t("field.frequency")} value={frequency} onInput={setFrequency} hint={t("hint.optional")} />
        {lines.value.length > 1 && (
          <Select
            label={t("field.peer")}
            value={to}
            onChange={setTo}
            choices={[
              { value: "", label: "…" },
              ...lines.value.map((line) => ({ value: line.peer.id, label: line.peer.name ?? line.peer.id })),
            ]}
          />
        )}
      </div>
      <ErrorText error={task.error} />
      <div class="row">
        <Guarded
          label={t(`urgent.${kind}`)}
          armedLabel={t(`urgent.${kind}_now`)}
          busy={task.busy}
          disabled={!at.ok || !radius.ok || !entryAt.ok || (lines.value.length > 1 && !to)}
          onFire={() => void fire()}
        />
      </div>
    </Dialog>
  );
}

const classes: HazardClass[] = [
  "other",
  "debris",
  "live_firing",
  "air_defence_activity",
  "unmanned_swarm",
  "fire_fighting",
  "launch",
  "re_entry",
  "laser",
  "electromagnetic",
  "parachuting",
];
const sources = ["own", "observed", "expected_third_party"] as const;

// What is there already must not begin in the future because two clocks differ by a little.
const clock_margin_ms = 1_000;

function UnplannedHazard(): JSX.Element {
  const [place, change, errors] = usePlace("10 NM");
  const [kind, setKind] = useState<HazardClass>("other");
  const [source, setSource] = useState<(typeof sources)[number]>("own");
  const [upper, setUpper] = useState("UNL");
  const [id] = useState(newId);
  const task = useTask();
  const at = parsePosition(place.where);
  const radius = parseLength(place.extent);
  const top = parseHeight(upper);
  const fire = async (): Promise<void> => {
    if (!at.ok || !radius.ok || !top.ok) return;
    const declaration: Declaration = {
      kind: "hazard",
      data_mode: "REAL",
      hazard: { class: kind, source },
      confidence: source === "observed" ? "observed" : "expected",
      unplanned: true,
      role_to_call: "duty officer",
      volumes: [
        {
          outline_circle: { center: at.value, radius: radius.value },
          altitude_lower: { value: 0, reference: "AGL", units: "M" },
          altitude_upper: top.value,
          time_start: new Date(nodeNow() - clock_margin_ms).toISOString(),
          time_end: "open",
        },
      ],
    };
    const sent = await sendUrgent(task, () => act({ act: "release", notice: id, declaration, check: "none" }));
    if (!sent) return;
    close();
    go("notices", id);
  };
  return (
    <Dialog title={t("urgent.hazard_title")} loud onClose={close}>
      <p>{t("urgent.hazard_help")}</p>
      <PlaceFields place={place} errors={errors} change={change} />
      <div class="fields">
        <Select
          label={t("field.hazard_class")}
          value={kind}
          onChange={(value) => setKind(value as HazardClass)}
          choices={classes.map((value) => ({ value, label: word(value) }))}
        />
        <Field
          label={t("field.upper")}
          value={upper}
          onInput={setUpper}
          error={top.ok ? undefined : t(top.rule)}
          hint={t("hint.height")}
        />
      </div>
      <Choices
        label={t("field.source")}
        value={source}
        onChange={(value) => setSource(value as typeof source)}
        choices={sources.map((value) => ({ value, label: word(value) }))}
      />
      <ErrorText error={task.error} />
      <div class="row">
        <Guarded
          label={t("urgent.hazard")}
          armedLabel={t("urgent.hazard_now")}
          busy={task.busy}
          disabled={!at.ok || !radius.ok || !top.ok}
          onFire={() => void fire()}
        />
      </div>
    </Dialog>
  );
}
