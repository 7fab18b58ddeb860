import { useReader } from "../i18n/Reader";
import { FirstSteps } from "./FirstSteps";

/** Nothing has been on air yet: what will be here, and how to try it. */
export function EmptyRecordings() {
  const { t } = useReader();
  return (
    <FirstSteps
      title={t.recorded.emptyTitle}
      text={t.recorded.emptyText}
      steps={t.recorded.emptySteps}
      example="ffmpeg -re -f lavfi -i testsrc=size=640x360:rate=25 -c:v libx264 -g 50 -f flv '<push URL>'"
      hint={t.recorded.emptyShell}
    />
  );
}
