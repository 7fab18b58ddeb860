import { ActionIcon, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { type Account, signOut } from "../api/account";
import { useReader } from "../i18n/Reader";
import { Icon } from "./icons";
import { addressOf } from "./place";

/** Who is signed in, and the way out. */
export function AccountMenu({ account }: { account: Account }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const leave = async () => {
    await signOut();
    queries.clear();
    location.reload();
  };
  const label = t.accountOf(account.user);
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={label} title={label}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="who">
          <strong>{account.user}</strong>
          {account.role && <span>{t.roles[account.role]}</span>}
        </Menu.Label>
        <Menu.Item
          component="a"
          href={addressOf("account")}
          leftSection={<Icon name="person" size={18} />}
        >
          {t.account}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="out" size={18} />} onClick={() => void leave()}>
          {t.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
