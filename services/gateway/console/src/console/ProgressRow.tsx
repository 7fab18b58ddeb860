import { Progress } from "@mantine/core";
import type { ReactNode } from "react";

import { useReader } from "../i18n/Reader";

/** A file on its way: its name, how far it is, and what can be done with it. */
export function ProgressRow({
  name,
  part,
  state,
  facts,
  trouble,
  children,
}: {
  name: string;
  /** 0 to 1; null: nobody knows. */
  part: number | null;
  state: "moving" | "still" | "failed";
  facts: ReactNode;
  /** Why it does not go on. */
  trouble?: ReactNode;
  /** Its buttons. */
  children?: ReactNode;
}) {
  const { t } = useReader();
  return (
    <li className="coming" data-state={state}>
      <div className="coming-head">
        <strong title={name}>{name}</strong>
        <div className="coming-actions">{children}</div>
      </div>
      {state !== "failed" && (
        <Progress.Root size={6} radius="xl">
          <Progress.Section
            value={Math.round((part ?? 1) * 100)}
            animated={part === null}
            withAria={part !== null}
            role="progressbar"
            aria-label={t.progressOf(name)}
            color={state === "still" ? "gray" : "water"}
          />
        </Progress.Root>
      )}
      <p className="coming-facts">{facts}</p>
      {trouble && (
        <div className="coming-trouble" role="alert">
          {trouble}
        </div>
      )}
    </li>
  );
}
