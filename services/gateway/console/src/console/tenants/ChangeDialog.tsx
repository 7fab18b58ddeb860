import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { changeTenant, nameOfTenant, type Tenant } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
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
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (faults.size === 0) saving.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.tenancy.changeOf(nameOfTenant(tenant))}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form className="form" onSubmit={save} noValidate>
        <TextInput
          label={t.tenancy.name}
          description={t.tenancy.nameHint}
          maxLength={128}
          data-autofocus
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <QuotaFields draft={draft} faults={faults} onDraft={setDraft} />
        {saving.error && <Failure error={saving.error} />}
        <div className="dialog-actions">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {t.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
