import { Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { HEIGHTS, setLadder, TEMPLATES } from "../api/ladder";
import { nameOf, type Stream, type Template } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { useMay } from "./may";

/** Which smaller pictures are made of a stream while it is live. */
export function LadderDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} title={t.ladderTitle(nameOf(stream))}>
      <LadderSwitches stream={stream} />
    </Dialog>
  );
}

export function LadderSwitches({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const choosing = useMutation({
    mutationFn: (templates: Template[]) => setLadder(stream.id, templates),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["streams"] }),
  });
  const rungs = stream.ladder?.rungs ?? [];
  const own = rungs.filter((rung) => rung.template === null).map((rung) => rung.name);
  const chosen = choosing.isPending
    ? choosing.variables
    : rungs.flatMap((rung) => (rung.template === null ? [] : [rung.template]));
  const toggle = (template: Template, isOn: boolean) =>
    choosing.mutate(TEMPLATES.filter((each) => (each === template ? isOn : chosen.includes(each))));
  return (
    <>
      <p className="hint">{t.ladderHint}</p>
      <div className="ladder">
        {TEMPLATES.map((template) => (
          <Switch
            key={template}
            label={HEIGHTS[template]}
            checked={chosen.includes(template)}
            disabled={own.length > 0 || choosing.isPending || !may("streams:write")}
            onChange={(event) => toggle(template, event.currentTarget.checked)}
          />
        ))}
      </div>
      {own.length > 0 && <p className="hint">{t.ladderOwn(own.join(", "))}</p>}
      {choosing.error && <Failure error={choosing.error} />}
    </>
  );
}
