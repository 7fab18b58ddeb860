import { Checkbox, Radio } from "@mantine/core";

import { useReader } from "../i18n/Reader";
import { choose, isWanted, type WebhookDraft } from "./webhook-draft";

/** Of which events a webhook is told: all, or some of them. */
export function EventPicker({
  draft,
  error,
  onDraft,
}: {
  draft: WebhookDraft;
  error: string | null;
  onDraft: (draft: WebhookDraft) => void;
}) {
  const { t } = useReader();
  const all = Object.keys(t.eventWords);
  return (
    <div className="wants">
      <Radio.Group
        label={t.webhookWants}
        error={error}
        value={draft.wantsAll ? "all" : "some"}
        onChange={(value) => onDraft({ ...draft, wantsAll: value === "all" })}
      >
        <div className="modes">
          <Radio value="all" label={t.webhookWantsAll} description={t.webhookWantsAllHint} />
          <Radio value="some" label={t.webhookWantsSome} />
        </div>
      </Radio.Group>
      {!draft.wantsAll && (
        <div className="wants-list" role="group" aria-label={t.webhookWants}>
          {Object.entries(t.eventWords).map(([type, words]) => (
            <Checkbox
              key={type}
              label={<code>{type}</code>}
              description={words}
              checked={isWanted(draft.types, type)}
              onChange={({ currentTarget: { checked } }) =>
                onDraft({ ...draft, types: choose(draft.types, type, checked, all) })
              }
            />
          ))}
        </div>
      )}
    </div>
  );
}
