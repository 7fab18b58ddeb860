import { Switch, type SwitchProps } from "@mantine/core";
import type { ReactNode } from "react";

/** What is recorded if it is switched on, and the numbers by which. */
export function RecordingRule({
  isOn,
  onOn,
  children,
  ...words
}: Pick<SwitchProps, "label" | "description"> & {
  isOn: boolean;
  onOn: (isOn: boolean) => void;
  children: ReactNode;
}) {
  return (
    <div className="recording-row">
      <Switch
        {...words}
        checked={isOn}
        onChange={(event) => onOn(event.currentTarget.checked)}
      />
      {isOn && children}
    </div>
  );
}
