import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeUser, type User } from "../api/access";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { RoleField } from "./RoleField";

export function RoleDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [role, setRole] = useState(user.role);
  const changing = useMutation({
    mutationFn: () => changeUser(user.id, { role }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["users"] });
    },
  });
  return (
    <Dialog onClose={onClose} title={t.roleOf(user.name)}>
      <DialogForm
        doing={changing}
        action={t.save}
        isDisabled={role === user.role}
        onSubmit={() => changing.mutate()}
        onClose={onClose}
      >
        <RoleField role={role} onRole={setRole} />
        <p className="hint">{t.roleAtOnce}</p>
      </DialogForm>
    </Dialog>
  );
}
