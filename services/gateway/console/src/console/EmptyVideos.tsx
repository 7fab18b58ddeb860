import { useReader } from "../i18n/Reader";
import { FirstSteps } from "./FirstSteps";

/** No video yet: what happens to one, and the way in from a shell. */
export function EmptyVideos() {
  const { t } = useReader();
  return (
    <FirstSteps
      title={t.videosEmptyTitle}
      text={t.videosEmptyText}
      steps={t.videosEmptySteps}
      example="weir upload film.mp4 --ladder sd,hd --wait"
      hint={t.videosEmptyShell}
    />
  );
}
