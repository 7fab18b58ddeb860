import { Button, Switch } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { sendTest, switchWebhook, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { DeliveryLog, type Shown } from "./DeliveryLog";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { MoreMenu } from "./MoreMenu";
import { nameOfWebhook } from "./webhook-draft";
import { WebhookState } from "./WebhookState";

export type WebhookDialogKind = "edit" | "rotate" | "delete";

/** A webhook: where it goes, what it wants, how it does, and what was sent. */
export function WebhookCard({
  hook,
  onOpen,
  onReplay,
}: {
  hook: Webhook;
  onOpen: (dialog: WebhookDialogKind) => void;
  onReplay: (sequence: number | null) => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [shown, setShown] = useState<Shown>(null);
  const name = nameOfWebhook(hook);
  const refresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const switching = useMutation({
    mutationFn: (isEnabled: boolean) => switchWebhook(hook.id, isEnabled),
    onSettled: refresh,
  });
  const testing = useMutation({
    mutationFn: () => sendTest(hook.id),
    onSuccess: () => {
      setShown(null);
      setOpen(true);
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ["webhook", hook.id] });
      await refresh();
    },
  });
  const failure = switching.error ?? testing.error;
  const look = (at: Shown) => {
    setShown(at);
    setOpen(true);
  };
  return (
    <li className="hook card" aria-label={name}>
      <div className="card-head">
        <div className="card-title">
          <h2>{name}</h2>
          <code title={hook.url}>{hook.url}</code>
        </div>
        <WebhookState hook={hook} />
        <Switch
          className="hook-switch"
          checked={switching.isPending ? switching.variables : hook.is_enabled}
          disabled={switching.isPending}
          onChange={(event) => switching.mutate(event.currentTarget.checked)}
          aria-label={t.webhookSwitch(name)}
        />
        <More hook={hook} name={name} onOpen={onOpen} />
      </div>
      <p className="hook-facts">
        <span title={hook.types.join(", ")}>
          {hook.types.length ? t.eventTypes(hook.types.length) : t.webhookWantsAll}
        </span>
        {hook.streams.length > 0 && (
          <span title={hook.streams.join(", ")}>{t.aboutStreams(hook.streams.length)}</span>
        )}
        {hook.pending > 0 && (
          <button type="button" onClick={() => look("pending")}>
            {t.waitingCount(hook.pending)}
          </button>
        )}
        {hook.dead > 0 && (
          <button type="button" className="danger" onClick={() => look("dead")}>
            {t.deadCount(hook.dead)}
          </button>
        )}
      </p>
      {failure && <Failure error={failure} />}
      <div className="card-actions">
        <Button
          variant="light"
          leftSection={<Icon name="push" size={18} />}
          disabled={!hook.is_enabled}
          loading={testing.isPending}
          onClick={() => testing.mutate()}
        >
          {t.sendTest}
        </Button>
        <Button
          variant="default"
          leftSection={<Icon name="again" size={18} />}
          disabled={!hook.is_enabled}
          onClick={() => {
            setOpen(true);
            onReplay(null);
          }}
        >
          {t.replay}
        </Button>
        <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? t.hideDeliveries : t.deliveries}
        </Button>
      </div>
      {isOpen && (
        <DeliveryLog hook={hook} shown={shown} onShown={setShown} onReplay={onReplay} />
      )}
    </li>
  );
}

function More({
  hook,
  name,
  onOpen,
}: {
  hook: Webhook;
  name: string;
  onOpen: (dialog: WebhookDialogKind) => void;
}) {
  const { t } = useReader();
  const clipboard = useClipboard();
  return (
    <MoreMenu
      name={name}
      choices={[
        { icon: "pencil", label: t.webhookEdit, onChoose: () => onOpen("edit") },
        { icon: "copy", label: t.copyURL, onChoose: () => clipboard.copy(hook.url) },
        { icon: "lock", label: t.rotateSecret, onChoose: () => onOpen("rotate") },
        {
          icon: "trash",
          label: t.webhookDelete,
          isDanger: true,
          onChoose: () => onOpen("delete"),
        },
      ]}
    />
  );
}
