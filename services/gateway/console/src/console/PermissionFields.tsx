import { Button, Chip, Input } from "@mantine/core";

import { byNoun, type Permission, verbOf } from "../api/access";
import { useReader } from "../i18n/Reader";

/** What a key is good for; `offered`: what its maker may, as nobody gives more. */
export function PermissionFields({
  offered,
  chosen,
  error,
  onChosen,
}: {
  offered: readonly Permission[];
  chosen: readonly Permission[];
  error: string | null;
  onChosen: (chosen: Permission[]) => void;
}) {
  const { t } = useReader();
  const choose = (now: readonly string[]) => onChosen(offered.filter((each) => now.includes(each)));
  const shortcuts = [
    { label: t.allOfIt, permissions: offered },
    { label: t.readingOnly, permissions: offered.filter((each) => verbOf(each) === "read") },
    { label: t.noneOfIt, permissions: [] },
  ];
  return (
    <fieldset className="permissions">
      <legend>
        {t.permissions} <span className="mantine-InputWrapper-required">*</span>
      </legend>
      <div className="permission-shortcuts">
        {shortcuts.map(({ label, permissions }) => (
          <Button key={label} variant="light" size="xs" onClick={() => onChosen([...permissions])}>
            {label}
          </Button>
        ))}
      </div>
      <Chip.Group<true> multiple value={[...chosen]} onChange={choose}>
        <ul>
          {[...byNoun(offered)].map(([noun, permissions]) => (
            <li key={noun}>
              <span>{t.nouns[noun]}</span>
              <span className="verbs">
                {permissions.map((each) => (
                  <Chip
                    key={each}
                    value={each}
                    size="xs"
                    radius="md"
                    aria-label={t.permissionNamed(t.nouns[noun], t.verbs[verbOf(each)])}
                  >
                    {t.verbs[verbOf(each)]}
                  </Chip>
                ))}
              </span>
            </li>
          ))}
        </ul>
      </Chip.Group>
      {error && <Input.Error>{error}</Input.Error>}
    </fieldset>
  );
}
