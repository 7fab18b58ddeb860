// Says what the audit log calls each entry of standard input, a list as JSON of [language, entry].
// Runs in the console's folder.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { load } from "../../../../sources.mjs";

const { LANGUAGES } = load(join(process.cwd(), "src/i18n/languages.ts"));
const { deedOf } = load(join(process.cwd(), "src/console/audit-words.ts"));
const asked = JSON.parse(readFileSync(0, "utf8"));
const said = asked.map(([language, entry]) => deedOf(entry, LANGUAGES[language].messages));
console.log(JSON.stringify(said));
