import { Button, NativeSelect, Switch } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { changeChat, type ChatSettings, getChat, liftBan, listBans } from "../api/chat";
import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { useMay } from "./may";

/** Seconds between two messages of one author. */
const PAUSES_S = [0, 5, 10, 30, 60, 300];

/** Whether viewers talk, how fast, and who may not. */
export function ChatDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t, tag } = useReader();
  const isReader = !useMay()("chat:write");
  const queries = useQueryClient();
  const settings = useQuery({ queryKey: ["chat", stream.id], queryFn: () => getChat(stream.id) });
  const bans = useQuery({ queryKey: ["bans", stream.id], queryFn: () => listBans(stream.id) });
  const changing = useMutation({
    mutationFn: (change: Partial<ChatSettings>) => changeChat(stream.id, change),
    onSuccess: (changed) => queries.setQueryData(["chat", stream.id], changed),
  });
  const lifting = useMutation({
    mutationFn: (ban: string) => liftBan(stream.id, ban),
    onSettled: () => queries.invalidateQueries({ queryKey: ["bans", stream.id] }),
  });
  const error = settings.error ?? bans.error ?? changing.error ?? lifting.error;
  const shown = settings.data && { ...settings.data, ...(changing.isPending ? changing.variables : {}) };
  const pauses_s = shown && !PAUSES_S.includes(shown.slow_s) ? [...PAUSES_S, shown.slow_s] : PAUSES_S;
  return (
    <Dialog onClose={onClose} title={t.chatOf(nameOf(stream))}>
      <div className="form">
        {error && <Failure error={error} />}
        {shown && (
          <>
            <Switch
              label={t.chatOpen}
              description={t.chatOpenHint}
              checked={shown.is_open}
              disabled={isReader}
              onChange={(event) => changing.mutate({ is_open: event.currentTarget.checked })}
            />
            <NativeSelect
              label={t.chatSlowMode}
              value={shown.slow_s}
              disabled={isReader}
              data={pauses_s.map((seconds) => ({ value: `${seconds}`, label: t.chatPause(seconds) }))}
              onChange={(event) => changing.mutate({ slow_s: Number(event.currentTarget.value) })}
            />
          </>
        )}
        <CopyField label={t.overlayURL} value={new URL(`/overlay/${stream.id}`, location.href).href} />
        <p className="hint">{t.overlayHint}</p>
        <h3>{t.chatBans}</h3>
        {bans.data?.length === 0 && <p className="hint">{t.chatNoBans}</p>}
        <ul className="viewers">
          {bans.data?.map((ban) => (
            <li key={ban.id}>
              <span className="viewer-name">{ban.name}</span>
              <span className="viewer-facts">
                {ban.until ? t.chatBannedUntil(new Date(ban.until).toLocaleString(tag)) : t.chatBannedForGood}
                {ban.reason && ` · ${ban.reason}`}
              </span>
              <Button
                variant="default"
                size="compact-md"
                aria-label={t.chatLiftNamed(ban.name)}
                disabled={isReader}
                loading={lifting.isPending && lifting.variables === ban.id}
                onClick={() => lifting.mutate(ban.id)}
              >
                {t.chatLift}
              </Button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
