// Says what the console says. Each line of standard input is JSON, [language, key, ...values]; each
// line of standard output is the sentence with these values, or null where there is no such key.
// Runs in the console's folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const ts = createRequire(`${process.cwd()}/`)("typescript");
const loaded = new Map();

/** What a TypeScript file exports. */
function load(path) {
  if (!loaded.has(path)) {
    const exports = {};
    loaded.set(path, exports);
    const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const require = (name) => load(join(dirname(path), `${name}.ts`));
    new Function("exports", "require", outputText)(exports, require);
  }
  return loaded.get(path);
}

const { LANGUAGES } = load(join(process.cwd(), "src/i18n/languages.ts"));

for await (const line of createInterface({ input: process.stdin })) {
  const [language, key, ...values] = JSON.parse(line);
  const said = key.split(".").reduce((words, name) => words?.[name], LANGUAGES[language].messages);
  console.log(JSON.stringify((typeof said === "function" ? said(...values) : said) ?? null));
}
