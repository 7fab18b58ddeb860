import { NativeSelect, Textarea } from "@mantine/core";
import { useState } from "react";

import type { Anchor, ClockMark, ImageMark, Mark, TextMark } from "../../api/marks";
import { useReader } from "../../i18n/Reader";
import { ColorField } from "./ColorField";
import { ANCHORS, anchored } from "./frame";
import { RangeField } from "./RangeField";

const MAX_TEXT = 500;
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** How one mark looks. */
export function MarkFields({ mark, onChange }: { mark: Mark; onChange: (mark: Mark) => void }) {
  const { t } = useReader();
  return (
    <div className="mark-fields">
      {mark.kind === "text" && (
        <Textarea
          label={t.stream.markText}
          rows={2}
          maxLength={MAX_TEXT}
          value={mark.text}
          error={mark.text.trim() ? null : t.required}
          onChange={(event) => onChange({ ...mark, text: event.currentTarget.value })}
        />
      )}
      {mark.kind === "clock" && (
        <NativeSelect
          label={t.stream.timezone}
          data={ZONES.includes(mark.timezone) ? ZONES : [mark.timezone, ...ZONES]}
          value={mark.timezone}
          onChange={(event) => onChange({ ...mark, timezone: event.currentTarget.value })}
        />
      )}
      {mark.kind === "image" ? (
        <ImageLook mark={mark} onChange={onChange} />
      ) : (
        <Lettering mark={mark} onChange={onChange} />
      )}
      <RangeField
        label={t.stream.opacity}
        unit="%"
        min={0}
        max={100}
        value={Math.round(mark.opacity * 100)}
        onChange={(share) => onChange({ ...mark, opacity: share / 100 })}
      />
      <NativeSelect
        label={t.stream.anchor}
        description={t.stream.anchorHint}
        data={ANCHORS.map((anchor) => ({ value: anchor, label: t.stream.anchors[anchor] }))}
        value={mark.anchor}
        onChange={(event) =>
          onChange({ ...mark, ...anchored(event.currentTarget.value as Anchor) })
        }
      />
    </div>
  );
}

function Lettering({
  mark,
  onChange,
}: {
  mark: TextMark | ClockMark;
  onChange: (mark: Mark) => void;
}) {
  const { t } = useReader();
  return (
    <>
      <RangeField
        label={t.stream.letterSize}
        unit="px"
        min={6}
        max={400}
        value={mark.size}
        onChange={(size) => onChange({ ...mark, size })}
      />
      <RangeField
        label={t.stream.rotation}
        unit="°"
        min={-180}
        max={180}
        value={mark.rotation}
        onChange={(rotation) => onChange({ ...mark, rotation })}
      />
      <div className="mark-colors">
        <ColorField
          label={t.stream.color}
          value={mark.color}
          onChange={(color) => onChange({ ...mark, color })}
        />
        <ColorField
          label={t.stream.outline}
          value={mark.outline ?? null}
          without={t.stream.noOutline}
          onChange={(outline) => onChange({ ...mark, outline })}
          onNone={() => onChange({ ...mark, outline: null })}
        />
      </div>
    </>
  );
}

/** A picture keeps its shape. */
function ImageLook({ mark, onChange }: { mark: ImageMark; onChange: (mark: Mark) => void }) {
  const { t } = useReader();
  const [shape] = useState(mark.height / mark.width);
  return (
    <RangeField
      label={t.stream.imageWidth}
      unit="px"
      min={8}
      max={1920}
      value={mark.width}
      onChange={(width) =>
        onChange({ ...mark, width, height: Math.max(1, Math.round(width * shape)) })
      }
    />
  );
}
