import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { deleteWebhook, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { nameOfWebhook } from "./webhook-draft";

export function DeleteWebhookDialog({ hook, onClose }: { hook: Webhook; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteWebhook(hook.id),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.deleteTitle(nameOfWebhook(hook))}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{t.webhookDeleteText}</p>
      {deleting.error && <Failure error={deleting.error} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel}
        </Button>
        <Button color="red" loading={deleting.isPending} onClick={() => deleting.mutate()}>
          {t.delete}
        </Button>
      </div>
    </Modal>
  );
}
