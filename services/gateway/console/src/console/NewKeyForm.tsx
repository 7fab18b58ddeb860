import { NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { use, useState } from "react";

import { createKey } from "../api/access";
import { useReader } from "../i18n/Reader";
import { DialogForm } from "./DialogForm";
import { checkKey, EMPTY_KEY, type KeyDraft, keyOf, TERMS } from "./key-draft";
import { MayContext } from "./may";
import { PermissionFields } from "./PermissionFields";

export function NewKeyForm({
  onMade,
  onClose,
}: {
  onMade: (key: string) => void;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const held = use(MayContext);
  const [draft, setDraft] = useState<KeyDraft>(EMPTY_KEY);
  const [isChecked, setChecked] = useState(false);
  const faults = checkKey(draft);
  const change = (part: Partial<KeyDraft>) => setDraft({ ...draft, ...part });
  const said = (field: keyof KeyDraft) => {
    const fault = faults[field];
    return isChecked && fault ? t[fault] : null;
  };
  const creating = useMutation({
    mutationFn: () => createKey(keyOf(draft)),
    onSuccess: async ({ key }) => {
      onMade(key);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const submit = () => {
    setChecked(true);
    if (Object.keys(faults).length === 0) creating.mutate();
  };
  return (
    <DialogForm doing={creating} action={t.createKey} onSubmit={submit} onClose={onClose}>
      <TextInput
        label={t.keyName}
        description={t.keyNameHint}
        maxLength={128}
        data-autofocus
        withAsterisk
        value={draft.name}
        error={said("name")}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <PermissionFields
        offered={[...held]}
        chosen={draft.permissions}
        error={said("permissions")}
        onChosen={(permissions) => change({ permissions })}
      />
      <div className="key-limits">
        <TextInput
          label={t.keyPrefix}
          description={t.keyPrefixHint}
          placeholder="cam-"
          spellCheck={false}
          autoCapitalize="none"
          maxLength={64}
          value={draft.prefix}
          error={said("prefix")}
          onChange={(event) => change({ prefix: event.currentTarget.value })}
        />
        <NativeSelect
          label={t.keyLasts}
          description={t.keyLastsHint}
          data={TERMS.map((days) => ({ value: String(days), label: t.daysOrRevoked(days) }))}
          value={String(draft.days)}
          onChange={(event) => change({ days: Number(event.currentTarget.value) })}
        />
      </div>
    </DialogForm>
  );
}
