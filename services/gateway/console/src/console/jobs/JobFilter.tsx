import { NativeSelect, TextInput } from "@mantine/core";

import { STATES, type WantedJobs } from "../../api/jobs";
import { useReader } from "../../i18n/Reader";
import { KINDS, kindText } from "./job-words";

export function JobFilter({
  chosen,
  onChosen,
}: {
  chosen: WantedJobs;
  onChosen: (chosen: WantedJobs) => void;
}) {
  const { t } = useReader();
  const field = (key: keyof WantedJobs) => ({
    value: chosen[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChosen({ ...chosen, [key]: event.currentTarget.value }),
  });
  const states = STATES.map((state) => ({ value: state, label: t.jobs.states[state] }));
  const kinds = KINDS.map((kind) => ({ value: kind, label: kindText(kind, t) }));
  return (
    <form className="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <NativeSelect
        label={t.jobs.state}
        data={[{ value: "", label: t.jobs.anyState }, ...states]}
        {...field("state")}
      />
      <NativeSelect
        label={t.jobs.kind}
        data={[{ value: "", label: t.jobs.anyKind }, ...kinds]}
        {...field("kind")}
      />
      <TextInput
        label={t.streamId}
        spellCheck={false}
        autoCapitalize="none"
        maxLength={64}
        {...field("stream")}
      />
    </form>
  );
}
