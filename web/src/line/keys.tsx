// The keys of this party and the areas that its equipment watches.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { DeadManArea, Line, OwnKeys } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { openMatters, refreshLines } from "../state/picture.ts";
import { mayDo } from "../state/session.ts";
import { Empty, ErrorText, Field, Guarded, Tag, type Tone, useTask } from "../ui/parts.tsx";
import { formatUtc } from "../units/time.ts";

export function OwnKeysPanel(): JSX.Element {
  const [keys, setKeys] = useState<OwnKeys | null>(null);
  const [revoke, setRevoke] = useState(false);
  const task = useTask();
  const read = (): Promise<void> => api.get<OwnKeys>("/v1/keys").then(setKeys);
  useEffect(() => {
    void task.run(read);
  }, []);
  return (
    <section class="panel stack tight" aria-label={t("ownkeys.title")}>
      <h2>{t("ownkeys.title")}</h2>
      {keys && (
        <dl class="facts">
          <dt>{t("line.fingerprint")}</dt>
          <dd class="mono ltr">{keys.fingerprint}</dd>
          <dt>{t("line.since")}</dt>
          <dd class="ltr">{`${keys.since.slice(0, 10)} ${formatUtc(keys.since)}`}</dd>
          {keys.not_receipted_by.length > 0 && (
            <>
              <dt>{t("ownkeys.not_receipted")}</dt>
              <dd>{keys.not_receipted_by.map((peer) => <Tag key={peer} tone="warn"><bdi>{peer}</bdi></Tag>)}</dd>
            </>
          )}
        </dl>
      )}
      {mayDo("manage_peers") && (
        <div class="row">
          <label class="check">
            <input type="checkbox" checked={revoke} onChange={() => setRevoke(!revoke)} />
            {t("ownkeys.revoke")}
          </label>
          <Guarded label={t("ownkeys.rotate")} armedLabel={t("ownkeys.rotate_now")} busy={task.busy} onFire={() => void task.run(() => api.post("/v1/keys/rotate", revoke ? { revoke } : {}).then(read))} />
        </div>
      )}
      <p class="quiet">{t("ownkeys.help")}</p>
      <ErrorText error={task.error} />
    </section>
  );
}

// After its people have read out the new fingerprint over another channel, a person enters it; it is not shown to be copied.
export function ConfirmPeerKeys({ line }: { line: Line }): JSX.Element | null {
  const [fingerprint, setFingerprint] = useState("");
  const task = useTask();
  const changed = openMatters.value.some((matter) => matter.kind === "keys_changed" && matter.peer.id === line.peer.id);
  if (!changed || !mayDo("manage_peers")) return null;
  return (
    <form
      class="item warn row"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(() => api.post(`/v1/lines/${line.peer.id}/keys`, { fingerprint }).then(refreshLines));
      }}
    >
      <Field label={t("peerkeys.fingerprint")} value={fingerprint} onInput={setFingerprint} hint={t("peerkeys.hint")} />
      <button class="primary" disabled={!fingerprint.trim() || task.busy}>{t("peerkeys.confirm")}</button>
      <ErrorText error={task.error} />
    </form>
  );
}

const toneOf: Record<DeadManArea["state"], Tone> = { disarmed: "none", armed: "good", raised: "alarm" };
const period_ms = 5_000;

export function DeadManPanel(): JSX.Element {
  const [areas, setAreas] = useState<DeadManArea[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const read = (): void => void api.get<{ areas: DeadManArea[] }>("/v1/dead-man").then((page) => { setAreas(page.areas); setError(null); }, setError);
  useEffect(() => {
    read();
    const timer = setInterval(read, period_ms);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="panel stack tight" aria-label={t("deadman.title")}>
      <h2>{t("deadman.title")}</h2>
      <p class="quiet">{t("deadman.help")}</p>
      {areas?.length === 0 && <Empty>{t("deadman.none")}</Empty>}
      {areas?.map((area) => <Area key={area.name} area={area} changed={read} />)}
      <ErrorText error={error} />
    </section>
  );
}

function Area({ area, changed }: { area: DeadManArea; changed: () => void }): JSX.Element {
  const [timeout_s, setTimeoutS] = useState(String(area.timeout_s ?? 30));
  const task = useTask();
  const valid = /^\d{1,3}$/.test(timeout_s) && Number(timeout_s) >= 1 && Number(timeout_s) <= 600;
  const post = (what: string, body: object): void =>
    void task.run(() => api.post(`/v1/dead-man/${encodeURIComponent(area.name)}/${what}`, body)).then((done) => done && changed());
  return (
    <div class="item stack tight">
      <div class="row">
        <strong class="grow"><bdi>{area.name}</bdi>{area.hazard_class && ` · ${word(area.hazard_class)}`}</strong>
        <Tag tone={toneOf[area.state]}>{t(`deadman.${area.state}`)}</Tag>
        {area.since && <span class="ltr quiet">{formatUtc(area.since, now.value, true)}</span>}
        {!area.agreed && <Tag tone="warn">{t("deadman.not_agreed")}</Tag>}
        {area.notice && <a href={`#/notices/${area.notice}`}>{t("calls.notice")}</a>}
      </div>
      {mayDo("report_unplanned_hazard") && (
        <div class="row">
          <Field label={t("deadman.timeout")} value={timeout_s} onInput={setTimeoutS} hint="1–600" />
          <button type="button" disabled={!valid || !area.agreed || task.busy} onClick={() => post("arm", { timeout_s: Number(timeout_s) })}>{t("deadman.arm")}</button>
          {area.state === "armed" && <Guarded label={t("deadman.disarm")} armedLabel={t("deadman.disarm_now")} busy={task.busy} onFire={() => post("disarm", {})} />}
        </div>
      )}
      <ErrorText error={task.error} />
    </div>
  );
}
