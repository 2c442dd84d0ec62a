// A conflict in a list.
import type { JSX } from "preact";
import type { Conflict } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { now } from "../state/clock.ts";
import { partyId } from "../state/session.ts";
import { Countdown, Tag } from "../ui/parts.tsx";
import { formatHeight_m, formatLength_m } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";

type Side = Conflict["sides"][number];

export const isAlarming = (conflict: Conflict): boolean => conflict.treatment === "separation" || conflict.treatment === "keep_out";

// Whose, and what. Each of the two is a text by itself: in a line from right to left a name in Latin letters would otherwise
// carry off what stands behind it to the other side.
export function SideName({ side }: { side: Side }): JSX.Element {
  // Of content that is only being checked the node says no kind.
  const what = side.hazard_class ? word(side.hazard_class) : side.kind ? word(side.kind) : "";
  return (
    <span>
      <bdi>{side.party.id === partyId.value ? t("ui.us") : peerName(side.party)}</bdi>
      {what && <>: <bdi>{what}</bdi></>}
      {side.name && <> · <bdi>{side.name}</bdi></>}
    </span>
  );
}

export function SideNames({ conflict }: { conflict: Conflict }): JSX.Element {
  return (
    <span>
      {conflict.sides.map((side, i) => (
        <span key={side.notice}>
          {i > 0 && " ⟷ "}
          <SideName side={side} />
        </span>
      ))}
    </span>
  );
}

export function Verdict({ conflict }: { conflict: Conflict }): JSX.Element {
  if (conflict.verdict === "clear") return <Tag tone="good">{t("conflict.clear")}</Tag>;
  return <Tag tone={conflict.verdict === "certain" && isAlarming(conflict) ? "alarm" : "warn"}>{t(`conflict.${conflict.verdict}`)}</Tag>;
}

export function shortfallText(shortfall: Conflict["separation"]): string {
  const parts: string[] = [];
  if (shortfall.lateral_m > 0) parts.push(`↔ ${formatLength_m(shortfall.lateral_m)}`);
  if (shortfall.vertical_m > 0) parts.push(`↕ ${formatHeight_m(shortfall.vertical_m)}`);
  if (shortfall.time_s > 0) parts.push(`⏱ ${Math.ceil(shortfall.time_s / 60)} min`);
  return parts.join("  ");
}

export function ConflictLine({ conflict }: { conflict: Conflict }): JSX.Element {
  const pair = conflict.pairs[0];
  return (
    <span class={`item ${isAlarming(conflict) ? "alarm" : "warn"}`}>
      <span class="row tight">
        <Verdict conflict={conflict} />
        {conflict.local && <Tag>{t("conflict.held")}</Tag>}
        {!isAlarming(conflict) && <Tag tone="none">{t("conflict.listed")}</Tag>}
        <Tag tone={conflict.state === "open" ? "warn" : ""}>{t(`conflict.state_${conflict.state}`)}</Tag>
        <span class="grow" />
        {conflict.first_moment !== "open" && (
          <>
            <span class="ltr">{formatUtc(conflict.first_moment, now.value)}</span> <Countdown to={conflict.first_moment} />
          </>
        )}
      </span>
      <SideNames conflict={conflict} />
      {pair && (
        <span class="quiet">
          {t("conflict.shortfall")} <span class="ltr">{shortfallText(pair.shortfall)}</span>
        </span>
      )}
    </span>
  );
}

export function ConflictItem({ conflict }: { conflict: Conflict }): JSX.Element {
  return (
    <a href={`#/conflicts/${conflict.id}`} class="conflictlink">
      <ConflictLine conflict={conflict} />
    </a>
  );
}

// As an act names them: what was looked at.
export const versionsOf = (conflict: Conflict): { notice: string; version: string }[] =>
  conflict.sides.map(({ notice, version }) => ({ notice, version })).sort((a, b) => (a.notice < b.notice ? -1 : 1));
