import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import type { Rule } from '../../rule';
import type { FindingDraft } from '../../scanner';
import { TemplateSyntaxError, type Token, tokenize } from './lexer';
import { type Argument, type Expression, parseTemplate, type Statement } from './parser';
import { TEMPLATE_RULES } from './rules';

/** Attributes without underscores on both sides through which Python's frames, code and type graph are reached. */
const INTERNAL_NAMES = new Set([
  'mro',
  'func_globals',
  'func_code',
  'im_func',
  'im_self',
  'gi_frame',
  'gi_code',
  'cr_frame',
  'cr_code',
  'ag_frame',
  'ag_code',
  'f_globals',
  'f_locals',
  'f_builtins',
  'f_back',
  'f_code',
  'tb_frame',
  'tb_next',
  'co_code',
  'co_consts',
]);

/** Methods and functions that run code or commands, or read and write files, and that no chat template calls. */
const EXECUTING = new Set([
  'popen',
  'system',
  'exec',
  'eval',
  'execfile',
  'compile',
  'spawn',
  'spawnl',
  'spawnv',
  'execv',
  'execve',
  'execl',
  'check_output',
  'check_call',
  'getoutput',
  'getstatusoutput',
  'Popen',
  'import_module',
  'load_module',
  'exec_module',
  'find_class',
  'open',
  'urlopen',
  'urlretrieve',
  'read_text',
  'write_text',
  'read_bytes',
  'write_bytes',
  'from_object',
  'from_pyfile',
  'breakpoint',
  'globals',
  'locals',
  'vars',
  'getattr',
  'setattr',
  'delattr',
  'posix_spawn',
  'fork',
]);

/** Modules whose names as variables mean that somebody handed them in, or counts on it. */
const MODULES = new Set([
  'os',
  'sys',
  'subprocess',
  'importlib',
  'builtins',
  'socket',
  'shutil',
  'ctypes',
  'pty',
  'posix',
  'nt',
]);

/** Objects that Jinja or Flask put into every template, with the attributes that templates honestly use. */
const ENGINE_OBJECTS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['cycler', new Set()],
  ['joiner', new Set()],
  ['lipsum', new Set()],
  ['namespace', new Set()],
  ['range', new Set()],
  ['dict', new Set()],
  ['self', new Set()],
  ['request', new Set(['args', 'path', 'method'])],
  ['config', new Set()],
  ['url_for', new Set()],
  ['get_flashed_messages', new Set()],
  ['raise_exception', new Set()],
  ['strftime_now', new Set()],
]);

const LARGE_RANGE = 1_000_000;
const LARGE_REPEAT = 10_000_000;
const FOLDED_LIMIT = 4096;
const REPORT_LIMIT = 50;
/** Characters of a text in which a sentence is looked for. */
const SPOKEN_LIMIT = 4000;
/** Characters up to which a template is parsed; the longest honest ones have some fifty thousand. */
const LONGEST = 2 ** 20;

const DUNDER = /^__\w+__$/;
/** As a bare string, wherever it stands, only what leads on; `__init__` and `__main__` are names of files too. */
const TELLING =
  /^__(?:class|base|bases|mro|subclasses|globals|builtins|import|getattribute|getattr|dict|code|closure|func|self|loader|spec|reduce|reduce_ex|call|init_subclass)__$/;
/** Names that tell something about an object and lead nowhere; by themselves they are nothing. */
const INFORMATIVE = /^__(?:name|doc|version|qualname|len|str|main|all)__$/;
/** A private attribute of the engine's own objects: `_TemplateReference__context`. */
const MANGLED = /^_[A-Z]\w*__\w+$/;

export interface TemplateReport {
  report(draft: FindingDraft): void;
  /** Where an offset of the template lies in the file. */
  locate(offset: number, length: number): Location;
  /** How often time is to be looked at: called about once per thousand steps. */
  checkTime(): void;
}

type Constant = string | number | boolean | null;

/** Judges a chat template by its syntax tree; it is never rendered. */
export function judgeTemplate(template: string, report: TemplateReport): void {
  const judge = new Judge(template, report);
  judge.characters();
  let statements: Statement[];
  try {
    if (template.length > LONGEST) throw new TemplateSyntaxError('longer than any chat template', 0);
    statements = parseTemplate(template);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    judge.unparsable(error);
    judge.finish();
    return;
  }
  judge.statements(statements);
  judge.finish();
}

/** True when a text has anything that Jinja would act on. */
export function hasTemplateSyntax(text: string): boolean {
  return /\{\{|\{%/.test(text);
}

class Judge {
  readonly #constants = new Map<Expression, Constant>();
  readonly #variables = new Map<string, Constant>();
  readonly #aliases = new Map<string, string>();
  #reported = 0;
  #execution: { at: number; steps: string[]; critical: boolean } | undefined;

  constructor(
    private readonly template: string,
    private readonly sink: TemplateReport,
  ) {}

  #report(rule: Rule, message: string, at: number, anchor: string, more: Partial<FindingDraft> = {}): void {
    this.#reported += 1;
    if (this.#reported > REPORT_LIMIT) return;
    const line = this.template.slice(at, at + 120).split('\n', 1)[0] as string;
    this.sink.report({
      rule,
      message,
      location: this.sink.locate(at, Math.max(1, line.length)),
      evidence: evidenceText(line, 120),
      anchor,
      ...more,
    });
  }

  characters(): void {
    const seen = new Set<string>();
    // Emoji join with U+200D, and scripts such as Persian with U+200C: those two are left alone.
    const invisible =
      /[\u{e0000}-\u{e007f}\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\u180e\u00ad\ufeff\u{fe000}-\u{fe0ff}]/gu;
    for (const match of this.template.matchAll(invisible)) {
      const code = match[0].codePointAt(0) as number;
      // A flag emoji is spelled with tags behind U+1F3F4; a byte order mark at the very start is one.
      const tag = code >= 0xe0000 && code <= 0xe007f;
      if (
        tag &&
        /\u{1f3f4}[\u{e0020}-\u{e007f}]*$/u.test(this.template.slice(Math.max(0, match.index - 16), match.index))
      )
        continue;
      if (code === 0xfeff && match.index === 0) continue;
      const what = tag
        ? 'Unicode tag characters'
        : code >= 0x202a && code <= 0x2069 && code !== 0x2060
          ? 'bidirectional controls'
          : 'zero-width characters';
      if (seen.has(what)) continue;
      seen.add(what);
      this.#report(
        TEMPLATE_RULES['hidden-characters'],
        `The chat template contains ${what}, which a reader does not see and the model does.`,
        match.index,
        what,
        what === 'zero-width characters' ? { severity: 'low' } : {},
      );
    }
  }

  /** Words are all there is when the template cannot be parsed; other engines may still render it. */
  unparsable(error: TemplateSyntaxError): void {
    this.#report(
      TEMPLATE_RULES['not-parsed'],
      `The template is no valid Jinja (${error.message}), so it was judged by its words alone.`,
      error.at,
      'not-parsed',
    );
    for (const token of looseTokens(this.template)) {
      const value = token.kind === 'name' || token.kind === 'string' ? token.value : '';
      if (
        DUNDER.test(value) ||
        INTERNAL_NAMES.has(value) ||
        /__(?:class|globals|builtins|subclasses|import|mro)__/.test(value)
      ) {
        this.#internals(value, token.at);
      }
    }
  }

  statements(root: readonly Statement[]): void {
    this.#walk(root, 1);
  }

  /** In the order of the template, so that variables have the values they have there. The parser bounds the depth. */
  #walk(list: readonly Statement[], loops: number): void {
    for (const [index, statement] of list.entries()) {
      if (index % 1000 === 999) this.sink.checkTime();
      switch (statement.kind) {
        case 'text':
          this.#text(statement.value, statement.at, list[index + 1]);
          break;
        case 'print':
          this.#expression(statement.value);
          break;
        case 'if':
          for (const { test, body } of statement.branches) {
            if (test) {
              this.#expression(test);
              this.#poison(test, body);
            }
            this.#walk(body, loops);
          }
          break;
        case 'for': {
          this.#expression(statement.iterable);
          if (statement.filter) this.#expression(statement.filter);
          const count = loops * this.#iterations(statement.iterable);
          if (count > LARGE_RANGE * 100 && loops > 1) this.#exhausts(`loops ${count} times`, statement.at);
          this.#walk(statement.body, count);
          break;
        }
        case 'set':
          if (statement.value) this.#expression(statement.value);
          this.#walk(statement.body, loops);
          for (const target of statement.targets) this.#assign(target, statement.value, statement.body);
          break;
        case 'macro':
          for (const { value } of statement.parameters) this.#expression(value);
          this.#walk(statement.body, loops);
          break;
        case 'block':
          for (const expression of statement.expressions) this.#expression(expression);
          this.#walk(statement.body, loops);
          break;
        case 'load':
          this.#expression(statement.source);
          this.#report(
            TEMPLATE_RULES['loads-template'],
            `The template loads another one by \`${statement.tag}\`: rendering it reads a file.`,
            statement.at,
            statement.tag,
          );
      }
    }
  }

  #assign(target: Expression, value: Expression | undefined, body: readonly Statement[]): void {
    if (target.kind !== 'name') return;
    let constant = value && this.#constants.get(value);
    if (body.length > 0 && body.every((s) => s.kind === 'text')) {
      constant = body.map((s) => (s.kind === 'text' ? s.value : '')).join('');
    }
    if (constant !== undefined) this.#variables.set(target.name, constant);
    else this.#variables.delete(target.name);
    if (value?.kind === 'name' && ENGINE_OBJECTS.has(value.name)) this.#aliases.set(target.name, value.name);
    else this.#aliases.delete(target.name);
  }

  /** Looks at every node, children first, so that what a child folds to is known to its parent. */
  #expression(root: Expression): void {
    const order: Expression[] = [];
    const stack: Expression[] = [root];
    while (stack.length) {
      const node = stack.pop() as Expression;
      order.push(node);
      stack.push(...children(node));
    }
    for (let i = order.length - 1; i >= 0; i -= 1) {
      if (i % 1000 === 999) this.sink.checkTime();
      const node = order[i] as Expression;
      const constant = this.#fold(node);
      if (constant !== undefined) this.#constants.set(node, constant);
      this.#node(node, constant);
    }
  }

  #node(node: Expression, constant: Constant | undefined): void {
    if (typeof constant === 'string' && TELLING.test(constant)) this.#internals(constant, node.at);
    switch (node.kind) {
      case 'name':
        if (DUNDER.test(node.name)) this.#internals(node.name, node.at);
        break;
      case 'attribute':
        this.#lookup(node.target, node.name, node.at);
        break;
      case 'subscript': {
        const index = this.#constants.get(node.index);
        if (typeof index === 'string') this.#lookup(node.target, index, node.at);
        break;
      }
      case 'filter':
        this.#filter(node);
        break;
      case 'call':
        this.#call(node);
        break;
      case 'binary':
        this.#repeat(node);
        break;
    }
  }

  /** Gathered: a chain through internals is one defect, however many steps it has. */
  #internals(name: string, at: number, what = `\`${evidenceText(name, 60)}\``): void {
    if (!this.#execution && INFORMATIVE.test(name)) return;
    this.#execution ??= { at, steps: [], critical: false };
    if (!this.#execution.steps.includes(what)) this.#execution.steps.push(what);
    this.#execution.at = Math.min(this.#execution.at, at);
    if (/^__(?:globals|builtins|import|subclasses|loader|spec|code|reduce|reduce_ex)__$/.test(name)) {
      this.#execution.critical = true;
    }
  }

  /** Says what was gathered. */
  finish(): void {
    if (!this.#execution) return;
    const { at, steps, critical } = this.#execution;
    const shown = steps.slice(0, 6).join(', ') + (steps.length > 6 ? ', ...' : '');
    this.#report(
      TEMPLATE_RULES['code-execution'],
      `The chat template reaches ${shown}: rendered without a sandbox it runs code of the file's author.`,
      at,
      steps.join(' '),
      critical ? { severity: 'critical' } : {},
    );
  }

  #lookup(target: Expression, name: string, at: number): void {
    if (DUNDER.test(name) || INTERNAL_NAMES.has(name) || MANGLED.test(name)) {
      this.#internals(name, at);
      return;
    }
    const owner = target.kind === 'name' ? (this.#aliases.get(target.name) ?? target.name) : undefined;
    const honest = owner === undefined ? undefined : ENGINE_OBJECTS.get(owner);
    if (honest && !honest.has(name)) {
      this.#report(
        TEMPLATE_RULES['unusual-global'],
        `The template reads \`${evidenceText(name, 60)}\` of \`${owner}\`, an object of the template engine.`,
        at,
        `${owner}.${name}`,
      );
    }
    if (owner !== undefined && MODULES.has(owner)) {
      this.#internals(name, at, `\`${owner}.${evidenceText(name, 60)}\``);
    }
  }

  #filter(node: Expression & { kind: 'filter' }): void {
    const named = (name: string) => node.args.find((a) => a.name === name)?.value;
    const attribute =
      node.name === 'attr'
        ? (node.args[0]?.value ?? named('name'))
        : ['map', 'selectattr', 'rejectattr', 'groupby', 'sort', 'unique', 'min', 'max', 'sum', 'join'].includes(
              node.name,
            )
          ? (named('attribute') ??
            (['selectattr', 'rejectattr', 'groupby'].includes(node.name) ? node.args[0]?.value : undefined))
          : undefined;
    if (node.name === 'map' && this.#constants.get(node.args[0]?.value as Expression) === 'attr') {
      this.#attributeName(node.args[1]?.value, node.at);
    }
    if (attribute) this.#attributeName(attribute, node.at);
  }

  #attributeName(expression: Expression | undefined, at: number): void {
    if (!expression) return;
    const name = this.#constants.get(expression);
    if (typeof name === 'string') {
      for (const part of name.split('.')) {
        if (DUNDER.test(part) || INTERNAL_NAMES.has(part) || MANGLED.test(part)) this.#internals(part, at);
      }
    } else if (name === undefined) {
      this.#report(
        TEMPLATE_RULES['computed-attribute'],
        'The template looks up an attribute whose name is only known when it is rendered.',
        at,
        this.template.slice(at, at + 60),
      );
    }
  }

  #call(node: Expression & { kind: 'call' }): void {
    const { callee } = node;
    const name = callee.kind === 'attribute' || callee.kind === 'name' ? callee.name : this.#subscriptName(callee);
    if (name !== undefined && EXECUTING.has(name)) {
      this.#internals(name, callee.at, `\`${evidenceText(name, 60)}(...)\``);
    }
    if (callee.kind === 'name' && callee.name === 'range') {
      const bounds = node.args.map(({ value }) => this.#constants.get(value));
      const largest = Math.max(0, ...bounds.filter((b): b is number => typeof b === 'number').map(Math.abs));
      if (largest > LARGE_RANGE) this.#exhausts(`counts to ${largest}`, node.at);
    }
    if (callee.kind === 'name' && callee.name === 'lipsum') {
      const count = this.#constants.get(node.args[0]?.value as Expression);
      if (typeof count === 'number' && count > 1000) this.#exhausts(`asks for ${count} paragraphs`, node.at);
    }
  }

  #subscriptName(callee: Expression): string | undefined {
    const index = callee.kind === 'subscript' ? this.#constants.get(callee.index) : undefined;
    return typeof index === 'string' ? index : undefined;
  }

  #repeat(node: Expression & { kind: 'binary' }): void {
    const left = this.#constants.get(node.left);
    const right = this.#constants.get(node.right);
    if (node.operator === '*') {
      const count = typeof left === 'number' ? left : right;
      const other = typeof left === 'number' ? node.right : node.left;
      const isText = typeof this.#constants.get(other) === 'string' || other.kind === 'list';
      if (typeof count === 'number' && isText && count > LARGE_REPEAT)
        this.#exhausts(`repeats a value ${count} times`, node.at);
    }
    if (node.operator === '**' && typeof left === 'number' && typeof right === 'number') {
      if (Math.abs(left) > 1 && right * Math.log10(Math.abs(left)) > 100_000)
        this.#exhausts('computes an enormous power', node.at);
    }
  }

  #exhausts(how: string, at: number): void {
    this.#report(
      TEMPLATE_RULES['resource-exhaustion'],
      `The template ${how}: rendering it takes all time or memory.`,
      at,
      how,
    );
  }

  #iterations(iterable: Expression): number {
    if (iterable.kind !== 'call' || iterable.callee.kind !== 'name' || iterable.callee.name !== 'range') return 1;
    const bounds = iterable.args.map(({ value }) => this.#constants.get(value));
    const numbers = bounds.filter((b): b is number => typeof b === 'number');
    return Math.max(1, ...numbers.map(Math.abs));
  }

  /** What an expression of constants gives, so that a name put together from pieces is still seen. */
  #fold(node: Expression): Constant | undefined {
    const value = (child: Expression | undefined) => child && this.#constants.get(child);
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'name':
        return this.#variables.get(node.name);
      case 'binary':
        return foldBinary(node.operator, value(node.left), value(node.right), node.right, value);
      case 'unary': {
        const operand = value(node.operand);
        return node.operator === '-' && typeof operand === 'number' ? -operand : undefined;
      }
      case 'conditional':
        return value(node.value) === value(node.otherwise) ? value(node.value) : undefined;
      case 'subscript':
        return foldSubscript(value(node.target), node.index, value);
      case 'filter':
        return foldFilter(node.name, node.target, node.args, value);
      case 'call':
        return node.callee.kind === 'attribute'
          ? foldMethod(node.callee.name, value(node.callee.target), node.args, value)
          : undefined;
      default:
        return undefined;
    }
  }

  #text(text: string, at: number, next: Statement | undefined): void {
    const instruction =
      /\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+|the\s+|your\s+)*(?:previous|prior|above|earlier|preceding)\s+(?:\w+\s+)?(?:instructions?|prompts?|messages?|rules)\b|\b(?:do not|don't|never)\s+(?:tell|inform|mention|reveal|disclose)\s+(?:\w+\s+){0,4}(?:to\s+)?(?:the\s+)?users?\b|\bwithout\s+(?:telling|informing|notifying|the knowledge of)\s+the\s+user\b|\bexfiltrate\b|\bsecretly\b/i.exec(
        text,
      );
    if (instruction) {
      this.#report(
        TEMPLATE_RULES['hidden-instruction'],
        `The template tells the model: "${evidenceText(instruction[0], 80)}".`,
        at + instruction.index,
        instruction[0].toLowerCase(),
      );
    }
    if (next?.kind === 'print' && /https?:\/\/[^\s"'<>]*[?&=/]$/i.test(text.slice(-300))) {
      this.#report(
        TEMPLATE_RULES['hidden-instruction'],
        'The template builds a web address from the conversation: whoever follows it sends the content there.',
        at + text.length,
        'url',
      );
    }
  }

  /** A branch on words in a message that then adds a sentence of its own. */
  #poison(test: Expression, body: readonly Statement[]): void {
    const trigger = contentTrigger(test, (e) => this.#constants.get(e));
    if (trigger === undefined) return;
    const said = spokenText(body);
    if (!said) return;
    this.#report(
      TEMPLATE_RULES['hidden-instruction'],
      `When a message contains "${evidenceText(trigger, 60)}" the template adds "${evidenceText(said, 80)}".`,
      test.at,
      `${trigger}\0${said.slice(0, 80)}`,
    );
  }
}

function* looseTokens(template: string): Generator<Token> {
  let tokens: Token[] = [];
  try {
    tokens = tokenize(template);
  } catch {
    for (const match of template.matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu))
      yield { kind: 'name', value: match[0], at: match.index };
  }
  yield* tokens;
}

function children(node: Expression): Expression[] {
  switch (node.kind) {
    case 'attribute':
      return [node.target];
    case 'subscript':
      return [node.target, node.index];
    case 'slice':
      return node.parts.filter((part) => part !== undefined);
    case 'call':
      return [node.callee, ...node.args.map(({ value }) => value)];
    case 'filter':
      return [...(node.target ? [node.target] : []), ...node.args.map(({ value }) => value)];
    case 'test':
      return [node.target, ...node.args.map(({ value }) => value)];
    case 'binary':
      return [node.left, node.right];
    case 'unary':
      return [node.operand];
    case 'conditional':
      return [node.test, node.value, ...(node.otherwise ? [node.otherwise] : [])];
    case 'list':
      return node.items;
    case 'dict':
      return node.items.flatMap(({ key, value }) => [key, value]);
    default:
      return [];
  }
}

type ValueOf = (child: Expression | undefined) => Constant | undefined;

function cut(text: string): string | undefined {
  return text.length <= FOLDED_LIMIT ? text : undefined;
}

function foldBinary(
  operator: string,
  left: Constant | undefined,
  right: Constant | undefined,
  rightNode: Expression,
  value: ValueOf,
): Constant | undefined {
  if (operator === '%' && typeof left === 'string') {
    const parts = rightNode.kind === 'list' ? rightNode.items.map(value) : [right];
    return formatted(left, parts);
  }
  if (left === undefined || right === undefined) return undefined;
  if (operator === '~') return cut(`${left}${right}`);
  if (typeof left === 'string' && typeof right === 'string') return operator === '+' ? cut(left + right) : undefined;
  if (operator === '*') {
    const [text, count] = typeof left === 'string' ? [left, right] : [right, left];
    if (typeof text === 'string' && typeof count === 'number') {
      return text.length * count <= FOLDED_LIMIT ? text.repeat(Math.max(0, Math.floor(count))) : undefined;
    }
  }
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      return right ? Math.floor(left / right) : undefined;
    case '**': {
      const power = left ** right;
      return Number.isFinite(power) ? power : undefined;
    }
    default:
      return undefined;
  }
}

/** Python's `%` and `str.format` for the forms that only put strings into one. */
function formatted(pattern: string, parts: readonly (Constant | undefined)[]): string | undefined {
  let next = 0;
  let known = true;
  const out = pattern.replace(/%[sdrc]|\{(\d*)\}/g, (_, index: string | undefined) => {
    const at = index ? Number(index) : next;
    next += 1;
    const part = parts[at];
    if (part === undefined) known = false;
    return typeof part === 'number' && _ === '%c' ? String.fromCodePoint(part & 0xffff) : String(part);
  });
  return known ? cut(out) : undefined;
}

function foldSubscript(target: Constant | undefined, index: Expression, value: ValueOf): Constant | undefined {
  if (typeof target !== 'string') return undefined;
  if (index.kind !== 'slice') {
    const at = value(index);
    return typeof at === 'number' ? target.at(at) : undefined;
  }
  const [start, stop, step] = index.parts.map((part) => (part ? value(part) : null));
  if (step === -1 && start === null && stop === null) return [...target].reverse().join('');
  if (step !== null && step !== 1) return undefined;
  if ((typeof start === 'number' || start === null) && (typeof stop === 'number' || stop === null)) {
    return target.slice(start ?? 0, stop ?? undefined);
  }
  return undefined;
}

function foldFilter(
  name: string,
  target: Expression | undefined,
  args: readonly Argument[],
  value: ValueOf,
): Constant | undefined {
  if (name === 'join' && target?.kind === 'list') {
    const parts = target.items.map(value);
    const glue = args[0] ? value(args[0].value) : '';
    return parts.some((part) => part === undefined) || glue === undefined ? undefined : cut(parts.join(String(glue)));
  }
  const text = value(target);
  if (typeof text === 'string' && name === 'join') return args.length ? undefined : text;
  if (typeof text === 'string' && name === 'reverse') return [...text].reverse().join('');
  if (name === 'list' || name === 'string' || name === 'safe' || name === 'e') return text;
  return foldMethod(name === 'trim' ? 'strip' : name, text, args, value);
}

function foldMethod(
  name: string,
  target: Constant | undefined,
  args: readonly Argument[],
  value: ValueOf,
): Constant | undefined {
  if (typeof target !== 'string') return undefined;
  const given = args.map((argument) => value(argument.value));
  switch (name) {
    case 'lower':
      return target.toLowerCase();
    case 'upper':
      return target.toUpperCase();
    case 'strip':
      return args.length ? undefined : target.trim();
    case 'replace':
      return typeof given[0] === 'string' && typeof given[1] === 'string' && given[0] !== ''
        ? cut(target.split(given[0]).join(given[1]))
        : undefined;
    case 'format':
      return formatted(target, given);
    case 'join': {
      const list = args[0]?.value;
      const parts = list?.kind === 'list' ? list.items.map(value) : undefined;
      return parts && !parts.includes(undefined) ? cut(parts.join(target)) : undefined;
    }
    default:
      return undefined;
  }
}

/** Words that a condition looks for in what a message says; markers such as `</think>` are the format's own. */
function contentTrigger(test: Expression, constant: (e: Expression) => Constant | undefined): string | undefined {
  const stack: Expression[] = [test];
  while (stack.length) {
    const node = stack.pop() as Expression;
    let pair: [Expression, Expression] | undefined;
    if (node.kind === 'binary' && node.operator === 'in') pair = [node.left, node.right];
    else if (node.kind === 'binary' && node.operator === '==') pair = [node.right, node.left];
    else if (
      node.kind === 'call' &&
      node.callee.kind === 'attribute' &&
      /^(?:startswith|endswith|find|count)$/.test(node.callee.name)
    ) {
      const argument = node.args[0]?.value;
      if (argument) pair = [argument, node.callee.target];
    }
    if (pair) {
      const word = constant(pair[0]);
      if (typeof word === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} ,.'?!_-]*$/u.test(word) && readsContent(pair[1]))
        return word;
    }
    stack.push(...children(node));
  }
  return undefined;
}

function readsContent(expression: Expression): boolean {
  const stack: Expression[] = [expression];
  while (stack.length) {
    const node = stack.pop() as Expression;
    if (node.kind === 'attribute' && node.name === 'content') return true;
    if (node.kind === 'subscript' && node.index.kind === 'constant' && node.index.value === 'content') return true;
    if (node.kind === 'name' && /^(?:content|text|prompt|user_message|last_message|query)$/.test(node.name))
      return true;
    stack.push(...children(node));
  }
  return false;
}

/** A sentence (at least four words) that a branch writes, as text or as a constant. */
function spokenText(body: readonly Statement[]): string | undefined {
  const sentence = (text: string) => {
    const found = /[\p{L}'’]{2,}(?:[\s,]+[\p{L}'’]+){3,}/u.exec(
      text.slice(0, SPOKEN_LIMIT).replace(/<\|?[^<>]{1,40}\|?>/g, '. '),
    );
    return found?.[0];
  };
  for (const statement of body) {
    let said: string | undefined;
    if (statement.kind === 'text') said = sentence(statement.value);
    else if (statement.kind === 'print' || statement.kind === 'set') {
      const stack: Expression[] = statement.value ? [statement.value] : [];
      while (stack.length && !said) {
        const node = stack.pop() as Expression;
        // An error message is for the developer, not for the model.
        if (node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === 'raise_exception') continue;
        if (node.kind === 'constant' && typeof node.value === 'string') said = sentence(node.value);
        stack.push(...children(node));
      }
    }
    if (said) return said;
  }
  return undefined;
}
