import { useReader } from "../i18n/Reader";
import { Icon, type IconName } from "./icons";
import { useMay } from "./may";
import { addressOf, NEEDS, type Page } from "./place";

const TABS = [
  { page: "users", icon: "people" },
  { page: "keys", icon: "key" },
  { page: "audit", icon: "log" },
  { page: "tenants", icon: "globe" },
] as const satisfies { page: Page; icon: IconName }[];

/** The pages about who may call Weir, and who did. */
export function AccessTabs({ shown }: { shown: Page }) {
  const { t } = useReader();
  const may = useMay();
  return (
    <nav className="tabs" aria-label={t.access}>
      {TABS.filter(({ page }) => may(NEEDS[page])).map(({ page, icon }) => (
        <a key={page} href={addressOf(page)} aria-current={page === shown ? "page" : undefined}>
          <Icon name={icon} size={18} />
          {t[page]}
        </a>
      ))}
    </nav>
  );
}
