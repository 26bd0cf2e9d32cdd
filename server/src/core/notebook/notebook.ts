import type { Location } from '../finding';
import type { SegmentKind, SegmentLanguage, TextDocument, TextSegment } from '../text/document';
import { LazyLines, magicLanguage } from '../text/fileDocument';
import { languageById } from '../text/languages';
import { SpanMap } from '../text/spanMap';
import { readHtml } from './html';
import { DecodedString, type JsonDamage, type JsonEntry, type JsonSpan, JsonText } from './json';

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
  sources: JsonSpan[];
  outputs: JsonSpan[];
  attachments: JsonSpan[];
  metadata: JsonSpan[];
}

/** MIME types whose payload is an image, a font, a movie or a plot: base64 or vector data, no text of a person. */
const BLOB =
  /^(?:image|audio|video|font)\/(?!svg)|^application\/(?:pdf|octet-stream|zip|x-|vnd\.(?:plotly|bokeh|vega|holoviews|jupyter\.widget|dataresource|mols))/;
/** Keys of an output of nbformat 3 that hold what a MIME type names in nbformat 4. */
const LEGACY_BLOB = new Set(['png', 'jpeg', 'pdf']);

const INLINE_LIMIT = 4096;

/**
 * Reads a notebook of nbformat 3 or 4 (and what Colab and Databricks make of it) into segments: the source of each cell,
 * its outputs, its attachments that are no images, and all metadata. Format: nbformat.readthedocs.io.
 * @param text the whole .ipynb file, decoded
 */
export function readNotebook(name: string, text: string): NotebookReading {
  return new NotebookReader(name, text).read();
}

class NotebookReader {
  readonly #json: JsonText;
  readonly #lines: LazyLines;
  readonly #segments: TextSegment[] = [];
  #language = 'python';

  constructor(
    private readonly name: string,
    private readonly text: string,
  ) {
    this.#json = new JsonText(text);
    this.#lines = new LazyLines(text);
  }

  read(): NotebookReading {
    const json = this.#json;
    const start = json.skipSpace(0);
    let cellLists: JsonSpan[] = [];
    let failure: string | undefined;
    if (json.kindAt(start) !== 'object') failure = 'the file is not a JSON object';
    else {
      const top = [...json.entries(start)];
      cellLists = this.#cellLists(top);
      for (const entry of top) if (entry.key === 'metadata') this.#kernel(entry);
      for (const entry of top) {
        if (entry.key !== 'cells' && entry.key !== 'worksheets') this.#leaves(entry, entry.key, {});
      }
      if (cellLists.length === 0) failure = 'the file has no cells';
    }
    let index = 0;
    for (const list of cellLists) {
      for (const element of json.elements(list.start)) {
        if (json.kindAt(element.start) === 'object') this.#cell(element, index);
        index += 1;
      }
    }
    // What a reader of JSON cannot reach is still text.
    const damage: JsonDamage | undefined = json.damage;
    if (damage) failure = `${damage.reason} (line ${this.#lines.lineOf(damage.offset)})`;
    if (failure !== undefined) this.#raw(damage ? damage.offset : 0);
    return {
      document: { name: this.name, kind: 'notebook', segments: this.#segments },
      ...(failure !== undefined && { failure: `not a valid notebook: ${failure}` }),
    };
  }

  #cellLists(top: readonly JsonEntry[]): JsonSpan[] {
    const lists: JsonSpan[] = top.filter(({ key, start }) => key === 'cells' && this.#json.kindAt(start) === 'array');
    for (const sheets of top.filter(({ key }) => key === 'worksheets')) {
      for (const sheet of this.#json.elements(sheets.start)) {
        for (const entry of this.#json.entries(sheet.start)) {
          if (entry.key === 'cells') lists.push(entry);
          else this.#leaves(entry, `worksheets/${entry.key}`, {});
        }
      }
    }
    return lists;
  }

  /** The language of code cells, from the kernel's description. */
  #kernel(metadata: JsonSpan): void {
    let fromKernel: string | undefined;
    let fromInfo: string | undefined;
    for (const entry of this.#json.entries(metadata.start)) {
      if (entry.key !== 'kernelspec' && entry.key !== 'language_info') continue;
      for (const field of this.#json.entries(entry.start)) {
        if (entry.key === 'kernelspec' && field.key === 'language') fromKernel = this.#json.decode(field);
        if (entry.key === 'language_info' && field.key === 'name') fromInfo = this.#json.decode(field);
      }
    }
    this.#language = fromInfo ?? fromKernel ?? 'python';
  }

  #cell(span: JsonSpan, index: number): void {
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
    for (const entry of json.entries(span.start)) {
      switch (entry.key) {
        case 'cell_type':
          parts.type = json.decode(entry);
          break;
        case 'source':
        case 'input':
          parts.sources.push(entry);
          break;
        case 'outputs':
          parts.outputs.push(entry);
          break;
        case 'attachments':
          parts.attachments.push(entry);
          break;
        case 'metadata':
          parts.metadata.push(entry);
          this.#cellMetadata(entry, parts);
          break;
        case 'language':
          parts.language ??= json.decode(entry);
          break;
        default:
          if (json.kindAt(entry.start) !== 'scalar') this.#leaves(entry, entry.key, { cell: index });
      }
    }
    for (const source of parts.sources) this.#source(source, index, parts);
    for (const metadata of parts.metadata) this.#leaves(metadata, 'metadata', { cell: index, tags: parts.tags });
    for (const attachments of parts.attachments) this.#attachments(attachments, index, parts.tags);
    for (const outputs of parts.outputs) {
      let output = 0;
      for (const element of json.elements(outputs.start)) {
        this.#output(element, { cell: index, output, tags: parts.tags });
        output += 1;
      }
    }
  }

  #cellMetadata(span: JsonSpan, parts: CellParts): void {
    for (const entry of this.#json.entries(span.start)) {
      if (entry.key === 'tags') {
        for (const tag of this.#json.elements(entry.start)) parts.tags.push(this.#json.decode(tag));
      } else if (entry.key === 'vscode') {
        for (const field of this.#json.entries(entry.start)) {
          if (field.key === 'languageId') parts.language = this.#json.decode(field);
        }
      }
    }
  }

  /** A string, or a list of strings joined: without separator, as nbformat has multi-line strings, or as frames of a traceback. */
  #multiline(span: JsonSpan, separator = ''): DecodedString {
    const out = new DecodedString();
    if (this.#json.kindAt(span.start) === 'string') out.add(this.#json, span);
    else {
      for (const element of this.#json.elements(span.start)) {
        if (this.#json.kindAt(element.start) !== 'string') continue;
        if (separator !== '' && out.length > 0) out.addSeparator(separator, element.start);
        out.add(this.#json, element);
      }
    }
    return out;
  }

  #source(span: JsonSpan, cell: number, { type, language: own, tags }: CellParts): void {
    const decoded = this.#multiline(span);
    const { text } = decoded;
    if (text === '') return;
    let kind: SegmentKind = 'code';
    let language: SegmentLanguage = languageById(own ?? this.#language);
    if (type === 'markdown' || type === 'heading') {
      kind = 'markdown';
      language = 'markdown';
    } else if (type === 'raw') {
      kind = 'raw';
      language = 'plain';
    } else ({ kind, language } = magicLanguage(text, language));
    const lines = new LazyLines(text);
    this.#segments.push({
      kind,
      language,
      text,
      cell,
      ...(tags.length > 0 && { tags }),
      locate: (start, end) => ({
        ...lines.locate(start, end),
        cell,
        fileLine: this.#lines.lineOf(decoded.map.start(start)),
      }),
    });
  }

  #output(span: JsonSpan, at: OutputPlace): void {
    const json = this.#json;
    if (json.kindAt(span.start) !== 'object') return;
    for (const entry of json.entries(span.start)) {
      switch (entry.key) {
        case 'output_type':
        case 'execution_count':
        case 'prompt_number':
        case 'name':
        case 'stream':
        case 'ename':
          break;
        case 'data':
          if (json.kindAt(entry.start) === 'object') {
            for (const mime of json.entries(entry.start)) this.#mime(mime, at);
          } else this.#text(entry, at);
          break;
        case 'text':
        case 'traceback':
        case 'evalue':
        case 'latex':
        case 'javascript':
          this.#text(entry, at, entry.key === 'traceback' ? '\n' : '');
          break;
        case 'html':
        case 'svg':
          this.#html(entry, at);
          break;
        default:
          if (!LEGACY_BLOB.has(entry.key) && json.kindAt(entry.start) !== 'scalar') {
            this.#leaves(entry, entry.key, at);
          }
      }
    }
  }

  #mime(entry: JsonEntry, at: OutputPlace): void {
    const mime = entry.key.toLowerCase();
    if (BLOB.test(mime)) return;
    if (mime === 'text/html' || mime === 'image/svg+xml') this.#html(entry, at);
    else if (this.#json.kindAt(entry.start) === 'object' || mime.endsWith('json')) this.#leaves(entry, mime, at);
    else this.#text(entry, at);
  }

  /** Plain output, without ANSI escape sequences (ECMA-48): what a terminal would show. */
  #text(span: JsonSpan, at: OutputPlace, separator = ''): void {
    const decoded = this.#multiline(span, separator);
    const lines = new LazyLines(decoded.text);
    const { text, map } = stripAnsi(decoded.text);
    if (text === '') return;
    this.#outputSegment({ kind: 'output', language: 'plain', text }, at, (start, end) => ({
      ...lines.locate(map.start(start), map.end(end)),
      fileLine: this.#lines.lineOf(decoded.map.start(map.start(start))),
    }));
  }

  #html(span: JsonSpan, at: OutputPlace): void {
    const decoded = this.#multiline(span);
    const lines = new LazyLines(decoded.text);
    for (const part of readHtml(decoded.text)) {
      const segment = {
        kind: part.kind === 'table' ? ('table' as const) : ('output' as const),
        language:
          part.kind === 'table' ? ('csv' as const) : part.kind === 'text' ? ('plain' as const) : ('html' as const),
        text: part.text,
        ...(part.table && { table: part.table }),
      };
      this.#outputSegment(segment, at, (start, end) => ({
        ...lines.locate(part.map.start(start), part.map.end(end)),
        fileLine: this.#lines.lineOf(decoded.map.start(part.map.start(start))),
      }));
    }
  }

  #outputSegment(
    segment: Pick<TextSegment, 'kind' | 'language' | 'text' | 'table'>,
    at: OutputPlace,
    locate: (start: number, end: number) => Location,
  ): void {
    this.#segments.push({
      ...segment,
      ...placeOf(at),
      locate: (start, end) => ({ ...locate(start, end), ...spot(at) }),
    });
  }

  #attachments(span: JsonSpan, cell: number, tags: string[]): void {
    for (const file of this.#json.entries(span.start)) {
      const key = { start: file.keyStart, end: this.#json.skip(file.keyStart) };
      this.#leaf(key, 'attachments', { cell, tags }, 'attachment');
      for (const mime of this.#json.entries(file.start)) {
        if (BLOB.test(mime.key.toLowerCase())) continue;
        const decoded = this.#multiline(mime);
        this.#keyed(decoded, `attachments/${file.key}`, { cell, tags }, 'attachment');
      }
    }
  }

  /** Each string of metadata or of a JSON output is a segment of its own, known by its key path. */
  #leaves(span: JsonSpan, prefix: string, at: Place): void {
    const json = this.#json;
    if (json.kindAt(span.start) === 'scalar') return;
    for (const leaf of json.leaves(span.start, span.end)) {
      const path = leaf.path ? `${prefix}/${leaf.path}` : prefix;
      if (skippedMetadata(path, leaf.end - leaf.start)) continue;
      if (json.kindAt(leaf.start) === 'string' || leaf.end - leaf.start >= 8) this.#leaf(leaf, path, at, 'metadata');
    }
  }

  #leaf(span: JsonSpan, path: string, at: Place, kind: SegmentKind): void {
    const decoded = new DecodedString();
    if (this.#json.kindAt(span.start) === 'string') decoded.add(this.#json, span);
    else decoded.addRaw(this.#json, span);
    this.#keyed(decoded, path, at, kind);
  }

  #keyed(decoded: DecodedString, path: string, at: Place, kind: SegmentKind): void {
    const { text, map } = decoded;
    if (text === '') return;
    const locate = (start: number, end: number): Location => {
      const raw = this.#lines.locate(map.start(start), map.end(end));
      // Inside a cell, lines are those of its source, where metadata has none.
      if (at.cell !== undefined) return { ...spot(at), node: path, ...(raw.fileLine && { fileLine: raw.fileLine }) };
      return { ...raw, node: path };
    };
    this.#segments.push({ kind, language: 'json', text, path, ...placeOf(at), locate });
  }

  #raw(from: number): void {
    if (from >= this.text.length) return;
    // From the start of the line, so that a key on it is seen with its value.
    const start = this.text.lastIndexOf('\n', from) + 1;
    this.#segments.push({
      kind: 'raw',
      language: 'json',
      text: this.text.slice(start),
      locate: (a, b) => this.#lines.locate(start + a, start + b),
    });
  }
}

interface Place {
  cell?: number;
  output?: number;
  tags?: string[];
}

interface OutputPlace extends Place {
  cell: number;
  output: number;
}

function spot({ cell, output }: Place): Pick<Location, 'cell' | 'output'> {
  return { ...(cell !== undefined && { cell }), ...(output !== undefined && { output }) };
}

function placeOf(at: Place): Pick<TextSegment, 'cell' | 'output' | 'tags'> {
  return { ...spot(at), ...(at.tags?.length && { tags: at.tags }) };
}

/**
 * What of metadata and JSON outputs is data of a program and never of a person: widget models but for what a person
 * typed, plot data, execution traces. By key, not by looks.
 */
function skippedMetadata(path: string, length: number): boolean {
  if (path.includes('widget-state+json') && !/\/(?:value|description|placeholder)$/.test(path)) return true;
  if (/(?:^|\/)(?:bdata|model_id|outputId|base_uri|photoUrl|nuid|origin_id|layout|style)$/.test(path)) return true;
  return length > INLINE_LIMIT && /(?:^|\/)(?:data|b64|base64|buffers|image|png|jpe?g)$/i.test(path);
}

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
    const lines = new LazyLines(text);
    const look =
      kind === 'code'
        ? magicLanguage(text, languageById(id))
        : { kind, language: kind === 'markdown' ? ('markdown' as const) : ('plain' as const) };
    return {
      ...look,
      text,
      cell,
      ...(tags?.length && { tags }),
      locate(start, end) {
        const { line, column, endLine, endColumn } = lines.locate(start, end) as Required<Location>;
        return { line, column, endLine, endColumn, cell };
      },
    };
  });
  return { name, kind: 'notebook', segments };
}
