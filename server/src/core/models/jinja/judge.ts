import { pathHazard } from '../../archives/paths';
import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import type { Rule } from '../../rule';
import type { FindingDraft } from '../../scanner';
import { DictValue, type Environment, fold, itemsOf, ListValue, printedForm, type Value } from './evaluate';
import { TemplateSyntaxError, type Token, tokenize } from './lexer';
import { type Argument, children, type Expression, parseTemplate, type Statement } from './parser';
import { TEMPLATE_RULES } from './rules';
import {
  contentTrigger,
  dateTrigger,
  instructionsIn,
  invisibleIn,
  isWording,
  mixedWord,
  OPEN_ADDRESS,
  readsContent,
  readsDate,
  spokenText,
} from './speech';
import { Variables } from './variables';

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
/** Passes through the bodies of loops over known lists, and expansions of macros, in all. */
const UNROLLED_LIMIT = 2000;
/** Combinations of values that branches leave open, for each expression. */
const CHOICES = 32;
const CHOSEN_LIMIT = 2_000_000;
const REPORT_LIMIT = 50;
/** A text of a macro or block that is longer is content, no name. */
const WRITTEN_LIMIT = 4000;
/** Characters up to which a template is parsed; the longest honest ones have some fifty thousand. */
const LONGEST = 2 ** 20;

const DUNDER = /^__\w+__$/;
/** As a bare string, wherever it stands, only what leads on; `__init__` and `__main__` are names of files too. */
const TELLING =
  /^__(?:class|base|bases|mro|subclasses|globals|builtins|import|getattribute|getattr|dict|code|closure|func|self|loader|spec|reduce|reduce_ex|call|init_subclass)__$/;
/** A replacement field of `str.format` that goes through internals: `{0.__class__.__init__.__globals__}`. */
const FORMAT_FIELD =
  /\{[^{}]{0,200}[.[](__(?:class|base|bases|mro|subclasses|globals|builtins|init|dict|func|self|code|module|reduce)\w*__|func_globals|gi_frame|f_globals|f_back)[^{}]{0,200}\}/;
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

/** Judges a chat template by its syntax tree; it is never rendered. */
export function judgeTemplate(template: string, report: TemplateReport): void {
  const judge = new Judge(template, report);
  judge.characters();
  let statements: Statement[];
  try {
    if (template.length > LONGEST) throw new TemplateSyntaxError('longer than any chat template', 0, true);
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

/** The name under which a variable, or an entry of a namespace, is kept. */
function slotOf(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name;
  return node.kind === 'attribute' && node.target.kind === 'name' ? `${node.target.name}.${node.name}` : undefined;
}

class Judge {
  readonly #constants = new Map<Expression, Value | undefined>();
  readonly #variables = new Variables();
  /** What expressions give with the other values of the names in them. */
  readonly #choices = new Map<Expression, readonly Value[]>();
  readonly #macros = new Map<string, Statement & { kind: 'macro' }>();
  readonly #environment: Environment & { otherwise: boolean } = {
    otherwise: false,
    value: (child) => child && this.#constants.get(child),
    variable: (name) => this.#variables.get(name),
    macro: (name, args) => this.#expand(name, args),
  };
  /** Kinds of invisible characters that have been told. */
  readonly #unseen = new Set<string>();
  /** Variables that hold what a message says, and those that hold the date. */
  readonly #contents = new Set<string>();
  readonly #dates = new Set<string>();
  #unrolled = 0;
  /** Nodes that were evaluated again for the values that branches leave open. */
  #chosen = 0;
  /** Where the piece of the template that is being judged begins. */
  #shift = 0;
  readonly #aliases = new Map<string, string>();
  /** The bodies of loops are gone through more than once. */
  readonly #told = new Set<string>();
  #execution: { at: number; steps: string[]; critical: boolean } | undefined;

  constructor(
    private readonly template: string,
    private readonly sink: TemplateReport,
  ) {}

  #report(rule: Rule, message: string, place: number, anchor: string, more: Partial<FindingDraft> = {}): void {
    const at = place + this.#shift;
    const key = `${rule.id}\0${anchor}\0${at}`;
    if (this.#told.has(key) || this.#told.size >= REPORT_LIMIT) return;
    this.#told.add(key);
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
    this.#invisible(this.template, 0);
  }

  /** Characters of the template, or of a string in it that spells them by escapes. */
  #invisible(text: string, at: number): void {
    for (const { what, offset, mild } of invisibleIn(text)) {
      if (this.#unseen.has(what)) continue;
      this.#unseen.add(what);
      this.#report(
        TEMPLATE_RULES['hidden-characters'],
        `The chat template contains ${what}, which a reader does not see and the model does.`,
        at + offset,
        what,
        mild ? { severity: 'low' } : {},
      );
    }
    const word = mixedWord(text);
    if (word) {
      this.#report(
        TEMPLATE_RULES['hidden-characters'],
        `The word "${evidenceText(word.text, 60)}" mixes Latin letters with look-alikes of another script: a filter for words does not see it and the model does.`,
        at + word.offset,
        word.text,
      );
    }
  }

  /** Words are all there is when the template cannot be parsed; other engines may still render it. */
  unparsable(error: TemplateSyntaxError): void {
    this.#report(
      TEMPLATE_RULES['not-parsed'],
      error.beyond
        ? `The template is ${error.message}, so it was judged by its words and tag by tag: that is how a reader is kept from what it does.`
        : `The template is no valid Jinja (${error.message}), so it was judged by its words and tag by tag.`,
      error.at,
      'not-parsed',
      error.beyond ? { severity: 'medium' } : {},
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
    for (const { piece, at } of soundPieces(this.template)) {
      this.sink.checkTime();
      this.#shift = at;
      this.#walk(piece, 1);
    }
    this.#shift = 0;
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
          this.#variables.branches(
            statement.branches.map(({ test, body }) => () => {
              if (test) {
                this.#expression(test);
                this.#poison(test, body);
              }
              this.#walk(body, loops);
            }),
            statement.branches.some(({ test }) => test === undefined),
          );
          break;
        case 'for': {
          this.#expression(statement.iterable);
          if (statement.filter) this.#expression(statement.filter);
          const count = loops * this.#iterations(statement.iterable);
          if (count > LARGE_RANGE * 100 && loops > 1) this.#exhausts(`loops ${count} times`, statement.at);
          this.#loop(statement, count);
          break;
        }
        case 'set':
          if (statement.value) this.#expression(statement.value);
          this.#walk(statement.body, loops);
          this.#set(statement);
          break;
        case 'macro':
          this.#macros.set(statement.name, statement);
          for (const { value } of statement.parameters) this.#expression(value);
          this.#walk(statement.body, loops);
          break;
        case 'block':
          for (const [i, expression] of statement.expressions.entries()) {
            this.#expression(expression);
            const target = statement.targets?.[i];
            if (target) this.#assign(target, expression, []);
          }
          this.#walk(statement.body, loops);
          break;
        case 'load':
          this.#expression(statement.source);
          this.#load(statement);
      }
    }
  }

  /** The path of an honest template is a name beside it; one that leaves the folder is there to be read out. */
  #load({ source, tag, at }: Statement & { kind: 'load' }): void {
    const value = this.#constants.get(source);
    const paths = (value instanceof ListValue ? value.items : [value]).filter((item) => typeof item === 'string');
    const outside = paths.find((path) => pathHazard(path) !== undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(path));
    this.#report(
      TEMPLATE_RULES['loads-template'],
      outside === undefined
        ? `The template loads another one by \`${tag}\`: rendering it reads a file.`
        : `The template loads ${evidenceText(outside, 100)} by \`${tag}\`: a renderer that finds it puts that file into the prompt.`,
      at,
      tag,
      outside === undefined ? {} : { severity: 'high' },
    );
  }

  /** A loop over a known list is gone through item by item, so that a text it puts together is known behind it. */
  #loop({ targets, iterable, body }: Statement & { kind: 'for' }, count: number): void {
    const items = targets.length === 1 ? itemsOf(this.#constants.get(iterable)) : undefined;
    const [target] = targets as [string];
    for (const item of items ?? []) {
      if (this.#unrolled > UNROLLED_LIMIT) break;
      this.#unrolled += body.length + 1;
      if (item === undefined) this.#variables.delete(target);
      else this.#variables.set(target, item);
      this.#walk(body, count);
    }
    for (const name of targets) this.#variables.delete(name);
    if (!items?.length || this.#unrolled > UNROLLED_LIMIT) this.#walk(body, count);
  }

  /** `set a = b`, and `set a, b = c, d` where the pair is written out. */
  #set({ targets, value, body }: Statement & { kind: 'set' }): void {
    const parts = targets.length > 1 && value?.kind === 'list' ? value.items : undefined;
    for (const [i, target] of targets.entries()) this.#assign(target, parts ? parts[i] : value, body);
  }

  #assign(target: Expression, value: Expression | undefined, body: readonly Statement[]): void {
    const constant = body.length > 0 ? this.#written(body) : value && this.#constants.get(value);
    const choices = body.length === 0 && value ? (this.#choices.get(value) ?? []) : [];
    const others = choices.filter((choice) => choice !== constant);
    if (target.kind === 'attribute' && target.target.kind === 'name') {
      const namespace = this.#variables.get(target.target.name);
      if (namespace instanceof DictValue) {
        namespace.entries.set(target.name, constant);
        this.#variables.set(`${target.target.name}.${target.name}`, constant, others);
      }
    }
    if (target.kind !== 'name') return;
    for (const [names, holds] of [
      [this.#contents, value !== undefined && this.#readsContent(value)],
      [this.#dates, value !== undefined && readsDate(value, this.#dates)],
    ] as const) {
      if (holds) names.add(target.name);
      else names.delete(target.name);
    }
    this.#variables.set(target.name, constant ?? others[0], others);
    if (value?.kind === 'name' && ENGINE_OBJECTS.has(value.name)) this.#aliases.set(target.name, value.name);
    else this.#aliases.delete(target.name);
  }

  /** Looks at every node, children first, so that what a child folds to is known to its parent. */
  #expression(root: Expression): void {
    this.#evaluate(root, (node, constant) => this.#node(node, constant));
  }

  #evaluate(root: Expression, look?: (node: Expression, constant: Value | undefined) => void): void {
    const order: Expression[] = [];
    const stack: Expression[] = [root];
    const open = new Set<string>();
    let conditional = false;
    while (stack.length) {
      const node = stack.pop() as Expression;
      order.push(node);
      stack.push(...children(node));
      conditional ||= node.kind === 'conditional';
      const slot = slotOf(node);
      if (slot !== undefined && this.#variables.others(slot).length > 0) open.add(slot);
    }
    if (open.size > 0 || conditional) this.#choose(root, order, [...open], conditional, look);
    this.#foldAll(order, look);
  }

  /** Evaluates an expression with each of the values that the names in it may have instead of their last ones. */
  #choose(
    root: Expression,
    order: readonly Expression[],
    slots: readonly string[],
    conditional: boolean,
    look?: (node: Expression, constant: Value | undefined) => void,
  ): void {
    const values = slots.map((slot) => [this.#variables.get(slot), ...this.#variables.others(slot)]);
    const count = Math.min(
      CHOICES,
      values.reduce((product, list) => product * list.length, conditional ? 2 : 1),
    );
    const found = new Set<Value>();
    const told = this.#chosen > CHOSEN_LIMIT;
    this.#chosen += order.length * count;
    if (this.#chosen > CHOSEN_LIMIT) {
      if (told) return;
      this.#report(
        TEMPLATE_RULES['not-parsed'],
        'The template sets its variables in so many branches that not every value they may have was followed.',
        root.at,
        'choices',
        { severity: 'medium' },
      );
      return;
    }
    for (let choice = 1; choice < count; choice += 1) {
      let rest = conditional ? choice >> 1 : choice;
      this.#environment.otherwise = conditional && choice % 2 === 1;
      for (const [i, slot] of slots.entries()) {
        const list = values[i] as (Value | undefined)[];
        this.#put(slot, list[rest % list.length], list);
        rest = Math.floor(rest / list.length);
      }
      this.#foldAll(order, look);
      const value = this.#constants.get(root);
      if (value !== undefined) found.add(value);
    }
    for (const [i, slot] of slots.entries()) {
      const list = values[i] as (Value | undefined)[];
      this.#put(slot, list[0], list);
    }
    this.#environment.otherwise = false;
    this.#choices.set(root, [...found]);
  }

  #put(slot: string, value: Value | undefined, list: readonly (Value | undefined)[]): void {
    this.#variables.set(slot, value, list.slice(1) as Value[]);
    const dot = slot.indexOf('.');
    const namespace = dot < 0 ? undefined : this.#variables.get(slot.slice(0, dot));
    if (namespace instanceof DictValue) namespace.entries.set(slot.slice(dot + 1), value);
  }

  #foldAll(order: readonly Expression[], look?: (node: Expression, constant: Value | undefined) => void): void {
    for (let i = order.length - 1; i >= 0; i -= 1) {
      if (i % 1000 === 999) this.sink.checkTime();
      const node = order[i] as Expression;
      const constant = fold(node, this.#environment);
      this.#constants.set(node, constant);
      look?.(node, constant);
    }
  }

  #node(node: Expression, constant: Value | undefined): void {
    if (typeof constant === 'string') {
      if (TELLING.test(constant)) this.#internals(constant, node.at);
      const field = FORMAT_FIELD.exec(constant);
      if (field) this.#internals(field[1] as string, node.at);
      if (node.kind !== 'name' && constant.length >= 4) this.#said(constant, node.at);
      if (node.kind === 'constant') this.#invisible(constant, node.at);
    }
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
      case 'binary': {
        this.#repeat(node);
        const before = node.left.kind === 'binary' ? node.left.right : node.left;
        const text = this.#constants.get(before);
        const joins = node.operator === '~' || node.operator === '+';
        if (joins && typeof text === 'string' && OPEN_ADDRESS.test(text.slice(-300)) && this.#readsContent(node.right))
          this.#address(node.at);
        break;
      }
    }
  }

  /** Gathered: a chain through internals is one defect, however many steps it has. */
  #internals(name: string, at: number, what = `\`${evidenceText(name, 60)}\``): void {
    if (!this.#execution && INFORMATIVE.test(name)) return;
    this.#execution ??= { at: at + this.#shift, steps: [], critical: false };
    if (!this.#execution.steps.includes(what)) this.#execution.steps.push(what);
    this.#execution.at = Math.min(this.#execution.at, at + this.#shift);
    if (/^__(?:globals|builtins|import|subclasses|loader|spec|code|reduce|reduce_ex)__$/.test(name)) {
      this.#execution.critical = true;
    }
  }

  /** Says what was gathered. */
  finish(): void {
    if (!this.#execution) return;
    const { at, steps, critical } = this.#execution;
    this.#shift = 0;
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
    if (node.name === 'replace') {
      this.#rewrites(
        node.target,
        node.args.map(({ value }) => value),
        node.at,
      );
    }
    const named = (name: string) => node.args.find((a) => a.name === name)?.value;
    if (node.name === 'string' && printedForm(node.target) !== undefined) {
      this.#report(
        TEMPLATE_RULES['unusual-global'],
        'The template turns an object of the template engine into text: that is how single characters of a forbidden name are had.',
        node.at,
        'printed',
      );
    }
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
    } else if (name === undefined) this.#computed(at);
  }

  #computed(at: number): void {
    this.#report(
      TEMPLATE_RULES['computed-attribute'],
      'The template looks up an attribute whose name is only known when it is rendered.',
      at,
      this.template.slice(at, at + 60),
    );
  }

  #call(node: Expression & { kind: 'call' }): void {
    const { callee } = node;
    const name = callee.kind === 'attribute' || callee.kind === 'name' ? callee.name : this.#subscriptName(callee);
    if (callee.kind === 'attribute' && name === 'replace') {
      this.#rewrites(
        callee.target,
        node.args.map(({ value }) => value),
        node.at,
      );
    }
    if (name !== undefined && EXECUTING.has(name)) {
      this.#internals(name, callee.at, `\`${evidenceText(name, 60)}(...)\``);
    }
    if (callee.kind === 'subscript' && callee.index.kind !== 'slice' && name === undefined) {
      const index = this.#constants.get(callee.index);
      // A method of a known name, or an item of a list, is called by an honest template; one that is put together is not.
      if (index === undefined && isBuilt(callee.index)) this.#computed(callee.at);
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

  /** The text that statements write, where all of it is known. */
  #written(body: readonly Statement[]): string | undefined {
    let out = '';
    for (const statement of body) {
      if (statement.kind === 'text') out += statement.value;
      else if (statement.kind === 'print') {
        const value = this.#constants.get(statement.value);
        if (typeof value !== 'string' && typeof value !== 'number') return undefined;
        out += value;
      } else if (statement.kind !== 'set') return undefined;
      if (out.length > WRITTEN_LIMIT) return undefined;
    }
    return out;
  }

  #expand(name: string, args: readonly Argument[]): string | undefined {
    const macro = this.#macros.get(name);
    if (!macro || this.#unrolled > UNROLLED_LIMIT) return undefined;
    this.#unrolled += macro.body.length + 1;
    let position = 0;
    for (const { name: parameter, value } of macro.parameters) {
      const given =
        args.find((argument) => argument.name === parameter) ?? args.filter((a) => a.name === undefined)[position];
      position += 1;
      const known = this.#constants.get(given?.value ?? value);
      if (known === undefined) this.#variables.delete(parameter as string);
      else this.#variables.set(parameter as string, known);
    }
    for (const statement of macro.body) {
      if ((statement.kind === 'print' || statement.kind === 'set') && statement.value) this.#evaluate(statement.value);
      if (statement.kind === 'set') this.#set(statement);
    }
    return this.#written(macro.body)?.trim();
  }

  #text(text: string, at: number, next: Statement | undefined): void {
    this.#said(text, at);
    if (next?.kind === 'print' && OPEN_ADDRESS.test(text.slice(-300))) this.#address(at + text.length);
  }

  /** What the template says itself, as text between its tags or as a string in them. */
  #said(text: string, at: number): void {
    for (const { what, offset, anchor } of instructionsIn(text)) {
      this.#report(TEMPLATE_RULES['hidden-instruction'], what, at + offset, anchor);
    }
  }

  #address(at: number): void {
    this.#report(
      TEMPLATE_RULES['hidden-instruction'],
      'The template builds a web address from the conversation: whoever follows it sends the content there.',
      at,
      'url',
    );
  }

  /** `content|replace('this', 'that')` with words for words: the model reads what the user did not write. */
  #rewrites(target: Expression | undefined, [from, to]: readonly (Expression | undefined)[], at: number): void {
    const [a, b] = [from && this.#constants.get(from), to && this.#constants.get(to)];
    if (typeof a !== 'string' || typeof b !== 'string' || !isWording(a) || !(isWording(b) || /https?:\/\//.test(b)))
      return;
    if (/^(?:true|false|none|null)$/i.test(a) || !target || !this.#readsContent(target)) return;
    this.#report(
      TEMPLATE_RULES['hidden-instruction'],
      `The template puts "${evidenceText(b, 60)}" for "${evidenceText(a, 60)}" wherever a message has it.`,
      at,
      `${a}\0${b}`,
    );
  }

  #readsContent(expression: Expression): boolean {
    return readsContent(expression, this.#contents);
  }

  /** A branch on words in a message that then adds a sentence of its own. */
  #poison(test: Expression, body: readonly Statement[]): void {
    const constant = (e: Expression) => this.#constants.get(e);
    const word = contentTrigger(test, constant, this.#contents);
    const trigger = word ?? dateTrigger(test, constant, this.#dates);
    if (trigger === undefined) return;
    const said = spokenText(body);
    if (!said) return;
    const when =
      word === undefined
        ? `At a date (${evidenceText(trigger, 40)})`
        : `When a message contains "${evidenceText(trigger, 60)}"`;
    this.#report(
      TEMPLATE_RULES['hidden-instruction'],
      `${when} the template adds "${evidenceText(said, 80)}".`,
      test.at,
      `${trigger}\0${said.slice(0, 80)}`,
    );
  }
}

/** Longest tag of a template that is looked at by itself. */
const PIECE_LIMIT = 4000;
const MOST_PIECES = 20_000;
/** Tags that hold an expression and have an end elsewhere, with what makes one of them complete. */
const PIECE_END: Readonly<Record<string, string>> = {
  if: '{% endif %}',
  elif: '{% endif %}',
  for: '{% endfor %}',
  call: '{% endcall %}',
  with: '{% endwith %}',
  filter: '{% endfilter %}',
  macro: '{% endmacro %}',
};

/** Those tags of a template which are sound by themselves, when the whole is not: another reader may know what is odd. */
function* soundPieces(template: string): Generator<{ piece: Statement[]; at: number }> {
  let pieces = 0;
  for (const match of template.matchAll(/\{\{[^{}]{1,4000}\}\}|\{%[-+]?\s*(\w+)[^{}]{0,4000}%\}|\{\{/g)) {
    pieces += 1;
    if (pieces > MOST_PIECES) return;
    let text = match[0] + (PIECE_END[match[1] ?? ''] ?? '');
    if (text === '{{') {
      // Braces of a dict: up to the first end there is.
      const rest = template.slice(match.index, match.index + PIECE_LIMIT);
      text = rest.slice(0, rest.indexOf('}}', 2) + 2);
    }
    if (text.length < 5) continue;
    try {
      yield { piece: parseTemplate(text.replace(/^(\{%[-+]?\s*)elif\b/, '$1if')), at: match.index };
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
    }
  }
}

/** An expression that puts a text together, as opposed to one that only names it. */
function isBuilt(expression: Expression): boolean {
  return (
    expression.kind === 'filter' ||
    expression.kind === 'call' ||
    (expression.kind === 'binary' && ['~', '+', '%', '*'].includes(expression.operator))
  );
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
