import { ActionIcon, Menu } from "@mantine/core";

import { useReader } from "../i18n/Reader";
import { Icon, type IconName } from "./icons";

export interface Choice {
  icon: IconName;
  label: string;
  isDanger?: boolean;
  onChoose: () => void;
}

/** What else can be done with a thing; false: not by this person, or not now. */
export function MoreMenu({ name, choices }: { name: string; choices: (Choice | false)[] }) {
  const { t } = useReader();
  const label = t.moreFor(name);
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={label} title={label} className="card-more">
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(
          (choice) =>
            choice && (
              <Menu.Item
                key={choice.label}
                className={choice.isDanger ? "danger" : undefined}
                leftSection={<Icon name={choice.icon} size={18} />}
                onClick={choice.onChoose}
              >
                {choice.label}
              </Menu.Item>
            ),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
