/** Where the words of the rules stand in a Python text, and which of them can mean there what they look like. */
import type { Occurrences } from '../text/keywordPass';
import { BUILTINS, isJudgedMethod } from './calls/registry';
import { disguises, isIdentifierPart, NEWLINE } from './characters';
import { BEHIND, BRINGS_MODULES, DISGUISED, DYNAMIC, SECRET_TARGET, WORDS, type Word, WRITES } from './words';

/** A place that rules may speak of. */
export interface Hit {
  readonly start: number;
  readonly word: Word;
  /** How the word stands there: behind a dot, by itself, or in quotes. */
  readonly as: 'member' | 'name' | 'text';
  /** It can be the function that is there without an import. */
  readonly builtin?: true;
  /** The name that has to be a text for it. */
  readonly named?: string;
}

/** What one text holds of the words, whole and in their case, where they can mean what they look like. */
export class Mentions {
  readonly hits: Hit[] = [];
  readonly modules = new Set<string>();
  /** Names of functions may be made of text. */
  dynamic = false;
  /** There are identifiers in disguise: words may stand there that are not found. */
  readonly disguised: boolean;
  /** Offsets behind the word `import`. */
  readonly #imports: number[] = [];

  /** @param occurrences of {@link PYTHON_KEYWORDS} in the text */
  constructor(
    private readonly text: string,
    occurrences: Occurrences,
  ) {
    const disguised = disguises(text);
    this.disguised = disguised.length > 0;
    for (const start of disguised) this.hits.push({ start, word: DISGUISED, as: 'name' });
    for (let i = 0; i < occurrences.length; i += 1) {
      const word = WORDS[occurrences.keyword(i)] as Word;
      if (word.role === 'module' && this.modules.has(word.text)) continue;
      const end = occurrences.end(i);
      const start = end - word.text.length;
      if (word.role === 'secret') {
        SECRET_TARGET.lastIndex = start;
        if (SECRET_TARGET.test(text)) this.hits.push({ start, word, as: 'name' });
      } else if (
        !isIdentifierPart(text.charCodeAt(end)) &&
        !isIdentifierPart(text.charCodeAt(start - 1)) &&
        text.startsWith(word.text, start)
      )
        this.#mention(word, start, end);
    }
  }

  /** Words that the text imports by themselves; `*` when it does so with all that a module has. */
  imported(): ReadonlySet<string> {
    if (this.#imports.length === 0) return NO_NAMES;
    const names = new Set<string>();
    const lists = this.#importLists(names);
    let list = 0;
    let end = -1;
    for (const { start, word, as } of this.hits) {
      if (word.role !== 'last' || as !== 'name') continue;
      for (; list < lists.length && (lists[list] as number) <= start; list += 1) end = -1;
      if (list === 0) continue;
      if (end < 0) end = this.#listEnd(lists[list - 1] as number, names);
      if (start < end) names.add(word.text);
    }
    return names;
  }

  /** Where lists of imports begin, but for those that stand within the brackets of another. */
  #importLists(names: Set<string>): number[] {
    const { text } = this;
    let end = 0;
    return this.#imports.filter((start) => {
      if (start < end) return false;
      let first = start;
      while (isBlank(text.charCodeAt(first))) first += 1;
      if (text[first] === '*') names.add('*');
      if (text[first] === '(') end = this.#listEnd(start, names);
      return true;
    });
  }

  #listEnd(start: number, names: Set<string>): number {
    const list = IMPORTED.exec(this.text.slice(start, start + LIST))?.[0] ?? '';
    if (list.length === LIST) names.add('*');
    return start + list.length;
  }

  /** Whether a word stands in the text, by itself or not. */
  holds(word: string): boolean {
    return this.text.includes(word);
  }

  /** Whether there may be an assignment to a name. */
  assigns(name: string): boolean {
    const { text } = this;
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      const end = at + name.length;
      if (isIdentifierPart(text.charCodeAt(at - 1)) || isIdentifierPart(text.charCodeAt(end))) continue;
      TARGET.lastIndex = end;
      if (TARGET.test(text) && (text[TARGET.lastIndex - 2] === ':' || !isNoTarget(text, at))) return true;
      if (isBound(text, at, end)) return true;
    }
    return false;
  }

  #mention(word: Word, start: number, end: number): void {
    const { text } = this;
    switch (word.role) {
      case 'module':
        this.modules.add(word.text);
        return;
      case 'import':
        this.#imports.push(end);
        return;
      case 'dynamic': {
        this.dynamic = true;
        const match = (DYNAMIC.get(word.text) as RegExp).exec(text.slice(end, end + BEHIND));
        const named = match?.groups?.name;
        if (match) this.hits.push({ start, word, as: 'name', ...(named && { named }) });
        return;
      }
      case 'removed':
        if (lastSign(text, start) !== '.' && isImport(text, start)) this.hits.push({ start, word, as: 'name' });
        return;
      case 'last': {
        const before = lastSign(text, start);
        const as = before === '.' ? 'member' : before === '"' || before === "'" ? 'text' : 'name';
        if (
          as === 'member' &&
          !isJudgedMethod(word.text) &&
          /\b(?:self|cls)\s*\.\s*$/.test(text.slice(Math.max(0, start - 10), start))
        )
          return;
        const builtin = BUILTINS.has(word.text) && isBuiltin(text, start, end, as);
        this.hits.push({ start, word, as, ...(builtin && { builtin }) });
        return;
      }
      default:
        this.hits.push({ start, word, as: 'name' });
    }
  }
}

/** What is imported, from behind the word `import`: in brackets over several lines, or on one that may be joined to the next. */
const IMPORTED = /^(?:[\s\\]{0,80}\((?:[^)#]|#[^\n]*)*|[^\n;#\\]*(?:\\\r?\n[^\n;#\\]*)*)/;
/** Characters of an import that are looked at: a longer one is taken for one of everything. */
const LIST = 20_000;

/** A loop up to one of the names that it binds. */
const FOR = /^[ \t]{0,80}(?:async[ \t]{1,9})?for[ \t]/;
/** A context, up to the name that it binds. */
const WITH = /^[ \t]{0,80}(?:async[ \t]{1,9})?with\b/;
/** What the loop goes through: a list that stands there, or one that has the name of a constant. */
const IN = /[\w, \t]{0,80}\bin[ \t]{1,9}(?:[A-Z_][A-Z\d_]{0,80}[ \t]{0,9}:|[([{])/y;
/** What follows one of many names that are assigned to. */
const REST = /[ \t]{0,9},[\w.*, \t]{0,600}=(?!=)/y;
/** Characters of a line in front of a name that are looked at. */
const FRONT = 600;

/** Whether a loop over texts that stand there, a context or a long tuple binds the name in `[start, end)`. */
function isBound(text: string, start: number, end: number): boolean {
  const sign = signBefore(text, start);
  const isFor = text.startsWith('for', sign - 2);
  const isAmong = text.charCodeAt(sign) === 44;
  if (isAmong || isFor) {
    // Names and commas only, up to the beginning of the line.
    let from = sign;
    while (from >= 0 && start - from < FRONT && isListed(text.charCodeAt(from))) from -= 1;
    if (from >= 0 && text.charCodeAt(from) !== NEWLINE) return false;
    if (FOR.test(text.slice(from + 1, start))) {
      IN.lastIndex = end;
      return IN.test(text);
    }
    REST.lastIndex = end;
    return isAmong && REST.test(text);
  }
  if (!text.startsWith('as', sign - 1) || isIdentifierPart(text.charCodeAt(sign - 2))) return false;
  const front = text.slice(Math.max(0, start - FRONT), start);
  const line = front.slice(front.lastIndexOf('\n') + 1);
  // The text is in it.
  return WITH.test(line) && /["']/.test(line);
}

/** A letter, a blank, a comma, a dot or a star. */
const isListed = (c: number): boolean => c === 32 || c === 9 || c === 44 || c === 46 || c === 42 || isIdentifierPart(c);

/** What follows a name that is assigned to, alone, with an annotation or among others. */
const TARGET = /[\s\\]{0,80}(?::?=(?!=)|:[^=\n]{1,80}=(?!=)|[,)\]](?:[\w.*()[\] \t]|,[\r\n]*){0,80}=(?!=))/y;

const isBlank = (c: number): boolean => c === 32 || c === 92 || (c >= 9 && c <= 13);

/** Characters in front of a name in which the bracket is looked for that it stands in. */
const BRACKETS = 300;

/**
 * Whether a name is that of an attribute, or stands in the brackets of a call, a definition or an element: it can be no
 * target there. What may be a bracket in a text or in a comment tells nothing.
 */
function isNoTarget(text: string, at: number): boolean {
  if (text[at - 1] === '.') return true;
  let closed = 0;
  let called = false;
  for (let i = at - 1; i >= 0 && i > at - BRACKETS; i -= 1) {
    const c = text[i];
    if (c === '"' || c === "'" || c === '#') return false;
    if (called) {
      if (c === '\n') return true;
    } else if (c === ')' || c === ']') closed += 1;
    else if (c === '(' || c === '[') {
      const before = text.charCodeAt(i - 1);
      if (closed > 0) closed -= 1;
      else called = isIdentifierPart(before) || before === 41 || before === 93;
    }
  }
  return false;
}

/** Offset of the last sign in front of a place that is no blank; -1 when there is none. */
function signBefore(text: string, start: number): number {
  let i = start - 1;
  while (i >= 0 && (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9)) i -= 1;
  return i;
}

/** The sign in front of a place, white space left out within the line. */
function lastSign(text: string, start: number): string {
  const i = signBefore(text, start);
  // `x.\<newline>load` is a member all the same; a dot at the end of the line above is one too.
  if (text[i] === '\n' && /\.\s*\\?\r?$/.test(text.slice(Math.max(0, i - 80), i))) return '.';
  return text[i] ?? '';
}

/** What follows a word in a sentence, and a function in no expression. */
const PROSE = /^[ \t]+(?!(?:if|else|or|and|for|in|is|not|as)\b)[A-Za-z]/;

/** `eval` called, handed on or given another name; not a method of that name, nor the definition of one. */
function isBuiltin(text: string, start: number, end: number, as: Hit['as']): boolean {
  if (as === 'text') return true;
  const before = text.slice(Math.max(0, start - 24), start);
  // The dot at the end of the line above may be that of a sentence.
  if (as === 'member')
    return text[signBefore(text, start)] === '\n' || /(?:builtins|__builtins__|[)\]])\s*\.\s*$/.test(before);
  return !/\bdef\s+$/.test(before) && !PROSE.test(text.slice(end, end + 40));
}

/** Whether a word stands in an import statement, on its first line or on one that is joined to it. */
function isImport(text: string, start: number): boolean {
  const from = Math.max(0, start - 300);
  const before = text.slice(from, start);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return /(?:^|[:;])\s*(?:import|from)\s[^;:]*$/.test(line) || /\\\r?\n[^\n]*$/.test(before);
}

/**
 * The hits of each text of a document that what else is in it does not rule out.
 * @returns undefined when none is left: nothing in the document is judged
 */
export function candidateHits(mentions: readonly Mentions[]): Hit[][] | undefined {
  if (mentions.every(({ hits }) => hits.length === 0)) return undefined;
  const assigned = new Map<string, boolean>();
  const isText = (name: string): boolean => {
    let known = assigned.get(name);
    if (known === undefined) {
      known = assigned.size >= NAMED || mentions.some((one) => one.assigns(name));
      assigned.set(name, known);
    }
    return known;
  };
  const disguised = mentions.some((one) => one.disguised);
  const mayBeText = ({ named }: Hit): boolean => named === undefined || disguised || isText(named);
  /** Modules may be in use that no word names. */
  const brings =
    disguised || mentions.some(({ hits }) => hits.some((hit) => BRINGS_MODULES.has(hit.word.text) && mayBeText(hit)));
  const dynamic = mentions.some((one) => one.dynamic);
  const modules = allOf(mentions, (one) => one.modules);
  const reachable = new Map<Word, boolean>();
  const isThere = (beside: string): boolean => mentions.some((one) => one.holds(beside));
  /** Whether the text holds a module that the word may be of, and what it says nothing without. */
  const isReachable = (word: Word): boolean => {
    let known = reachable.get(word);
    if (known === undefined) {
      const named = brings || !word.modules || [...word.modules].some((module) => modules.has(module));
      known = named && (!word.beside || disguised || [...word.beside].some(isThere));
      reachable.set(word, known);
    }
    return known;
  };
  let imported: ReadonlySet<string> | undefined;
  const active = ({ word, as, builtin }: Hit): boolean => {
    if (word.role === 'secret') return disguised || modules.has('random');
    if (as === 'text' && !dynamic) return false;
    if (word.role !== 'last' || builtin) return true;
    if (!isReachable(word)) return false;
    if (as !== 'name' || disguised) return true;
    // What is given a name by an assignment is found there, and followed.
    imported ??= allOf(mentions, (one) => one.imported());
    return imported.has(word.text) || imported.has('*');
  };
  const found = mentions.map(({ hits }) => kept(hits, active));
  if (found.every((hits) => hits.every(({ word }) => WRITES.has(word.text)))) return undefined;
  // When the text has to be divided anyway, what a name is can be told with less work.
  if (found.some((hits) => hits.some(({ named }) => named === undefined))) return found;
  const texts = found.map((hits) => kept(hits, mayBeText));
  return texts.some((hits) => hits.length > 0) ? texts : undefined;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** The names of all texts together. */
function allOf(mentions: readonly Mentions[], pick: (one: Mentions) => ReadonlySet<string>): ReadonlySet<string> {
  if (mentions.length === 1) return pick(mentions[0] as Mentions);
  const all = new Set<string>();
  for (const one of mentions) for (const name of pick(one)) all.add(name);
  return all;
}

/** Most cells of a notebook have none to choose from. */
const kept = (hits: Hit[], keep: (hit: Hit) => boolean): Hit[] => (hits.length === 0 ? hits : hits.filter(keep));

/** Names that are looked for as texts in one document; more of them are taken for texts. */
const NAMED = 16;
