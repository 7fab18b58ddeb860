import { ActionIcon, Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { type Account, signOut } from "../api/account";
import { Mark } from "../brand/Mark";
import type { Language } from "../i18n/language";
import { LANGUAGES } from "../i18n/languages";
import { useReader } from "../i18n/Reader";
import { HealthDot } from "./HealthDot";
import { Icon } from "./icons";
import { addressOf, mayOpen, type Page, PAGES } from "./place";

export function Bar({ account, page }: { account: Account | null; page: Page }) {
  const { t } = useReader();
  return (
    <header className="bar">
      <div className="bar-inner">
        <a href="/" className="brand">
          <Mark />
          <span>{t.product}</span>
        </a>
        {account && <Pages shown={page} account={account} />}
        <HealthDot isSignedIn={account !== null} />
        <LanguageMenu />
        <SchemeSwitch />
        {account && <SignOut />}
      </div>
    </header>
  );
}

function Pages({ shown, account }: { shown: Page; account: Account }) {
  const { t } = useReader();
  return (
    <nav className="pages" aria-label={t.pages}>
      {PAGES.filter((page) => mayOpen(page, account)).map((page) => (
        <a key={page} href={addressOf(page)} aria-current={page === shown ? "page" : undefined}>
          {t[page]}
        </a>
      ))}
    </nav>
  );
}

function LanguageMenu() {
  const { t, language, read } = useReader();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t.language} title={t.language}>
          <Icon name="language" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((offered) => (
          <Menu.Item
            key={offered}
            lang={LANGUAGES[offered].tag}
            rightSection={offered === language ? <Icon name="check" size={16} /> : null}
            onClick={() => read(offered)}
          >
            {LANGUAGES[offered].name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SchemeSwitch() {
  const { t } = useReader();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme("light") === "dark";
  const label = isDark ? t.themeLight : t.themeDark;
  return (
    <ActionIcon
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
    >
      <Icon name={isDark ? "sun" : "moon"} />
    </ActionIcon>
  );
}

function SignOut() {
  const { t } = useReader();
  const queries = useQueryClient();
  const leave = async () => {
    await signOut();
    queries.clear();
    location.reload();
  };
  return (
    <ActionIcon aria-label={t.signOut} title={t.signOut} onClick={() => void leave()}>
      <Icon name="out" />
    </ActionIcon>
  );
}
