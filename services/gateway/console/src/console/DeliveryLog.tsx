import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { type DeliveryState, listDeliveries, listReplays, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { DeliveryRow } from "./DeliveryRow";
import { Failure } from "./Failure";
import { ReplayRow } from "./ReplayRow";
import { nameOfWebhook } from "./webhook-draft";

const SOON_MS = 1500;
const EVERY_MS = 5000;
/** Of replays that are over the newest is told, too. */
const SHOWN_REPLAYS = 1;

export type Shown = DeliveryState | null;

/** What was sent to a webhook and will be, newest first, and what is replayed to it. */
export function DeliveryLog({
  hook,
  shown,
  onShown,
  onReplay,
}: {
  hook: Webhook;
  /** Only those in this state; null: all. */
  shown: Shown;
  onShown: (shown: Shown) => void;
  onReplay: (sequence: number) => void;
}) {
  const { t } = useReader();
  const isBusy = hook.is_enabled && hook.pending > 0;
  const list = useInfiniteQuery({
    queryKey: ["webhook", hook.id, "deliveries", shown],
    queryFn: ({ pageParam }) => listDeliveries(hook.id, shown, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_after,
    refetchInterval: isBusy ? SOON_MS : EVERY_MS,
  });
  const replays = useQuery({
    queryKey: ["webhook", hook.id, "replays"],
    queryFn: () => listReplays(hook.id),
    refetchInterval: ({ state }) =>
      state.data?.some((each) => each.state === "running") ? SOON_MS : EVERY_MS,
  });
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  const none = { all: t.noDeliveries, dead: t.noDead, pending: t.noWaiting, delivered: "" };
  return (
    <section className="log" aria-label={t.deliveriesOf(nameOfWebhook(hook))}>
      <Filter hook={hook} shown={shown} onShown={onShown} />
      <ul className="replays">
        {replays.data
          ?.filter((replay, place) => replay.state === "running" || place < SHOWN_REPLAYS)
          .map((replay) => <ReplayRow key={replay.id} webhook={hook.id} replay={replay} />)}
      </ul>
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={44} radius="md" />}
      {list.isSuccess && deliveries.length === 0 && (
        <p className="log-none">{none[shown ?? "all"]}</p>
      )}
      <ul className="deliveries">
        {deliveries.map((delivery) => (
          <DeliveryRow
            key={delivery.id}
            webhook={hook.id}
            delivery={delivery}
            isEnabled={hook.is_enabled}
            onReplay={() => onReplay(delivery.sequence)}
          />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
    </section>
  );
}

function Filter({
  hook,
  shown,
  onShown,
}: {
  hook: Webhook;
  shown: Shown;
  onShown: (shown: Shown) => void;
}) {
  const { t } = useReader();
  const offered: { state: Shown; words: string; count: number }[] = [
    { state: null, words: t.allDeliveries, count: 0 },
    { state: "pending", words: t.waitingDeliveries, count: hook.pending },
    { state: "dead", words: t.deadLetters, count: hook.dead },
  ];
  return (
    <div className="delivery-filter" role="group" aria-label={t.deliveries}>
      {offered.map(({ state, words, count }) => (
        <button
          key={words}
          type="button"
          aria-pressed={state === shown}
          onClick={() => onShown(state)}
        >
          {words}
          {count > 0 && <b>{count}</b>}
        </button>
      ))}
    </div>
  );
}
