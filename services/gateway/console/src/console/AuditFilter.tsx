import { NativeSelect, TextInput } from "@mantine/core";

import type { Outcome, Wanted } from "../api/audit";
import { useReader } from "../i18n/Reader";

/** Whatever of the audit log is asked for. Times are the reader's own. */
export interface Chosen extends Pick<Wanted, "actor_name" | "outcome" | "under"> {
  from: string;
  until: string;
}

export const NOTHING_CHOSEN: Chosen = {
  actor_name: "",
  outcome: "",
  under: "",
  from: "",
  until: "",
};

/** With it browsers take years of four digits only. */
const LAST = "9999-12-31T23:59";

function instantOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

export function wantedOf({ actor_name, outcome, under, from, until }: Chosen): Wanted {
  return {
    actor_name: actor_name.trim(),
    outcome,
    under,
    from_at: instantOf(from),
    until_at: instantOf(until),
  };
}

export function AuditFilter({
  chosen,
  onChosen,
}: {
  chosen: Chosen;
  onChosen: (chosen: Chosen) => void;
}) {
  const { t } = useReader();
  const field = (key: keyof Chosen) => ({
    value: chosen[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChosen({ ...chosen, [key]: event.currentTarget.value }),
  });
  const outcomes: { value: Outcome | ""; label: string }[] = [
    { value: "", label: t.anyOutcome },
    { value: "done", label: t.outcomes.done },
    { value: "refused", label: t.outcomes.refused },
    { value: "failed", label: t.outcomes.failed },
  ];
  const subjects = [
    { value: "", label: t.anySubject },
    { value: "/api/v1/log", label: t.subjects.signingIn },
    { value: "/api/v1/account", label: t.subjects.account },
    { value: "/api/v1/users", label: t.users },
    { value: "/api/v1/api-keys", label: t.keys },
    { value: "/api/v1/streams", label: t.streams },
    { value: "/api/v1/sessions", label: t.recordings },
    { value: "/api/v1/assets", label: t.videos },
    { value: "/api/v1/uploads", label: t.subjects.uploads },
    { value: "/api/v1/jobs", label: t.subjects.jobs },
    { value: "/api/v1/webhooks", label: t.nouns.webhooks },
    { value: "/api/v1/domains", label: t.nouns.domains },
    { value: "/api/v1/tenants", label: t.tenants },
  ];
  return (
    <form className="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextInput
        label={t.who}
        placeholder={t.whoPlaceholder}
        spellCheck={false}
        autoCapitalize="none"
        maxLength={128}
        {...field("actor_name")}
      />
      <NativeSelect label={t.what} data={subjects} {...field("under")} />
      <NativeSelect label={t.outcome} data={outcomes} {...field("outcome")} />
      <TextInput
        type="datetime-local"
        label={t.from}
        max={chosen.until || LAST}
        {...field("from")}
      />
      <TextInput
        type="datetime-local"
        label={t.until}
        min={chosen.from}
        max={LAST}
        {...field("until")}
      />
    </form>
  );
}
