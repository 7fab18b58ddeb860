import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";

/** What is filled in within a dialog, why it could not be done, and the buttons. */
export function DialogForm({
  doing,
  action,
  isDisabled = false,
  onSubmit,
  onClose,
  children,
}: {
  /** A mutation: what submitting does. */
  doing: { error: unknown; isPending: boolean };
  /** What the button says. */
  action: string;
  isDisabled?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useReader();
  return (
    <form
      className="form"
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {doing.error !== null && <Failure error={doing.error} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={doing.isPending} disabled={isDisabled}>
          {action}
        </Button>
      </div>
    </form>
  );
}
