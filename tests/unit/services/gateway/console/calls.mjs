// Calls functions of the console's sources: standard input is a list as JSON of
// [file, function, ...arguments], standard output that of what they answer. Runs in its folder.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { load } from "../../../../sources.mjs";

const plain = (_, value) => (value instanceof Set ? [...value] : value);
const calls = JSON.parse(readFileSync(0, "utf8"));
const answers = calls.map(([file, name, ...values]) =>
  load(join(process.cwd(), "src", file))[name](...values),
);
console.log(JSON.stringify(answers, plain));
