import { Button } from "@mantine/core";

import { useReader } from "../i18n/Reader";
import { ffmpegLine } from "./ffmpeg-line";
import { Icon } from "./icons";
import { ShellLine } from "./ShellLine";

/** No stream yet: what one is, what to do, and what the two ways to push look like. */
export function EmptyState({
  server,
  onCreate,
}: {
  server: string;
  /** null: somebody else has to. */
  onCreate: (() => void) | null;
}) {
  const { t } = useReader();
  const key = "<id>?sign=<key>";
  if (!onCreate) return <p className="nothing">{t.emptyForOthers}</p>;
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{t.emptyTitle}</h2>
        <p>{t.emptyText}</p>
        <ol>
          {t.emptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Button size="md" leftSection={<Icon name="plus" size={18} />} onClick={onCreate}>
          {t.newStream}
        </Button>
      </div>
      <figure className="empty-example">
        <figcaption>{t.emptyExample}</figcaption>
        <dl>
          <dt>OBS · {t.server}</dt>
          <dd>{server}</dd>
          <dt>OBS · {t.streamKey}</dt>
          <dd>{key}</dd>
          <dt>ffmpeg</dt>
          <dd>
            <ShellLine line={ffmpegLine(`${server}/${key}`)} />
          </dd>
        </dl>
      </figure>
    </section>
  );
}
