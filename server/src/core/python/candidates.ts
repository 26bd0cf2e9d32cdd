/**
 * Finds the lines of a program that a rule can speak of, so that nothing else is parsed: those that hold a word without
 * which no rule applies, when the name in front of the word means what the rule is about.
 */
import { KeywordMatcher } from '../text/keywordMatcher';
import type { Binding, Node, Statement } from './ast';
import { isJudged, isJudgedMethod, LAST_NAMES } from './calls/registry';
import { identifier, isIdentifierPart } from './characters';
import type { Hit } from './mentions';
import type { PythonModule } from './module';
import { Names, type Program } from './names';
import { BEHIND, DYNAMIC_WORD, isObserved } from './words';

/** Methods that evaluate what they are given, and how it looks when that is nothing, a text that stands there or something else. */
const EXPRESSIONS = new Set(['query', 'eval']);
const HARMLESS =
  /^\s{0,20}\(\s{0,20}(?:\)|(?!expr\b)\w{1,40}\s{0,4}=(?!=)|[rbu]?(?:"[^"\\]{1,120}"|'[^'\\]{1,120}')\s{0,20}[,)])/;

/** `session.query(User)`: a class, as those of tables are. */
const TABLE =
  /^\s{0,20}\(\s{0,20}(?!None\b|True\b|False\b)[A-Z](?=[A-Z\d_]{0,40}[a-z])\w{1,80}(?:\.\w{1,40})?\s{0,20}[,)]/;

/** Whether the path of a judged call can end with a name. */
const isLastName = (name: string): boolean => LAST_NAMES.has(name);

const RENAMES = /\bas\b/;
/** Rounds of following one alias to the next before every line is looked at. */
const ROUNDS = 4;

/**
 * Lines to look at, by module.
 * @param hits of each module
 * @returns undefined when all of them have to be
 */
export function candidateLines(
  program: Program,
  modules: readonly PythonModule[],
  hits: readonly (readonly Hit[])[],
): Set<number>[] | undefined {
  const chosen = modules.map(() => new Set<number>());
  const aliases = new Set<string>();
  let fresh = new Set<string>();
  const alias = (module: PythonModule, line: number, statement: Statement, binding: Binding) => {
    if (aliases.has(binding.name)) return;
    const { path, held } = program.meaning(binding, module, module.scopeOf(line, statement));
    const spoken = path !== undefined && path !== binding.name && (isJudged(path) || isObserved(path));
    if (!spoken && !held?.element(undefined, 0)) return;
    aliases.add(binding.name);
    fresh.add(binding.name);
  };
  const choose = (index: number, line: number) => {
    const lines = chosen[index] as Set<number>;
    if (lines.has(line)) return;
    lines.add(line);
    const module = modules[index] as PythonModule;
    for (const statement of module.statements(line)) {
      for (const binding of statement.bindings)
        if (binding.value || binding.definition) alias(module, line, statement, binding);
      for (const target of statement.targets ?? [])
        if (statement.value && target.kind === 'member')
          alias(module, line, statement, { name: target.property, how: 'value', value: statement.value });
      for (const { name, value } of statement.parameters ?? [])
        if (value) alias(module, line, statement, { name, how: 'default', value });
    }
  };
  for (const [index, module] of modules.entries()) {
    let last = -1;
    for (const hit of hits[index] ?? []) {
      const line = module.lines.at(hit.start);
      if (line < 0 || module.lines.isComment(hit.start)) continue;
      // What is imported is named there, and only another name hides it.
      if (line !== last && module.isImport(line) && RENAMES.test(module.lineText(line))) {
        for (const statement of module.statements(line))
          for (const binding of statement.bindings)
            if (binding.how === 'import') alias(module, line, statement, binding);
      }
      last = line;
      if (!(chosen[index] as Set<number>).has(line) && speaks(hit, program, module, line)) choose(index, line);
    }
  }
  for (let round = 0; fresh.size > 0; round += 1) {
    if (round === ROUNDS) return undefined;
    const names = new KeywordMatcher([...fresh].filter((name) => /^\w+$/.test(name)));
    if (names.keywords.length < fresh.size) return undefined;
    fresh = new Set();
    for (const [index, module] of modules.entries()) {
      names.scan(module.text, (keyword, end) => {
        const start = end - (names.keywords[keyword] as string).length;
        if (isIdentifierPart(module.text.charCodeAt(end)) || isIdentifierPart(module.text.charCodeAt(start - 1)))
          return;
        const line = module.lines.at(start);
        if (line >= 0) choose(index, line);
      });
    }
  }
  return chosen;
}

/** Whether a word can mean what it looks like at its place. */
function speaks({ start, word, as, named }: Hit, program: Program, module: PythonModule, line: number): boolean {
  const { text } = module;
  const first = module.lines.start(line);
  const scope = module.lines.opened(line) ?? module.lines.scope(line);
  if (named !== undefined) {
    const found = program.texts(module, scope, named, start);
    return word.text === 'getattr' ? found.some(isLastName) : found.length > 0;
  }
  if (word.role !== 'last') return true;
  if (as === 'text') return DYNAMIC_WORD.test(text.slice(first, module.lines.end(line)));
  if (EXPRESSIONS.has(word.text) && HARMLESS.test(text.slice(start + word.text.length, start + BEHIND))) return false;
  if (word.text === 'query' && TABLE.test(text.slice(start + word.text.length, start + BEHIND))) return false;
  const chain = chainBefore(text, start, first);
  if (chain.open) return true;
  const path = [...chain.names, word.text];
  if (path.length > 1 && isJudgedMethod(word.text)) return true;
  const base = program.path(module, scope, path[0] as string, start);
  if (base === undefined) return path.length > 2 && isSpoken(ownPath(path, start, new Names(program, module, scope)));
  return isSpoken([base, ...path.slice(1)].join('.')) || isJudgedMethod(word.text);
}

const isSpoken = (path: string | undefined): boolean => {
  const whole = path?.replace(/^(?:builtins|__builtins__)\./, '');
  return whole !== undefined && (isJudged(whole) || isObserved(whole) || whole === 'requests.Session().verify');
};

/** What `self.session.get` is, where a method stores the session. */
function ownPath([first, ...rest]: readonly string[], at: number, names: Names): string | undefined {
  if (first !== 'self' && first !== 'cls') return undefined;
  let node: Node = { kind: 'name', name: first, start: at, end: at };
  for (const property of rest) node = { kind: 'member', object: node, property, propertyStart: at, start: at, end: at };
  return names.value(node).path;
}

/** Names in front of a dotted name; `open` when something else than a name stands before them. */
function chainBefore(text: string, start: number, least: number): { names: string[]; open: boolean } {
  const names: string[] = [];
  let at = start;
  for (;;) {
    let dot = at - 1;
    while (dot >= least && isSpace(text.charCodeAt(dot))) dot -= 1;
    if (dot < least || text[dot] !== '.') return { names, open: false };
    let end = dot;
    while (end > least && isSpace(text.charCodeAt(end - 1))) end -= 1;
    let begin = end;
    while (begin > least && isIdentifierPart(text.charCodeAt(begin - 1))) begin -= 1;
    if (begin === end || names.length > 20) return { names, open: true };
    names.unshift(identifier(text.slice(begin, end)));
    at = begin;
  }
}

const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13 || c === 92;
