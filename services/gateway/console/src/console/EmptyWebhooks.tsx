import { Button } from "@mantine/core";

import { useReader } from "../i18n/Reader";
import { Icon } from "./icons";

const POSTED = `{
  "type": "recording.ready",
  "version": 1,
  "timestamp": "2031-05-06T07:08:09Z",
  "data": {"stream": "front-door", …}
}`;

/** No webhook yet: what one is for, what to do, and what a program gets. */
export function EmptyWebhooks({ onCreate }: { onCreate: () => void }) {
  const { t } = useReader();
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{t.webhooksEmptyTitle}</h2>
        <p>{t.webhooksEmptyText}</p>
        <ol>
          {t.webhooksEmptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Button size="md" leftSection={<Icon name="plus" size={18} />} onClick={onCreate}>
          {t.newWebhook}
        </Button>
      </div>
      <figure className="empty-example">
        <figcaption>{t.webhooksEmptyExample}</figcaption>
        <dl>
          <dt>webhook-id</dt>
          <dd>evt_720966be2168…</dd>
          <dt>webhook-signature</dt>
          <dd>v1,K5oZfzN9…</dd>
        </dl>
        <pre>{POSTED}</pre>
        <p>{t.webhooksEmptyVerify}</p>
      </figure>
    </section>
  );
}
