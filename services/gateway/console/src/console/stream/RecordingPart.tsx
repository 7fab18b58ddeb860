import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { changeItem, type Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { useMay } from "../may";
import { timelineAddress } from "../place";
import {
  draftOf,
  faultsOf,
  itemOf,
  type NumberField,
  RANGES,
  type RecordingDraft,
} from "./recording-draft";
import { RecordingRule } from "./RecordingRule";

/** Which files are made of a stream while it is on air, and how long all of it is kept. */
export function RecordingPart({ stream }: { stream: Stream }) {
  const { t, tag } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<RecordingDraft>(() => draftOf(stream));
  const faults = faultsOf(draft);
  const saving = useMutation({
    mutationFn: () => changeItem(stream.id, itemOf(draft)),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["streams"] }),
  });
  const change = (part: Partial<RecordingDraft>) => {
    saving.reset();
    setDraft({ ...draft, ...part });
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (faults.size === 0) saving.mutate();
  };
  const number = (field: NumberField) => {
    const { least, most } = RANGES[field];
    const amount = (value: number) => value.toLocaleString(tag);
    return {
      inputMode: "decimal" as const,
      value: draft[field],
      error: faults.has(field) ? t.stream.badNumber(amount(least), amount(most)) : null,
      onChange: (event: { currentTarget: { value: string } }) =>
        change({ [field]: event.currentTarget.value }),
    };
  };
  return (
    <form className="form" onSubmit={save} noValidate>
      <fieldset className="recording-rules" disabled={!may("streams:write")}>
        <p className="hint">{t.stream.recordingHint}</p>
        {may("recordings:read") && (
          <Button
            component="a"
            variant="default"
            className="to-timeline"
            href={timelineAddress([stream.id])}
            leftSection={<Icon name="timeline" size={18} />}
          >
            {t.recorded.openTimeline}
          </Button>
        )}
        <RecordingRule
          label={t.stream.recordVideo}
          description={t.stream.recordVideoHint}
          isOn={draft.hasVideo}
          onOn={(hasVideo) => change({ hasVideo })}
        >
          <TextInput label={t.stream.videoSeconds} {...number("videoSeconds")} />
        </RecordingRule>
        <RecordingRule
          label={t.stream.recordImages}
          description={t.stream.recordImagesHint}
          isOn={draft.hasImages}
          onOn={(hasImages) => change({ hasImages })}
        >
          <TextInput label={t.stream.imageSeconds} {...number("imageSeconds")} />
        </RecordingRule>
        <RecordingRule
          label={t.stream.recordMotion}
          description={t.stream.recordMotionHint}
          isOn={draft.hasMotion}
          onOn={(hasMotion) => change({ hasMotion })}
        >
          <TextInput label={t.stream.motionDifference} {...number("motionDifference")} />
          <TextInput label={t.stream.motionPercent} {...number("motionPercent")} />
        </RecordingRule>
        <h3>{t.stream.retention}</h3>
        <p className="hint">{t.stream.retentionHint}</p>
        <div className="recording-row">
          <TextInput
            label={t.stream.keepHours}
            placeholder={t.stream.asTheHouse}
            {...number("keepHours")}
          />
          <TextInput
            label={t.stream.keepGigabytes}
            placeholder={t.stream.asTheHouse}
            {...number("keepGigabytes")}
          />
        </div>
      </fieldset>
      {saving.error && <Failure error={saving.error} />}
      {may("streams:write") && (
        <div className="dialog-actions">
          <Button type="submit" loading={saving.isPending}>
            {t.save}
          </Button>
        </div>
      )}
      <p className="hint" role="status">
        {saving.isSuccess && t.stream.saved}
      </p>
    </form>
  );
}
