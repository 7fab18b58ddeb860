import { Chip } from "@mantine/core";

import { HEIGHTS, TEMPLATES } from "../api/ladder";
import type { Template } from "../api/streams";
import { useReader } from "../i18n/Reader";

/** Which smaller pictures are made of a video besides its own size. */
export function RungChips({
  chosen,
  onChoose,
}: {
  chosen: Template[];
  onChoose: (chosen: Template[]) => void;
}) {
  const { t } = useReader();
  return (
    <fieldset className="rungs" title={t.alsoMakeHint}>
      <legend>{t.alsoMake}</legend>
      <Chip.Group<true, Template>
        multiple
        value={chosen}
        onChange={(now) => onChoose(TEMPLATES.filter((each) => now.includes(each)))}
      >
        {TEMPLATES.map((template) => (
          <Chip key={template} value={template} size="sm" radius="md">
            {HEIGHTS[template]}
          </Chip>
        ))}
      </Chip.Group>
    </fieldset>
  );
}
