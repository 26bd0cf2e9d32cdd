import type { Location } from '../finding';
import { decodeText } from '../text/decode';
import type { SegmentKind, SegmentLanguage, TextDocument, TextSegment } from '../text/document';
import { LazyLines, magicLanguage } from '../text/fileDocument';
import { languageById } from '../text/languages';
import { SpanMap } from '../text/spanMap';
import { delimitedTable, delimiterOf, type TextTable } from '../text/table';
import { readHtml } from './html';
import { IndexedJson } from './indexedJson';
import { JoinedText } from './joinedText';
import { type Json, type JsonMember, type JsonValue, kindAt } from './json';
import { TextWithoutPictures } from './pictures';
import { isProgramKey, isProgramValue } from './programData';
import { JoinedLocator, LeafLocator, type Lines, type NotebookPlace, NotebookSegment } from './segments';
import { TolerantJson } from './tolerantJson';

/** A notebook read from its file, with what is wrong with it. */
export interface NotebookReading {
  document: TextDocument;
  /** Why the file is no sound notebook; absent when it is one. */
  failure?: string;
}

interface CellParts {
  type: string;
  /** The editor's language id when the cell says so. */
  language: string | undefined;
  tags: string[];
  sources: JsonValue[];
  outputs: JsonValue[];
  attachments: JsonValue[];
  metadata: JsonValue[];
}

/** MIME types whose payload is an image, a font, a movie or a plot: base64 or vector data, no text of a person. */
const BLOB =
  /^(?:image|audio|video|font)\/(?!svg)|^application\/(?:pdf|octet-stream|zip|x-|vnd\.(?:plotly|bokeh|vega|holoviews|jupyter\.widget|dataresource|mols))/;
const DELIMITED = /^text\/(?:csv|tab-separated-values|tsv)/;
/** Keys of an output of nbformat 3 that hold what a MIME type names in nbformat 4. */
const LEGACY_BLOB = new Set(['png', 'jpeg', 'pdf']);

/**
 * Reads a notebook of nbformat 3 or 4 (and what Colab and Databricks make of it) into segments: the source of each cell,
 * its outputs, its attachments that are no images, and all metadata. Format: nbformat.readthedocs.io.
 * @param text the whole .ipynb file, decoded
 */
export function readNotebook(name: string, text: string): NotebookReading {
  return new NotebookReader(name, IndexedJson.of(text) ?? new TolerantJson(text), new LazyLines(text)).read();
}

/**
 * Reads a notebook as {@link readNotebook} does.
 * @param bytes the whole .ipynb file, UTF-8 or with a byte order mark
 */
export function readNotebookBytes(name: string, bytes: Uint8Array): NotebookReading {
  const cut = TextWithoutPictures.of(bytes);
  const json = cut && IndexedJson.of(cut.text);
  const reading = json && new NotebookReader(name, json, cut).read();
  // What is not sound is read as text too, and then the whole of it.
  return reading && reading.failure === undefined ? reading : readNotebook(name, decodeText(bytes).text);
}

class NotebookReader {
  readonly #json: Json;
  readonly #lines: Lines;
  readonly #segments: TextSegment[] = [];
  #language: SegmentLanguage = 'python';

  constructor(
    private readonly name: string,
    json: Json,
    lines: Lines,
  ) {
    this.#json = json;
    this.#lines = lines;
  }

  read(): NotebookReading {
    const json = this.#json;
    const { top } = json;
    let cellLists: JsonValue[] = [];
    let failure: string | undefined;
    if (this.#kindOf(top) !== 'object') failure = 'the file is not a JSON object';
    else {
      const members = allMembers(json, top);
      cellLists = this.#cellLists(members);
      for (const member of members) if (member.key === 'metadata') this.#kernel(member);
      for (const member of members) {
        if (member.key !== 'cells' && member.key !== 'worksheets') this.#leaves(member, member.key, {});
      }
      if (cellLists.length === 0) failure = 'the file has no cells';
    }
    let index = 0;
    for (const list of cellLists) {
      for (const cell = json.elements(list); cell.next(); index += 1) {
        if (this.#kindOf(cell) === 'object') this.#cell(cell, index);
      }
    }
    // What a reader of JSON cannot reach is still text.
    const { damage } = json;
    if (damage) failure = `${damage.reason} (line ${this.#lines.lineOf(damage.offset)})`;
    if (failure !== undefined) this.#raw(damage ? damage.offset : 0);
    return {
      document: { name: this.name, kind: 'notebook', segments: this.#segments },
      ...(failure !== undefined && { failure: `not a valid notebook: ${failure}` }),
    };
  }

  #kindOf(value: JsonValue) {
    return kindAt(this.#json.text, value.start);
  }

  #cellLists(members: readonly JsonMember[]): JsonValue[] {
    const lists: JsonValue[] = members.filter((member) => member.key === 'cells' && this.#kindOf(member) === 'array');
    for (const sheets of members) {
      if (sheets.key !== 'worksheets') continue;
      for (const sheet = this.#json.elements(sheets); sheet.next(); ) {
        for (const member = this.#json.members(sheet); member.next(); ) {
          const { key } = member;
          if (key === 'cells') lists.push(held(member));
          else this.#leaves(member, `worksheets/${key}`, {});
        }
      }
    }
    return lists;
  }

  /** The language of code cells, from the kernel's description. */
  #kernel(metadata: JsonValue): void {
    const json = this.#json;
    let fromKernel: string | undefined;
    let fromInfo: string | undefined;
    for (const member = json.members(metadata); member.next(); ) {
      const { key } = member;
      if (key !== 'kernelspec' && key !== 'language_info') continue;
      for (const field = json.members(member); field.next(); ) {
        if (key === 'kernelspec' && field.key === 'language') fromKernel = json.content(field);
        if (key === 'language_info' && field.key === 'name') fromInfo = json.content(field);
      }
    }
    this.#language = languageById(fromInfo ?? fromKernel ?? 'python');
  }

  #cell(cell: JsonValue, index: number): void {
    const json = this.#json;
    const parts: CellParts = {
      type: 'code',
      language: undefined,
      tags: [],
      sources: [],
      outputs: [],
      attachments: [],
      metadata: [],
    };
    for (const member = json.members(cell); member.next(); ) {
      const { key } = member;
      switch (key) {
        case 'cell_type':
          parts.type = json.content(member);
          break;
        case 'source':
        case 'input':
          parts.sources.push(held(member));
          break;
        case 'outputs':
          parts.outputs.push(held(member));
          break;
        case 'attachments':
          parts.attachments.push(held(member));
          break;
        case 'metadata':
          parts.metadata.push(held(member));
          this.#cellMetadata(member, parts);
          break;
        case 'language':
          parts.language ??= json.content(member);
          break;
        default:
          if (this.#kindOf(member) !== 'scalar') this.#leaves(member, key, { cell: index });
      }
    }
    const { tags } = parts;
    const place = { cell: index, tags };
    for (const source of parts.sources) this.#source(source, parts, place);
    for (const metadata of parts.metadata) this.#leaves(metadata, 'metadata', place);
    for (const attachments of parts.attachments) this.#attachments(attachments, place);
    for (const outputs of parts.outputs) {
      let output = 0;
      for (const element = json.elements(outputs); element.next(); output += 1) {
        this.#output(element, { cell: index, output, tags });
      }
    }
  }

  #cellMetadata(metadata: JsonValue, parts: CellParts): void {
    const json = this.#json;
    for (const member = json.members(metadata); member.next(); ) {
      const { key } = member;
      if (key === 'tags') {
        for (const tag = json.elements(member); tag.next(); ) parts.tags.push(json.content(tag));
      } else if (key === 'vscode') {
        for (const field = json.members(member); field.next(); ) {
          if (field.key === 'languageId') parts.language = json.content(field);
        }
      }
    }
  }

  #source(source: JsonValue, { type, language: own }: CellParts, place: NotebookPlace): void {
    const joined = JoinedText.of(this.#json, source);
    const { text } = joined;
    if (text === '') return;
    let kind: SegmentKind = 'code';
    let language = own === undefined ? this.#language : languageById(own);
    if (type === 'markdown' || type === 'heading') {
      kind = 'markdown';
      language = 'markdown';
    } else if (type === 'raw') {
      kind = 'raw';
      language = 'plain';
    } else ({ kind, language } = magicLanguage(text, language));
    this.#segments.push(
      new NotebookSegment(kind, language, text, new JoinedLocator(joined, this.#lines, place), place),
    );
  }

  #output(output: JsonValue, place: NotebookPlace): void {
    const json = this.#json;
    for (const member = json.members(output); member.next(); ) {
      const { key } = member;
      switch (key) {
        case 'output_type':
        case 'execution_count':
        case 'prompt_number':
        case 'name':
        case 'stream':
        case 'ename':
          break;
        case 'data':
          if (this.#kindOf(member) === 'object') {
            for (const mime = json.members(member); mime.next(); ) this.#mime(mime, place);
          } else this.#text(member, place);
          break;
        case 'text':
        case 'traceback':
        case 'evalue':
        case 'latex':
        case 'javascript':
          this.#text(member, place, key === 'traceback' ? '\n' : '');
          break;
        case 'html':
        case 'svg':
          this.#html(member, place);
          break;
        default:
          if (!LEGACY_BLOB.has(key) && this.#kindOf(member) !== 'scalar') this.#leaves(member, key, place);
      }
    }
  }

  #mime(member: JsonMember, place: NotebookPlace): void {
    const mime = member.key.toLowerCase();
    if (BLOB.test(mime)) return;
    if (mime === 'text/html' || mime === 'image/svg+xml') this.#html(member, place);
    else if (this.#kindOf(member) === 'object' || mime.endsWith('json')) this.#leaves(member, mime, place);
    else this.#text(member, place);
  }

  /** Plain output, without ANSI escape sequences (ECMA-48): what a terminal would show. */
  #text(value: JsonValue, place: NotebookPlace, separator = ''): void {
    const joined = JoinedText.of(this.#json, value, separator);
    const { text, map } = stripAnsi(joined.text);
    if (text === '') return;
    const locator = new JoinedLocator(joined, this.#lines, place, () => map);
    this.#segments.push(new NotebookSegment('output', 'plain', text, locator, place));
  }

  #html(value: JsonValue, place: NotebookPlace): void {
    const joined = JoinedText.of(this.#json, value);
    for (const part of readHtml(joined.text)) {
      const locator = new JoinedLocator(joined, this.#lines, place, () => part.map);
      const segment =
        part.kind === 'table'
          ? new NotebookSegment('table', 'csv', part.text, locator, place, undefined, part.table)
          : new NotebookSegment('output', part.kind === 'text' ? 'plain' : 'html', part.text, locator, place);
      this.#segments.push(segment);
    }
  }

  #attachments(attachments: JsonValue, place: NotebookPlace): void {
    const json = this.#json;
    for (const file = json.members(attachments); file.next(); ) {
      const { key } = file;
      this.#keyed(JoinedText.ofKey(json, file), 'attachments', place, 'attachment');
      for (const mime = json.members(file); mime.next(); ) {
        const type = mime.key.toLowerCase();
        if (BLOB.test(type)) continue;
        const joined = JoinedText.of(json, mime);
        const table = DELIMITED.test(type) ? delimitedTable(joined.text, delimiterOf(key, joined.text)) : undefined;
        this.#keyed(joined, `attachments/${key}`, place, 'attachment', table);
      }
    }
  }

  /** Each string of metadata or of a JSON output is a segment of its own, known by its key path. */
  #leaves(value: JsonValue, prefix: string, place: NotebookPlace): void {
    const json = this.#json;
    if (this.#kindOf(value) === 'scalar') return;
    for (const leaf = json.leaves(value); leaf.next(); ) {
      const length = leaf.end - leaf.start;
      if (length < 8 && this.#kindOf(leaf) !== 'string') continue;
      const { path: below } = leaf;
      const path = below ? `${prefix}/${below}` : prefix;
      if (isProgramKey(path, length)) continue;
      const joined = JoinedText.ofLeaf(json, leaf);
      if (!isProgramValue(path, joined.text)) this.#keyed(joined, path, place, 'metadata');
    }
  }

  #keyed(joined: JoinedText, path: string, place: NotebookPlace, kind: SegmentKind, table?: TextTable): void {
    if (joined.text === '') return;
    const locator = new LeafLocator(joined, this.#lines, place, path);
    const language = table ? 'csv' : 'json';
    this.#segments.push(new NotebookSegment(kind, language, joined.text, locator, place, path, table));
  }

  #raw(from: number): void {
    const { text } = this.#json;
    if (from >= text.length) return;
    // From the start of the line, so that a key on it is seen with its value.
    const start = text.lastIndexOf('\n', from) + 1;
    const locator = { locate: (a: number, b: number) => this.#lines.locate(start + a, start + b) };
    this.#segments.push(new NotebookSegment('raw', 'json', text.slice(start), locator));
  }
}

function allMembers(json: Json, object: JsonValue): JsonMember[] {
  const members: JsonMember[] = [];
  for (const member = json.members(object); member.next(); ) {
    const { start, end, token, key, keyStart, keyEnd } = member;
    members.push({ start, end, token, key, keyStart, keyEnd });
  }
  return members;
}

/** A value that stays what it is when the way that led to it goes on. */
const held = ({ start, end, token }: JsonValue): JsonValue => ({ start, end, token });

const ESCAPE = String.fromCharCode(27);
/** CSI and OSC sequences and the two-character escapes of ECMA-48. */
const ANSI = new RegExp(
  `${ESCAPE}(?:\\[[0-?]{0,64}[ -/]{0,8}[@-~]|\\][^\\u0007${ESCAPE}]{0,512}(?:\\u0007|${ESCAPE}\\\\)|[@-Z\\\\-_])`,
  'g',
);

/** Drops what colours a terminal; everything else keeps its place. */
export function stripAnsi(text: string): { text: string; map: SpanMap } {
  const map = new SpanMap();
  map.run(0, 0);
  if (!text.includes(ESCAPE)) return { text, map };
  let out = '';
  let at = 0;
  ANSI.lastIndex = 0;
  for (let match = ANSI.exec(text); match; match = ANSI.exec(text)) {
    map.run(out.length, at);
    out += text.slice(at, match.index);
    at = ANSI.lastIndex;
  }
  map.run(out.length, at);
  out += text.slice(at);
  return { text: out, map };
}

/** A cell of a notebook that an editor holds. */
export interface CellText {
  kind: 'code' | 'markdown' | 'raw';
  /** The editor's language id: `python`, `markdown`, `sql` ... */
  language: string;
  text: string;
  tags?: readonly string[];
}

/** The notebook that an editor has open, as it is now. Places have a cell and no line of the file. */
export function documentFromCells(name: string, cells: readonly CellText[]): TextDocument {
  const segments = cells.map(({ kind, language: id, text, tags }, cell): TextSegment => {
    const look =
      kind === 'code'
        ? magicLanguage(text, languageById(id))
        : { kind, language: kind === 'markdown' ? ('markdown' as const) : ('plain' as const) };
    const lines = new LazyLines(text);
    const locator = {
      locate(start: number, end: number) {
        const { line, column, endLine, endColumn } = lines.locate(start, end) as Required<Location>;
        return { line, column, endLine, endColumn, cell };
      },
    };
    return new NotebookSegment(look.kind, look.language, text, locator, { cell, tags });
  });
  return { name, kind: 'notebook', segments };
}
