/**
 * Names that stand far from the values they name: the header above the column of a printed table, the last line of a
 * printed pandas Series, the argument behind the rows that a program makes a table of.
 */

/** What names a value from afar. Places are asked about in their order. */
export interface FarNames {
  /** Names one of which may be that of the value: quick, and the same for many values. */
  around(start: number, end: number): string;
  /** The name of the value; blank when there is none. */
  of(start: number, end: number): string;
}

/** A longer line is no row of a table that a person reads. */
const LONGEST_LINE = 2000;
/** Lines at the top of a table among which its header is. */
const HEAD_LINES = 6;
const LONGEST_NAME = 64;
const MOST_COLUMNS = 200;
/** Rows in which columns are looked for: pandas prints sixty, a file that is shown may have more. */
const ROWS = 2000;

/** A part of a line, without the space around it. */
export interface Cell {
  readonly start: number;
  readonly end: number;
}

/** How the columns of a table are told apart. */
type Style = 'lines' | 'tab' | 'latex' | 'comma' | 'semicolon' | 'space';

/** What divides the cells of tables of Markdown, Spark, polars, psql and the like; of TeX; of delimited text. */
const DIVIDERS: Readonly<Record<Exclude<Style, 'space'>, string>> = {
  lines: '|│┆┊║┃',
  tab: '\t',
  latex: '&',
  comma: ',',
  semicolon: ';',
};

const isBlank = (c: number): boolean => c === 32 || c === 13 || c === 9;

/** A line whose cells are looked at. */
interface Line {
  readonly start: number;
  readonly end: number;
}

/** Offset of the end of the line that a place is in. */
export function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

const lineFrom = (text: string, start: number): Line => ({ start, end: endOfLine(text, start) });

/** Places of a text that are asked for from ascending offsets on. */
class Ascending<T extends { readonly start: number }> {
  #next = 0;

  constructor(private readonly places: readonly T[]) {}

  /** The first that begins at or behind an offset. */
  from(at: number): T | undefined {
    const { places } = this;
    if (this.#next > 0 && (places[this.#next - 1]?.start ?? 0) >= at) this.#next = 0;
    while (this.#next < places.length && (places[this.#next]?.start ?? 0) < at) this.#next += 1;
    return places[this.#next];
  }
}

/** Cells of a line, in their order. What stands before the first line of a frame and behind the last is no cell. */
function cellsOf(text: string, { start, end }: Line, style: Style): Cell[] {
  const cells: Cell[] = [];
  const add = (from: number, to: number) => {
    let a = from;
    let b = to;
    while (a < b && isBlank(text.charCodeAt(a))) a += 1;
    while (b > a && isBlank(text.charCodeAt(b - 1))) b -= 1;
    cells.push({ start: a, end: b });
  };
  if (style === 'space') {
    for (let at = start; at < end && cells.length < MOST_COLUMNS; ) {
      while (at < end && isBlank(text.charCodeAt(at))) at += 1;
      let to = at;
      while (to < end && !(isBlank(text.charCodeAt(to)) && isBlank(text.charCodeAt(to + 1)))) to += 1;
      if (to > at) add(at, to);
      at = to;
    }
    return cells;
  }
  const dividers = DIVIDERS[style];
  let from = start;
  for (let at = start; at < end && cells.length < MOST_COLUMNS; at += 1) {
    if (!dividers.includes(text[at] as string)) continue;
    add(from, at);
    from = at + 1;
  }
  add(from, end);
  if (style === 'lines') {
    const outer = ({ start: a, end: b }: Cell) => a === b;
    if (cells.length > 1 && outer(cells[0] as Cell)) cells.shift();
    if (cells.length > 1 && outer(cells[cells.length - 1] as Cell)) cells.pop();
  }
  return cells;
}

/** Lines without words: frames, rules, and the rows in which polars, DuckDB and R tell the types of the columns. */
const TYPE =
  '-{2,}|[iu](?:8|16|32|64|128)|f(?:32|64)|str|bool|cat|date|time|enum|object|null|binary|(?:datetime|duration|list|decimal|struct)(?:\\[[^\\]|]{0,40}\\])?|<[a-z]{3,6}>|varchar|boolean|timestamp|int(?:32|64|eger)?|bigint|double|float|string';
const TYPES = new RegExp(`^(?:[\\s|│┆┊║┃]{0,80}(?:${TYPE})(?=[\\s|│┆┊║┃]|$)){1,200}[\\s|│┆┊║┃]{0,80}$`);
const RULE = /^\s*\\(?:top|mid|bottom|h|cmid|c)(?:rule|line)\b|^\s*\\(?:begin|end|centering|caption|label)/;

/** True for a line between the header of a table and its rows. */
export const isRule = (line: string): boolean => RULE.test(line) || TYPES.test(line);

/** Names are short, and no values. */
const isName = (name: string): boolean => name.length <= LONGEST_NAME && !/\d{5}|\d[.:/-]\d{2}[.:/-]/.test(name);

/** Lines without an empty one between them. */
interface Block {
  readonly from: number;
  /** Up to here it was read. */
  to: number;
  /** Header lines by style, as they are asked for. */
  readonly heads: Map<Style, Head | undefined>;
}

interface Head {
  readonly line: Line;
  readonly cells: readonly Cell[];
  readonly style: Style;
}

/** The columns of the tables that a text shows. Places are asked about in their order. */
export class PrintedTables implements FarNames {
  #line: Line = { start: 0, end: -1 };
  #block: Block = { from: 0, to: 0, heads: new Map() };
  #split: { readonly line: Line; readonly style: Style; readonly cells: readonly Cell[] } | undefined;
  #head: { readonly line: Line; readonly head: Head | undefined } | undefined;
  #footers: Footers | undefined;

  constructor(private readonly text: string) {}

  /** The header line above a value, or the last line of the series that it is in. */
  around(start: number): string {
    const before = this.text.charCodeAt(start - 1);
    if (!(before <= SPACE || isDivider(before))) return '';
    const head = this.#headAt(start);
    return head ? this.text.slice(head.line.start, head.line.end) : this.#footerOf(start);
  }

  of(start: number, end: number): string {
    const head = this.#headAt(start);
    if (!head) return this.#footerOf(start);
    const column = columnAt(head, this.#line, this.#cells(head.style), start, end);
    return column ? this.text.slice(column.start, column.end) : '';
  }

  /** What may be a name around a place, up to two spaces, a divider or the end of the line; the empty string in code. */
  nameAt(at: number): string {
    const { text } = this;
    let start = at;
    for (; start > 0 && at - start < LONGEST_NAME; start -= 1) {
      const c = text.charCodeAt(start - 1);
      if (isSignOfCode(c)) return '';
      if (c <= SPACE ? c !== SPACE || text.charCodeAt(start - 2) === SPACE : isDivider(c)) break;
    }
    let end = at;
    for (; end < text.length && end - at < LONGEST_NAME; end += 1) {
      const c = text.charCodeAt(end);
      if (isSignOfCode(c)) return '';
      if (c <= SPACE ? c !== SPACE || text.charCodeAt(end + 1) === SPACE : isDivider(c)) break;
    }
    return text.slice(start, end);
  }

  /**
   * The tables that a name at a place may belong to, likely ones first: the one below its line, the rest of its line (a
   * record printed from top to bottom, a transposed table), the series above it.
   */
  tablesAt(start: number): PrintedTable[] {
    const { text } = this;
    this.#enter(start);
    const line = this.#line;
    if (line.end - line.start > LONGEST_LINE) return [];
    if (text.startsWith(FOOTER_BEGIN, line.start)) {
      const name = FOOTER.exec(text.slice(line.start, line.end))?.[1];
      if (name === undefined) return [];
      const at = line.start + FOOTER_BEGIN.length;
      return [{ header: [{ start: at, end: at + name.length }], read: () => seriesAbove(text, line) }];
    }
    const styles = stylesOf(text, line);
    if (styles.length === 0) {
      const header = cellsOf(text, line, 'space');
      return header.every(({ start: a, end: b }) => isName(text.slice(a, b)))
        ? [{ header, read: () => countsBelow(text, line) }]
        : [];
    }
    const tables: PrintedTable[] = [];
    for (const style of styles) {
      const head = this.#headOf(style);
      if (head?.line.start === line.start) tables.push({ header: head.cells, read: () => rowsBelow(text, head) });
    }
    for (const style of styles) {
      if (style === 'comma' || style === 'semicolon' || style === 'latex') continue;
      const cells = cellsOf(text, line, style);
      const own = cells.findIndex((cell) => start >= cell.start && start < cell.end);
      const rows = cells.slice(own + 1).map((value) => [value]);
      // In front of it there may be the number of the row.
      if (own >= 0 && own <= 1 && rows.length > 0)
        tables.push({ header: [cells[own] as Cell], read: () => ({ rows, end: line.end }) });
    }
    return tables;
  }

  /** Makes the line of a place the one that is looked at, and its block. What was read of the last block is not read again. */
  #enter(start: number): void {
    const { text } = this;
    if (start >= this.#line.start && start <= this.#line.end) return;
    const from = text.lastIndexOf('\n', start - 1) + 1;
    this.#line = { start: from, end: endOfLine(text, start) };
    const known = this.#block;
    const least = known.to <= from ? known.to : 0;
    for (let at = from - 1; at >= least; ) {
      const above = text.lastIndexOf('\n', at - 1);
      if (isEmptyLine(text, above + 1, at)) {
        this.#block = { from: at + 1, to: from, heads: new Map() };
        return;
      }
      at = above;
    }
    if (least > 0) known.to = from;
    else this.#block = { from: 0, to: from, heads: new Map() };
  }

  #cells(style: Style): readonly Cell[] {
    const line = this.#line;
    if (this.#split?.line !== line || this.#split.style !== style)
      this.#split = { line, style, cells: cellsOf(this.text, line, style) };
    return this.#split.cells;
  }

  #headAt(start: number): Head | undefined {
    this.#enter(start);
    if (this.#head?.line !== this.#line) this.#head = { line: this.#line, head: this.#headOfLine() };
    return this.#head.head;
  }

  #headOfLine(): Head | undefined {
    const line = this.#line;
    if (line.start === this.#block.from || line.end - line.start > LONGEST_LINE) return undefined;
    for (const style of stylesOf(this.text, line)) {
      const head = this.#headOf(style);
      if (!head || head.line.start >= line.start) continue;
      if (style === 'space' || head.cells.length === this.#cells(style).length) return head;
    }
    return undefined;
  }

  /** The header of the block, if its first lines have one of a style. */
  #headOf(style: Style): Head | undefined {
    const { from, heads } = this.#block;
    if (!heads.has(style)) heads.set(style, headBelow(this.text, from, style));
    return heads.get(style);
  }

  #footerOf(start: number): string {
    this.#footers ??= new Footers(this.text);
    return this.#footers.of(start);
  }
}

/** A table of a text, whose rows are read when its header is worth it. */
export interface PrintedTable {
  readonly header: readonly Cell[];
  read(): Rows;
}

interface Rows {
  /** A cell for each name of the header, empty where a row has none. */
  readonly rows: readonly (readonly Cell[])[];
  readonly end: number;
}

function rowsBelow(text: string, head: Head): Rows {
  const rows: Cell[][] = [];
  let { end } = head.line;
  while (end + 1 < text.length && rows.length < ROWS) {
    const row = lineFrom(text, end + 1);
    if (row.end - row.start > LONGEST_LINE || isEmptyLine(text, row.start, row.end)) break;
    const content = text.slice(row.start, row.end);
    if (/[\p{L}\d]/u.test(content) && !isRule(content)) {
      const cells = cellsOf(text, row, head.style);
      const names = cells.map((cell) => columnAt(head, row, cells, cell.start, cell.end));
      if (names.filter(Boolean).length < 2) break;
      rows.push(head.cells.map((name) => cells[names.indexOf(name)] ?? { start: row.start, end: row.start }));
    }
    end = row.end;
  }
  return { rows, end };
}

/** Rows of a printed series, whose name stands below it. */
function seriesAbove(text: string, line: Line): Rows {
  const rows: Cell[][] = [];
  for (let end = line.start - 1; end > 0 && rows.length < ROWS; ) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    if (end - start > LONGEST_LINE || isEmptyLine(text, start, end) || text.startsWith(FOOTER_BEGIN, start)) break;
    const cells = cellsOf(text, { start, end }, 'space');
    if (cells.length > 1) rows.push([cells.at(-1) as Cell]);
    end = start - 1;
  }
  return { rows: rows.reverse(), end: line.end };
}

/** Values and how often they occur, below the name of a series (pandas 2). */
function countsBelow(text: string, line: Line): Rows {
  const rows: Cell[][] = [];
  let { end } = line;
  while (end + 1 < text.length && rows.length < ROWS) {
    const row = lineFrom(text, end + 1);
    if (row.end - row.start > LONGEST_LINE) break;
    const cells = cellsOf(text, row, 'space');
    const last = cells.at(-1);
    if (cells.length < 2 || !last || !/^\d+(?:\.\d+)?$/.test(text.slice(last.start, last.end))) break;
    rows.push([cells[0] as Cell]);
    end = row.end;
  }
  return { rows, end };
}

const FOOTER_BEGIN = 'Name: ';
const FOOTER_LINE = String.raw`${FOOTER_BEGIN}([^\n]{1,80}?), (?:Length: \d{1,12}, )?dtype: `;
const FOOTER = new RegExp(`^${FOOTER_LINE}`);
const FOOTERS = new RegExp(`\n${FOOTER_LINE}`, 'g');

/** Last lines of printed series: `Name: ssn, dtype: object` (pandas). */
class Footers {
  readonly #all: Ascending<{ readonly start: number; readonly name: string }>;
  #blank = -1;

  constructor(private readonly text: string) {
    const all = text.includes(`\n${FOOTER_BEGIN}`) ? [...text.matchAll(FOOTERS)] : [];
    this.#all = new Ascending(all.map((match) => ({ start: match.index, name: match[1] as string })));
  }

  /** The name of the series that a place is in; the empty string when it is in none. */
  of(start: number): string {
    const footer = this.#all.from(start);
    if (!footer) return '';
    if (this.#blank < start) {
      const blank = this.text.indexOf('\n\n', start);
      this.#blank = blank < 0 ? this.text.length : blank;
    }
    return footer.start < this.#blank ? footer.name : '';
  }
}

/** What stands in no name of a column, but in the values and keys of programs: `= : ( { " ' < / [`. */
const isSignOfCode = (c: number): boolean =>
  c === 61 || c === 58 || c === 40 || c === 123 || c === 34 || c === 39 || c === 60 || c === 47 || c === 91;

/** `, ; & |` and lines. */
const isDivider = (c: number): boolean => c === 44 || c === 59 || c === 38 || c === 124 || (c >= 0x2502 && c <= 0x2551);

const SPACE = 32;

function isEmptyLine(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (!isBlank(text.charCodeAt(i))) return false;
  return true;
}

/** Styles that a row may have. */
function stylesOf(text: string, { start, end }: Line): Style[] {
  const line = text.slice(start, end);
  if (/[|│┆┊║┃]/.test(line)) return ['lines'];
  if (line.includes('\t')) return ['tab'];
  if (line.includes('&') && /\\\\\s*$/.test(line)) return ['latex'];
  const styles: Style[] = [];
  if (/\S {2,}\S|^ {2,}\S/.test(line)) styles.push('space');
  if (line.includes(',')) styles.push('comma');
  if (line.includes(';')) styles.push('semicolon');
  return styles;
}

/** The header of a block, if its first lines have one of a style. */
function headBelow(text: string, from: number, style: Style): Head | undefined {
  let at = from;
  for (let count = 0; count < HEAD_LINES && at < text.length; count += 1) {
    const line = lineFrom(text, at);
    if (line.end - line.start > LONGEST_LINE) return undefined;
    at = line.end + 1;
    if (!stylesOf(text, line).includes(style)) continue;
    const content = text.slice(line.start, line.end);
    if (!/\p{L}{2}/u.test(content) || isRule(content)) continue;
    const cells = style === 'space' ? namesOver(text, line) : cellsOf(text, line, style);
    if (cells.length < (style === 'space' ? 1 : 2)) continue;
    return cells.every(({ start, end }) => isName(text.slice(start, end))) ? { line, cells, style } : undefined;
  }
  return undefined;
}

/** Names of a header line. pandas has one space between long names: those end where the values below do. */
function namesOver(text: string, line: Line): Cell[] {
  const names = cellsOf(text, line, 'space');
  if (!names.some(({ start, end }) => text.slice(start, end).includes(' '))) return names;
  const row = lineFrom(text, line.end + 1);
  if (row.end - row.start > LONGEST_LINE) return names;
  const ends = new Set(cellsOf(text, row, 'space').map(({ end }) => line.start + end - row.start));
  return names.flatMap(({ start, end }) => {
    const parts: Cell[] = [];
    let from = start;
    for (let at = start; at < end; at += 1) {
      if (text[at] !== ' ' || !ends.has(at)) continue;
      parts.push({ start: from, end: at });
      from = at + 1;
    }
    return [...parts, { start: from, end }];
  });
}

/** The name above a value: of the cell with the same number, or of the one that stands over the same columns of the text. */
function columnAt(head: Head, line: Line, cells: readonly Cell[], start: number, end: number): Cell | undefined {
  if (head.style !== 'space') {
    const index = cells.findIndex((cell) => start >= cell.start && start < cell.end);
    return cells.length === head.cells.length ? head.cells[index] : undefined;
  }
  const field = cells.find((cell) => start >= cell.start && start < cell.end) ?? { start, end };
  const from = field.start - line.start;
  const to = field.end - line.start;
  let best: Cell | undefined;
  let most = 0;
  for (const name of head.cells) {
    const overlap = Math.min(to, name.end - head.line.start) - Math.max(from, name.start - head.line.start);
    if (overlap > most) {
      most = overlap;
      best = name;
    }
  }
  return best;
}

/** Behind a list: arguments that name columns (pandas, polars, PySpark), and PySpark's list of names behind rows. */
const NAMES =
  /\],\s{0,40}(?:\w{1,20}=[\w."']{1,30},\s{0,40}){0,3}(?:columns|schema|names?|col_names|fields)\s?=\s?(?=[[(]?["'])|\)\],\s{0,40}(?=\[["'])/g;
/** How far behind a value they may stand, and how much of them is read. */
const BEHIND = 800;
const NAMED = 200;

/** Names that a program gives to the columns of the rows in front of them. Places are asked about in their order. */
export class NamesBehind implements FarNames {
  #places: Ascending<{ readonly start: number; readonly end: number }> | undefined;

  constructor(private readonly text: string) {}

  around(start: number, end: number): string {
    return this.of(start, end);
  }

  /** @returns the empty string when there are none within reach, or another statement begins before them */
  of(start: number, end: number): string {
    const { text } = this;
    const quote = text[start - 1];
    if (quote !== '"' && quote !== "'") return '';
    this.#places ??= new Ascending(
      Array.from(text.matchAll(NAMES), (match) => ({ start: match.index, end: match.index + match[0].length })),
    );
    const place = this.#places.from(end);
    if (!place || place.start - end > BEHIND || /=|\n[A-Za-z_@#]/.test(text.slice(end, place.start))) return '';
    const names = text.slice(place.end, place.end + NAMED);
    const close = names.search(/[\])\n]/);
    return close < 0 ? names : names.slice(0, close);
  }
}
