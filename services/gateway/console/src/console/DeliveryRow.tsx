import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Attempt, type Delivery, getDelivery, retryDelivery } from "../api/webhooks";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";
import { ago } from "./ago";
import { Failure } from "./Failure";
import { Icon } from "./icons";

const EVERY_MS = 2000;

/** One event on its way to a webhook; opened, it shows each attempt and what was answered. */
export function DeliveryRow({
  webhook,
  delivery,
  isEnabled,
  onReplay,
}: {
  webhook: string;
  delivery: Delivery;
  isEnabled: boolean;
  onReplay: () => void;
}) {
  const { t, tag } = useReader();
  const [isOpen, setOpen] = useState(false);
  const last = delivery.attempts.at(-1);
  return (
    <li className="delivery" data-state={delivery.state}>
      <button
        type="button"
        className="delivery-line"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span className="delivery-state">{stateOf(delivery, t, tag)}</span>
        <code className="delivery-type">{delivery.type}</code>
        <span className="delivery-about">
          {delivery.stream && <code>{delivery.stream}</code>}
          {delivery.replay && <em>{t.deliveryReplayed}</em>}
        </span>
        <span className="delivery-answer">{last ? answerOf(last, t) : "–"}</span>
        <span className="delivery-number">#{delivery.sequence}</span>
        <time dateTime={delivery.updated_at}>{ago(tag, delivery.updated_at)}</time>
      </button>
      {isOpen && (
        <Opened webhook={webhook} listed={delivery} isEnabled={isEnabled} onReplay={onReplay} />
      )}
    </li>
  );
}

function Opened({
  webhook,
  listed,
  isEnabled,
  onReplay,
}: {
  webhook: string;
  listed: Delivery;
  isEnabled: boolean;
  onReplay: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const shown = useQuery({
    queryKey: ["webhook", webhook, "delivery", listed.id, listed.updated_at],
    queryFn: () => getDelivery(webhook, listed.id),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (state.data?.state === "pending" ? EVERY_MS : false),
  });
  const retrying = useMutation({
    mutationFn: () => retryDelivery(webhook, listed.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhook", webhook] }),
  });
  const delivery = shown.data ?? listed;
  return (
    <div className="delivery-open">
      <p className="delivery-id">
        {t.eventId} <code>{delivery.event}</code>
      </p>
      {shown.error && <Failure error={shown.error} onRetry={() => void shown.refetch()} />}
      {delivery.attempts.length === 0 && <p className="hint">{t.attemptsNone}</p>}
      <ol className="attempts">
        {delivery.attempts.map((attempt) => (
          <AttemptItem key={attempt.number} attempt={attempt} />
        ))}
      </ol>
      {retrying.error && <Failure error={retrying.error} />}
      {isEnabled && (
        <div className="delivery-actions">
          <Button
            variant="default"
            loading={retrying.isPending}
            leftSection={<Icon name="again" size={18} />}
            onClick={() => retrying.mutate()}
          >
            {delivery.state === "delivered" ? t.sendAgain : t.retryNow}
          </Button>
          <Button variant="subtle" onClick={onReplay}>
            {t.replayFromHere}
          </Button>
        </div>
      )}
    </div>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  const { t, tag } = useReader();
  const at = new Date(attempt.sent_at);
  return (
    <li data-failed={attempt.error_code !== null}>
      <p>
        <strong>{t.attemptNumber(attempt.number)}</strong>
        <span>{answerOf(attempt, t)}</span>
        <time dateTime={attempt.sent_at}>
          {at.toLocaleString(tag, { dateStyle: "short", timeStyle: "medium" })}
        </time>
      </p>
      {attempt.error && <p className="attempt-error" lang="en">{attempt.error}</p>}
      {attempt.answer && (
        <pre tabIndex={0} aria-label={t.answerBody}>
          {attempt.answer}
        </pre>
      )}
    </li>
  );
}

function stateOf({ state, failures, due_at }: Delivery, t: Messages, tag: string): string {
  if (state === "delivered") return t.delivered;
  if (state === "dead") return t.deliveryDead;
  return failures > 0 && due_at ? t.deliveryTriedAgain(ago(tag, due_at)) : t.deliveryWaits;
}

/** 204 · 38 ms */
function answerOf({ status, duration_ms }: Attempt, t: Messages): string {
  return `${status ?? t.noAnswer} · ${t.milliseconds(duration_ms)}`;
}
