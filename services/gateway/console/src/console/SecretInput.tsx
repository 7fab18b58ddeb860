import { PasswordInput, type PasswordInputProps } from "@mantine/core";

import { useReader } from "../i18n/Reader";

/** A field for what nobody else should read. */
export function SecretInput(props: PasswordInputProps) {
  const { t } = useReader();
  return (
    <PasswordInput visibilityToggleButtonProps={{ "aria-label": t.showTyped }} {...props} />
  );
}
