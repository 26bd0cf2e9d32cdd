/** Values without quotes: of configuration files, command lines, addresses and connection strings, comments and prose. */
import {
  type Assignment,
  bareAssignment,
  isLineStart,
  lineBefore,
  lineState,
  literalAssignment,
  type Surroundings,
} from './assignment';
import { joinedLiterals, type Literal } from './literals';
import type { Range } from './markup';

/** Ends of a bare value inside code, prose and command lines. */
const BARE = /[^\s"'`<>,;|()\\]{1,600}/y;
/** A bare value of a line of a configuration file, up to a comment. */
const CONFIG_LINE = /[^\s"'`<][^\r\n]{0,600}/y;
/** A parameter of an address ends at the next one. */
const PARAMETER = /[^\s"'`<>&#;,|()\\]{1,600}/y;
/** Anchors and tags of YAML before a value: `&name`, `!!str`. Other tags say how the value is looked up. */
const YAML_MARK = /(?:(?:&[\w-]{1,60}|!!(?:str|binary)|!)[ \t]{1,8}){1,2}/y;

/** Begin of the value at `at` after YAML's anchors and tags. */
export function afterYamlMarks(text: string, at: number): number {
  YAML_MARK.lastIndex = at;
  return YAML_MARK.test(text) ? YAML_MARK.lastIndex : at;
}

/** Whether the value that ends at `end` is one of several in a connection string: `user=x password=y;host=z`. */
function inConnectionString(text: string, name: Range, end: number): boolean {
  const before = text[name.start - 1];
  if (before === ';' || (before === ' ' && text[name.start - 2] === ';')) return true;
  if (/^;[ \t]?\w[\w ]{1,40}=/.test(text.slice(end, end + 45))) return true;
  return (
    (before === ' ' || before === '"' || before === "'") &&
    text[name.end] === '=' &&
    (/^ \w{2,30}=/.test(text.slice(end, end + 32)) ||
      /(?:^|["' ])(?:user|username|host|dbname|hostaddr|port|server|sslmode)=[^\s"']{1,80} $/i.test(
        lineBefore(text, name.start),
      ))
  );
}

export function bareValue(
  text: string,
  name: Range,
  at: number,
  around: Surroundings,
  operator: Assignment['operator'],
): Assignment | undefined {
  const make = (value: string, context: Assignment['context']) =>
    bareAssignment(text, name, { start: at, end: at + value.length }, operator, context);
  const lead = text[name.start - 1];
  if (
    (lead === '?' ||
      lead === '&' ||
      (lead === '#' && /[\w/]/.test(text[name.start - 2] ?? '')) ||
      (lead === ';' && text.startsWith('&amp', name.start - 5))) &&
    text[name.end] === '='
  ) {
    PARAMETER.lastIndex = at;
    const parameter = PARAMETER.exec(text);
    return parameter
      ? make(parameter[0], /pass|pw/i.test(text.slice(name.start, name.end)) ? 'literal' : 'config')
      : undefined;
  }
  const state = lineState(text, name.start);
  if (
    around === 'config' &&
    operator !== 'option' &&
    (state === 'code' || (state === 'comment' && isLineStart(text, name.start)))
  ) {
    CONFIG_LINE.lastIndex = at;
    const match = CONFIG_LINE.exec(text);
    if (!match) return undefined;
    let value = match[0]
      .replace(/[ \t][#;][\s\S]*|<\/[\s\S]*/, '')
      .trimEnd()
      .replace(/\\$/, '')
      .trimEnd();
    const line = lineBefore(text, name.start);
    // A flow mapping or a command line: the value is one word of it.
    if (
      /[{[]/.test(line) ||
      /[^\s:=-]\s+[^\s]*$/.test(
        line.replace(
          /^\s*(?:[-#*/]+\s+)?(?:export|set|ENV|ARG|env|const|let|var|string|String|-e|local|declare|setx|SET)\s+/,
          '',
        ),
      )
    ) {
      BARE.lastIndex = at;
      value = BARE.exec(text)?.[0] ?? '';
      value = value.replace(/[}\]]{1,40}$/, '');
    }
    if (/^[|>][+-]?\d?$/.test(value)) return blockScalar(text, name, at + value.length, operator);
    return make(value, state === 'comment' ? 'prose' : 'config');
  }
  BARE.lastIndex = at;
  const match = BARE.exec(text);
  if (!match) return undefined;
  if (/\.{3}$|…$/.test(match[0])) return undefined;
  const value = match[0].replace(/[.,;:!?)\]}]{1,600}$/, (tail) => (tail.length === match[0].length ? tail : ''));
  if (around === 'shell' && state !== 'string' && state !== 'comment') return make(value, 'config');
  if (operator === 'assign' && inConnectionString(text, name, at + match[0].length)) return make(value, 'literal');
  if (around !== 'code') {
    // Inside a longer string of a configuration file, a value that the string goes on after is code or prose.
    const goesOn = state === 'string' && !/["'&]/.test(text[at + match[0].length] ?? '"');
    return make(value, around === 'config' && !goesOn && state !== 'comment' ? 'config' : 'prose');
  }
  if (state === 'shell') return make(value, 'config');
  if (state === 'string' || state === 'comment') return /^[\w.]+[[({]/.test(value) ? undefined : make(value, 'prose');
  const pasted = noExpression(text, at);
  if (pasted) return bareAssignment(text, name, pasted, operator, 'literal');
  // A line of YAML or of an .env file inside a string over several lines.
  const after = text.charCodeAt(at + match[0].length);
  const ends = Number.isNaN(after) || after === 10 || after === 13;
  if (!ends || !isLineStart(text, name.start) || /^\d|^[\w.]*[[({]/.test(value)) return undefined;
  const found = make(value, 'prose');
  return found && /^[A-Za-z_][\w.]*$/.test(value) ? { ...found, loose: true } : found;
}

const TO_LINE_END = /[^\s"'`\\/%][^\s"'`\\/]{7,120}(?=["'`;,]{0,3}[ \t]{0,8}(?:\r?\n|$))/y;
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * The rest of a line of code that no language reads as an expression, behind `:=` or before a quote that nothing opened: a
 * password that stands in a template, or that lost its quotes. Brackets close others than were opened, or there are signs
 * that no language has for operators.
 */
function noExpression(text: string, at: number): Range | undefined {
  TO_LINE_END.lastIndex = at;
  const value = TO_LINE_END.exec(text)?.[0].replace(/[;,]{1,3}$/, '');
  const told =
    /:=[ \t]{0,8}$/.test(text.slice(Math.max(0, at - 10), at)) || /["'`]/.test(text[TO_LINE_END.lastIndex] ?? '');
  if (value === undefined || !told || new Set(value.replace(/[\w.]/g, '')).size < 4) return undefined;
  const open: string[] = [];
  let broken = /[¡-¨«¶»¿]/.test(value);
  for (const c of value) {
    if (c === '(' || c === '[' || c === '{') open.push(c);
    else if (c in CLOSES && open.length > 0 && open.pop() !== CLOSES[c]) broken = true;
  }
  return broken ? { start: at, end: at + value.length } : undefined;
}

/** The first line of a YAML block scalar. */
function blockScalar(text: string, name: Range, at: number, operator: Assignment['operator']): Assignment | undefined {
  const match = /\r?\n[ \t]{1,40}(\S[^\r\n]{3,500})/y;
  match.lastIndex = at;
  const found = match.exec(text);
  if (!found) return undefined;
  const start = match.lastIndex - (found[1] as string).length;
  return bareAssignment(text, name, { start, end: start + (found[1] as string).trimEnd().length }, operator, 'config');
}

/** `${PASSWORD:-value}`, `${PASSWORD:=value}`, `${db.password:value}`: the value that is taken when there is no other. */
export function parameterDefault(text: string, name: Range): Assignment | undefined {
  if (text[name.start - 1] !== '{' || text[name.start - 2] !== '$') return undefined;
  const match = /:?[-=]?([^\s"'`{}$][^\s"'`{}]{0,300})\}/y;
  match.lastIndex = name.end;
  const found = text[name.end] === '}' ? null : match.exec(text);
  if (!found) return undefined;
  const end = match.lastIndex - 1;
  return bareAssignment(text, name, { start: end - (found[1] as string).length, end }, 'default', 'literal');
}

const SETTING_COMMAND = /^(?:set|config|configure|conf|modify|set-property|config:set|setenv|ENV)$/;

/** Words of a line before a name that a command sets, at most. */
const SETTING_WORDS = 12;

/** Whether a name after these words of its line is what a command sets: prose has the same words. */
function setsVariable(line: string, around: Surroundings): boolean {
  const sets =
    /^\s*(?:(?:[!$>][ \t]?)?%?(?:set_)?env[ \t]|setenv[ \t])/.test(line) ||
    (around === 'config' && /^\s*set[ \t]{1,8}$/.test(line));
  if (!sets && around !== 'shell' && !/^\s*[!$][ \t]?\w/.test(line)) return false;
  const words = line.split(/[\s;&|]+/, SETTING_WORDS + 1);
  if (words.length > SETTING_WORDS) return false;
  return sets || words.slice(0, -1).some((word) => SETTING_COMMAND.test(word));
}

/** `%env NAME value`, `ENV NAME value`, `setenv NAME value`, `git config NAME value`; `requirepass value` of a configuration. */
export function spacedValue(text: string, name: Range, around: Surroundings): Assignment | undefined {
  const gap = /[ \t]{1,20}(?=[^\s=:|&;<>-])/y;
  gap.lastIndex = name.end;
  if (!gap.test(text) || !/[\s/:.]/.test(text[name.start - 1] ?? ' ')) return undefined;
  const at = gap.lastIndex;
  const setting = setsVariable(lineBefore(text, name.start), around);
  const rest = /[^\s"'`]{4,400}(?=[ \t]{0,40}(?:[#\r\n]|$))/y;
  rest.lastIndex = at;
  if (setting && lineState(text, name.start) !== 'string') {
    const joined = joinedLiterals(text, at, false);
    if (joined) return literalAssignment(text, name, 'option', joined);
    BARE.lastIndex = at;
    const word = BARE.exec(text);
    return word
      ? bareAssignment(
          text,
          name,
          { start: at, end: BARE.lastIndex },
          'option',
          around === 'prose' ? 'prose' : 'config',
        )
      : undefined;
  }
  if (around !== 'config' || !isLineStart(text, name.start)) return undefined;
  const joined = joinedLiterals(text, at, false);
  if (joined) {
    // `name "value";` is a line of a configuration, whatever the value is.
    const ended = text[(joined.parts[joined.parts.length - 1] as Literal).outerEnd] === ';';
    const found = literalAssignment(text, name, 'assign', joined);
    return found && (ended ? found : { ...found, loose: true });
  }
  if (!rest.test(text)) return undefined;
  const found = bareAssignment(text, name, { start: at, end: rest.lastIndex }, 'assign', 'config');
  return found && { ...found, loose: true };
}
