// Says what the console says. Each line of standard input is JSON, [language, key, ...values]; each
// line of standard output is the sentence with these values, or null where there is no such key.
// Runs in the console's folder.
import { join } from "node:path";
import { createInterface } from "node:readline";

import { load } from "./sources.mjs";

const { LANGUAGES } = load(join(process.cwd(), "src/i18n/languages.ts"));

for await (const line of createInterface({ input: process.stdin })) {
  const [language, key, ...values] = JSON.parse(line);
  const said = key.split(".").reduce((words, name) => words?.[name], LANGUAGES[language].messages);
  console.log(JSON.stringify((typeof said === "function" ? said(...values) : said) ?? null));
}
