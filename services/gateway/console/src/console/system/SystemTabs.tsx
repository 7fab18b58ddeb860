import { useReader } from "../../i18n/Reader";
import { Icon, type IconName } from "../icons";
import { useMay } from "../may";
import { addressOf, NEEDS, type Page } from "../place";

const TABS = [
  { page: "jobs", icon: "log" },
  { page: "system", icon: "pulse" },
  { page: "domains", icon: "globe" },
] as const satisfies { page: Page; icon: IconName }[];

/** The pages about Weir itself: what it does, and how it is. */
export function SystemTabs({ shown }: { shown: Page }) {
  const { t } = useReader();
  const may = useMay();
  return (
    <nav className="tabs" aria-label={t.system.title}>
      {TABS.filter(({ page }) => may(NEEDS[page])).map(({ page, icon }) => (
        <a key={page} href={addressOf(page)} aria-current={page === shown ? "page" : undefined}>
          <Icon name={icon} size={18} />
          {t[page].title}
        </a>
      ))}
    </nav>
  );
}
