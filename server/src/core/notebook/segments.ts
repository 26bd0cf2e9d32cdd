import type { Location } from '../finding';
import type { SegmentKind, SegmentLanguage, TextSegment } from '../text/document';
import { LazyLines } from '../text/fileDocument';
import type { SpanMap } from '../text/spanMap';
import type { TextTable } from '../text/table';
import type { JoinedText } from './joinedText';

/** Where in a notebook something stands. */
export interface NotebookPlace {
  readonly cell?: number;
  readonly output?: number;
  /** Tags of the cell. */
  readonly tags?: readonly string[];
}

/** Lines of the file's text. */
export interface Lines {
  locate(start: number, end: number): Location;
  lineOf(offset: number): number;
}

/** The way from a segment's text to the document. */
export interface Locator {
  locate(start: number, end: number): Location;
}

/** A segment of a notebook. All have one shape, since whoever reads segments reads very many. */
export class NotebookSegment implements TextSegment {
  readonly cell: number | undefined;
  readonly output: number | undefined;
  readonly tags: readonly string[] | undefined;
  /** Its own, so that a copy with another text has it too. */
  readonly locate: TextSegment['locate'];

  constructor(
    readonly kind: SegmentKind,
    readonly language: SegmentLanguage,
    readonly text: string,
    locator: Locator,
    { cell, output, tags }: NotebookPlace = {},
    readonly path?: string,
    readonly table?: TextTable,
  ) {
    this.cell = cell;
    this.output = output;
    this.tags = tags && tags.length > 0 ? tags : undefined;
    this.locate = (start, end) => locator.locate(start, end);
  }
}

/** Lines and columns are those of the source or output; `fileLine` is the line of the file that it is written on. */
export class JoinedLocator implements Locator {
  #lines: LazyLines | undefined;

  /** @param inner from the segment's text to the joined text; absent when they are the same */
  constructor(
    private readonly joined: JoinedText,
    private readonly file: Lines,
    private readonly place: NotebookPlace,
    private readonly inner?: () => SpanMap,
  ) {}

  locate(start: number, end: number): Location {
    const { joined, file, inner } = this;
    this.#lines ??= new LazyLines(joined.text);
    const map = inner?.();
    const from = map ? map.start(start) : start;
    return {
      ...this.#lines.locate(from, map ? map.end(end) : end),
      ...spotOf(this.place),
      fileLine: file.lineOf(joined.map.start(from)),
    };
  }
}

/** Lines and columns are those of the file, but inside a cell, where they would be read as those of its source. */
export class LeafLocator implements Locator {
  constructor(
    private readonly leaf: JoinedText,
    private readonly file: Lines,
    private readonly place: NotebookPlace,
    private readonly path: string,
  ) {}

  locate(start: number, end: number): Location {
    const { map } = this.leaf;
    const raw = this.file.locate(map.start(start), map.end(end));
    if (this.place.cell === undefined) return { ...raw, node: this.path };
    return { ...spotOf(this.place), node: this.path, ...(raw.fileLine && { fileLine: raw.fileLine }) };
  }
}

function spotOf({ cell, output }: NotebookPlace): Pick<Location, 'cell' | 'output'> {
  return { ...(cell !== undefined && { cell }), ...(output !== undefined && { output }) };
}
