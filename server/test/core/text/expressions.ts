/** Every regular expression of the text analysers: those that stand in their sources and those that they put together. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const CORE = path.resolve(__dirname, '../../../src/core');

export interface Expression {
  /** File below core, and the line where it is known. */
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .flatMap((file) => (statSync(file).isDirectory() ? filesOf(file) : file.endsWith('.ts') ? [file] : []));
}

/** Literals of the sources below some folders of core, and the files that call the constructor. */
export function expressionsIn(folders: readonly string[]): { literals: Expression[]; makers: Set<string> } {
  const literals: Expression[] = [];
  const makers = new Set<string>();
  for (const file of folders.flatMap((folder) => filesOf(path.join(CORE, folder)))) {
    const name = path.relative(CORE, file);
    const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const slash = node.text.lastIndexOf('/');
        const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
        literals.push({
          where: `${name}:${line + 1}`,
          source: node.text.slice(1, slash),
          flags: node.text.slice(slash + 1),
        });
      }
      if (ts.isNewExpression(node) && node.expression.getText() === 'RegExp') makers.add(name);
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return { literals, makers };
}

/**
 * What `use` makes by the constructor, with its modules loaded anew.
 * @param use loads modules by `require` and runs what makes its expressions late
 */
export function expressionsMadeBy(use: () => void): Expression[] {
  const made: Expression[] = [];
  const original = RegExp;
  const watched: RegExpConstructor = new Proxy(original, {
    construct(target, args, newTarget) {
      const expression = Reflect.construct(target, args, newTarget === watched ? target : newTarget) as RegExp;
      const place = new Error().stack?.split('\n').find((line) => line.includes(`${path.sep}src${path.sep}core`));
      const file = /src[\\/]core[\\/](.+?\.ts)/.exec(place ?? '')?.[1];
      if (file !== undefined) made.push({ where: file, source: expression.source, flags: expression.flags });
      return expression;
    },
  });
  const kept = Object.entries(require.cache).filter(([file]) => file.startsWith(CORE));
  for (const [file] of kept) delete require.cache[file];
  globalThis.RegExp = watched;
  try {
    use();
  } finally {
    globalThis.RegExp = original;
    for (const [file, module] of kept) require.cache[file] = module;
  }
  return made;
}

/** The parts of an expression outside of classes and escapes, one by one. */
function* tokensOf(source: string): Generator<string> {
  let inClass = false;
  for (let i = 0; i < source.length; ) {
    const rest = source.slice(i);
    let token: string;
    if (rest[0] === '\\') token = rest.slice(0, 2);
    else if (inClass) token = rest[0] as string;
    else token = /^\{\d+(?:,\d*)?\}/.exec(rest)?.[0] ?? (rest[0] as string);
    if (token === '[' && !inClass) inClass = true;
    else if (token === ']' && inClass) inClass = false;
    yield inClass && token !== '[' ? `\0${token}` : token;
    i += token.length;
  }
}

const isUnbounded = (token: string): boolean => token === '*' || token === '+' || /^\{\d+,\}$/.test(token);

/** Whether a repetition has no upper bound. */
export const hasUnbounded = (source: string): boolean => [...tokensOf(source)].some(isUnbounded);

/** Repetitions with a high bound count as if they had none: what is exponential or worse in them is so in a small text. */
const HIGH = 10;

/** The expression with every high bound taken away. */
export function widened(source: string): string {
  let out = '';
  for (const token of tokensOf(source)) {
    const bounds = /^\{(\d+)(?:,(\d*))?\}$/.exec(token);
    if (!bounds) out += token.replace(/^\0/, '');
    else {
      const least = Number(bounds[1]);
      const most = bounds[2] === undefined ? least : bounds[2] === '' ? Number.POSITIVE_INFINITY : Number(bounds[2]);
      out += most >= HIGH && most > least ? (least > 0 ? '+' : '*') : token;
    }
  }
  return out;
}
