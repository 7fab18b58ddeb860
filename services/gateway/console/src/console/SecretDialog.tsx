import { Button } from "@mantine/core";

import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";

/** A secret that nobody can ask for again; a press beside the dialog does not close it. */
export function SecretDialog({
  secret,
  isRotated,
  onClose,
}: {
  secret: string;
  /** There was one before. */
  isRotated: boolean;
  onClose: () => void;
}) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} size="lg" title={t.secretTitle} isKept>
      <div className="form secret">
        <p>
          <strong>{t.secretOnce}</strong> {isRotated ? t.secretNew : t.secretHint}
        </p>
        <CopyField label={t.secret} value={secret} />
      </div>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t.secretDone}</Button>
      </div>
    </Dialog>
  );
}
