import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  createWebhook,
  updateWebhook,
  type Webhook,
  type WebhookWithSecret,
} from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { EventPicker } from "./EventPicker";
import { checkWebhook, draftOf, fieldsOf } from "./webhook-draft";

/** Makes a webhook, or changes one; whoever made one is told its secret. */
export function WebhookDialog({
  hook,
  onMade,
  onClose,
}: {
  hook: Webhook | null;
  onMade?: (made: WebhookWithSecret) => void;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(hook));
  const [isChecked, setChecked] = useState(false);
  const faults = checkWebhook(draft);
  const refresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const saving = useMutation({
    mutationFn: async () => {
      if (hook === null) return createWebhook(fieldsOf(draft));
      await updateWebhook(hook.id, fieldsOf(draft));
      return null;
    },
    onSuccess: async (made) => {
      await refresh();
      onClose();
      if (made) onMade?.(made);
    },
  });
  const submit = () => {
    setChecked(true);
    if (Object.keys(faults).length === 0) saving.mutate();
  };
  const errorOf = (key: keyof typeof draft) =>
    isChecked && faults[key] ? t[faults[key]] : null;
  const field = (key: "url" | "description" | "streams") => ({
    value: draft[key],
    error: errorOf(key),
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [key]: event.currentTarget.value }),
  });
  const optional = (label: string) => (
    <>
      {label} <span className="optional">{t.optional}</span>
    </>
  );
  return (
    <Dialog onClose={onClose} size="lg" title={hook ? t.webhookEdit : t.webhookNew}>
      <DialogForm
        doing={saving}
        action={hook ? t.save : t.createWebhook}
        onSubmit={submit}
        onClose={onClose}
      >
        <TextInput
          type="url"
          label={t.webhookURL}
          description={t.webhookURLHint}
          placeholder="https://example.com/weir"
          spellCheck={false}
          maxLength={2048}
          data-autofocus
          withAsterisk
          {...field("url")}
        />
        <TextInput
          label={optional(t.webhookAbout)}
          placeholder={t.webhookAboutPlaceholder}
          maxLength={500}
          {...field("description")}
        />
        <EventPicker draft={draft} error={errorOf("types")} onDraft={setDraft} />
        <TextInput
          label={optional(t.webhookStreams)}
          description={t.webhookStreamsHint}
          placeholder="front-door, gate"
          spellCheck={false}
          autoCapitalize="none"
          {...field("streams")}
        />
      </DialogForm>
    </Dialog>
  );
}
