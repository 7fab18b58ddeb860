import { Button, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { changeUser, makePassword, type User } from "../api/access";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Failure } from "./Failure";
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (!fault) changing.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!changing.data}
      title={t.resetPasswordOf(user.name)}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {changing.data ? (
        <TellOnce hint={t.passwordOnce} onClose={onClose}>
          <CopyField label={t.user} value={user.name} />
          <CopyField label={t.password} value={changing.data} isSecret />
        </TellOnce>
      ) : (
        <form className="form" onSubmit={submit} noValidate autoComplete="off">
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
          {changing.error && <Failure error={changing.error} />}
          <div className="dialog-actions">
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" loading={changing.isPending}>
              {t.resetPassword}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
