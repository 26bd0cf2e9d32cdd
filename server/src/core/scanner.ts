/**
 * The contract between the engine and every scanner. A scanner gets bytes, a budget and a context, and gives back
 * findings and a description. It knows neither editor nor path nor report, and never imports the engine.
 */
import type { Budget } from './budget';
import type { ModelDescription } from './description';
import type {
  ArtifactKind,
  ArtifactReport,
  DependencyRecord,
  Finding,
  Fix,
  Location,
  RelatedPlace,
  Risk,
  Severity,
} from './finding';
import type { ByteSource } from './io/byteSource';
import type { Redacted } from './redact';
import type { Rule } from './rule';
import type { ScanSettings } from './settings';

/** What a scanner says; the engine makes a Finding of it. */
export interface FindingDraft {
  rule: Rule;
  /** Only when this very case is worse or milder than the rule's default. Never because of what the file claims of itself. */
  severity?: Severity;
  /** One sentence; contains nothing of the file that has not gone through `redact.ts`. */
  message: string;
  location?: Location;
  evidence?: Redacted;
  /**
   * What makes this finding this finding, stable under edits elsewhere: the call, the layer's name, `hashSecret(...)`.
   * Two drafts of one rule with the same anchor and the same location are one finding. Default: the message.
   */
  anchor?: string;
  entity?: string;
  risk?: Risk;
  remediation?: string;
  related?: RelatedPlace[];
  fixes?: Fix[];
  data?: Record<string, unknown>;
  /**
   * What could not be looked at because of the very thing that is found, when the finding says so itself: the status
   * becomes `partial` with this reason, and no coverage finding repeats it.
   */
  incomplete?: string;
  /** Set when a comment or tag in the file itself hides the finding: it then goes to `ArtifactReport.suppressed`. */
  suppressed?: Finding['suppressed'];
}

/** A file, a member of an archive, or bytes embedded in something. */
export interface ScanInput {
  /** File name or member name as the container gives it (it may be hostile: only for display and hints). */
  readonly name: string;
  readonly source: ByteSource;
  /** Sibling files of a file on disk, on a hub or in an archive, by POSIX path relative to the file's folder. */
  readonly companions?: Companions;
}

export interface Companions {
  /** Names of the files in the same folder (not deeper), in no order. */
  list(): Promise<readonly string[]>;
  /** @returns undefined when there is no such regular file or it would leave the scanned tree */
  open(relativePath: string): Promise<ByteSource | undefined>;
}

export interface ScanContext {
  readonly budget: Budget;
  readonly settings: ScanSettings;
  report(draft: FindingDraft): void;
  /** Adds a component to the artifact's bill of materials. */
  depend?(dependency: DependencyRecord): void;
  /** Merged into the artifact's description (of the top file; a member's goes under the member's name only if it is the model). */
  describe(description: Partial<ModelDescription>): void;
  /**
   * Hands something found inside to the engine: it is identified by content and judged by whichever scanner claims it.
   * `name` is shown as the finding's member. With `formatId` identification is skipped. `companions` are the members
   * beside it in an archive.
   * @returns ids of the formats that took it; empty when none did
   */
  scan(member: {
    name: string;
    source: ByteSource;
    formatId?: string;
    companions?: Companions;
  }): Promise<readonly string[]>;
  /** Something that should have been looked at and was not: makes the status `partial` and leaves a coverage finding. */
  incomplete(reason: string, location?: Location): void;
}

/** The budget and settings of a context for reading a companion: it is judged when it is scanned itself, so nothing is told here. */
export function silentContext(context: ScanContext): ScanContext {
  return {
    ...context,
    report: () => undefined,
    describe: () => undefined,
    incomplete: () => undefined,
    scan: async () => [],
  };
}

/** How sure a format is that a file is its own. */
export type Claim =
  /** Magic bytes or a full structural check. All formats that are certain run: a polyglot is judged as each of them. */
  | 'certain'
  /** The content has the shape, but others could have it too. Runs when nobody is certain. */
  | 'likely'
  /** Only the name says so. Runs when nobody else claims it; content that then does not parse is reported as `failed`. */
  | 'named';

/** What identification may look at. Everything is cached: asking twice costs nothing. */
export interface Probe {
  /** Lower-case base name. */
  readonly name: string;
  /** Lower-case name of the folder it is in, or ''. */
  readonly folder: string;
  /** Last extension of `name` with its dot, or ''. */
  readonly extension: string;
  readonly size: number;
  /** The first bytes, at most 4 KiB. */
  readonly head: Uint8Array;
  /** The last bytes, at most 64 KiB. Only read when asked for. */
  tail(): Promise<Uint8Array>;
  readonly source: ByteSource;
  /** Computed once per file under a key, shared between the formats that need it (a zip's directory, the head as text ...). */
  once<T>(key: string, compute: () => Promise<T>): Promise<T>;
}

/** One file format: how it is known and how it is judged. One entry in a registry. */
export interface Format {
  readonly id: string;
  readonly title: string;
  readonly kind: ArtifactKind;
  /** Lower-case, with the dot. Hints for `named` claims, for the manifest and the documentation. */
  readonly extensions: readonly string[];
  /** Formats that need not run when this one does: `pytorch-zip` replaces `zip`. */
  readonly supersedes?: readonly string[];
  identify(probe: Probe): Claim | undefined | Promise<Claim | undefined>;
  scan(input: ScanInput, context: ScanContext): Promise<void>;
}

/** A folder that is one artifact, such as a SavedModel. */
export interface DirectoryFormat {
  readonly id: string;
  readonly title: string;
  /**
   * Which of a folder's files belong to the artifact.
   * @param files POSIX paths below the folder, any depth
   * @returns the members (a subset of `files`), or undefined when the folder is no such artifact
   */
  claim(files: readonly string[]): readonly string[] | undefined;
  /** Judges what only the whole can tell. Members are scanned by the engine before, one by one, through their own formats. */
  scan?(directory: DirectoryInput, context: ScanContext): Promise<void>;
}

export interface DirectoryInput {
  readonly name: string;
  readonly members: readonly string[];
  open(member: string): Promise<ByteSource>;
}

/** What of a group is known from its configuration and its card, before any of its files is scanned. Plain data: it travels. */
export interface GroupFacts
  extends Pick<ModelDescription, 'framework' | 'frameworkVersion' | 'license' | 'properties'> {
  /** What an index places in each shard: how many tensors, and a digest of their names. */
  shards?: Record<string, { index: string; tensors: number; digest: string }>;
}

/** A file of a group with what its own scan said; `report` is absent when no format claims it. */
export interface GroupMember {
  /** POSIX path relative to the group's folder. */
  readonly name: string;
  readonly bytes: number;
  readonly report?: ArtifactReport | undefined;
}

/** A folder as a group looks at it: names come from a listing, and only small files are read. */
export interface FolderView {
  /** Names of the files directly in the folder ('') or in a folder below it. */
  names(folder: string): readonly string[] | Promise<readonly string[]>;
  /** Text of the first MiB of a file; undefined when it cannot be read. */
  read(file: string): Promise<string | undefined>;
}

/**
 * Files that are scanned one by one, each by its own format, and together are one model: a Hugging Face snapshot. Unlike the
 * members of a {@link DirectoryFormat} they stay documents of their own, so that editors scan one alone when it changes.
 */
export interface GroupFormat {
  readonly id: string;
  readonly title: string;
  /** Whether a file of this base name may make, change or end a group. */
  concerns(name: string): boolean;
  /** @returns the files that are one model, and what is known of it; undefined when the folder is none */
  claim(folder: FolderView): Promise<{ members: readonly string[]; facts: GroupFacts } | undefined>;
  /** What only the whole tells. Locations name the member that a finding is of. */
  judge(members: readonly GroupMember[], facts: GroupFacts, report: (draft: FindingDraft) => void): void;
  describe(members: readonly GroupMember[], facts: GroupFacts): ModelDescription;
}
