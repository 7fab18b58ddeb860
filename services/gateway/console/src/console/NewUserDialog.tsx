import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createUser, makePassword, type Role } from "../api/access";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { RoleField } from "./RoleField";
import { SecretInput } from "./SecretInput";
import { TellOnce } from "./TellOnce";
import { nameFault, passwordFault } from "./user-draft";

export function NewUserDialog({ onClose }: { onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [chosen, setChosen] = useState("");
  const [isChecked, setChecked] = useState(false);
  const faults = { name: nameFault(name.trim()), password: passwordFault(chosen) };
  const creating = useMutation({
    mutationFn: async () => {
      const password = chosen || makePassword();
      return { user: await createUser({ name: name.trim(), role, password }), password };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
  const submit = () => {
    setChecked(true);
    if (!faults.name && !faults.password) creating.mutate();
  };
  const made = creating.data;
  return (
    <Dialog
      onClose={onClose}
      isKept={creating.isPending || creating.isSuccess}
      title={made ? t.userMade(made.user.name) : t.newUser}
    >
      {made ? (
        <TellOnce hint={t.passwordOnce} onClose={onClose}>
          <CopyField label={t.signInAt} value={location.origin} />
          <CopyField label={t.user} value={made.user.name} />
          <CopyField label={t.password} value={made.password} isSecret />
        </TellOnce>
      ) : (
        <DialogForm doing={creating} action={t.createUser} onSubmit={submit} onClose={onClose}>
          <TextInput
            label={t.userName}
            description={t.userNameHint}
            maxLength={128}
            spellCheck={false}
            autoCapitalize="none"
            data-autofocus
            withAsterisk
            value={name}
            error={isChecked && faults.name ? t[faults.name] : null}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <RoleField role={role} onRole={setRole} />
          <SecretInput
            label={t.password}
            description={t.passwordHint}
            autoComplete="new-password"
            maxLength={1024}
            value={chosen}
            error={isChecked && faults.password ? t[faults.password] : null}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        </DialogForm>
      )}
    </Dialog>
  );
}
