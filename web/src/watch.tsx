// The watch: what needs somebody now, what is declared, and the map beside it.
import type { JSX } from "preact";
import { lazy, Suspense } from "preact/compat";
import { Matters, OneCall } from "./calls/page.tsx";
import { ConflictItem } from "./conflicts/item.tsx";
import { t } from "./i18n/text.ts";
import { NoticeItem } from "./notices/item.tsx";
import { inForce, isOwn } from "./notices/select.ts";
import { liveConflicts, notices, openCalls } from "./state/picture.ts";
import { mayDo, partyId } from "./state/session.ts";
import { Empty } from "./ui/parts.tsx";

// The map is the largest part: the lists are there before it.
const MapView = lazy(() => import("./map/view.tsx"));
const shown_max = 40;

export function WatchPage(): JSX.Element {
  const declared = inForce(notices.value);
  const waiting = openCalls.value.filter((call) => !call.by_us);
  const drafts = [...notices.value.values()].filter((notice) => isOwn(notice, partyId.value) && notice.latest.author === "draft");
  const alarming = liveConflicts.value.filter((conflict) => conflict.treatment !== "listed");
  return (
    <div class="watch">
      <div class="list stack">
        <h1 class="vh">{t("page.watch")}</h1>
        <section class="stack tight" aria-label={t("watch.now")}>
          <h2>{t("watch.now")}</h2>
          {waiting.map((call) => (
            <OneCall key={call.id} call={call} />
          ))}
          <Matters own beside={waiting} />
        </section>
        {drafts.length > 0 && (
          <section class="stack tight" aria-label={t("watch.drafts")}>
            <h2>
              {t("watch.drafts")} ({drafts.length})
            </h2>
            {drafts.slice(0, shown_max).map((notice) => (
              <NoticeItem key={notice.id} notice={notice} />
            ))}
          </section>
        )}
        <section class="stack tight" aria-label={t("page.conflicts")}>
          <h2>
            {t("page.conflicts")} ({alarming.length})
          </h2>
          {alarming.length === 0 && <Empty>{t("conflicts.none")}</Empty>}
          {alarming.slice(0, shown_max).map((conflict) => (
            <ConflictItem key={conflict.id} conflict={conflict} />
          ))}
        </section>
        <section class="stack tight" aria-label={t("page.notices")}>
          <div class="row">
            <h2 class="grow">
              {t("page.notices")} ({declared.length})
            </h2>
            {mayDo("draft_notice") && (
              <a class="button primary" href="#/notices/give">
                {t("notices.give")} <kbd>G</kbd>
              </a>
            )}
          </div>
          {declared.length === 0 && <Empty>{mayDo("draft_notice") ? t("watch.first") : t("notices.none")}</Empty>}
          {declared.slice(0, shown_max).map((notice) => (
            <NoticeItem key={notice.id} notice={notice} />
          ))}
          {declared.length > shown_max && <a href="#/notices">{t("watch.all", { n: declared.length })}</a>}
        </section>
      </div>
      <div class="map">
        <Suspense fallback={<Empty>{t("ui.loading")}</Empty>}>
          <MapView />
        </Suspense>
      </div>
    </div>
  );
}
