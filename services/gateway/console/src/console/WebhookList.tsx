import { useState } from "react";

import type { Webhook } from "../api/webhooks";
import { DeleteWebhookDialog } from "./DeleteWebhookDialog";
import { ReplayDialog } from "./ReplayDialog";
import { RotateDialog } from "./RotateDialog";
import { WebhookCard, type WebhookDialogKind } from "./WebhookCard";
import { WebhookDialog } from "./WebhookDialog";

interface Open {
  id: string;
  dialog: WebhookDialogKind | "replay";
  sequence: number | null;
}

/** Cards of webhooks, and the dialog of one of them. */
export function WebhookList({ hooks }: { hooks: Webhook[] }) {
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
        <DeleteWebhookDialog hook={chosen} onClose={close} />
      )}
      {chosen && open?.dialog === "replay" && (
        <ReplayDialog hook={chosen} sequence={open.sequence} onClose={close} />
      )}
    </>
  );
}
