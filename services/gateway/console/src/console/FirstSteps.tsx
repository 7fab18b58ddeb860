import type { ReactNode } from "react";

import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";

/** A page with nothing on it yet: what it is for, and the ways to begin. */
export function FirstSteps({
  title,
  text,
  steps,
  example,
  hint,
  children,
}: {
  title: string;
  text: string;
  steps: string[];
  /** A command. */
  example: string;
  hint: string;
  children?: ReactNode;
}) {
  const { t } = useReader();
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{title}</h2>
        <p>{text}</p>
        <ol>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        {children}
      </div>
      <figure className="empty-example">
        <figcaption>{t.fromShell}</figcaption>
        <CopyField label="$" value={example} isLong />
        <p>{hint}</p>
      </figure>
    </section>
  );
}
