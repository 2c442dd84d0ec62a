// What the parties have agreed: how each agreement stands, what it says, what it changes, and what a person who may bind
// the party does about it.
import { Fragment, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Agreement } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { act } from "../state/acts.ts";
import { now, nodeNow } from "../state/clock.ts";
import { lines } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { mayDo } from "../state/session.ts";
import { Empty, ErrorText, Field, Guarded, Select, Tag, type Tone, useTask } from "../ui/parts.tsx";
import { formatUtc, parseTime } from "../units/time.ts";

const toneOf: Record<Agreement["state"], Tone> = {
  in_force: "good", to_come: "good", signed: "good", proposed: "warn", countered: "none", superseded: "none", expired: "warn", ended: "warn", denounced: "alarm",
};
const stamp = (time: string): string => `${time.slice(0, 10)} ${formatUtc(time, undefined, true)}`;
const period_ms = 15_000;

export function AgreementsPage({ chosen }: { chosen: string | undefined }): JSX.Element {
  const [all, setAll] = useState<Agreement[] | null>(null);
  const task = useTask();
  const read = (): void => void task.run(() => api.get<{ agreements: Agreement[] }>("/v1/agreements").then((page) => setAll(page.agreements)));
  useEffect(() => {
    read();
    const timer = setInterval(read, period_ms);
    return () => clearInterval(timer);
  }, []);
  if (chosen) return <One key={chosen} digest={chosen} changed={read} />;
  return (
    <div class="stack">
      <h1>{t("page.agreements")}</h1>
      <p>{t("agreement.floor")}</p>
      {all?.length === 0 && <Empty>{t("agreement.none")}</Empty>}
      <ul class="stack tight">
        {all?.map((agreement) => (
          <li key={agreement.digest}>
            <a class="item" href={`#/agreements/${agreement.digest}`}>
              <Line agreement={agreement} />
            </a>
          </li>
        ))}
      </ul>
      <ErrorText error={task.error} />
      {mayDo("propose_agreement") && <Propose counters={undefined} done={read} />}
    </div>
  );
}

function Line({ agreement }: { agreement: Agreement }): JSX.Element {
  const waits = agreement.state === "proposed" && !agreement.proposed_by_us;
  return (
    <span class="row">
      <strong class="grow">{t("agreement.number", { n: agreement.number, peer: peerName(agreement.peer) })} <span class="mono ltr quiet">{agreement.digest.slice(0, 8)}</span></strong>
      <span class="ltr">{`${stamp(agreement.effective_from)} → ${agreement.expires ? stamp(agreement.expires) : "—"}`}</span>
      <Tag tone={toneOf[agreement.state]}>{t(`agreement.state_${agreement.state}`)}</Tag>
      {waits && <Tag tone="warn">{t("agreement.waits_for_us")}</Tag>}
    </span>
  );
}

function One({ digest, changed }: { digest: string; changed: () => void }): JSX.Element {
  const [agreement, setAgreement] = useState<Agreement | null>(null);
  const [countering, setCountering] = useState(false);
  const task = useTask();
  const read = (): void => void task.run(() => api.get<Agreement>(`/v1/agreements/${digest}`).then(setAgreement));
  useEffect(read, [digest]);
  if (!agreement) return task.error ? <ErrorText error={task.error} /> : <Empty>{t("ui.loading")}</Empty>;
  const done = (): void => {
    read();
    changed();
  };
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow">{t("agreement.number", { n: agreement.number, peer: peerName(agreement.peer) })}</h1>
        <button type="button" onClick={() => go("agreements")}>{t("ui.back")}</button>
      </div>
      <Facts agreement={agreement} />
      {agreement.changes && (
        <section class="panel stack tight" aria-label={t("agreement.changes")}>
          <h2>{t("agreement.changes")} <span class="mono ltr quiet">{agreement.against?.slice(0, 8)}</span></h2>
          {agreement.changes.length === 0 && <Empty>{t("agreement.no_changes")}</Empty>}
          <ul class="stack tight">{agreement.changes.map((each) => <li key={each} dir="auto" lang="en">{each}</li>)}</ul>
        </section>
      )}
      <Acts agreement={agreement} done={done} counter={() => setCountering(true)} />
      {countering && <Propose counters={agreement} done={() => { setCountering(false); done(); }} />}
      <section class="panel" aria-label={t("agreement.says")}>
        <h2>{t("agreement.says")}</h2>
        <dl class="facts" lang="en">
          {agreement.says?.map(({ what, is }, i) => (
            <Fragment key={i}>
              <dt><bdi>{what}</bdi></dt>
              <dd dir="auto">{is}</dd>
            </Fragment>
          ))}
        </dl>
      </section>
      <details class="panel">
        <summary>{t("agreement.text")}</summary>
        <pre class="mono ltr scroll" tabIndex={0}>{agreement.text}</pre>
      </details>
    </div>
  );
}

function Facts({ agreement }: { agreement: Agreement }): JSX.Element {
  const signature = (by: Agreement["signed_by_us"]): JSX.Element =>
    by ? <span>{t(`role.${by.role}`)} · <span class="ltr">{stamp(by.at)}</span> <span class="mono ltr quiet">{by.key.slice(0, 16)}</span></span> : <Tag tone="none">{t("agreement.not_signed")}</Tag>;
  const file = agreement.source === "file";
  return (
    <section class="panel" aria-label={t("agreement.facts")}>
      <dl class="facts">
        <dt>{t("line.state")}</dt>
        <dd><Tag tone={toneOf[agreement.state]}>{t(`agreement.state_${agreement.state}`)}</Tag></dd>
        <dt>{t("agreement.digest")}</dt>
        <dd class="mono ltr">{agreement.digest}</dd>
        <dt>{t("agreement.from")}</dt>
        <dd class="ltr">{stamp(agreement.effective_from)}</dd>
        <dt>{t("agreement.until")}</dt>
        <dd class="ltr">{agreement.expires ? stamp(agreement.expires) : "—"}</dd>
        <dt>{t("agreement.signed_by_us")}</dt>
        <dd>{file ? t("agreement.in_file") : signature(agreement.signed_by_us)}</dd>
        <dt>{t("agreement.signed_by_peer")}</dt>
        <dd>{file ? t("agreement.in_file") : signature(agreement.signed_by_peer)}</dd>
        {agreement.denounced && (
          <>
            <dt>{t("agreement.state_denounced")}</dt>
            <dd>
              {agreement.denounced.by_us ? t("ui.us") : peerName(agreement.peer)} · {signature(agreement.denounced)}
              {agreement.denounced.until && <span class="ltr"> → {stamp(agreement.denounced.until)}</span>}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Acts({ agreement, done, counter }: { agreement: Agreement; done: () => void; counter: () => void }): JSX.Element | null {
  const [until, setUntil] = useState("+1440");
  const task = useTask();
  const peer = agreement.peer.id;
  const waits = agreement.state === "proposed" && !agreement.signed_by_us && agreement.source === "line";
  const over = ["superseded", "expired", "ended", "denounced", "countered"].includes(agreement.state) || agreement.denounced !== undefined;
  const end = parseTime(until, nodeNow());
  const denounce = (): void => {
    if (end.ok) void task.run(() => act({ act: "denounce_agreement", agreement_sha256: agreement.digest, until: end.value, peer })).then((ok) => ok && done());
  };
  if (over) return null;
  return (
    <section class="panel stack tight" aria-label={t("agreement.acts")}>
      <h2>{t("agreement.acts")}</h2>
      <div class="row">
        {waits && (
          <>
            <Guarded
              label={t("agreement.sign")}
              armedLabel={t("agreement.sign_now")}
              busy={task.busy}
              disabled={!mayDo("sign_agreement")}
              onFire={() => void task.run(() => act({ act: "sign_agreement", agreement_sha256: agreement.digest, peer })).then((ok) => ok && done())}
            />
            <button type="button" disabled={!mayDo("propose_agreement")} onClick={counter}>{t("agreement.counter")}</button>
          </>
        )}
        <Field label={t("field.until")} value={until} onInput={setUntil} error={end.ok ? undefined : t(end.rule)} hint={end.ok ? formatUtc(end.value, now.value) : undefined} />
        <Guarded label={t("agreement.denounce")} armedLabel={t("agreement.denounce_now")} busy={task.busy} disabled={!end.ok || !mayDo("denounce_agreement")} onFire={denounce} />
      </div>
      <p class="quiet">{t("agreement.denounce_help")}</p>
      <ErrorText error={task.error} />
    </section>
  );
}

// The text is written elsewhere, and by people who negotiate; here it is signed and sent.
function Propose({ counters, done }: { counters: Agreement | undefined; done: () => void }): JSX.Element {
  const [text, setText] = useState(counters?.text ?? "");
  const [chosen, setPeer] = useState(counters?.peer.id);
  // The lines may come after the page.
  const peer = chosen ?? lines.value[0]?.peer.id ?? "";
  const task = useTask();
  const send = (): void =>
    void task
      .run(() => act({ act: "propose_agreement", text, peer, ...(counters ? { counters: counters.digest } : {}) }))
      .then((ok) => {
        if (!ok) return;
        setText("");
        done();
      });
  return (
    <section class="panel stack tight" aria-label={t("agreement.propose")}>
      <h2>{counters ? t("agreement.counter") : t("agreement.propose")}</h2>
      {!counters && lines.value.length > 1 && (
        <Select label={t("field.peer")} value={peer} onChange={setPeer} choices={lines.value.map((line) => ({ value: line.peer.id, label: peerName(line.peer) }))} />
      )}
      <Field label={t("agreement.text")} lines={10} value={text} onInput={setText} hint={t("agreement.text_hint")} />
      <div class="row">
        <Guarded label={t("agreement.propose_go")} armedLabel={t("agreement.propose_now")} busy={task.busy} disabled={!text.trim() || !peer} onFire={send} />
      </div>
      <ErrorText error={task.error} />
    </section>
  );
}
