// Proofs: the head of a log and single entries of it, verified in this browser under keys that a person has pinned.
import { Fragment, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { LineRecord } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { lines } from "../state/picture.ts";
import { partyId } from "../state/session.ts";
import { Choices, Empty, ErrorText, Field, Select, Tag, useTask } from "../ui/parts.tsx";
import { formatUtc } from "../units/time.ts";
import { type CheckedEntry, type CheckedHead, checkEntry, checkHead, type LogName, pinnedPolicy, pinPolicy, suggestedPolicy } from "./check.ts";
import { fromUtf8, hex, Refused } from "./proof/bytes.ts";
import { Policy } from "./proof/policy.ts";
import { type Proven, verifyProofFile } from "./proof/proof.ts";

export function Proofs(): JSX.Element {
  const [peer, setPeer] = useState("");
  const [writer, setWriter] = useState<LogName["writer"]>("ours");
  const line = lines.value.find((each) => each.peer.id === peer) ?? lines.value[0];
  if (!line) return <Empty>{t("line.none")}</Empty>;
  const log = { party: partyId.value, peer: line.peer.id, writer };
  return (
    <div class="stack">
      <p>{t("proof.help")}</p>
      <div class="fields">
        {lines.value.length > 1 && (
          <Select label={t("page.line")} value={log.peer} onChange={setPeer} choices={lines.value.map((each) => ({ value: each.peer.id, label: peerName(each.peer) }))} />
        )}
        <Choices
          label={t("proof.log")}
          value={writer}
          onChange={(value) => setWriter(value as LogName["writer"])}
          choices={[
            { value: "ours", label: t("proof.ours") },
            { value: "theirs", label: t("proof.theirs") },
          ]}
        />
      </div>
      <OneLog key={`${log.peer} ${writer}`} log={log} />
    </div>
  );
}

function OneLog({ log }: { log: LogName }): JSX.Element {
  const [pinned, setPinned] = useState(pinnedPolicy(log));
  return (
    <div class="stack">
      <Keys log={log} pinned={pinned} pin={(text) => { pinPolicy(log, text); setPinned(text); }} />
      {pinned && (
        <>
          <HeadOf log={log} />
          <EntryOf log={log} />
          <FileOf policy={pinned} />
        </>
      )}
    </div>
  );
}

function Keys({ log, pinned, pin }: { log: LogName; pinned: string; pin: (text: string) => void }): JSX.Element {
  const [text, setText] = useState(pinned);
  const [fromNode, setFromNode] = useState(false);
  const task = useTask();
  const ask = (): void =>
    void task.run(async () => {
      const record = await api.get<LineRecord>(`/v1/lines/${log.peer}/record`);
      setText(suggestedPolicy(record[log.writer]));
      setFromNode(true);
    });
  const keep = (): void =>
    void task.run(async () => {
      const lf = `${text.trim()}\n`;
      await Policy.parse(lf);
      pin(lf);
      setFromNode(false);
    });
  return (
    <section class="panel stack tight" aria-label={t("proof.keys")}>
      <h2>{t("proof.keys")}</h2>
      <Field label={t("proof.policy")} lines={4} value={text} onInput={setText} hint={t("proof.policy_hint")} />
      {fromNode && <p class="item warn">{t("proof.from_node")}</p>}
      <div class="row">
        <button type="button" onClick={ask} disabled={task.busy}>{t("proof.ask_node")}</button>
        <button type="button" class="primary" onClick={keep} disabled={task.busy || text.trim() === pinned.trim()}>{t("proof.pin")}</button>
        {pinned && text.trim() === pinned.trim() && <Tag tone="good">{t("proof.pinned")}</Tag>}
      </div>
      <Failure error={task.error} />
    </section>
  );
}

// What a check has refused, loud; what the node has said, as everywhere.
export function Failure({ error }: { error: unknown }): JSX.Element | null {
  if (!(error instanceof Refused)) return <ErrorText error={error} />;
  return (
    <p class="item alarm" role="alert">
      <strong>■ {t(`refused.${error.what}`)}</strong> <bdi class="mono">{error.detail}</bdi>
    </p>
  );
}

const utcOf = (time_s: number): string => {
  const iso = new Date(time_s * 1000).toISOString();
  return `${iso.slice(0, 10)} ${formatUtc(iso, undefined, true)}`;
};

function Facts({ of }: { of: CheckedHead | Proven }): JSX.Element {
  return (
    <dl class="facts">
      <dt>{t("proof.log")}</dt>
      <dd class="mono ltr">{of.origin}</dd>
      {"index" in of && (
        <>
          <dt>{t("proof.entry")}</dt>
          <dd class="ltr">{of.index}</dd>
        </>
      )}
      <dt>{t("proof.size")}</dt>
      <dd class="ltr">{of.head.size}</dd>
      <dt>{t("proof.root")}</dt>
      <dd class="mono ltr">{hex(of.head.root)}</dd>
      {of.cosigned.map(({ name, time_s }) => (
        <Fragment key={name}>
          <dt>{t("proof.cosigned", { who: name })}</dt>
          <dd class="ltr">{utcOf(time_s)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

function HeadOf({ log }: { log: LogName }): JSX.Element {
  const [checked, setChecked] = useState<CheckedHead | null>(null);
  const task = useTask();
  const check = (): void => {
    setChecked(null);
    void task.run(async () => setChecked(await checkHead(log)));
  };
  return (
    <section class="panel stack tight" aria-label={t("proof.head")}>
      <h2>{t("proof.head")}</h2>
      <p class="quiet">{t("proof.head_help")}</p>
      <div class="row">
        <button type="button" onClick={check} disabled={task.busy}>{t("proof.check_head")}</button>
        {checked && <Tag tone="good">{t("proof.holds")}</Tag>}
        {checked && <span>{checked.since === undefined ? t("proof.first") : t("proof.goes_on", { n: checked.since })}</span>}
      </div>
      {checked && <Facts of={checked} />}
      <Failure error={task.error} />
    </section>
  );
}

function EntryOf({ log }: { log: LogName }): JSX.Element {
  const [index, setIndex] = useState("0");
  const [checked, setChecked] = useState<CheckedEntry | null>(null);
  const task = useTask();
  const valid = /^\d{1,15}$/.test(index);
  return (
    <section class="panel stack tight" aria-label={t("proof.of_entry")}>
      <h2>{t("proof.of_entry")}</h2>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(null);
          void task.run(async () => setChecked(await checkEntry(log, Number(index))));
        }}
      >
        <Field label={t("proof.entry")} value={index} onInput={setIndex} hint={t("proof.entry_hint")} />
        <button disabled={!valid || task.busy}>{t("proof.check_entry")}</button>
        {checked && <Tag tone="good">{t("proof.holds")}</Tag>}
      </form>
      {checked && (
        <>
          <Facts of={checked} />
          <pre class="mono ltr scroll" tabIndex={0}>{shownEntry(checked.entry)}</pre>
          <div class="row">
            <Download name={`entry-${checked.index}.proof`} bytes={checked.file} label={t("proof.save_proof")} />
            <Download name={`entry-${checked.index}.json`} bytes={checked.entry} label={t("proof.save_entry")} />
          </div>
        </>
      )}
      <Failure error={task.error} />
    </section>
  );
}

// The message inside the envelope, as it was signed; the bytes as they are where it is none.
function shownEntry(entry: Uint8Array): string {
  const text = new TextDecoder().decode(entry);
  try {
    const { payload } = JSON.parse(text) as { payload: string };
    return new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0)));
  } catch {
    return text;
  }
}

function Download({ name, bytes, label }: { name: string; bytes: string | Uint8Array<ArrayBuffer>; label: string }): JSX.Element | null {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return url === "" ? null : <a class="button" href={url} download={name}>{label}</a>;
}

const file_bytes_max = 4 * 1024 * 1024;

async function read(file: File): Promise<Uint8Array> {
  if (file.size > file_bytes_max) throw new Refused("form", file.name);
  return new Uint8Array(await file.arrayBuffer());
}

function FileOf({ policy }: { policy: string }): JSX.Element {
  const [proof, setProof] = useState<File | null>(null);
  const [entry, setEntry] = useState<File | null>(null);
  const [proven, setProven] = useState<Proven | null>(null);
  const task = useTask();
  const check = (): void => {
    setProven(null);
    void task.run(async () => {
      if (!proof || !entry) return;
      const text = fromUtf8(await read(proof), proof.name);
      setProven(await verifyProofFile(text, await read(entry), await Policy.parse(policy)));
    });
  };
  const pick = (label: string, set: (file: File | null) => void): JSX.Element => (
    <label class="field">
      <span>{label}</span>
      <input
        type="file"
        onChange={(event) => {
          set(event.currentTarget.files?.[0] ?? null);
          setProven(null);
        }}
      />
    </label>
  );
  return (
    <section class="panel stack tight" aria-label={t("proof.of_file")}>
      <h2>{t("proof.of_file")}</h2>
      <p class="quiet">{t("proof.file_help")}</p>
      <div class="fields">
        {pick(t("proof.file"), setProof)}
        {pick(t("proof.entry_file"), setEntry)}
      </div>
      <div class="row">
        <button type="button" onClick={check} disabled={!proof || !entry || task.busy}>{t("proof.check_file")}</button>
        {proven && <Tag tone="good">{t("proof.holds")}</Tag>}
      </div>
      {proven && <Facts of={proven} />}
      <Failure error={task.error} />
    </section>
  );
}
