import { Alert, Button } from "@mantine/core";
import type { ReactNode } from "react";

import { useReader } from "../i18n/Reader";

/** A secret that nobody can look up again: to copy now. */
export function TellOnce({
  hint,
  children,
  onClose,
}: {
  hint: string;
  children: ReactNode;
  onClose: () => void;
}) {
  const { t } = useReader();
  return (
    <div className="form">
      <Alert color="yellow" variant="light" radius="md">
        {hint}
      </Alert>
      <div className="told">{children}</div>
      <div className="dialog-actions">
        <Button onClick={onClose} data-autofocus>
          {t.done}
        </Button>
      </div>
    </div>
  );
}
