// The line at a glance: one block for each peer, always in sight.
import type { JSX } from "preact";
import type { Line } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { lines } from "../state/picture.ts";

export const toneOf: Record<Line["state"], "up" | "warn" | "lost"> = {
  up: "up",
  connecting: "warn",
  recovering: "warn",
  lost: "lost",
  not_configured: "warn",
};

export const peerName = (party: { id: string; name?: string }): string => party.name ?? party.id.slice(0, 8);

export function LineStates(): JSX.Element {
  if (lines.value.length === 0) {
    return <span class="linestate warn"><strong>{t("line.none")}</strong></span>;
  }
  return (
    <>
      {lines.value.map((line) => (
        <a key={line.peer.id} href="#/line" class={`linestate ${line.old_copy && line.state !== "lost" ? "warn" : toneOf[line.state]}`}>
          <strong role={line.state === "lost" ? "alert" : undefined}>
            {t(`line.${line.state}`)} · {peerName(line.peer)}
          </strong>
          {line.old_copy && <span class="wide">▲ {t(line.old_copy.this_line_only ? "old_copy.line_tag" : "old_copy.tag")}</span>}
          <span class="quiet">{t("line.echo")}</span>
          <span class="ltr">{line.echo_age_ms === undefined ? "—" : `${(line.echo_age_ms / 1000).toFixed(0)} s`}</span>
        </a>
      ))}
    </>
  );
}
