import { ActionIcon, Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { deleteRelay, type RelayState, type RelayTarget, switchRelay } from "../api/relays";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { useMay } from "./may";

export function RelayRow({ stream, target }: { stream: string; target: RelayTarget }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const may = useMay();
  const refresh = () => queries.invalidateQueries({ queryKey: ["relays", stream] });
  const switching = useMutation({
    mutationFn: (isEnabled: boolean) => switchRelay(stream, target.id, isEnabled),
    onSettled: refresh,
  });
  const deleting = useMutation({
    mutationFn: () => deleteRelay(stream, target.id),
    onSettled: refresh,
  });
  const failure = switching.error ?? deleting.error;
  const remove = t.relayDelete(target.name);
  return (
    <li className="relay" data-state={target.state}>
      <div className="relay-head">
        <strong title={target.name}>{target.name}</strong>
        <Switch
          checked={switching.isPending ? switching.variables : target.is_enabled}
          onChange={(event) => switching.mutate(event.currentTarget.checked)}
          disabled={switching.isPending || !may("relays:write")}
          aria-label={t.relaySwitch(target.name)}
        />
        {may("relays:write") && (
          <ActionIcon
            aria-label={remove}
            title={remove}
            loading={deleting.isPending}
            onClick={() => deleting.mutate()}
          >
            <Icon name="trash" size={18} />
          </ActionIcon>
        )}
      </div>
      <div className="relay-line">
        <span className="state" data-state={shade(target.state)}>
          {stateOf(target, t)}
        </span>
        <code>{target.url}</code>
      </div>
      {target.state === "failed" && (
        <p className="relay-cause">{causeOf(target, t)}</p>
      )}
      {target.state === "live" && <p className="hint">{numbersOf(target, t)}</p>}
      {failure && <Failure error={failure} />}
    </li>
  );
}

/** The colours of a stream's own states. */
function shade(state: RelayState): string {
  const shades: Partial<Record<RelayState, string>> = {
    live: "live",
    connecting: "starting",
    failed: "failed",
  };
  return shades[state] ?? "offline";
}

function stateOf(target: RelayTarget, t: Messages): string {
  const words: Record<RelayState, string> = {
    idle: t.relayIdle,
    connecting: t.relayConnecting,
    live: t.relayLive,
    failed: t.relayFailed,
    stopped: t.relayStopped,
  };
  return words[target.state];
}

function causeOf(target: RelayTarget, t: Messages): string {
  const known: Record<string, string> = {
    unreachable: t.relayUnreachable,
    vanished: t.relayVanished,
    stalled: t.relayStalled,
    unresolved: t.relayUnresolved,
    egress_refused: t.relayPrivate,
    loop: t.relayLoop,
    srt_unavailable: t.relayNoSRT,
  };
  if (target.cause === "refused") return t.relayRefused(target.detail ?? "");
  return known[target.cause ?? ""] ?? target.detail ?? t.failed;
}

function numbersOf(target: RelayTarget, t: Messages): string {
  const { sent_bytes, skipped_frames, reconnects } = target.numbers;
  return t.relayNumbers((sent_bytes / 1e6).toFixed(1), skipped_frames, reconnects);
}
