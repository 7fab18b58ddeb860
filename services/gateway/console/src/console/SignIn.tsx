import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { signIn } from "../api/account";
import { Mark } from "../brand/Mark";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { SecretInput } from "./SecretInput";

export function SignIn() {
  const { t } = useReader();
  const queries = useQueryClient();
  const [user, setUser] = useState("admin");
  const [password, setPassword] = useState("");
  const [isChecked, setChecked] = useState(false);
  const entering = useMutation({
    mutationFn: () => signIn(user, password),
    onSuccess: (account) => {
      // What is kept is what somebody else was shown, or was refused.
      queries.removeQueries({ type: "inactive" });
      queries.setQueryData(["account"], account);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (user && password) entering.mutate();
  };
  const missing = (value: string) => (isChecked && !value ? t.required : null);
  return (
    <form className="sign-in" onSubmit={submit} noValidate>
      <Mark size={44} />
      <h1>{t.signInTitle}</h1>
      {entering.error && <Failure error={entering.error} />}
      <TextInput
        label={t.user}
        autoComplete="username"
        size="md"
        value={user}
        error={missing(user)}
        onChange={(event) => setUser(event.currentTarget.value)}
      />
      <SecretInput
        label={t.password}
        autoComplete="current-password"
        size="md"
        autoFocus
        value={password}
        error={missing(password)}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" size="md" fullWidth loading={entering.isPending}>
        {t.signIn}
      </Button>
      <p className="hint">{t.signInHint}</p>
    </form>
  );
}
