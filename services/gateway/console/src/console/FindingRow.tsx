import type { Finding } from "../api/doctor";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";

export function FindingRow({ finding }: { finding: Finding }) {
  const { t } = useReader();
  const text = t.doctor.findings[finding.code];
  return (
    <li className="finding" data-severity={finding.severity}>
      <h4>
        <span className="severity">{t.doctor.severities[finding.severity]}</span>
        {text.title}
      </h4>
      <p>{text.cause(finding)}</p>
      <dl className="cure">
        <dt>{t.doctor.inOBS}</dt>
        <dd>{text.obs(finding)}</dd>
      </dl>
      {finding.ffmpeg && <CopyField label={t.doctor.inFFmpeg} value={finding.ffmpeg} isLong />}
    </li>
  );
}
