import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeUser, type User } from "../api/access";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
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
    <Modal
      opened
      onClose={onClose}
      title={t.roleOf(user.name)}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          changing.mutate();
        }}
      >
        <RoleField role={role} onRole={setRole} />
        <p className="hint">{t.roleAtOnce}</p>
        {changing.error && <Failure error={changing.error} />}
        <div className="dialog-actions">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={changing.isPending} disabled={role === user.role}>
            {t.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
