import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";

/** No video yet: what happens to one, and the way in from a shell. */
export function EmptyVideos() {
  const { t } = useReader();
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{t.videosEmptyTitle}</h2>
        <p>{t.videosEmptyText}</p>
        <ol>
          {t.videosEmptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </div>
      <figure className="empty-example">
        <figcaption>{t.videosEmptyExample}</figcaption>
        <CopyField label="$" value="weir upload film.mp4 --ladder sd,hd --wait" isLong />
        <p>{t.videosEmptyShell}</p>
      </figure>
    </section>
  );
}
