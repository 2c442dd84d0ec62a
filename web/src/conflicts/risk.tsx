// A conflict with a held plan taken as it is: by a person whose role may, after reading what that means. It stays here.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Conflict } from "../api/types.ts";
import { named, t } from "../i18n/text.ts";
import { act } from "../state/acts.ts";
import { nodeNow, now } from "../state/clock.ts";
import { mayDo } from "../state/session.ts";
import { Choices, Dialog, ErrorText, Guarded, Tag, useTask } from "../ui/parts.tsx";
import { formatUtc } from "../units/time.ts";
import { versionsOf } from "./item.tsx";

const spans_h = ["1", "4", "12", ""] as const;

export function AcceptRisk({ conflict }: { conflict: Conflict }): JSX.Element {
  const [open, setOpen] = useState(false);
  const accepted = conflict.risk_accepted;
  const may = mayDo("accept_risk");
  return (
    <div class="row">
      <span class="grow">
        <strong>{t("held.accept")}</strong> — {t("held.accept_reveals")}
        {!may && <span class="quiet"> {t("held.accept_role")}</span>}
      </span>
      {accepted && (
        <Tag tone="warn">
          {t("held.accepted", { role: named("role", accepted.role) })} <span class="ltr">{formatUtc(accepted.at, now.value)}</span>
          {accepted.until && <span> {t("held.until")} <span class="ltr">{formatUtc(accepted.until, now.value)}</span></span>}
        </Tag>
      )}
      <button type="button" disabled={!may} onClick={() => setOpen(true)}>{t("held.accept")}</button>
      {open && <Confirm conflict={conflict} close={() => setOpen(false)} />}
    </div>
  );
}

function Confirm({ conflict, close }: { conflict: Conflict; close: () => void }): JSX.Element {
  const [span_h, setSpan] = useState<string>(spans_h[0]);
  const task = useTask();
  // Of the versions that were looked at when the dialog opened: another one that comes meanwhile is refused by the node.
  const [versions] = useState(versionsOf(conflict));
  const fire = async (): Promise<void> => {
    const until = span_h ? { until: new Date(nodeNow() + Number(span_h) * 3_600_000).toISOString() } : {};
    if (await task.run(() => act({ act: "accept_risk", conflict: conflict.id, versions, ...until }))) close();
  };
  return (
    <Dialog title={t("held.accept")} loud onClose={close}>
      <p>{t("held.accept_means")}</p>
      <Choices
        label={t("held.until")}
        value={span_h}
        onChange={setSpan}
        choices={spans_h.map((value) => ({ value, label: value ? `${value} h` : t("held.until_over") }))}
      />
      <ErrorText error={task.error} />
      <div class="row">
        <Guarded label={t("held.accept")} armedLabel={t("held.accept_now")} busy={task.busy} onFire={() => void fire()} />
      </div>
    </Dialog>
  );
}
