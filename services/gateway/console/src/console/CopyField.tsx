import { ActionIcon } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useState } from "react";

import { useReader } from "../i18n/Reader";
import { Icon } from "./icons";
import { ShellLine } from "./ShellLine";

/** A value to carry elsewhere: one press copies it. A secret is covered until it is asked for. */
export function CopyField({
  label,
  value,
  isSecret = false,
  isLong = false,
}: {
  label: string;
  value: string;
  isSecret?: boolean;
  /** A command: wraps instead of being cut off. */
  isLong?: boolean;
}) {
  const { t } = useReader();
  const clipboard = useClipboard({ timeout: 1500 });
  const [isShown, setShown] = useState(!isSecret);
  const cover = `${isShown ? t.hide : t.show}: ${label}`;
  const copyLabel = `${clipboard.copied ? t.copied : t.copy}: ${label}`;
  return (
    <div className="copy" data-long={isLong}>
      <span className="copy-label">{label}</span>
      {isLong ? (
        <code>
          <ShellLine line={value} />
        </code>
      ) : (
        <code title={isShown ? value : undefined}>{isShown ? value : "•".repeat(16)}</code>
      )}
      {isSecret && (
        <ActionIcon size={40} aria-label={cover} title={cover} onClick={() => setShown(!isShown)}>
          <Icon name={isShown ? "eyeOff" : "eye"} size={18} />
        </ActionIcon>
      )}
      <ActionIcon
        size={40}
        aria-label={copyLabel}
        title={copyLabel}
        data-copied={clipboard.copied}
        onClick={() => clipboard.copy(value)}
      >
        <Icon name={clipboard.copied ? "check" : "copy"} size={18} />
      </ActionIcon>
    </div>
  );
}
