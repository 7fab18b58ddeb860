import { Alert, Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { changePassword } from "../api/account";
import { RequestFailed } from "../api/http";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { SecretInput } from "./SecretInput";
import { MIN_PASSWORD } from "./user-draft";

const EMPTY = { old: "", fresh: "", again: "" };
type Draft = typeof EMPTY;

/** Changes the password of who is signed in. */
export function OwnPassword({ user }: { user: string }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [isChecked, setChecked] = useState(false);
  const faults: Record<keyof Draft, string | null> = {
    old: draft.old ? null : t.required,
    fresh: draft.fresh.length >= MIN_PASSWORD ? null : t.badPassword,
    again: draft.again === draft.fresh ? null : t.badRepetition,
  };
  const changing = useMutation({
    mutationFn: () => changePassword(draft.old, draft.fresh),
    onSuccess: async () => {
      setDraft(EMPTY);
      setChecked(false);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const isWrong =
    changing.error instanceof RequestFailed && changing.error.problem.code === "login_wrong";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (!faults.old && !faults.fresh && !faults.again) changing.mutate();
  };
  const field = (key: keyof Draft) => ({
    maxLength: 1024,
    value: draft[key],
    error: isChecked ? faults[key] : null,
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [key]: event.currentTarget.value }),
  });
  return (
    <section className="panel">
      <h2>{t.password}</h2>
      <p className="hint">{t.ownPasswordHint}</p>
      <form className="form" onSubmit={submit} noValidate>
        <input type="text" hidden readOnly autoComplete="username" value={user} />
        <SecretInput
          label={t.oldPassword}
          autoComplete="current-password"
          {...field("old")}
          {...(isWrong ? { error: t.oldPasswordWrong } : {})}
        />
        <SecretInput
          label={t.newPassword}
          description={t.badPassword}
          autoComplete="new-password"
          {...field("fresh")}
        />
        <SecretInput label={t.newPasswordAgain} autoComplete="new-password" {...field("again")} />
        {changing.error && !isWrong && <Failure error={changing.error} />}
        {changing.isSuccess && !draft.old && (
          <Alert color="water" variant="light" radius="md" role="status">
            {t.passwordChanged}
          </Alert>
        )}
        <div>
          <Button type="submit" loading={changing.isPending}>
            {t.changePassword}
          </Button>
        </div>
      </form>
    </section>
  );
}
