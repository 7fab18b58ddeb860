import {
  ActionIcon,
  Button,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  Tooltip,
} from "@mantine/core";

/** The same ten shades stand in theme.css. */
const water: MantineColorsTuple = [
  "#eaf6f5",
  "#d3ebe9",
  "#a5d7d3",
  "#74c2bc",
  "#4bafa8",
  "#2a9b94",
  "#0f7f79",
  "#0b6964",
  "#09534f",
  "#073b39",
];

export const theme = createTheme({
  colors: { water },
  primaryColor: "water",
  primaryShade: 6,
  components: {
    // Scroll locking writes a <style> element; console.css holds the page still instead. A dialog's
    // header is no banner beside that of the page.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        radius: "lg",
        attributes: { header: { role: "none" } },
      },
    }),
    Menu: Menu.extend({
      // A placeholder for the focus would be a child that menus may not have.
      defaultProps: {
        position: "bottom-end",
        radius: "md",
        shadow: "md",
        withInitialFocusPlaceholder: false,
      },
    }),
    Button: Button.extend({ defaultProps: { radius: "md" } }),
    ActionIcon: ActionIcon.extend({
      defaultProps: { variant: "subtle", color: "gray", size: 44, radius: "md" },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true } }),
  },
});
