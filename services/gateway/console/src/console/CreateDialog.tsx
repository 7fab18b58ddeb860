import { Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createStream, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { checkDraft, type Draft, EMPTY_DRAFT, streamOf, today } from "./draft";

export function CreateDialog({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (stream: Stream) => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [isChecked, setChecked] = useState(false);
  const faults = checkDraft(draft);
  const creating = useMutation({
    mutationFn: () => createStream(streamOf(draft)),
    onSuccess: async (stream) => {
      await queries.invalidateQueries({ queryKey: ["streams"] });
      onClose();
      onCreated(stream);
    },
  });
  const submit = () => {
    setChecked(true);
    if (Object.keys(faults).length === 0) creating.mutate();
  };
  const field = (key: keyof Draft) => ({
    value: draft[key],
    error: isChecked && faults[key] ? t[faults[key]] : null,
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [key]: event.currentTarget.value }),
  });
  return (
    <Dialog onClose={onClose} title={t.createTitle}>
      <DialogForm doing={creating} action={t.create} onSubmit={submit} onClose={onClose}>
        <TextInput
          label={t.name}
          placeholder={t.namePlaceholder}
          maxLength={120}
          data-autofocus
          withAsterisk
          {...field("name")}
        />
        <Textarea
          label={<Optional label={t.description} />}
          rows={2}
          maxLength={1000}
          {...field("description")}
        />
        <TextInput
          type="date"
          label={<Optional label={t.expires} />}
          description={t.expiresHint}
          min={today()}
          {...field("lastDay")}
        />
        <TextInput
          label={<Optional label={t.streamId} />}
          description={t.streamIdHint}
          spellCheck={false}
          autoCapitalize="none"
          maxLength={64}
          {...field("id")}
        />
      </DialogForm>
    </Dialog>
  );
}

function Optional({ label }: { label: string }) {
  const { t } = useReader();
  return (
    <>
      {label} <span className="optional">{t.optional}</span>
    </>
  );
}
