import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { changeUser, makePassword, type User } from "../api/access";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { SecretInput } from "./SecretInput";
import { TellOnce } from "./TellOnce";
import { passwordFault } from "./user-draft";

/** Gives a user another password. */
export function PasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useReader();
  const [chosen, setChosen] = useState("");
  const [isChecked, setChecked] = useState(false);
  const fault = passwordFault(chosen);
  const changing = useMutation({
    mutationFn: async () => {
      const password = chosen || makePassword();
      await changeUser(user.id, { password });
      return password;
    },
  });
  const submit = () => {
    setChecked(true);
    if (!fault) changing.mutate();
  };
  return (
    <Dialog
      onClose={onClose}
      isKept={changing.isPending || changing.isSuccess}
      title={t.resetPasswordOf(user.name)}
    >
      {changing.data ? (
        <TellOnce hint={t.passwordOnce} onClose={onClose}>
          <CopyField label={t.user} value={user.name} />
          <CopyField label={t.password} value={changing.data} isSecret />
        </TellOnce>
      ) : (
        <DialogForm doing={changing} action={t.resetPassword} onSubmit={submit} onClose={onClose}>
          <p>{t.resetPasswordText}</p>
          <SecretInput
            label={t.newPassword}
            description={t.passwordHint}
            autoComplete="new-password"
            maxLength={1024}
            data-autofocus
            value={chosen}
            error={isChecked && fault ? t[fault] : null}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        </DialogForm>
      )}
    </Dialog>
  );
}
