import { Radio, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createReplay, type ReplayBegin, type Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { nameOfWebhook } from "./webhook-draft";

const HOUR_MS = 3_600_000;

/** Sends a part of the log again: from a time, or from an event's number on. */
export function ReplayDialog({
  hook,
  sequence,
  onClose,
}: {
  hook: Webhook;
  /** Of the event that was chosen to begin with. */
  sequence: number | null;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [way, setWay] = useState(sequence === null ? "time" : "number");
  const [time, setTime] = useState(() => localTime(Date.now() - HOUR_MS));
  const [number, setNumber] = useState(sequence === null ? "" : String(sequence));
  const [isChecked, setChecked] = useState(false);
  const begin = way === "time" ? beginAt(time) : beginWith(number);
  const replaying = useMutation({
    mutationFn: (from: ReplayBegin) => createReplay(hook.id, from),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["webhook", hook.id] });
      onClose();
    },
  });
  const submit = () => {
    setChecked(true);
    if (begin) replaying.mutate(begin);
  };
  return (
    <Dialog onClose={onClose} title={t.replayTitle(nameOfWebhook(hook))}>
      <DialogForm doing={replaying} action={t.replayStart} onSubmit={submit} onClose={onClose}>
        <p className="hint">{t.replayHint}</p>
        <Radio.Group label={t.replayBegin} value={way} onChange={setWay}>
          <div className="modes">
            <Radio value="time" label={t.replayFromTime} />
            <Radio value="number" label={t.replayFromNumber} />
          </div>
        </Radio.Group>
        {way === "time" ? (
          <TextInput
            type="datetime-local"
            label={t.replayTime}
            value={time}
            error={isChecked && !begin ? t.badTime : null}
            onChange={(event) => setTime(event.currentTarget.value)}
          />
        ) : (
          <TextInput
            label={t.replayNumber}
            description={t.replayNumberHint}
            inputMode="numeric"
            placeholder="4711"
            value={number}
            error={isChecked && !begin ? t.badNumber : null}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
        )}
      </DialogForm>
    </Dialog>
  );
}

function beginAt(time: string): ReplayBegin | null {
  const at = Date.parse(time);
  return at < Date.now() ? { from_at: new Date(at).toISOString() } : null;
}

function beginWith(number: string): ReplayBegin | null {
  return /^\d{1,15}$/.test(number.trim()) ? { from_sequence: Number(number) } : null;
}

/** As a `datetime-local` input has it: on the clock of whoever looks. */
function localTime(at: number): string {
  const offset_ms = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset_ms).toISOString().slice(0, 16);
}
