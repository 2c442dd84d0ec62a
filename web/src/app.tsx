// The frame: line, clock and the two buttons on top; where to go at the side; one page.
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { effect } from "@preact/signals";
import type { Line } from "./api/types.ts";
import { AgreementsPage } from "./agreements/page.tsx";
import { CallsPage } from "./calls/page.tsx";
import { ConflictsPage } from "./conflicts/page.tsx";
import { t, unreviewed } from "./i18n/text.ts";
import { ExerciseBanner } from "./line/exercise.tsx";
import { LineStates, peerName } from "./line/linestate.tsx";
import { LinePage } from "./line/page.tsx";
import { NoticePage } from "./notices/detail.tsx";
import { GivePage } from "./notices/give.tsx";
import { NoticesPage } from "./notices/page.tsx";
import { ReadBackPage } from "./notices/readback.tsx";
import { HandoverBanner, HandoverDialog } from "./operators/handover.tsx";
import { OperatorsPage } from "./operators/page.tsx";
import { RecordPage } from "./record/page.tsx";
import { loudAlarms, silence, startAlarms } from "./state/alarms.ts";
import { now, startClock } from "./state/clock.ts";
import {
  connection,
  lines,
  liveConflicts,
  lostSince,
  missed,
  openCalls,
  openMatters,
  staleTab,
  startPicture,
  status,
} from "./state/picture.ts";
import type { Names, Path } from "./state/paths.ts";
import { go, type Page, page, pages, place } from "./state/route.ts";
import { me, signInNeeded } from "./state/session.ts";
import { set, settings } from "./state/settings.ts";
import { onItsWay, UrgentButtons, UrgentDialog, urgent } from "./ui/guarded.tsx";
import { help, KeysDialog, SettingsDialog } from "./ui/settings.tsx";
import { SignInAgain, SignInPage } from "./ui/signin.tsx";
import { formatLocal, formatSpan, formatUtc } from "./units/time.ts";
import { WatchPage } from "./watch.tsx";

effect(() => {
  document.documentElement.toggleAttribute("data-night", settings.value.night);
  document.documentElement.toggleAttribute("data-large", settings.value.large);
});

function Clock(): JSX.Element {
  const iso = new Date(now.value).toISOString();
  return (
    <div class="clock ltr" role="timer" aria-label={t("clock.label")}>
      <span class="big">{formatUtc(iso, now.value, true)}</span>
      <span class="quiet">{`${iso.slice(0, 10)} · ${formatLocal(now.value)}`}</span>
    </div>
  );
}

function Banner(props: { tone: "alarm" | "warn" | "good"; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`banner ${props.tone}`} role={props.tone === "alarm" ? "alert" : "status"}>
      {props.children}
    </div>
  );
}

// The node runs on an old copy of its store, and says nothing before it has back what it said; or one peer alone says that it
// does, and nothing is signed on that line (docs/operations.md).
function OldCopy({ line, copy }: { line: Line; copy: NonNullable<Line["old_copy"]> }): JSX.Element {
  const peer = peerName(line.peer);
  const what = copy.keys_changed ? "keys" : copy.differs ? "differs" : copy.peer_heard ? "fetching" : "waits";
  return (
    <Banner tone="alarm">
      <span class="grow">
        ■{" "}
        {copy.this_line_only
          ? t("old_copy.line_only", { peer, held: copy.held, peer_holds: copy.peer_holds })
          : `${t("old_copy.signs_nothing")} ${t(`old_copy.${what}`, { peer, held: copy.held, peer_holds: copy.peer_holds })}`}
      </span>
      <button type="button" onClick={() => go("line")}>
        {t("ui.look")}
      </button>
    </Banner>
  );
}

function Banners(): JSX.Element {
  const gone = lostSince.value;
  return (
    <div class="banners">
      <ExerciseBanner />
      {connection.value === "lost" && (
        <Banner tone="alarm">
          <span class="grow">
            {t("node.lost")} {gone !== null && <span class="ltr">{formatSpan(Math.max(0, now.value - gone))}</span>}
          </span>
        </Banner>
      )}
      {loudAlarms.value
        .filter((alarm) => alarm.kind !== "no_node")
        .map((alarm) => (
          <Banner key={alarm.id} tone="alarm">
            <span class="grow">■ {t(`alarm.${alarm.kind}`, { peer: alarm.peer })}</span>
            <button type="button" onClick={() => go(alarm.kind === "link_lost" || alarm.kind === "missed_check" ? "line" : "calls")}>
              {t("ui.look")}
            </button>
            <button type="button" onClick={silence}>
              {t("alarm.silence")} <kbd>M</kbd>
            </button>
          </Banner>
        ))}
      {lines.value.map((line) => line.old_copy && <OldCopy key={line.peer.id} line={line} copy={line.old_copy} />)}
      <HandoverBanner />
      {missed.value && (
        <Banner tone="good">
          <span class="grow">
            {t("node.back", {
              span: formatSpan(missed.value.to - missed.value.from),
              notices: missed.value.notices,
              conflicts: missed.value.conflicts,
            })}
          </span>
          <button type="button" onClick={() => (missed.value = null)}>
            {t("ui.understood")}
          </button>
        </Banner>
      )}
      {staleTab.value && (
        <Banner tone="warn">
          <span class="grow">{t("node.stale")}</span>
          <button type="button" onClick={() => location.reload()}>
            {t("ui.reload")}
          </button>
        </Banner>
      )}
      {status.value?.refusing_writes && (
        <Banner tone="alarm">
          <span dir="auto">{t("node.refusing", { why: status.value.refusing_writes })}</span>
        </Banner>
      )}
    </div>
  );
}

const countOf: Partial<Record<Page, () => number>> = {
  conflicts: () => liveConflicts.value.filter((c) => c.treatment !== "listed").length,
  calls: () => openCalls.value.length,
  watch: () => openMatters.value.filter((m) => !m.owed_by_peer).length,
};

function Rail(): JSX.Element {
  const current = page();
  return (
    <nav class="rail" aria-label={t("ui.pages")}>
      {pages.map((name, i) => {
        const count = countOf[name]?.() ?? 0;
        return (
          <a key={name} href={`#/${name}`} aria-current={name === current ? "page" : undefined}>
            <kbd aria-hidden="true">{i + 1}</kbd>
            <span>{t(`page.${name}`)}</span>
            {count > 0 && <strong>{count}</strong>}
          </a>
        );
      })}
      <span class="grow" />
      {unreviewed.value && <span class="tag warn">{t("settings.unreviewed_mark")}</span>}
      <button type="button" class="plain" onClick={() => (help.value = "settings")}>
        {t("settings.title")} <kbd>,</kbd>
      </button>
      <button type="button" class="plain" onClick={() => (help.value = "keys")}>
        {t("keys.title")} <kbd>?</kbd>
      </button>
    </nav>
  );
}

const pageOf: Record<Path, (names: Names) => JSX.Element> = {
  watch: () => <WatchPage />,
  notices: () => <NoticesPage />,
  "notices/give": () => <GivePage key="" from={undefined} />,
  "notices/give/:notice": ({ notice = "" }) => <GivePage key={notice} from={notice} />,
  "notices/:notice": ({ notice = "" }) => <NoticePage key={notice} id={notice} />,
  "notices/:notice/readback": ({ notice = "" }) => <ReadBackPage key={notice} id={notice} of={undefined} />,
  "notices/:notice/readback/:act": ({ notice = "", act }) => <ReadBackPage key={notice} id={notice} of={act} />,
  conflicts: () => <ConflictsPage chosen={undefined} />,
  "conflicts/:conflict": ({ conflict }) => <ConflictsPage chosen={conflict} />,
  calls: () => <CallsPage />,
  line: () => <LinePage />,
  record: () => <RecordPage view="timeline" />,
  "record/timeline": () => <RecordPage view="timeline" />,
  "record/proofs": () => <RecordPage view="proofs" />,
  "record/exchanges": () => <RecordPage view="exchanges" />,
  "record/exchanges/:exchange": ({ exchange }) => <RecordPage view="exchanges" chosen={exchange} />,
  "record/statistics": () => <RecordPage view="statistics" />,
  agreements: () => <AgreementsPage chosen={undefined} />,
  "agreements/:agreement": ({ agreement }) => <AgreementsPage chosen={agreement} />,
  operators: () => <OperatorsPage />,
};

function CurrentPage(): JSX.Element {
  const { path, names } = place();
  return pageOf[path](names);
}

const onKey: Record<string, () => void> = {
  S: () => (urgent.value = "stop"),
  H: () => (urgent.value = "hazard"),
  g: () => go("notices", "give"),
  m: silence,
  n: () => set({ night: !settings.value.night }),
  l: () => set({ large: !settings.value.large }),
  ",": () => (help.value = "settings"),
  "?": () => (help.value = "keys"),
};

// Keys by their place on a Latin keyboard where the letters are others: an officer types Russian and still presses G.
function nameOfKey(event: KeyboardEvent): string {
  if (/^[\x20-\x7e]$/.test(event.key)) return event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  return letter ? (event.shiftKey ? letter : letter.toLowerCase()) : event.key;
}

function handleKey(event: KeyboardEvent): void {
  const typing = event.target instanceof Element && event.target.matches("input, textarea, select, dialog *");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const name = nameOfKey(event);
  const number = /^[1-9]$/.test(name) ? pages[Number(name) - 1] : undefined;
  if (number) go(number);
  else if (onKey[name]) onKey[name]();
  else return;
  event.preventDefault();
}

function Shell(): JSX.Element {
  useEffect(() => {
    const stop = new AbortController();
    startPicture(stop.signal);
    const stopClock = startClock();
    const stopAlarms = startAlarms();
    addEventListener("keydown", handleKey, { signal: stop.signal });
    return () => {
      stop.abort();
      stopClock();
      stopAlarms();
    };
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>
        {t("ui.skip")}
      </a>
      <div class="shell">
        <header class="top">
          <div class="stack tight">
            <strong>{me.value?.party.name ?? me.value?.party.id}</strong>
            <span class="quiet">
              {me.value?.name} · {me.value && t(`role.${me.value.role}`)}
            </span>
          </div>
          <LineStates />
          <span class="grow" />
          <UrgentButtons />
          <Clock />
        </header>
        <Banners />
        <Rail />
        <main id="main" data-path={place().path} tabIndex={-1} class={`main ${page() === "watch" ? "bleed" : ""}`}>
          <CurrentPage />
        </main>
      </div>
      <UrgentDialog />
      {urgent.value === null && !signInNeeded.value && <HandoverDialog />}
      {help.value === "settings" && <SettingsDialog />}
      {help.value === "keys" && <KeysDialog />}
      {signInNeeded.value && (urgent.value === null || onItsWay.value) && <SignInAgain />}
    </>
  );
}

export function App(): JSX.Element {
  return me.value ? <Shell /> : <SignInPage />;
}
