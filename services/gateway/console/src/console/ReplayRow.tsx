import { ActionIcon } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { cancelReplay, type Replay } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { Icon } from "./icons";

/** A part of the log that is sent again, and how far that is. */
export function ReplayRow({ webhook, replay }: { webhook: string; replay: Replay }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const cancelling = useMutation({
    mutationFn: () => cancelReplay(webhook, replay.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhook", webhook] }),
  });
  const { state, first_sequence: first, last_sequence: last } = replay;
  const said = {
    running: t.replayRunning,
    completed: t.replayDone,
    cancelled: t.replayCancelled,
  }[state](first, last);
  return (
    <li className="replay" data-state={state}>
      <span className="replay-what">{said}</span>
      <span className="replay-taken">{t.replayTaken(replay.delivered, replay.dead)}</span>
      {state === "running" && (
        <>
          <progress aria-label={said} value={replay.progress} />
          <ActionIcon
            aria-label={t.replayCancel}
            title={t.replayCancel}
            loading={cancelling.isPending}
            onClick={() => cancelling.mutate()}
          >
            <Icon name="cross" size={18} />
          </ActionIcon>
        </>
      )}
      {cancelling.error && <Failure error={cancelling.error} />}
    </li>
  );
}
