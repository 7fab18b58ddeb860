import type { Permission } from "../../api/access";
import { useReader } from "../../i18n/Reader";
import { Icon, type IconName } from "../icons";
import { useMay } from "../may";
import { type Part, PARTS, streamAddress } from "../place";

const TABS: Record<Part, { icon: IconName; needs: Permission }> = {
  push: { icon: "push", needs: "keys:read" },
  watermark: { icon: "stamp", needs: "streams:write" },
  ladder: { icon: "ladder", needs: "streams:read" },
  relay: { icon: "globe", needs: "relays:read" },
  recording: { icon: "record", needs: "streams:read" },
  doctor: { icon: "pulse", needs: "streams:read" },
  viewers: { icon: "people", needs: "viewers:read" },
};

/** What can be seen and set of one stream. */
export function StreamTabs({ id, shown }: { id: string; shown: Part }) {
  const { t } = useReader();
  const may = useMay();
  return (
    <nav className="tabs stream-tabs" aria-label={t.stream.about}>
      {PARTS.filter((part) => may(TABS[part].needs)).map((part) => (
        <a
          key={part}
          href={streamAddress(id, part)}
          aria-current={part === shown ? "page" : undefined}
        >
          <Icon name={TABS[part].icon} size={18} />
          {t.stream.parts[part]}
        </a>
      ))}
    </nav>
  );
}
