// Calls, meetings and other dealings: both accounts side by side, what was said of them in public, and minutes that both
// sign paragraph by paragraph. It shows where the two sides differ and not who is right.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { ComparedFact, Exchange, ProposedReadout } from "../api/types.ts";
import { named, t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { act } from "../state/acts.ts";
import { go } from "../state/route.ts";
import { mayDo, partyId } from "../state/session.ts";
import { Choices, Empty, ErrorText, Tag, type Tone, useTask } from "../ui/parts.tsx";
import { formatUtc } from "../units/time.ts";
import { EnterAccount, ProposeMinutes } from "./enter.tsx";

const stamp = (time: string): string => `${time.slice(0, 10)} ${formatUtc(time, undefined, true)}`;

async function readExchanges(): Promise<Exchange[]> {
  const all: Exchange[] = [];
  let after = 0;
  do {
    const page = await api.get<{ exchanges: Exchange[]; next?: number }>(`/v1/exchanges?after=${after}`);
    all.push(...page.exchanges);
    after = page.next ?? 0;
  } while (after > 0);
  return all.reverse();
}

export function Exchanges({ chosen }: { chosen: string | undefined }): JSX.Element {
  const [all, setAll] = useState<Exchange[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [entering, setEntering] = useState(false);
  useEffect(() => {
    readExchanges().then(setAll, setError);
  }, [chosen]);
  if (chosen) return <One key={chosen} id={chosen} />;
  if (error) return <ErrorText error={error} />;
  if (!all) return <Empty>{t("ui.loading")}</Empty>;
  if (entering) {
    return (
      <div class="stack">
        <div class="row">
          <button type="button" onClick={() => setEntering(false)}>{t("ui.back")}</button>
        </div>
        <EnterAccount done={(id) => go("record", "exchanges", id)} />
      </div>
    );
  }
  return (
    <div class="stack">
      {mayDo("enter_exchange") && (
        <div class="row">
          <button type="button" class="primary" onClick={() => setEntering(true)}>{t("exchange.enter")}</button>
        </div>
      )}
      {all.length === 0 ? <Empty>{t("exchange.none")}</Empty> : <List all={all} />}
    </div>
  );
}

function List({ all }: { all: Exchange[] }): JSX.Element {
  return (
    <ul class="stack tight">
      {all.map((exchange) => {
        const account = exchange.ours?.account ?? exchange.theirs?.account;
        return (
          <li key={exchange.id}>
            <a class="item" href={`#/record/exchanges/${exchange.id}`}>
              <span class="row">
                <strong class="grow">{peerName(exchange.peer)} · {account && `${word(account.channel)} · ${word(account.level)}`}</strong>
                <span class="ltr quiet">{stamp(account?.held_at ?? exchange.entered_at)}</span>
              </span>
              <span class="row tight">
                <Tag tone={exchange.ours ? "good" : "warn"}>{t("exchange.our_account")}</Tag>
                <Tag tone={exchange.theirs ? "good" : "none"}>{t("exchange.their_account")}</Tag>
                {exchange.readouts_signed > 0 && <Tag tone="good">{t("exchange.readouts_signed", { n: exchange.readouts_signed })}</Tag>}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

interface Comparison {
  parties: { id: string; name?: string }[];
  facts: ComparedFact[];
}

function One({ id }: { id: string }): JSX.Element {
  const [exchange, setExchange] = useState<Exchange | null>(null);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const task = useTask();
  const read = (): void =>
    void task.run(async () => {
      const [found, compared] = await Promise.all([
        api.get<{ exchange: Exchange }>(`/v1/exchanges/${id}`),
        api.get<Comparison>(`/v1/exchanges/${id}/comparison`),
      ]);
      setExchange(found.exchange);
      setComparison(compared);
    });
  useEffect(read, [id]);
  if (!exchange || !comparison) return task.error ? <ErrorText error={task.error} /> : <Empty>{t("ui.loading")}</Empty>;
  return (
    <div class="stack">
      <div class="row">
        <h2 class="grow">{peerName(exchange.peer)} <span class="mono ltr">{exchange.id.slice(0, 8)}</span></h2>
        <button type="button" onClick={() => go("record", "exchanges")}>{t("ui.back")}</button>
      </div>
      <Facts comparison={comparison} />
      {!exchange.ours && <EnterAccount exchange={exchange} done={read} />}
      {(exchange.readouts ?? []).map((readout) => (
        <Readout key={readout.sha256} exchange={exchange} readout={readout} changed={read} />
      ))}
      {(exchange.statements ?? []).length > 0 && (
        <section class="panel stack tight" aria-label={t("exchange.statements")}>
          <h2>{t("exchange.statements")}</h2>
          {(exchange.statements ?? []).map((each) => (
            <article key={each.sha256} class="item">
              <p class="row">
                <strong class="grow">{each.by_us ? t("ui.us") : peerName(exchange.peer)}</strong>
                <span class="ltr quiet">{stamp(each.statement.published_at)}</span>
              </p>
              {each.statement.where && <p class="quiet" dir="auto">{each.statement.where}</p>}
              <p dir="auto" lang={each.statement.language}>{each.statement.text}</p>
            </article>
          ))}
        </section>
      )}
      <ProposeMinutes key={exchange.readouts?.length ?? 0} exchange={exchange} done={read} />
    </div>
  );
}

const toneOf: Record<ComparedFact["finding"], Tone> = { same: "good", differs: "alarm", one_side_only: "warn", not_comparable: "warn", not_said: "none" };

function Facts({ comparison }: { comparison: Comparison }): JSX.Element {
  const name = (party: { id: string; name?: string }): string => (party.id === partyId.value ? t("ui.us") : peerName(party));
  const said = (fact: ComparedFact, party: string, where: "account" | "statement"): string =>
    fact.values.filter((value) => value.party === party && value.in === where).map((value) => value.said).join("; ");
  return (
    <section class="panel scroll" role="region" aria-label={t("exchange.compared")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("record.what")}</th>
            {comparison.parties.map((party) => <th key={party.id} scope="col">{name(party)}</th>)}
            <th scope="col">{t("exchange.finding")}</th>
            <th scope="col">{t("exchange.record")}</th>
          </tr>
        </thead>
        <tbody>
          {comparison.facts.filter((fact) => fact.finding !== "not_said").map((fact) => (
            <tr key={fact.fact}>
              <th scope="row">{named("fact", fact.fact)}</th>
              {comparison.parties.map((party) => (
                <td key={party.id}>
                  <bdi>{said(fact, party.id, "account") || "—"}</bdi>
                  {said(fact, party.id, "statement") && <p class="quiet">{t("exchange.in_public")}: <bdi>{said(fact, party.id, "statement")}</bdi></p>}
                </td>
              ))}
              <td>
                <Tag tone={toneOf[fact.finding]}>{t(`finding.${fact.finding}`)}</Tag>
                {fact.by.map((each) => <p key={each} dir="auto" lang="en">{each}</p>)}
              </td>
              <td>{fact.record.map((each) => <p key={each} dir="auto" lang="en">{each}</p>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type Answer = "agreed" | "not_agreed";
const standingTone: Record<string, Tone> = { agreed: "good", not_agreed: "alarm", open: "none" };

// The minutes: each paragraph in every language beside each other, what each side has said of it, and where it stands.
function Readout({ exchange, readout, changed }: { exchange: Exchange; readout: ProposedReadout; changed: () => void }): JSX.Element {
  const { paragraphs, languages } = readout.readout;
  const [answers, setAnswers] = useState<(Answer | null)[]>(paragraphs.map((_, i) => readout.ours?.paragraphs[i] ?? null));
  const task = useTask();
  const complete = answers.every((answer) => answer !== null);
  const sign = (): void =>
    void task
      .run(() => act({ act: "sign_readout", exchange: exchange.id, readout_sha256: readout.sha256, paragraphs: answers.filter((answer) => answer !== null) }))
      .then((done) => done && changed());
  const heard = (answer: Answer | undefined): JSX.Element => (answer ? <Tag tone={standingTone[answer] ?? ""}>{t(`standing.${answer}`)}</Tag> : <Tag tone="none">{t("standing.open")}</Tag>);
  return (
    <section class="panel stack" aria-label={t("exchange.readout")}>
      <div class="row">
        <h2 class="grow">{t("exchange.readout")} <span class="mono ltr">{readout.sha256.slice(0, 8)}</span></h2>
        <span>{readout.by_us ? t("ui.us") : peerName(exchange.peer)} · <span class="ltr">{stamp(readout.at)}</span></span>
        {readout.signed ? <Tag tone="good">{t("exchange.signed")}</Tag> : <Tag tone="warn">{t("exchange.not_signed")}</Tag>}
      </div>
      <ol class="stack">
        {paragraphs.map((paragraph, i) => (
          <li key={i} class="item stack tight">
            <div class="split">
              {paragraph.texts.map((text, l) => <p key={l} dir="auto" lang={languages[l]}>{text}</p>)}
            </div>
            <div class="row tight">
              <Tag tone={standingTone[readout.standing[i] ?? "open"] ?? ""}>{t(`standing.${readout.standing[i] ?? "open"}`)}</Tag>
              <span>{t("ui.us")}: {heard(readout.ours?.paragraphs[i])}</span>
              <span>{peerName(exchange.peer)}: {heard(readout.theirs?.paragraphs[i])}</span>
              {paragraph.public && <Tag>{t("exchange.public")}</Tag>}
            </div>
            {!readout.ours && mayDo("sign_readout") && (
              <Choices
                label={t("exchange.paragraph", { n: i + 1 })}
                value={answers[i] ?? ""}
                onChange={(value) => setAnswers(answers.map((old, n) => (n === i ? (value as Answer) : old)))}
                choices={(["agreed", "not_agreed"] as const).map((value) => ({ value, label: t(`standing.${value}`) }))}
              />
            )}
          </li>
        ))}
      </ol>
      {!readout.ours && mayDo("sign_readout") && (
        <div class="row">
          <button type="button" class="primary" disabled={!complete || task.busy} onClick={sign}>{t("exchange.sign")}</button>
        </div>
      )}
      <ErrorText error={task.error} />
    </section>
  );
}
