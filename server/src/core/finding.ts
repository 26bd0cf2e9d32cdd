/**
 * What every scanner gives and every face shows. Types only, so that the client may import it through the protocol.
 * The JSON shape of a report ("watchtower-scan/1") is exactly these types.
 */
import type { ModelDescription } from './description';

/** Ordered from the worst to the mildest. `info` is a fact that is no vulnerability. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export type Category = 'model' | 'secret' | 'pii' | 'code' | 'dependency' | 'license' | 'coverage';

/** The seed's risk classes of model findings. */
export type Risk = 'deserialization' | 'backdoor' | 'runtime';

export type ArtifactKind = 'model' | 'notebook' | 'python' | 'dependencies' | 'text' | 'archive';

export type ArtifactStatus = 'scanned' | 'partial' | 'failed' | 'skipped';

/**
 * Where a finding lies. Lines and columns are 1-based and count UTF-16 code units, `endColumn` is exclusive.
 * With `cell` they are those of the cell's source (or of the output's text when `output` is given).
 */
export interface Location {
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  /** 0-based index of the notebook cell. */
  cell?: number;
  /** 0-based index of the cell's output. */
  output?: number;
  /** 1-based line of the raw file (of the .ipynb for a notebook). */
  fileLine?: number;
  /** Member of an archive or directory artifact; members of members are joined with `!`. */
  member?: string;
  /** Byte offset in the file, or in the member when one is given. */
  offset?: number;
  /** Bytes that the finding covers from `offset`. */
  length?: number;
  /** Layer, node, tensor or key path inside the model, such as `model_config/layers/2 (lambda)`. */
  node?: string;
}

/** A change of text that mends the finding, applied to the finding's own document. Positions as in {@link Location}. */
export interface Fix {
  title: string;
  edits: { line: number; column: number; endLine: number; endColumn: number; newText: string }[];
  /** Safe enough to be offered as the preferred fix and to be applied in bulk. */
  preferred?: boolean;
}

export interface RelatedPlace {
  message: string;
  location: Location;
}

export interface Finding {
  ruleId: string;
  category: Category;
  severity: Severity;
  message: string;
  /** Survives edits elsewhere in the file: hash of rule, path and what was found, never of a line number. */
  fingerprint: string;
  location: Location;
  /** Already redacted; see `redact.ts`. */
  evidence?: string;
  /** Kind of personal datum, in Presidio's spelling: `EMAIL_ADDRESS`. */
  entity?: string;
  risk?: Risk;
  /** What to do about this very finding, when it is more exact than the rule's help. */
  remediation?: string;
  related?: RelatedPlace[];
  fixes?: Fix[];
  /** Extra facts in the finding's own vocabulary (advisory ids, opcode, call, count ...); JSON values only. */
  data?: Record<string, unknown>;
  /** Who hides the finding; set on the findings of `ArtifactReport.suppressed` only. */
  suppressed?: { by: 'inline' | 'cell' | 'file' | 'ignore-file' | 'baseline' | 'settings'; reason?: string };
}

/** A distribution that an artifact asks for: one component of the bill of materials. */
export interface DependencyRecord {
  /** Normalised name (PEP 503). */
  name: string;
  /** Exact version, when it is pinned to one. */
  version?: string;
  /** What may be installed, as written: `>=2.0,<3`. */
  specifier?: string;
  ecosystem: 'pypi' | 'conda';
  /** SPDX expression, where it is known. */
  license?: string;
  /** Where it comes from when that is not an index: a URL or a version control address without credentials. */
  url?: string;
  location?: Location;
}

export interface ArtifactReport {
  /** POSIX path relative to the target; `.` is the target itself, when it is a folder that is one artifact. */
  path: string;
  kind: ArtifactKind;
  /** Format id such as `pytorch-zip`. */
  format: string;
  status: ArtifactStatus;
  /** Why the status is not `scanned`. */
  reason?: string;
  bytes: number;
  bytesRead: number;
  /** Files of a folder that is one artifact, relative to it. `location.member` of its findings begins with one of them. */
  members?: string[];
  findings: Finding[];
  /** What an inline comment, a cell tag, the ignore file or the baseline hides: counted and listed apart, never lost. */
  suppressed?: Finding[];
  description?: ModelDescription;
  /** What requirement files and install commands in it ask for, in their order. */
  dependencies?: DependencyRecord[];
}

export interface ScanReport {
  schema: 'watchtower-scan/1';
  tool: { name: 'watchtower'; version: string };
  advisories: { asOf: string; source: string; count: number };
  target: string;
  /** Files and folders that were not looked into, with the reason: excluded by settings, unreadable, a link out of the tree. */
  notScanned: { path: string; reason: string; unreadable?: boolean }[];
  artifacts: ArtifactReport[];
  /** Remote sources of the scan: what their hosts say of them, and how much of them was read. */
  sources?: {
    label: string;
    facts: { label: string; value: string; level: 'info' | 'notice' }[];
    /** Bytes over the network and requests; bytes of files that were read, and that the files have in all. */
    transfer: { bytes: number; requests: number; read: number; ofBytes: number };
    /** Why nothing of it could be scanned: the kind as `core/sources/remoteError.ts` has it, and a sentence. */
    error?: { kind: string; message: string; page?: string };
  }[];
}
