import { ActionIcon, Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";

import type { Account } from "../api/account";
import { Mark } from "../brand/Mark";
import type { Language } from "../i18n/language";
import { LANGUAGES } from "../i18n/languages";
import { useReader } from "../i18n/Reader";
import { AccountMenu } from "./AccountMenu";
import { HealthDot } from "./HealthDot";
import { Icon } from "./icons";
import { useMay } from "./may";
import { addressOf, ENTRIES, NEEDS, type Page } from "./place";

export function Bar({ account, page }: { account: Account | null; page: Page }) {
  const { t } = useReader();
  return (
    <header className="bar">
      <div className="bar-inner">
        <a href="/" className="brand">
          <Mark />
          <span>{t.product}</span>
        </a>
        {account && <Pages shown={page} />}
        <HealthDot isSignedIn={account !== null} />
        <LanguageMenu />
        <SchemeSwitch />
        {account && <AccountMenu account={account} />}
      </div>
    </header>
  );
}

function Pages({ shown }: { shown: Page }) {
  const { t } = useReader();
  const may = useMay();
  return (
    <nav className="pages" aria-label={t.pages}>
      {ENTRIES.map(({ name, pages }) => {
        const behind: readonly Page[] = pages;
        const first = behind.find((page) => NEEDS[page] === null || may(NEEDS[page]));
        return first ? (
          <a
            key={name}
            href={addressOf(first)}
            aria-current={behind.includes(shown) ? "page" : undefined}
          >
            {t[name]}
          </a>
        ) : null;
      })}
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
  // Holding transitions back would write a <style> element.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
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
