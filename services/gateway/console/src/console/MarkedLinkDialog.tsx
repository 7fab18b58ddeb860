import { Alert, Button, NativeSelect, Radio, Switch, Textarea, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import type { ViewPolicy } from "../api/streams";
import { type SignedLink, signLink } from "../api/viewers";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { EMPTY_MARK, isRight, linesOf, type MarkDraft } from "./mark-draft";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** Makes a link that burns who watches into the pictures. */
export function MarkedLinkDialog({
  stream,
  name,
  policy,
  openHint,
  linkOf,
  onClose,
}: {
  stream: string;
  name: string;
  policy: ViewPolicy;
  /** What to know where everybody may watch without any link. */
  openHint: string;
  linkOf: (link: SignedLink) => string;
  onClose: () => void;
}) {
  const { t } = useReader();
  const [draft, setDraft] = useState<MarkDraft>(EMPTY_MARK);
  const [isChecked, setChecked] = useState(false);
  const clipboard = useClipboard();
  const change = (part: Partial<MarkDraft>) => setDraft({ ...draft, ...part });
  const making = useMutation({
    mutationFn: () => {
      const { mode, is_moving } = draft;
      const mark = { lines: linesOf(draft), mode, is_moving };
      return signLink(stream, draft.lasts_s, draft.viewer.trim(), { watermark: mark });
    },
    onSuccess: (link) => clipboard.copy(linkOf(link)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (draft.viewer.trim() && isRight(draft)) making.mutate();
  };
  const terms = [
    { value: String(HOUR_S), label: t.oneHour },
    { value: String(DAY_S), label: t.oneDay },
    { value: String(7 * DAY_S), label: t.sevenDays },
    { value: String(30 * DAY_S), label: t.thirtyDays },
  ];
  return (
    <Dialog onClose={onClose} size="lg" title={t.markedTitle(name)}>
      <form className="form" onSubmit={submit} noValidate>
        <p className="hint">{t.markedHint}</p>
        {policy === "public" && (
          <Alert color="yellow" variant="light" radius="md">
            {openHint}
          </Alert>
        )}
        <div className="marked-for">
          <TextInput
            label={t.linkFor}
            maxLength={128}
            data-autofocus
            withAsterisk
            value={draft.viewer}
            error={isChecked && !draft.viewer.trim() ? t.required : null}
            onChange={(event) => change({ viewer: event.currentTarget.value })}
          />
          <NativeSelect
            label={t.linkLasts}
            data={terms}
            value={String(draft.lasts_s)}
            onChange={(event) => change({ lasts_s: Number(event.currentTarget.value) })}
          />
        </div>
        <Textarea
          label={t.markedLines}
          description={t.markedLinesHint}
          rows={2}
          autosize={false}
          value={draft.lines}
          error={isChecked && !isRight(draft) ? t.badLines : null}
          onChange={(event) => change({ lines: event.currentTarget.value })}
        />
        <Radio.Group
          label={t.markedMode}
          value={draft.mode}
          onChange={(mode) => change({ mode: mode === "bursts" ? "bursts" : "every" })}
        >
          <div className="modes">
            <Radio value="every" label={t.markedEvery} description={t.markedEveryHint} />
            <Radio value="bursts" label={t.markedBursts} description={t.markedBurstsHint} />
          </div>
        </Radio.Group>
        <Switch
          label={t.markedMoving}
          checked={draft.is_moving}
          onChange={(event) => change({ is_moving: event.currentTarget.checked })}
        />
        {making.error && <Failure error={making.error} />}
        {making.data && <CopyField label={t.markedMade} value={linkOf(making.data)} />}
        <div className="dialog-actions">
          <Button
            type="submit"
            loading={making.isPending}
            leftSection={<Icon name={clipboard.copied ? "check" : "copy"} size={18} />}
          >
            {t.markedMake}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
