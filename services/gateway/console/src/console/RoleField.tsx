import { Radio } from "@mantine/core";

import { type Role, ROLES } from "../api/access";
import { useReader } from "../i18n/Reader";

/** The roles, each with what it may. */
export function RoleField({ role, onRole }: { role: Role; onRole: (role: Role) => void }) {
  const { t } = useReader();
  return (
    <Radio.Group
      label={t.role}
      value={role}
      onChange={(chosen) => onRole(ROLES.find((each) => each === chosen) ?? role)}
    >
      <div className="roles">
        {ROLES.map((each) => (
          <Radio key={each} value={each} label={t.roles[each]} description={t.roleHints[each]} />
        ))}
      </div>
    </Radio.Group>
  );
}
