import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { examine, type Examination } from "../api/doctor";
import { nameOf, type Stream } from "../api/streams";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { FindingRow } from "./FindingRow";
import { Icon, type IconName } from "./icons";
import { LatencyView } from "./LatencyView";
import { VitalsStrip } from "./VitalsStrip";

const EVERY_MS = 2000;

/** What is wrong with a live stream, what to set to mend it, and why it is late. */
export function DoctorDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} size="xl" title={t.doctor.title(nameOf(stream))}>
      <StreamExamination stream={stream.id} />
    </Dialog>
  );
}

export function StreamExamination({ stream }: { stream: string }) {
  const looked = useQuery({
    queryKey: ["doctor", stream],
    queryFn: () => examine(stream),
    refetchInterval: EVERY_MS,
  });
  const found = looked.data;
  return (
    <>
      {looked.error && <Failure error={looked.error} onRetry={() => void looked.refetch()} />}
      {looked.isPending && <Skeleton height={88} radius="md" />}
      {found && (
        <>
          <Verdict found={found} />
          {found.vitals && <VitalsStrip vitals={found.vitals} />}
          {found.findings.length > 0 && (
            <ol className="findings">
              {found.findings.map((finding) => (
                <FindingRow key={finding.code} finding={finding} />
              ))}
            </ol>
          )}
          {found.state !== "off_air" && found.state !== "waiting" && <LatencyView stream={stream} />}
        </>
      )}
    </>
  );
}

type Mood = "well" | "hint" | "ill" | "waiting";

const ICONS: Record<Mood, IconName> = { well: "check", hint: "check", ill: "warn", waiting: "pulse" };

function Verdict({ found }: { found: Examination }) {
  const { t } = useReader();
  const [mood, sentence, hint] = verdictOf(found, t);
  return (
    <div className="verdict" data-mood={mood} role="status">
      <Icon name={ICONS[mood]} size={28} />
      <div>
        <h3>{sentence}</h3>
        <p>{hint}</p>
      </div>
    </div>
  );
}

function verdictOf({ state, findings }: Examination, all: Messages): [Mood, string, string] {
  const t = all.doctor;
  switch (state) {
    case "off_air":
      return ["waiting", all.stateOffline, t.offAirHint];
    case "waiting":
      return ["waiting", all.stateWaiting, all.waitingHint];
    case "measuring":
      return ["waiting", t.measuring, t.measuringHint];
    case "healthy":
      return ["well", t.healthy, t.healthyHint];
    case "ill": {
      const wrong = findings.filter((finding) => finding.severity !== "hint").length;
      return wrong > 0 ? ["ill", t.ill(wrong), t.illHint] : ["hint", t.hintsOnly, t.hintsOnlyHint];
    }
  }
}
