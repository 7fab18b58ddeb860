import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeDomain, deleteDomain, type Domain } from "../../api/domains";
import { useReader } from "../../i18n/Reader";
import { ConfirmDialog } from "../ConfirmDialog";
import { Failure } from "../Failure";
import { DomainDialog } from "./DomainDialog";
import { type DomainDialogKind, DomainRow } from "./DomainRow";

interface Open {
  id: string;
  dialog: DomainDialogKind;
}

/** Rows of domains, and the dialog of one of them. */
export function DomainList({ domains }: { domains: Domain[] }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const chosen = domains.find((domain) => domain.id === open?.id);
  const refresh = () =>
    Promise.all(
      ["domains", "streams", "account"].map((name) =>
        queries.invalidateQueries({ queryKey: [name] }),
      ),
    );
  const using = useMutation({
    mutationFn: ({ id, isDefault }: { id: string; isDefault: boolean }) =>
      changeDomain(id, { is_default: isDefault }),
    onSuccess: refresh,
  });
  const openOf = (id: string) => (dialog: DomainDialogKind) => {
    if (dialog === "use" || dialog === "leave") using.mutate({ id, isDefault: dialog === "use" });
    else setOpen({ id, dialog });
  };
  return (
    <>
      {using.error && <Failure error={using.error} />}
      <ul className="rows" aria-label={t.domains.title}>
        {domains.map((domain) => (
          <DomainRow key={domain.id} domain={domain} onOpen={openOf(domain.id)} />
        ))}
      </ul>
      {chosen && open?.dialog === "edit" && <DomainDialog domain={chosen} onClose={close} />}
      {chosen && open?.dialog === "delete" && (
        <ConfirmDialog
          title={t.deleteTitle(chosen.url)}
          text={t.domains.deleteText}
          warning={chosen.is_default ? t.domains.deleteInUse : undefined}
          action={t.delete}
          refreshes="domains"
          onConfirm={async () => {
            await deleteDomain(chosen.id);
            await refresh();
          }}
          onClose={close}
        />
      )}
    </>
  );
}
