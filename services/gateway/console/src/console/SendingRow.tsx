import { ActionIcon } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { bytesText, timeText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { type Sending, uploads } from "../uploading/queue";
import { sentenceOf } from "./Failure";
import { Icon } from "./icons";
import { ProgressRow } from "./ProgressRow";

/** A file that this page sends. */
export function SendingRow({ sending }: { sending: Sending }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const { key, file, state, sent, error } = sending;
  const dropping = useMutation({
    mutationFn: () => uploads.drop(key),
    onSettled: () => queries.invalidateQueries({ queryKey: ["uploads"] }),
  });
  const isGoing = state === "sending" || state === "queued";
  const turn = isGoing ? t.pauseNamed(file.name) : t.resumeNamed(file.name);
  const giveUp = t.giveUpNamed(file.name);
  return (
    <ProgressRow
      name={file.name}
      part={file.size > 0 ? sent / file.size : 0}
      state={state === "failed" ? "failed" : state === "sending" ? "moving" : "still"}
      facts={<Facts sending={sending} />}
      trouble={error && sentenceOf(error, t)}
    >
      <ActionIcon
        size={40}
        aria-label={turn}
        title={turn}
        onClick={() => (isGoing ? uploads.pause(key) : uploads.resume(key))}
      >
        <Icon name={isGoing ? "pause" : state === "failed" ? "again" : "play"} size={18} />
      </ActionIcon>
      <ActionIcon size={40} aria-label={giveUp} title={giveUp} onClick={() => dropping.mutate()}>
        <Icon name="cross" size={18} />
      </ActionIcon>
    </ProgressRow>
  );
}

/** 12 MB of 1.2 GB · 8.1 MB/s · 2 min left */
function Facts({ sending: { file, state, sent, speed, isBroken } }: { sending: Sending }) {
  const { t, tag } = useReader();
  const size = bytesText(tag, file.size);
  const facts = [sent > 0 ? t.sentOf(bytesText(tag, sent), size) : size];
  if (state === "queued") facts.push(t.sendingQueued);
  if (state === "paused") facts.push(t.sendingPaused);
  if (isBroken) facts.push(t.sendingBroken);
  if (state === "sending" && speed) {
    facts.push(t.perSecond(bytesText(tag, speed)));
    facts.push(t.timeLeft(timeText(tag, (file.size - sent) / speed)));
  }
  return facts.join(" · ");
}
