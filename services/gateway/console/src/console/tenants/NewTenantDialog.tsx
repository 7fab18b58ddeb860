import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { makePassword } from "../../api/access";
import { createTenant, nameOfTenant } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { CopyField } from "../CopyField";
import { Dialog } from "../Dialog";
import { DialogForm } from "../DialogForm";
import { TellOnce } from "../TellOnce";
import { nameFault } from "../user-draft";
import { QuotaFields } from "./QuotaFields";
import { idFault, quotaDraft, quotaFaults, quotasOf } from "./tenant-draft";

export function NewTenantDialog({ onClose }: { onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [id, setId] = useState("");
  const [title, setTitle] = useState("");
  const [owner, setOwner] = useState("");
  const [draft, setDraft] = useState(quotaDraft({}));
  const [isChecked, setChecked] = useState(false);
  const faults = { id: idFault(id.trim()), owner: nameFault(owner.trim()), quotas: quotaFaults(draft) };
  const creating = useMutation({
    mutationFn: async () => {
      const password = makePassword();
      const said = { id: id.trim(), title: title.trim(), owner: owner.trim() };
      return { tenant: await createTenant({ ...said, password, quotas: quotasOf(draft) }), password };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tenants"] }),
  });
  const submit = () => {
    setChecked(true);
    if (!faults.id && !faults.owner && faults.quotas.size === 0) creating.mutate();
  };
  const words = { required: t.required, badId: t.tenancy.badId };
  const made = creating.data;
  return (
    <Dialog
      onClose={onClose}
      isKept={creating.isPending || creating.isSuccess}
      title={made ? t.tenancy.made(nameOfTenant(made.tenant)) : t.tenancy.create}
    >
      {made ? (
        <TellOnce hint={t.passwordOnce} onClose={onClose}>
          <CopyField label={t.signInAt} value={location.origin} />
          <CopyField label={t.user} value={made.tenant.owner} />
          <CopyField label={t.password} value={made.password} isSecret />
        </TellOnce>
      ) : (
        <DialogForm
          doing={creating}
          action={t.tenancy.createIt}
          onSubmit={submit}
          onClose={onClose}
        >
          <TextInput
            label={t.tenancy.id}
            description={t.tenancy.idHint}
            maxLength={32}
            spellCheck={false}
            autoCapitalize="none"
            data-autofocus
            withAsterisk
            value={id}
            error={isChecked && faults.id ? words[faults.id] : null}
            onChange={(event) => setId(event.currentTarget.value)}
          />
          <TextInput
            label={t.tenancy.name}
            description={t.tenancy.nameHint}
            maxLength={128}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <TextInput
            label={t.tenancy.owner}
            description={t.tenancy.ownerHint}
            maxLength={128}
            spellCheck={false}
            autoCapitalize="none"
            withAsterisk
            value={owner}
            error={isChecked && faults.owner ? t[faults.owner] : null}
            onChange={(event) => setOwner(event.currentTarget.value)}
          />
          <QuotaFields draft={draft} faults={faults.quotas} onDraft={setDraft} />
        </DialogForm>
      )}
    </Dialog>
  );
}
