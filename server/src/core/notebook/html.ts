import { SpanMap } from '../text/spanMap';
import type { TableCell, TextTable } from '../text/table';

/** A stretch of an HTML text as a person sees it, or what its tags and scripts hold. */
export interface HtmlPart {
  readonly kind: 'text' | 'table' | 'attributes' | 'script';
  readonly text: string;
  readonly table?: TextTable;
  /** The way back to the HTML, which is read a second time for it: few parts have anything to locate. */
  readonly map: SpanMap;
}

type Part = Pick<HtmlPart, 'kind' | 'text' | 'table'> & { map: SpanMap | undefined };

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,6}));/y;

/** Where the next `&` of an HTML text is, for places that are asked about in their order. */
class Ampersands {
  #next = -1;

  constructor(private readonly html: string) {}

  from(at: number): number {
    if (this.#next < at) {
      const next = this.html.indexOf('&', at);
      this.#next = next < 0 ? this.html.length : next;
    }
    return this.#next;
  }
}

/** Text under construction. */
class Builder {
  readonly map: SpanMap | undefined;
  text = '';

  constructor(mapped: boolean) {
    this.map = mapped ? new SpanMap() : undefined;
  }

  raw(text: string, source: number): void {
    if (text === '') return;
    this.map?.run(this.length, source);
    this.text += text;
  }

  /** A separator that stands for no text of the source; a range that ends after it ends there. */
  separator(text: string, source: number): void {
    this.map?.unit(this.length, source, 0);
    this.text += text;
  }

  /** Text up to the next tag with its entities decoded; line breaks and tabs become spaces when `flat`. */
  content(html: string, from: number, to: number, flat: boolean, ampersands: Ampersands): void {
    let at = from;
    for (let amp = ampersands.from(from); amp < to; amp = ampersands.from(amp + 1)) {
      ENTITY.lastIndex = amp;
      const match = ENTITY.exec(html);
      if (!match) continue;
      const code = match[1] ? Number(match[1]) : match[2] ? Number.parseInt(match[2], 16) : Number.NaN;
      const value = match[3]
        ? ENTITIES[match[3]]
        : code > 0 && code <= 0x10ffff
          ? String.fromCodePoint(code)
          : undefined;
      if (value === undefined) continue;
      this.#written(html, at, amp, flat);
      this.map?.unit(this.length, amp, match[0].length);
      this.text += value;
      at = amp + match[0].length;
    }
    this.#written(html, at, to, flat);
  }

  #written(html: string, from: number, to: number, flat: boolean): void {
    const text = html.slice(from, to);
    this.raw(flat && BREAK.test(text) ? text.replace(/[\r\n\t]/g, ' ') : text, from);
  }

  get length(): number {
    return this.text.length;
  }
}

const BREAK = /[\r\n\t]/;

interface Row {
  cells: HtmlCell[];
  header: boolean;
}

interface HtmlCell extends TableCell {
  /** Columns it is wide. */
  readonly span: number;
}

/** The largest spans that HTML knows (HTML Living Standard, 4.9.11). */
const MOST_COLUMNS = 1000;
const MOST_ROWS = 65534;

class TableBuilder {
  readonly out: Builder;
  readonly #rows: Row[] = [];
  /** By column the number of the last row that a cell of a row above takes. */
  readonly #takenTo: number[] = [];
  #inHead = false;
  #open = false;

  constructor(mapped: boolean) {
    this.out = new Builder(mapped);
  }

  /** @param attributes of the tag lie between here and `end` */
  tag(name: string, closing: boolean, source: number, html: string, attributes: number, end: number): void {
    if (name === 'thead') this.#inHead = !closing;
    else if (name === 'tr') {
      this.#close();
      if (!closing) {
        if (this.out.length > 0) this.out.separator('\n', source);
        this.#begin();
      }
    } else if (name === 'td' || name === 'th') {
      this.#close();
      if (closing) return;
      if (this.#rows.length === 0) this.#begin();
      const row = this.#rows[this.#rows.length - 1] as Row;
      if (row.cells.length > 0) this.out.separator('\t', source);
      if (name === 'th' && row.cells.length === 0 && this.#rows.length === 1) row.header = true;
      if (name === 'td') row.header = false;
      const column = this.#freeColumn(row);
      const span = attributes < end ? this.#span(column, html.slice(attributes, end)) : 1;
      row.cells.push({ column, span, start: this.out.length, end: this.out.length });
      this.#open = true;
    }
  }

  #begin(): void {
    this.#rows.push({ cells: [], header: this.#inHead });
  }

  /** The column of the next cell of a row: one that no cell of a row above takes. */
  #freeColumn({ cells }: Row): number {
    const last = cells[cells.length - 1];
    let column = last ? last.column + last.span : 0;
    if (this.#takenTo.length > 0) while ((this.#takenTo[column] ?? 0) >= this.#rows.length) column += 1;
    return column;
  }

  /** Columns that a cell is wide by its attributes. Rows that it is high are noted. */
  #span(column: number, attributes: string): number {
    if (column >= MOST_COLUMNS || !SPANS.test(attributes)) return 1;
    const span = spanOf(COLUMNS, attributes, MOST_COLUMNS);
    const rows = spanOf(ROWS, attributes, MOST_ROWS);
    // The row itself is the first of them.
    if (rows > 1) for (let i = 0; i < span; i += 1) this.#takenTo[column + i] = this.#rows.length + rows - 1;
    return span;
  }

  content(html: string, from: number, to: number, ampersands: Ampersands): void {
    if (this.#open) this.out.content(html, from, to, true, ampersands);
  }

  #close(): void {
    if (!this.#open) return;
    const cells = (this.#rows[this.#rows.length - 1] as Row).cells;
    (cells[cells.length - 1] as TableCell).end = this.out.length;
    this.#open = false;
  }

  finish(): Part {
    this.#close();
    const { text, map } = this.out;
    let heads = 0;
    while (heads < MOST_HEADS && this.#rows[heads]?.header) heads += 1;
    const header: string[] = [];
    for (const { cells } of this.#rows.slice(0, heads)) {
      for (const { column, span, start, end } of cells) {
        const name = text.slice(start, end).trim();
        for (let i = column; i < Math.min(column + span, MOST_COLUMNS); i += 1) {
          while (header.length <= i) header.push('');
          if (name !== '' && header[i] !== name) header[i] = header[i] ? `${header[i]} ${name}` : name;
        }
      }
    }
    const body = this.#rows.slice(heads).map(({ cells }) => cells);
    return { kind: 'table', text, map, table: { header, rows: () => body } };
  }
}

/** Levels of a header that are read. */
const MOST_HEADS = 8;
const SPANS = /span/i;
const COLUMNS = /\bcolspan\s{0,8}=\s{0,8}["']?(\d{1,6})/i;
const ROWS = /\browspan\s{0,8}=\s{0,8}["']?(\d{1,6})/i;

const spanOf = (attribute: RegExp, attributes: string, most: number): number =>
  Math.min(most, Math.max(1, Number(attribute.exec(attributes)?.[1] ?? 1)));

const BREAKING = new Set([
  'p',
  'br',
  'div',
  'li',
  'tr',
  'table',
  'pre',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'ul',
  'ol',
  'td',
  'th',
]);
/** Tags whose attributes hold addresses and values. */
const TELLING = new Set([
  'a',
  'img',
  'iframe',
  'form',
  'input',
  'meta',
  'script',
  'link',
  'source',
  'param',
  'option',
  'embed',
  'object',
]);

const SLASH = 47;
const LONGEST_NAME = 16;

/** The name of a tag, in lower case; empty where none begins. */
function nameAt(html: string, at: number): string {
  let end = at;
  for (; end < at + LONGEST_NAME; end += 1) {
    const c = html.charCodeAt(end);
    const letter = (c | 32) >= 97 && (c | 32) <= 122;
    const digit = c >= 48 && c <= 57;
    if (!letter && !(digit && end > at)) break;
  }
  return html.slice(at, end).toLowerCase();
}

/** Reads HTML as cells, text, attributes and scripts. Linear, tolerant, no tree. */
export function readHtml(html: string): HtmlPart[] {
  let mapped: Part[] | undefined;
  return partsOf(html, false).map(({ kind, text, table }, i) => ({
    kind,
    text,
    ...(table && { table }),
    get map() {
      mapped ??= partsOf(html, true);
      return (mapped[i] as Part).map as SpanMap;
    },
  }));
}

function partsOf(html: string, mapped: boolean): Part[] {
  const parts: Part[] = [];
  const text = new Builder(mapped);
  const attributes = new Builder(mapped);
  const ampersands = new Ampersands(html);
  let table: TableBuilder | undefined;
  let nested = 0;
  const emit = (from: number, to: number) => {
    if (to <= from) return;
    if (table) table.content(html, from, to, ampersands);
    else text.content(html, from, to, false, ampersands);
  };
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) {
      emit(at, html.length);
      break;
    }
    emit(at, open);
    if (html.startsWith('<!--', open)) {
      const close = html.indexOf('-->', open + 4);
      emit(open + 4, close < 0 ? html.length : close);
      at = close < 0 ? html.length : close + 3;
      continue;
    }
    const close = html.indexOf('>', open + 1);
    const closing = html.charCodeAt(open + 1) === SLASH;
    const tag = nameAt(html, closing ? open + 2 : open + 1);
    if (tag === '' || close < 0) {
      emit(open, open + 1);
      at = open + 1;
      if (close < 0) {
        emit(at, html.length);
        break;
      }
      continue;
    }
    at = close + 1;
    if (!closing && TELLING.has(tag)) addAttributes(attributes, html, open + 1 + tag.length, close);
    if (tag === 'table') {
      if (!closing) {
        nested += 1;
        table ??= new TableBuilder(mapped);
      } else if (nested > 0) {
        nested -= 1;
        if (nested === 0 && table) {
          parts.push(table.finish());
          table = undefined;
        }
      }
    } else if (table) table.tag(tag, closing, open, html, open + 1 + tag.length, close);
    else if (BREAKING.has(tag) && text.length > 0) text.separator('\n', open);
    if (!closing && (tag === 'script' || tag === 'style')) {
      const end = indexOfTagEnd(html, tag, at);
      if (tag === 'script' && end > at) {
        const script = new Builder(mapped);
        script.raw(html.slice(at, end), at);
        parts.push({ kind: 'script', text: script.text, map: script.map });
      }
      at = end;
    }
  }
  if (table) parts.push(table.finish());
  if (text.length > 0) parts.push({ kind: 'text', text: text.text, map: text.map });
  if (attributes.length > 0) parts.push({ kind: 'attributes', text: attributes.text, map: attributes.map });
  return parts;
}

function indexOfTagEnd(html: string, tag: string, from: number): number {
  for (let at = html.indexOf('</', from); at >= 0; at = html.indexOf('</', at + 2)) {
    if (html.slice(at + 2, at + 2 + tag.length).toLowerCase() === tag) return at;
  }
  return html.length;
}

/** The inside of a tag without the content of its `data:` addresses. */
function addAttributes(out: Builder, html: string, from: number, to: number): void {
  if (html.slice(from, to).indexOf('=') < 0) return;
  let at = from;
  const inside = html.slice(from, to);
  for (let data = inside.indexOf('data:'); data >= 0; ) {
    const quote = inside.slice(data).search(/["'\s]/);
    const end = quote < 0 ? inside.length : data + quote;
    if (inside.slice(data, end).includes(',')) {
      out.raw(html.slice(at, from + data + 5), at);
      at = from + end;
    }
    const next = inside.slice(end).indexOf('data:');
    data = next < 0 ? -1 : end + next;
  }
  out.raw(html.slice(at, to), at);
  out.separator('\n', to);
}
