/** Light or dark: as chosen here or in the console, else as the system has it. */

import { readStored, store } from "../browser/stored";

/** The console's library keeps it under this name. */
const STORED = "mantine-color-scheme-value";

export function applyTheme(): void {
  const chosen = readStored(STORED);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

export function switchTheme(): void {
  const next = isDark() ? "light" : "dark";
  store(STORED, next);
  document.documentElement.dataset.theme = next;
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
