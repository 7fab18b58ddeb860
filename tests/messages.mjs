// Prints every sentence of an object of messages: its key, what it says, whether it has no variable
// parts, and the file it stands in. Arguments: the file and the constant. A key that several of the
// objects spread into one have is printed several times. Runs in the console's folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ts = createRequire(`${process.cwd()}/`)("typescript");
const { SyntaxKind: Kind } = ts;

function parsed(path) {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

/** Where a constant gets its value: the expression, and the file in which that stands. */
function valueOf(file, name) {
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      const found = statement.declarationList.declarations.find((one) => one.name.text === name);
      if (found) return [file, bare(found.initializer)];
    }
    const imported = statement.importClause?.namedBindings?.elements ?? [];
    const found = imported.find((one) => one.name.text === name);
    if (found) {
      const path = join(dirname(file.fileName), `${statement.moduleSpecifier.text}.ts`);
      return valueOf(parsed(path), (found.propertyName ?? found.name).text);
    }
  }
  throw new Error(`${file.fileName} has no ${name}`);
}

/** Without `as const` and `satisfies`. */
function bare(value) {
  return ts.isAsExpression(value) || ts.isSatisfiesExpression(value) ? bare(value.expression) : value;
}

function sentences(file, value, prefix = "") {
  if (ts.isIdentifier(value)) return sentences(...valueOf(file, value.text), prefix);
  if (ts.isArrayLiteralExpression(value)) {
    return value.elements.flatMap((each, at) => sentences(file, bare(each), `${prefix}.${at}`));
  }
  if (!ts.isObjectLiteralExpression(value)) {
    const isPlain = ts.isStringLiteralLike(value);
    return [{ key: prefix, text: words(value).join(" … "), isPlain, file: file.fileName }];
  }
  return value.properties.flatMap((each) => {
    if (ts.isSpreadAssignment(each)) return sentences(file, bare(each.expression), prefix);
    const key = prefix ? `${prefix}.${each.name.text}` : each.name.text;
    if (ts.isShorthandPropertyAssignment(each)) return sentences(file, each.name, key);
    return sentences(file, ts.isMethodDeclaration(each) ? each.body : bare(each.initializer), key);
  });
}

/** The literal parts of an expression. */
function words(node) {
  const own = [Kind.TemplateHead, Kind.TemplateMiddle, Kind.TemplateTail].includes(node.kind);
  if (own || ts.isStringLiteralLike(node)) return node.text.trim() ? [node.text.trim()] : [];
  const found = [];
  ts.forEachChild(node, (child) => void found.push(...words(child)));
  return found;
}

const [path, name] = process.argv.slice(2);
console.log(JSON.stringify(sentences(...valueOf(parsed(path), name))));
