import { Checkbox, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { addDomain, changeDomain, type Domain, type DomainKind } from "../../api/domains";
import { useReader } from "../../i18n/Reader";
import { Dialog } from "../Dialog";
import { DialogForm } from "../DialogForm";
import { checkDomain, domainOf, draftOf } from "./domain-draft";

const EXAMPLES: Record<DomainKind, string> = {
  push: "rtmp://push.example.org",
  pull: "https://live.example.org",
};

/** Adds a domain, or changes one, whose kind stays. */
export function DomainDialog({
  domain,
  isFirst = false,
  onClose,
}: {
  domain: Domain | null;
  /** Whether the new one is likely to be meant for all URLs. */
  isFirst?: boolean;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(domain, isFirst));
  const [isChecked, setChecked] = useState(false);
  const fault = checkDomain(draft);
  const faults = { required: t.required, badPush: t.domains.badPush, badPull: t.domains.badPull };
  const saving = useMutation({
    mutationFn: () => {
      const { kind, ...change } = domainOf(draft);
      return domain ? changeDomain(domain.id, change) : addDomain({ kind, ...change });
    },
    onSuccess: async () => {
      onClose();
      await Promise.all(
        ["domains", "streams", "account"].map((name) =>
          queries.invalidateQueries({ queryKey: [name] }),
        ),
      );
    },
  });
  const submit = () => {
    setChecked(true);
    if (!fault) saving.mutate();
  };
  const kinds = (["pull", "push"] as const).map((kind) => ({
    value: kind,
    label: t.domains.kinds[kind],
  }));
  return (
    <Dialog onClose={onClose} title={domain ? t.domains.edit : t.domains.add}>
      <DialogForm
        doing={saving}
        action={domain ? t.save : t.domains.add}
        onSubmit={submit}
        onClose={onClose}
      >
        {!domain && (
          <SegmentedControl
            aria-label={t.domains.kind}
            data={kinds}
            value={draft.kind}
            onChange={(kind) => setDraft({ ...draft, kind })}
            fullWidth
          />
        )}
        <TextInput
          type="url"
          label={t.domains.address}
          description={t.domains.kindHints[draft.kind]}
          placeholder={EXAMPLES[draft.kind]}
          value={draft.url}
          error={isChecked && fault ? faults[fault] : null}
          onChange={(event) => setDraft({ ...draft, url: event.currentTarget.value })}
          spellCheck={false}
          autoCapitalize="none"
          maxLength={300}
          data-autofocus
          withAsterisk
        />
        <Checkbox
          label={t.domains.useIt}
          description={t.domains.useItHint}
          checked={draft.isDefault}
          onChange={(event) => setDraft({ ...draft, isDefault: event.currentTarget.checked })}
        />
      </DialogForm>
    </Dialog>
  );
}
