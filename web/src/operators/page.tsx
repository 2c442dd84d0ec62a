// Who may act at this node, by the one table of roles, and who one is.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Operator, Role } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { mayDo, me } from "../state/session.ts";
import { ErrorText, Field, Guarded, Select, Tag, useTask } from "../ui/parts.tsx";
import { HandoverPanel } from "./handover.tsx";
import { formatUtc } from "../units/time.ts";

const roles: Role[] = ["viewer", "duty_officer", "supervisor", "deputy_chief", "principal", "administrator"];

export function OperatorsPage(): JSX.Element {
  const [operators, setOperators] = useState<Operator[]>([]);
  const task = useTask();
  const read = (): Promise<void> => api.get<{ operators: Operator[] }>("/v1/operators").then((page) => setOperators(page.operators));
  useEffect(() => {
    void task.run(read);
  }, []);
  return (
    <div class="stack">
      <h1>{t("page.operators")}</h1>
      <HandoverPanel />
      <section class="panel" aria-label={t("operators.me")}>
        <h2>{t("operators.me")}</h2>
        <dl class="facts">
          <dt>{t("signin.name")}</dt>
          <dd>{me.value?.name}</dd>
          <dt>{t("operators.role")}</dt>
          <dd>{me.value && t(`role.${me.value.role}`)}</dd>
          <dt>{t("operators.key")}</dt>
          <dd class="mono ltr">{me.value?.key_id}</dd>
          <dt>{t("operators.until")}</dt>
          <dd class="ltr">{me.value && formatUtc(me.value.expires_at, now.value)}</dd>
          <dt>{t("operators.may")}</dt>
          <dd class="mono ltr">{me.value?.may.join(", ")}</dd>
        </dl>
      </section>
      <section class="panel stack tight" aria-label={t("operators.all")}>
        <h2>{t("operators.all")}</h2>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("signin.name")}</th>
                <th scope="col">{t("operators.role")}</th>
                <th scope="col">{t("operators.key")}</th>
                <th scope="col">{t("operators.state")}</th>
              </tr>
            </thead>
            <tbody>
              {operators.map((operator) => (
                <tr key={operator.name}>
                  <th scope="row"><bdi>{operator.name}</bdi></th>
                  <td>{t(`role.${operator.role}`)}</td>
                  <td class="mono ltr">{operator.key_id.slice(0, 16)}</td>
                  <td>
                    {operator.disabled_at ? (
                      <Tag tone="none">{t("operators.disabled")} <span class="ltr">{formatUtc(operator.disabled_at, now.value)}</span></Tag>
                    ) : (
                      mayDo("manage_operators") && operator.name !== me.value?.name && (
                        <Guarded
                          label={t("operators.disable")}
                          armedLabel={t("operators.disable_now")}
                          onFire={() => void task.run(() => api.post(`/v1/operators/${encodeURIComponent(operator.name)}/disable`).then(read))}
                        />
                      )
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <ErrorText error={task.error} />
      </section>
      {mayDo("manage_operators") && <Add added={() => void task.run(read)} />}
    </div>
  );
}

function Add({ added }: { added: () => void }): JSX.Element {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("duty_officer");
  const [password, setPassword] = useState("");
  const task = useTask();
  return (
    <form
      class="panel stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(() => api.post("/v1/operators", { name, role, password })).then((done) => {
          if (!done) return;
          setName("");
          setPassword("");
          added();
        });
      }}
    >
      <h2>{t("operators.add")}</h2>
      <div class="fields">
        <Field label={t("signin.name")} value={name} onInput={setName} />
        <Select label={t("operators.role")} value={role} onChange={(value) => setRole(value as Role)} choices={roles.map((value) => ({ value, label: t(`role.${value}`) }))} />
        <Field label={t("signin.password")} type="password" autocomplete="new-password" value={password} onInput={setPassword} />
      </div>
      <div class="row">
        <button class="primary" disabled={!name || !password || task.busy}>{t("operators.add")}</button>
      </div>
      <ErrorText error={task.error} />
    </form>
  );
}
