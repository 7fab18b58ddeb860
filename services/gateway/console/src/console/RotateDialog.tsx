import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { rotateSecret, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { SecretDialog } from "./SecretDialog";
import { nameOfWebhook } from "./webhook-draft";

/** Makes a new secret, and shows it. */
export function RotateDialog({ hook, onClose }: { hook: Webhook; onClose: () => void }) {
  const { t } = useReader();
  const rotating = useMutation({ mutationFn: () => rotateSecret(hook.id) });
  if (rotating.data) {
    return <SecretDialog secret={rotating.data.secret} isRotated onClose={onClose} />;
  }
  return (
    <Dialog onClose={onClose} title={t.rotateTitle(nameOfWebhook(hook))}>
      <p>{t.rotateText}</p>
      {rotating.error && <Failure error={rotating.error} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel}
        </Button>
        <Button loading={rotating.isPending} onClick={() => rotating.mutate()}>
          {t.rotateSecret}
        </Button>
      </div>
    </Dialog>
  );
}
