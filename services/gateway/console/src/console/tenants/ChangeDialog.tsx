import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeTenant, nameOfTenant, type Tenant } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { Dialog } from "../Dialog";
import { DialogForm } from "../DialogForm";
import { QuotaFields } from "./QuotaFields";
import { quotaDraft, quotaFaults, quotasOf } from "./tenant-draft";

/** What a tenant is called, and how much it may take. */
export function ChangeDialog({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [title, setTitle] = useState(tenant.title);
  const [draft, setDraft] = useState(quotaDraft(tenant.quotas));
  const faults = quotaFaults(draft);
  const saving = useMutation({
    mutationFn: () => changeTenant(tenant.id, { title: title.trim(), quotas: quotasOf(draft) }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["tenants"] });
    },
  });
  const save = () => {
    if (faults.size === 0) saving.mutate();
  };
  return (
    <Dialog onClose={onClose} title={t.tenancy.changeOf(nameOfTenant(tenant))}>
      <DialogForm doing={saving} action={t.save} onSubmit={save} onClose={onClose}>
        <TextInput
          label={t.tenancy.name}
          description={t.tenancy.nameHint}
          maxLength={128}
          data-autofocus
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <QuotaFields draft={draft} faults={faults} onDraft={setDraft} />
      </DialogForm>
    </Dialog>
  );
}
