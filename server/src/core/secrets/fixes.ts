/** Replaces a secret in Python source by a look-up that is made when the program runs. */
import type { Fix } from '../finding';
import type { PythonSyntax, SyntaxNode } from '../python/syntax';
import type { TextSegment } from '../text/document';
import { lineBefore } from './extract/assignment';
import type { Range } from './extract/markup';
import { nameWords } from './keys';

export interface FixPlace {
  /** Range of the secret. */
  start: number;
  end: number;
  /** Range of all literals when the secret is put together from several. */
  joined?: Range;
  /** Name the value is given to. */
  name: string | undefined;
  /** Last part of the rule's id: a service's rule says how the variable is called when the name does not. */
  rule: string;
  /** True when the rule is one of a service. */
  service: boolean;
}

/** Variables whose usual name is not the rule's, and those of rules that name no service. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  'huggingface-token': 'HF_TOKEN',
  'kaggle-api-key': 'KAGGLE_KEY',
  'langsmith-api-key': 'LANGSMITH_API_KEY',
  'azure-ad-client-secret': 'AZURE_CLIENT_SECRET',
  'connection-string': 'DB_PASSWORD',
  'url-credentials': 'PASSWORD',
  'authorization-header': 'API_TOKEN',
  'command-line-credential': 'CREDENTIAL',
};

/** Words that say only that it is a secret, not whose. */
const PLAIN_WORDS = new Set(
  'api key keys token tokens secret password passwd pwd pass access auth value credential credentials login t k x'.split(
    ' ',
  ),
);

interface Change extends Range {
  newText: string;
}

/**
 * The fix for a secret in a Python segment: a whole literal becomes `os.environ["NAME"]`, a part of one a replacement
 * field of an f-string, the default of a look-up goes, a word of a shell line becomes `$NAME`. What is given to
 * `os.environ` is asked for instead. Missing imports are added.
 * @param syntax of the segment
 * @returns undefined in comments and documentation, and where the result would not be Python or not the same program
 */
export function environmentFix(segment: TextSegment, syntax: PythonSyntax, place: FixPlace): Fix | undefined {
  const { text } = segment;
  const variable = variableName(place, text);
  const shell = shellFix(segment, place, variable);
  if (shell) return shell;
  const string = stringAt(syntax.nodeAt(place.start));
  if (!string || string.to < place.end || isDocumentation(string) || isPattern(string)) return undefined;
  const change = changesFor(text, string, place, variable);
  if (!change || syntax.isRebound(change.module)) return undefined;
  const edits = change.changes.map((one) => editOf(segment, one));
  const imported = importOf(segment, syntax, string.from, change.module);
  if (imported) edits.unshift(imported);
  if (edits.some((edit) => edit === undefined)) return undefined;
  return { title: change.title, edits: edits as Fix['edits'] };
}

function changesFor(
  text: string,
  string: SyntaxNode,
  place: FixPlace,
  variable: string,
): { title: string; module: string; changes: Change[] } | undefined {
  const opening = /^([A-Za-z]{0,2})("""|'''|"|')/.exec(text.slice(string.from, string.from + 5));
  if (!opening) return undefined;
  const [, prefix = '', quotes = '"'] = opening;
  const content = { start: string.from + opening[0].length, end: string.to - quotes.length };
  if (!text.slice(content.end, string.to).startsWith(quotes)) return undefined;
  const title = `Read from the environment variable ${variable}`;
  const nested = insideFormat(string);
  const own = nested ? (quotes[0] as string) : '"';
  const bytes = /b/i.test(prefix);
  const whole: Range | undefined = place.joined
    ? outermostJoined(string, place.joined)
    : content.start === place.start && content.end === place.end
      ? { start: string.from, end: string.to }
      : undefined;
  if (whole) {
    if (givenToEnvironment(text, whole.start)) {
      if (bytes || nested) return undefined;
      const newText = `getpass.getpass("${variable}: ")`;
      return { title: `Ask for ${variable} when it runs`, module: 'getpass', changes: [{ ...whole, newText }] };
    }
    const lookup = lookupAround(text, string);
    const name = lookup?.name ?? variable;
    const newText = `os.environ[${own}${name}${own}]${bytes && !lookup ? '.encode()' : ''}`;
    return {
      title: `Read from the environment variable ${name}`,
      module: 'os',
      changes: [{ ...(lookup ?? whole), newText }],
    };
  }
  if (place.joined || nested || bytes || /u/i.test(prefix) || isTemplate(text, string)) return undefined;
  const formatted = /f/i.test(prefix);
  const inner = quotes[0] === "'" ? '"' : "'";
  const changes: Change[] = [
    { start: place.start, end: place.end, newText: `{os.environ[${inner}${variable}${inner}]}` },
  ];
  if (!formatted) {
    changes.unshift({ start: string.from, end: string.from, newText: 'f' });
    for (let at = content.start; at < content.end; at += 1) {
      if (text[at] !== '{' && text[at] !== '}') continue;
      // A brace of an f-string is written twice; one inside the secret goes with it.
      if (at < place.start || at >= place.end) changes.push({ start: at, end: at, newText: text[at] as string });
      if (changes.length > 60) return undefined;
    }
  }
  return { title, module: 'os', changes };
}

/** `!command ... secret`: the shell takes the variable itself. */
function shellFix(segment: TextSegment, place: FixPlace, variable: string): Fix | undefined {
  const line = lineBefore(segment.text, place.start);
  if (!/^\s*!/.test(line) || (line.split("'").length - 1) % 2 === 1) return undefined;
  const edit = editOf(segment, { start: place.start, end: place.end, newText: `$${variable}` });
  return edit && { title: `Use the environment variable ${variable}`, edits: [edit] };
}

const isString = (node: SyntaxNode): boolean => node.name === 'String' || node.name === 'FormatString';

/** The innermost string literal around a node. */
function stringAt(node: SyntaxNode | undefined): SyntaxNode | undefined {
  for (let at: SyntaxNode | null | undefined = node; at; at = at.parent) {
    if (isString(at)) return at;
    if (at.name === 'Comment' || at.name.endsWith('Statement')) return undefined;
  }
  return undefined;
}

function insideFormat(string: SyntaxNode): boolean {
  for (let at = string.parent; at && !at.name.endsWith('Statement'); at = at.parent)
    if (at.name === 'FormatReplacement') return true;
  return false;
}

/** A string that is a statement of its own: documentation. */
function isDocumentation(string: SyntaxNode): boolean {
  const parent = string.parent?.name === 'ContinuedString' ? string.parent.parent : string.parent;
  return parent?.name === 'ExpressionStatement';
}

/** A string that a `case` compares with: nothing is looked up there (Python language reference 8.6.4). */
function isPattern(string: SyntaxNode): boolean {
  for (let at = string.parent; at; at = at.parent) {
    if (at.name.endsWith('Pattern')) return true;
    if (at.name === 'Body' || at.name.endsWith('Statement')) return false;
  }
  return false;
}

/** A text that is filled in later: a percent sign or a brace in the secret would be read as a place of it. */
const isTemplate = (text: string, string: SyntaxNode): boolean =>
  /^["')\s]{0,40}(?:%\s{0,4}[\w({[]|\.format(?:_map)?\()/.test(text.slice(string.to, string.to + 60));

/** The expression that joins all parts, when it joins nothing else. */
function outermostJoined(string: SyntaxNode, joined: Range): Range | undefined {
  let best: SyntaxNode | undefined;
  for (let at = string.parent; at && at.from >= joined.start && at.to <= joined.end; at = at.parent) best = at;
  return best?.from === joined.start && best.to === joined.end ? joined : undefined;
}

/** `os.environ["NAME"] = ...`, `os.environ.setdefault("NAME", ...)`, `os.putenv("NAME", ...)` */
function givenToEnvironment(text: string, at: number): boolean {
  return /(?:\benviron\[[^\]\n]{1,80}\]\s{0,4}=\s{0,4}|\b(?:environ\.setdefault|putenv)\([^()\n]{1,80},\s{0,8}|\benviron\.update\([^\n]{0,200})$/.test(
    text.slice(Math.max(0, at - 240), at),
  );
}

const ENVIRONMENT_CALL = /^(?:os\.)?(?:getenv|environ\.get)\(\s{0,20}(["'])([A-Za-z_]\w{0,80})\1/;

/** The look-up of an environment variable that a literal is the default of, with or without `or`. */
function lookupAround(text: string, string: SyntaxNode): (Range & { name: string }) | undefined {
  const list = string.parent;
  const call = list?.name === 'ArgList' ? list.parent : undefined;
  const own = call?.name === 'CallExpression' && ENVIRONMENT_CALL.exec(text.slice(call.from, call.to));
  if (call && own) return { start: call.from, end: call.to, name: own[2] as string };
  if (list?.name === 'BinaryExpression' && list.to === string.to) {
    const left = text.slice(list.from, string.from);
    const name = ENVIRONMENT_CALL.exec(left)?.[2] ?? /^(?:os\.)?environ\[["']([A-Za-z_]\w{0,80})["']\]/.exec(left)?.[1];
    if (name && /\bor\s{1,4}$/.test(left)) return { start: list.from, end: list.to, name };
  }
  return undefined;
}

function editOf(segment: TextSegment, { start, end, newText }: Change): Fix['edits'][number] | undefined {
  const { line, column, endLine, endColumn } = segment.locate(start, end);
  if (line === undefined || column === undefined || endLine === undefined || endColumn === undefined) return undefined;
  return { line, column, endLine, endColumn, newText };
}

/** The edit that imports a module above its use; undefined when it is imported there already. */
function importOf(
  segment: TextSegment,
  syntax: PythonSyntax,
  use: number,
  module: string,
): Fix['edits'][number] | undefined {
  const at = syntax.importPlace(module, use);
  const line = at === undefined ? undefined : segment.locate(at, at).line;
  return line === undefined
    ? undefined
    : { line, column: 1, endLine: line, endColumn: 1, newText: `import ${module}\n` };
}

/** How the variable is called: by the name the value has here, else by the service. */
function variableName({ name, rule, service, start }: FixPlace, text: string): string {
  const here = name ?? assignedName(text, start);
  const words = nameWords(here?.split('.').pop() ?? '');
  const telling = words.some((word) => !PLAIN_WORDS.has(word));
  if (words.length > 0 && (telling || !service)) return joinedName(words);
  return USUAL_NAMES[rule] ?? joinedName(nameWords(rule));
}

function joinedName(words: readonly string[]): string {
  const joined = words.join('_').toUpperCase().slice(0, 60);
  return /^[A-Z_]/.test(joined) ? joined : `SECRET_${joined}`;
}

/** Name of the variable, key, argument or option before a value. */
function assignedName(text: string, at: number): string | undefined {
  const lead = text.slice(Math.max(0, at - 90), at);
  const match =
    /([A-Za-z_]\w{1,60})["']?\]?\s{0,8}[:=]\s{0,8}[A-Za-z]{0,2}["']{1,3}$|--([a-z][\w-]{1,40})[ =]["']?$/.exec(lead);
  return match?.[1] ?? match?.[2];
}
