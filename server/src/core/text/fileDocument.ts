import { isRequirementsText } from '../dependencies/recognise';
import type { ArtifactKind, Location } from '../finding';
import { splitName } from '../identify';
import type { SegmentKind, SegmentLanguage, TextDocument, TextSegment } from './document';
import { isDependencyManifest, type TextKind, textKindByContent, textKindByName } from './languages';
import { LineIndex } from './lineIndex';
import { SpanMap } from './spanMap';
import { delimitedTable, delimiterOf } from './table';

/** Lines of a text, counted when the first place in it is asked for. */
export class LazyLines {
  #index: LineIndex | undefined;

  constructor(private readonly text: string) {}

  locate(start: number, end: number): Location {
    this.#index ??= new LineIndex(this.text);
    return this.#index.locate(start, end);
  }

  lineOf(offset: number): number {
    this.#index ??= new LineIndex(this.text);
    return this.#index.position(offset).line;
  }
}

/**
 * A whole text file as a document of one segment; a Databricks source export is split at its commands, and what its
 * `# MAGIC` lines hold is read in the language of the magic.
 * @param name file name with its extension
 */
export function documentFromText(name: string, text: string): TextDocument {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\'), name.lastIndexOf('!')) + 1);
  const { base: lower, folder } = splitName(name);
  const known = textKindByName(lower);
  const plain = !known || (known.language === 'plain' && known.kind === 'prose');
  const manifest = plain && isRequirementsText(lower, folder, text);
  const kind = manifest ? REQUIREMENTS : plain ? textKindByContent(text) : known;
  const lines = new LazyLines(text);
  const artifact: ArtifactKind =
    kind.language === 'python' ? 'python' : manifest || isDependencyManifest(lower) ? 'dependencies' : 'text';
  const segments =
    kind.language === 'python' && text.startsWith('# Databricks notebook source')
      ? databricksSegments(text, lines)
      : [wholeSegment(lower, text, kind, lines)];
  return { name: base, path: name, kind: artifact, segments };
}

const REQUIREMENTS: TextKind = { language: 'requirements', kind: 'config' };

function wholeSegment(name: string, text: string, kind: TextKind, lines: LazyLines): TextSegment {
  return {
    kind: kind.kind,
    language: kind.language,
    text,
    ...(kind.kind === 'table' && { table: delimitedTable(text, delimiterOf(name, text)) }),
    locate: (start, end) => lines.locate(start, end),
  };
}

const COMMAND = /^# COMMAND -+[ \t]*$/gm;
const MAGIC = '# MAGIC';

function databricksSegments(text: string, lines: LazyLines): TextSegment[] {
  const segments: TextSegment[] = [];
  let at = 0;
  COMMAND.lastIndex = 0;
  for (;;) {
    const match = COMMAND.exec(text);
    const end = match ? match.index : text.length;
    segments.push(databricksCommand(text, at, end, lines));
    if (!match) break;
    at = COMMAND.lastIndex;
  }
  return segments;
}

function databricksCommand(text: string, from: number, to: number, lines: LazyLines): TextSegment {
  const map = new SpanMap();
  let out = '';
  let magic = false;
  for (let at = from; at < to; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 || newline >= to ? to : newline + 1;
    let start = at;
    if (text.startsWith(MAGIC, at)) {
      magic = true;
      start = Math.min(end, at + MAGIC.length + (text[at + MAGIC.length] === ' ' ? 1 : 0));
    }
    map.run(out.length, start);
    out += text.slice(start, end);
    at = end;
  }
  const { language, kind } = magic ? magicLanguage(out) : { language: 'python' as const, kind: 'code' as const };
  return {
    kind,
    language,
    text: out,
    locate: (start, end) => lines.locate(map.start(start), map.end(end)),
  };
}

/**
 * Language of a cell that begins with a magic: IPython's `%%bash`, Databricks' `%sql`, `%%writefile conf.yaml`.
 * @param fallback language of a cell without one
 */
export function magicLanguage(
  source: string,
  fallback: SegmentLanguage = 'python',
): { language: SegmentLanguage; kind: SegmentKind } {
  if (beginsPlainly(source)) return { language: fallback, kind: 'code' };
  const match = /^(?:\s|#[^\n]{0,200}\n){0,400}%(%?)([A-Za-z_]+)([^\n]{0,300})/.exec(source);
  if (!match) return { language: fallback, kind: 'code' };
  const name = (match[2] as string).toLowerCase();
  // A line magic rules one line only; Databricks' language magics have a single sign and rule the cell.
  const whole = match[1] === '%';
  switch (name) {
    case 'bash':
    case 'sh':
    case 'system':
    case 'script':
    case 'sx':
    case 'cmd':
      return whole || name === 'sh' ? { language: 'shell', kind: 'code' } : { language: fallback, kind: 'code' };
    case 'sql':
    case 'bigquery':
    case 'sparksql':
      return { language: whole || !match[3]?.trim() ? 'sql' : fallback, kind: 'code' };
    case 'md':
    case 'markdown':
      return { language: 'markdown', kind: 'markdown' };
    case 'html':
    case 'svg':
      return { language: 'html', kind: 'code' };
    case 'javascript':
    case 'js':
    case 'r':
    case 'scala':
    case 'ruby':
    case 'perl':
    case 'latex':
    case 'cython':
    case 'julia':
      return { language: name === 'cython' ? 'python' : 'plain', kind: 'code' };
    case 'writefile':
    case 'file': {
      const file = (match[3] as string).trim().split(/\s+/).pop() ?? '';
      const kind = whole ? textKindByName((file.split('/').pop() ?? '').toLowerCase()) : undefined;
      return kind ? { language: kind.language, kind: 'code' } : { language: fallback, kind: 'code' };
    }
    default:
      return { language: fallback, kind: 'code' };
  }
}

/** True when the first character is no space, comment or magic, which is so for most cells. */
function beginsPlainly(source: string): boolean {
  const first = source.charCodeAt(0);
  return first > 37 && first < 128;
}
