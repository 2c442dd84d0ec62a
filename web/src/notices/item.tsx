// A notice in a list.
import type { JSX } from "preact";
import type { Line, Matter, Notice, Recipient } from "../api/types.ts";
import { named, t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { now } from "../state/clock.ts";
import { lines, notices } from "../state/picture.ts";
import { partyId } from "../state/session.ts";
import { Tag } from "../ui/parts.tsx";
import { formatBand } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";
import { type AxisState, activity, assessment, author, delivery, endOf, isOwn, isReleased, ofParty, startOf } from "./select.ts";

export function nameOf(notice: Notice): string {
  const declaration = notice.latest.declaration;
  const what = declaration?.hazard ? word(declaration.hazard.class) : word(notice.kind);
  return declaration?.name ? `${what} · ${declaration.name}` : what;
}

export function shortId(notice: { id: string }): string {
  return notice.id.slice(0, 8);
}

// One kind of the node serves for all that did not get through; what is to be done differs by whose it is.
export function kindOf(matter: Matter): string {
  if (matter.kind !== "unusable") return named("matter", matter.kind);
  if (matter.peer.id === partyId.value) return t("matter.not_raised");
  const notice = matter.notice && notices.value.get(matter.notice);
  return notice && isOwn(notice, partyId.value) ? t("matter.not_sent", { peer: peerName(matter.peer) }) : t("matter.unusable");
}

export function Window({ notice }: { notice: Notice }): JSX.Element {
  return (
    <span class="ltr">
      {`${formatUtc(startOf(notice), now.value)}\u00a0– ${formatUtc(endOf(notice), now.value)}`}
    </span>
  );
}

export function Band({ notice }: { notice: Notice }): JSX.Element {
  const volumes = notice.latest.declaration?.volumes ?? [];
  const first = volumes[0];
  if (!first) return <span>—</span>;
  return (
    <span class="ltr">
      {formatBand(first.altitude_lower, first.altitude_upper)}
      {volumes.length > 1 && ` +${volumes.length - 1}`}
    </span>
  );
}

export function Axis({ of, name }: { of: AxisState; name: string }): JSX.Element {
  return <Tag tone={of.tone}>{axisWord(name, of.state)}</Tag>;
}

export function axisWord(axis: string, state: string): string {
  switch (`${axis}.${state}`) {
    case "delivery.read_back":
      return t("axis.read_back");
    case "delivery.read_back_old":
      return t("axis.read_back_old");
    case "delivery.received":
      return t("axis.received");
    case "delivery.received_old":
      return t("axis.received_old");
    case "delivery.not_received":
      return t("axis.not_received");
    case "delivery.not_sent":
      return t("axis.not_sent");
    case "assessment.none":
      return t("axis.no_assessment");
    case "assessment.old":
      return t("axis.assessment_old");
    case "dissemination.untold":
      return t("axis.untold");
    case "dissemination.units_told":
      return t("axis.units_told");
    case "dissemination.own_aircraft_clear":
      return t("axis.own_aircraft_clear");
    default:
      return word(state);
  }
}

export interface Side {
  party: { id: string; name?: string };
  delivery: AxisState;
  recipient: Recipient | undefined;
}

// Of a notice of one's own how each peer stands to it, of the peer's how we do.
export function sidesOf(notice: Notice): Side[] {
  const side = (party: Side["party"], line: Line | undefined): Side => {
    const recipient = ofParty(notice, party.id);
    return { party, recipient, delivery: delivery(recipient, line) };
  };
  if (!isOwn(notice, partyId.value)) return [side({ id: partyId.value }, undefined)];
  return lines.value.map((line) => side(line.peer, line));
}

export function NoticeItem({ notice }: { notice: Notice }): JSX.Element {
  const own = isOwn(notice, partyId.value);
  const released = isReleased(notice);
  return (
    <a class={`item ${notice.kind === "hazard" && notice.activity === "active" ? "alarm" : ""}`} href={`#/notices/${notice.id}`}>
      <span class="row tight">
        <span class={own ? "own" : "peer"}>{own ? t("ui.us") : peerName(notice.party)}</span>
        <bdi class="grow">{nameOf(notice)}</bdi>
        {notice.data_mode !== "REAL" && <Tag tone="warn">{notice.data_mode}</Tag>}
        <span class="mono quiet ltr">{shortId(notice)}</span>
      </span>
      <span class="row tight">
        <Window notice={notice} /> · <Band notice={notice} />
      </span>
      <span class="row tight">
        <Axis of={activity(notice)} name="activity" />
        {(!released || notice.latest.author === "draft") && <Axis of={author(notice)} name="author" />}
        {released && sidesOf(notice).map((side) => (
          <span class="row tight" key={side.party.id}>
            {lines.value.length > 1 && own && <span class="peer">{peerName(side.party)}</span>}
            <Axis of={side.delivery} name="delivery" />
            {side.recipient && <Axis of={assessment(side.recipient)} name="assessment" />}
          </span>
        ))}
        {notice.latest.late && <Tag tone="warn">{t("notices.late")}</Tag>}
      </span>
    </a>
  );
}
