/**
 * What every text scanner shares. A file, an editor's buffer or a notebook becomes a TextDocument: segments of decoded
 * text, each of which can say where a range of it lies. Analysers know segments only.
 */
import type { ArtifactKind, DependencyRecord, Location } from '../finding';
import type { FindingDraft } from '../scanner';
import type { ScanSettings } from '../settings';
import type { Keyword } from './automaton';
import type { Occurrences } from './keywordPass';
import type { Survey } from './survey';
import type { TextTable } from './table';

export type SegmentKind =
  | 'code'
  | 'markdown'
  | 'raw'
  | 'output'
  | 'metadata'
  | 'attachment'
  | 'config'
  | 'prose'
  | 'table';

export type SegmentLanguage =
  | 'python'
  | 'shell'
  | 'json'
  | 'yaml'
  | 'toml'
  | 'ini'
  | 'env'
  | 'xml'
  | 'html'
  | 'sql'
  | 'csv'
  | 'markdown'
  | 'dockerfile'
  | 'requirements'
  | 'plain';

export interface TextSegment {
  readonly kind: SegmentKind;
  readonly language: SegmentLanguage;
  /** Decoded text: no JSON escapes, no ANSI colours, HTML tables as cells. */
  readonly text: string;
  /** 0-based notebook cell, when the segment is of one. */
  readonly cell?: number;
  readonly output?: number;
  /** Key path for metadata and JSON outputs. */
  readonly path?: string;
  /** The segment as rows and columns, for delimited files and for tables of HTML outputs (cells split by tabs). */
  readonly table?: TextTable;
  /** Tags of the notebook cell, such as `watchtower-ignore`. */
  readonly tags?: readonly string[];
  /** Where `[start, end)` of `text` lies in the document. */
  locate(start: number, end: number): Location;
}

export interface TextDocument {
  /** File name with its extension, for decisions by name (`.env`, `requirements.txt`). */
  readonly name: string;
  /** POSIX path or member name as the container gives it, where there is one. */
  readonly path?: string;
  readonly kind: ArtifactKind;
  readonly segments: readonly TextSegment[];
}

/** A draft whose place is a range of the segment's text. */
export interface TextFindingDraft extends Omit<FindingDraft, 'location'> {
  start: number;
  end: number;
}

export interface TextContext {
  readonly settings: ScanSettings;
  readonly document: TextDocument;
  report(segment: TextSegment, draft: TextFindingDraft): void;
  /** Adds what `[start, end)` of the segment asks for to the artifact's bill of materials. */
  depend?(segment: TextSegment, start: number, end: number, dependency: Omit<DependencyRecord, 'location'>): void;
  /** Where the words of a family stand in a segment that its analyser reads. */
  occurrences(segment: TextSegment, family: KeywordFamily): Occurrences;
  /** The digits and separators of a segment, for an analyser that surveys. */
  survey(segment: TextSegment): Survey;
  /** Results that several analysers share for one segment, such as the Python syntax tree. Computed once. */
  shared<T>(segment: TextSegment, key: string, compute: () => T): T;
  /** Call it in long loops; throws BudgetExceeded. */
  checkTime(): void;
}

/** Words that tell an analyser where to look. They are found for all analysers in one pass over a segment. */
export interface KeywordFamily {
  /** The index of a word is what {@link TextContext.occurrences} gives. */
  words(): readonly Keyword[];
  /** Whether the analyser asks about a segment. */
  reads(segment: TextSegment): boolean;
}

/** A family of text rules: secrets, personal data, unsafe calls, dependencies. Synchronous, so that typing stays live. */
export interface TextAnalyser {
  readonly id: string;
  readonly enabled: (settings: ScanSettings) => boolean;
  readonly keywords?: KeywordFamily;
  /** It asks for the survey of segments. */
  readonly surveys?: boolean;
  analyse(document: TextDocument, context: TextContext): void;
}
