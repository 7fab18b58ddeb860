import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { addRelay } from "../api/relays";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { checkRelay, EMPTY_RELAY, type RelayDraft, relayOf } from "./relay-draft";
import { SecretInput } from "./SecretInput";

export function RelayForm({ stream }: { stream: string }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<RelayDraft>(EMPTY_RELAY);
  const [isChecked, setChecked] = useState(false);
  const faults = checkRelay(draft);
  const adding = useMutation({
    mutationFn: () => addRelay(stream, relayOf(draft)),
    onSuccess: async () => {
      setDraft(EMPTY_RELAY);
      setChecked(false);
      await queries.invalidateQueries({ queryKey: ["relays", stream] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(faults).length === 0) adding.mutate();
  };
  const field = (key: keyof RelayDraft) => ({
    value: draft[key],
    error: isChecked && faults[key] ? t[faults[key]] : null,
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [key]: event.currentTarget.value }),
  });
  return (
    <form className="form relay-form" onSubmit={submit} noValidate autoComplete="off">
      <h3>{t.relayAdd}</h3>
      <TextInput
        label={t.name}
        placeholder={t.relayNamePlaceholder}
        maxLength={120}
        withAsterisk
        {...field("name")}
      />
      <TextInput
        label={t.server}
        placeholder="rtmps://live.example.com/app"
        spellCheck={false}
        autoCapitalize="none"
        maxLength={1000}
        withAsterisk
        {...field("server")}
      />
      <SecretInput
        label={t.streamKey}
        description={t.relayKeyHint}
        autoComplete="new-password"
        maxLength={1000}
        {...field("key")}
      />
      {adding.error && <Failure error={adding.error} />}
      <div className="dialog-actions">
        <Button
          type="submit"
          loading={adding.isPending}
          leftSection={<Icon name="plus" size={18} />}
        >
          {t.relayAddButton}
        </Button>
      </div>
    </form>
  );
}
