// The board: every notice with its five axes.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Notice } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { notices, openMatters } from "../state/picture.ts";
import { mayDo, partyId } from "../state/session.ts";
import { Choices, Countdown, Empty, Field, Tag } from "../ui/parts.tsx";
import { Axis, Band, nameOf, shortId, sidesOf, Window } from "./item.tsx";
import { activity, assessment, author, byUrgency, dissemination, isInForce, isOwn, isReleased } from "./select.ts";

const filters = ["in_force", "ours", "theirs", "drafts", "all"] as const;
type Filter = (typeof filters)[number];
const rows_max = 300;

function passes(notice: Notice, filter: Filter): boolean {
  const own = isOwn(notice, partyId.value);
  switch (filter) {
    case "in_force":
      return isInForce(notice);
    case "ours":
      return own && isInForce(notice);
    case "theirs":
      return !own && isInForce(notice);
    case "drafts":
      return own && (notice.latest.author === "draft" || notice.latest.disclosure !== "declared");
    case "all":
      return true;
  }
}

export function NoticesPage(): JSX.Element {
  const [filter, setFilter] = useState<Filter>("in_force");
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const rows = [...notices.value.values()]
    .filter((n) => passes(n, filter) && (!wanted || `${n.id} ${nameOf(n)} ${peerName(n.party)}`.toLowerCase().includes(wanted)))
    .sort(byUrgency);
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow">{t("page.notices")}</h1>
        {mayDo("draft_notice") && (
          <a class="button" href="#/notices/give">
            {t("notices.give")} <kbd>G</kbd>
          </a>
        )}
      </div>
      <div class="row">
        <Choices
          label={t("notices.show")}
          value={filter}
          onChange={(value) => setFilter(value as Filter)}
          choices={filters.map((value) => ({ value, label: t(`filter.${value}`) }))}
        />
        <Field label={t("notices.find")} value={text} onInput={setText} />
      </div>
      {rows.length === 0 && <Empty>{t("notices.none")}</Empty>}
      {rows.length > 0 && <Table rows={rows.slice(0, rows_max)} />}
      {rows.length > rows_max && <p>{t("notices.more", { n: rows.length - rows_max })}</p>}
    </div>
  );
}

function Table({ rows }: { rows: Notice[] }): JSX.Element {
  return (
    <div class="scroll panel" role="region" aria-label={t("page.notices")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("field.party")}</th>
            <th scope="col">{t("field.notice")}</th>
            <th scope="col">{t("field.window")}</th>
            <th scope="col">{t("field.band")}</th>
            <th scope="col">{t("axis.author")}</th>
            <th scope="col">{t("axis.delivery")}</th>
            <th scope="col">{t("axis.assessment")}</th>
            <th scope="col">{t("axis.dissemination")}</th>
            <th scope="col">{t("axis.activity")}</th>
            <th scope="col">{t("field.deadline")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((notice) => (
            <Row key={notice.id} notice={notice} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ notice }: { notice: Notice }): JSX.Element {
  const own = isOwn(notice, partyId.value);
  const released = isReleased(notice);
  const sides = released ? sidesOf(notice) : [];
  const due = openMatters.value.find((m) => m.notice === notice.id && m.next_climb_at);
  return (
    <tr>
      <td class={own ? "own" : "peer"}>{own ? t("ui.us") : peerName(notice.party)}</td>
      <th scope="row">
        <a href={`#/notices/${notice.id}`}>
          <bdi>{nameOf(notice)}</bdi> <span class="mono ltr">{shortId(notice)}</span>
        </a>{" "}
        {notice.data_mode !== "REAL" && <Tag tone="warn">{notice.data_mode}</Tag>}
        {notice.latest.late && <Tag tone="warn">{t("notices.late")}</Tag>}
      </th>
      <td><Window notice={notice} /></td>
      <td><Band notice={notice} /></td>
      <td><Axis of={author(notice)} name="author" /></td>
      <td>{sides.map((side) => <Axis key={side.party.id} of={side.delivery} name="delivery" />)}</td>
      <td>{sides.map((side) => <Axis key={side.party.id} of={assessment(side.recipient)} name="assessment" />)}</td>
      <td>{sides.map((side) => <Axis key={side.party.id} of={dissemination(side.recipient)} name="dissemination" />)}</td>
      <td><Axis of={activity(notice)} name="activity" /></td>
      <td>{due?.next_climb_at && <Countdown to={due.next_climb_at} />}</td>
    </tr>
  );
}
