// Loads the console's TypeScript into Node, for what has no need of a browser. Runs in its folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ts = createRequire(`${process.cwd()}/`)("typescript");
const loaded = new Map();

/** What a TypeScript file exports. */
export function load(path) {
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
