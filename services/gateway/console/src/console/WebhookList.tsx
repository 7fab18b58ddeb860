import { useState } from "react";

import { deleteWebhook, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { ConfirmDialog } from "./ConfirmDialog";
import { ReplayDialog } from "./ReplayDialog";
import { RotateDialog } from "./RotateDialog";
import { nameOfWebhook } from "./webhook-draft";
import { WebhookCard, type WebhookDialogKind } from "./WebhookCard";
import { WebhookDialog } from "./WebhookDialog";

interface Open {
  id: string;
  dialog: WebhookDialogKind | "replay";
  sequence: number | null;
}

/** Cards of webhooks, and the dialog of one of them. */
export function WebhookList({ hooks }: { hooks: Webhook[] }) {
  const { t } = useReader();
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const chosen = hooks.find((hook) => hook.id === open?.id);
  return (
    <>
      <ul className="hooks">
        {hooks.map((hook) => (
          <WebhookCard
            key={hook.id}
            hook={hook}
            onOpen={(dialog) => setOpen({ id: hook.id, dialog, sequence: null })}
            onReplay={(sequence) => setOpen({ id: hook.id, dialog: "replay", sequence })}
          />
        ))}
      </ul>
      {chosen && open?.dialog === "edit" && <WebhookDialog hook={chosen} onClose={close} />}
      {chosen && open?.dialog === "rotate" && <RotateDialog hook={chosen} onClose={close} />}
      {chosen && open?.dialog === "delete" && (
        <ConfirmDialog
          title={t.deleteTitle(nameOfWebhook(chosen))}
          text={t.webhookDeleteText}
          action={t.delete}
          refreshes="webhooks"
          onConfirm={() => deleteWebhook(chosen.id)}
          onClose={close}
        />
      )}
      {chosen && open?.dialog === "replay" && (
        <ReplayDialog hook={chosen} sequence={open.sequence} onClose={close} />
      )}
    </>
  );
}
