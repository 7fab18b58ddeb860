import { ActionIcon } from "@mantine/core";

import type { Mark } from "../../api/marks";
import type { MarkReport } from "../../api/schema";
import { useReader } from "../../i18n/Reader";
import { Icon } from "../icons";
import { nameOfMark } from "./mark-name";
import { useMarkPicture } from "./mark-picture";
import { Failure } from "../Failure";

const ICONS = { text: "text", clock: "clock", image: "image" } as const;

/** The marks, the lowest first. */
export function MarkList({
  marks,
  chosen,
  onChoose,
  onRemove,
  reports,
}: {
  marks: Mark[];
  chosen: number;
  onChoose: (at: number) => void;
  onRemove: (at: number) => void;
  /** Of the marks that are on air, in their order. */
  reports: readonly MarkReport[];
}) {
  const { t } = useReader();
  return (
    <ul className="marks" aria-label={t.stream.marks}>
      {marks.map((mark, at) => {
        const name = nameOfMark(mark, t);
        return (
          <li key={at} data-chosen={at === chosen}>
            <button type="button" aria-pressed={at === chosen} onClick={() => onChoose(at)}>
              <Icon name={ICONS[mark.kind]} size={18} />
              <span>{name}</span>
            </button>
            <ActionIcon
              aria-label={t.stream.removeMark(name)}
              title={t.stream.removeMark(name)}
              onClick={() => onRemove(at)}
            >
              <Icon name="trash" size={18} />
            </ActionIcon>
            <WhyUnseen mark={mark} />
            {reports[at]?.left_out && (
              <p className="left-out" role="alert">
                {t.stream.markLeftOut} {reports[at].detail}
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function WhyUnseen({ mark }: { mark: Mark }) {
  const { t } = useReader();
  const { error } = useMarkPicture(mark);
  if (mark.kind === "image" && mark.url) return <p className="hint">{t.stream.markFromURL}</p>;
  return error ? <Failure error={error} title={t.stream.markUnseen} /> : null;
}
