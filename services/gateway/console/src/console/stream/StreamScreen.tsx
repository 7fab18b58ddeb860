import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { getStream, nameOf, type Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { StreamExamination } from "../DoctorDialog";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { useMay } from "../may";
import { addressOf, type Part } from "../place";
import { WaysToPush } from "../PushDialog";
import { RelayTargets } from "../RelayDialog";
import { useSignedOut } from "../signed-out";
import { StateBadge } from "../StateBadge";
import { StreamViewers } from "../ViewersDialog";
import { Preview } from "../WatchDialog";
import { LadderPart } from "./LadderPart";
import { LiveTrace } from "./LiveTrace";
import { RecordingPart } from "./RecordingPart";
import { StreamMenu } from "./StreamMenu";
import { StreamTabs } from "./StreamTabs";
import { WatermarkEditor } from "./WatermarkEditor";

const EVERY_MS = 3000;

/** All about one stream, beside its picture. */
export function StreamScreen({ id, part }: { id: string; part: Part | null }) {
  const { t } = useReader();
  const may = useMay();
  const looked = useQuery({
    queryKey: ["streams", id],
    queryFn: () => getStream(id),
    refetchInterval: EVERY_MS,
  });
  const isSignedOut = useSignedOut(looked.error);
  const stream = looked.data;
  const shown = part ?? (may("keys:read") && stream?.health === "offline" ? "push" : "doctor");
  return (
    <>
      <a className="back" href={addressOf("streams")}>
        <Icon name="back" size={18} />
        {t.streams}
      </a>
      {looked.error && !isSignedOut && (
        <Failure
          error={looked.error}
          title={t.stream.failedToLoad}
          onRetry={() => void looked.refetch()}
        />
      )}
      {looked.isPending && <Skeleton height={420} radius="lg" />}
      {stream && (
        <>
          <div className="heading stream-heading">
            <div>
              <h1>{nameOf(stream)}</h1>
              <p>
                <code>{stream.id}</code>
              </p>
            </div>
            <div className="stream-state">
              <StateBadge stream={stream} />
              <StreamMenu stream={stream} />
            </div>
          </div>
          <StreamTabs id={stream.id} shown={shown} />
          <div className="stream-page" data-part={shown}>
            <section className="panel stream-picture" aria-label={t.stream.picture}>
              <Preview stream={stream} />
            </section>
            <section className="panel stream-part" aria-label={t.stream.parts[shown]}>
              <h2>{t.stream.parts[shown]}</h2>
              <PartOf stream={stream} part={shown} />
            </section>
          </div>
        </>
      )}
    </>
  );
}

function PartOf({ stream, part }: { stream: Stream; part: Part }) {
  const { t } = useReader();
  const may = useMay();
  switch (part) {
    case "push":
      return may("keys:read") ? <WaysToPush stream={stream} /> : <p>{t.stream.pushForOthers}</p>;
    case "watermark":
      return <WatermarkEditor key={stream.id} stream={stream} />;
    case "ladder":
      return <LadderPart stream={stream} />;
    case "relay":
      return <RelayTargets stream={stream.id} />;
    case "recording":
      return <RecordingPart key={stream.id} stream={stream} />;
    case "doctor":
      return (
        <>
          <StreamExamination stream={stream.id} />
          {stream.live && <LiveTrace session={stream.live.session} />}
        </>
      );
    case "viewers":
      return <StreamViewers stream={stream} />;
  }
}
