/**
 * Everything the client and the server say to each other besides the Language Server Protocol itself. The client imports
 * this folder and nothing else of the server.
 */
import {
  NotificationType,
  NotificationType0,
  type ProgressToken,
  RequestType,
  RequestType0,
} from 'vscode-languageserver-protocol';
import type { ModelDescription } from '../core/description';
import type { ArtifactKind, ArtifactStatus, Finding, Location, Severity } from '../core/finding';

export type { LayerDescription, ModelDescription, TensorDescription } from '../core/description';
export type { ArtifactKind, ArtifactReport, ArtifactStatus, Finding, Location, Severity } from '../core/finding';

/** A finding as views show it. */
export interface ListedFinding extends Finding {
  /** Document of the notebook cell while the notebook is open; it stays right when cells are moved. */
  cellUri?: string;
  /** Of a folder that is one artifact: the file that it lies in, and where in it. */
  file?: { name: string; uri: string; location: Location };
}

/** One scanned thing: a file, or a folder that is one artifact. Its URI is its identity everywhere. */
export interface ListedArtifact {
  uri: string;
  /** Workspace folder it belongs to; absent for a file that is opened on its own. */
  folderUri?: string;
  /** Root of the remote source it belongs to ({@link ScanRemote.Result.root}). */
  remote?: string;
  /** POSIX path relative to the workspace folder; `.` is the folder itself when it is one artifact. */
  path: string;
  kind: ArtifactKind;
  format: string;
  /** The format as people call it. */
  formatTitle: string;
  status: ArtifactStatus;
  reason?: string;
  bytes: number;
  bytesRead: number;
  findings: ListedFinding[];
  /** Findings that a comment, a tag, the ignore file or the baseline hides. */
  suppressedCount: number;
  framework?: string;
  parameters?: number;
}

export interface ScanSummary {
  artifacts: number;
  findings: Record<Severity, number>;
  suppressed: number;
  /** Files that were not scanned or not wholly, each with its reason. */
  notScanned: number;
  /** Artifacts that had not changed since they were scanned and were taken as they were. */
  unchanged: number;
  cancelled: boolean;
  milliseconds: number;
}

export interface WorkspaceScanState {
  done: number;
  planned: number;
  bytes: number;
}

export interface ScanState {
  /** Set while a workspace scan runs. */
  workspace?: WorkspaceScanState;
  /** The last workspace scan that came to its end or was cancelled. */
  last?: ScanSummary;
  /** Files that are being scanned on their own. */
  files: string[];
}

/** Scans every workspace folder, or those that are named. Findings stream through {@link FindingsChanged}. */
export namespace ScanWorkspace {
  export interface Params {
    folders?: string[];
    /** Also rescan what has not changed. */
    force?: boolean;
    workDoneToken?: ProgressToken;
  }
  export const type = new RequestType<Params, ScanSummary, void>('watchtower/scanWorkspace');
}

/** Scheme of what was scanned on another machine: `watchtower-remote:/hf/owner/model%40main/config.json`. Read-only. */
export const REMOTE_SCHEME = 'watchtower-remote';

/** Secrets for one remote scan. They stay in the memory of the two processes and are sent to their own host alone. */
export interface RemoteCredentials {
  token?: string;
  user?: string;
  s3?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | { profile?: string };
}

/** What a target needs besides its address; nothing of it is secret, all of it may be remembered. */
export interface RemoteOptions {
  ref?: string;
  depth?: number;
  /** Folder or file of a repository, prefix of a bucket. */
  subfolder?: string;
  repoType?: 'model' | 'dataset' | 'space';
  hubEndpoint?: string;
  s3Endpoint?: string;
  region?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  /** Profile of the AWS configuration that a person has chosen. */
  profile?: string;
  requesterPays?: boolean;
  /** Fetch whole files instead of the parts that matter. */
  full?: boolean;
}

/** What a remote scan will look at, once the listing is complete and before anything is read. */
export interface RemoteListing {
  label: string;
  /** Files that will be looked at, and their bytes in all. */
  files: number;
  bytes: number;
  /** Listed and left out: links, submodules, what settings exclude. */
  skipped: number;
  /** Bytes that are expected to be transferred; an estimate by names and sizes. */
  expectedBytes: number;
  /** What the host says of the source. */
  facts: RemoteFact[];
}

export interface RemoteFact {
  label: string;
  value: string;
  level: 'info' | 'notice';
}

/** Understands what a person typed, without asking anybody: for validation while it is typed. */
export namespace ParseRemote {
  export interface Params {
    target: string;
    options: RemoteOptions;
  }
  /** An address that is not understood. */
  export interface Problem {
    problem: string;
  }
  export interface Source {
    kind: 'huggingface' | 'git' | 's3';
    /** URI that its artifacts will lie below. */
    root: string;
    /** The source as it is called: `hf:owner/model@main`. */
    label: string;
    /** The address without what the options say, and the options that the address had or was given. */
    target: string;
    options: RemoteOptions;
    /** The branch or tag and the folder stand in the address and are told apart when the repository is read. */
    refInAddress: boolean;
    /** Whose credential it takes: a host's token, or the keys of a store. Absent when it is asked anonymously. */
    realm?: { kind: 'token'; host: string } | { kind: 's3'; store: string };
  }
  export const type = new RequestType<Params, Source | Problem, void>('watchtower/parseRemote');
}

/** From the server to the client, when {@link ScanRemote.Params.confirm} asks for it: shall what was listed be read? */
export namespace ConfirmRemote {
  export interface Params extends RemoteListing {
    confirm: string;
  }
  export const type = new RequestType<Params, boolean, void>('watchtower/confirmRemote');
}

/** Forgets what was found in a remote source, and the credentials that its texts are read with. */
export namespace CloseRemote {
  export interface Params {
    root: string;
  }
  export const type = new RequestType<Params, null, void>('watchtower/closeRemote');
}

/** Scans a repository or bucket where it is. Findings stream through {@link FindingsChanged}. */
export namespace ScanRemote {
  export interface Params {
    /** `hf:owner/model`, `github:owner/repo`, `s3://bucket/prefix` or an https address. */
    target: string;
    options: RemoteOptions;
    credentials: RemoteCredentials;
    /** The proxy that the editor is set to use; git goes through it. */
    proxy?: { https?: string; except?: string };
    /** With it the client is asked by {@link ConfirmRemote} before anything is read; it comes back with the question. */
    confirm?: string;
    workDoneToken?: ProgressToken;
  }
  export interface Result extends ScanSummary {
    /** URI that the artifacts of the source lie below. */
    root: string;
    label: string;
    /** How much was read, in words. */
    read: string;
    facts: RemoteFact[];
  }
  /** With the code RequestFailed the error's data. */
  export interface Failure {
    kind: string;
    /** Where something can be done about it. */
    page?: string;
  }
  export const type = new RequestType<Params, Result, Failure>('watchtower/scanRemote');
}

/** The text of a file that a remote scan has looked at, for a read-only view. */
export namespace RemoteText {
  export interface Params {
    uri: string;
  }
  export interface Result {
    text: string;
  }
  export const type = new RequestType<Params, Result, void>('watchtower/remoteText');
}

/**
 * From the server to the client: one HTTP exchange, made by the editor's own client, which knows its proxy and its
 * certificates. No redirect is followed. The body is fetched piece by piece until it ends or is dropped.
 */
export namespace HttpExchange {
  export interface Params {
    id: number;
    url: string;
    method: string;
    headers: Record<string, string>;
    body?: string;
  }
  export type Result =
    | { status: number; headers: Record<string, string> }
    | { error: { code: string; message: string } };
  export const type = new RequestType<Params, Result, void>('watchtower/http');
}

export namespace HttpBody {
  export interface Params {
    id: number;
  }
  /** Without `data` the body has ended. */
  export interface Result {
    /** Base64. */
    data?: string;
    error?: { code: string; message: string };
  }
  export const type = new RequestType<Params, Result, void>('watchtower/httpBody');
}

export namespace HttpDrop {
  export interface Params {
    id: number;
  }
  export const type = new NotificationType<Params>('watchtower/httpDrop');
}

/** Scans one file, whatever settings exclude: somebody asked for it. */
export namespace ScanFile {
  export interface Params {
    uri: string;
  }
  /** null when the file is of no kind that is scanned. */
  export const type = new RequestType<Params, ListedArtifact | null, void>('watchtower/scanFile');
}

export namespace ListFindings {
  export interface Params {
    /** Only these artifacts. */
    uris?: string[];
    /** Only these kinds; `['model', 'archive']` is the list of models. */
    kinds?: ArtifactKind[];
  }
  export interface Result {
    artifacts: ListedArtifact[];
    state: ScanState;
  }
  export const type = new RequestType<Params, Result, void>('watchtower/listFindings');
}

/** All that is known of one artifact, with the model's description. Scans it when that has not been done. */
export namespace InspectModel {
  export interface Params {
    uri: string;
  }
  export interface Result {
    artifact: ListedArtifact;
    description?: ModelDescription;
  }
  export const type = new RequestType<Params, Result | null, void>('watchtower/inspectModel');
}

export namespace ExportReports {
  export interface Params {
    /** Folder the reports are written to, which is made when it is not there, or a file named `.zip` that takes them all. */
    target: string;
  }
  export interface Result {
    files: string[];
  }
  export const type = new RequestType<Params, Result, void>('watchtower/exportReports');
}

/** The page of a rule, in Markdown, made from the rule itself. */
export namespace RuleDocument {
  export interface Params {
    ruleId: string;
  }
  export interface Result {
    markdown: string;
  }
  export const type = new RequestType<Params, Result, void>('watchtower/ruleDocument');
}

/** Hides findings by writing them to the workspace's baseline. */
export namespace AddToBaseline {
  export interface Params {
    /** Findings by artifact; absent: everything that is known now. */
    findings?: { uri: string; fingerprint: string }[];
  }
  export interface Result {
    added: number;
    files: string[];
  }
  export const type = new RequestType<Params, Result, void>('watchtower/addToBaseline');
}

/** Versions and paths for the log and for bug reports. */
export namespace ServerInformation {
  export interface Result {
    version: string;
    node: string;
    rules: number;
    threads: number;
    processId: number;
  }
  export const type = new RequestType0<Result, void>('watchtower/serverInformation');
}

/** Artifacts that were scanned or rescanned, with all their findings, and those that are gone. */
export namespace FindingsChanged {
  export interface Params {
    changed: ListedArtifact[];
    removed: string[];
  }
  export const type = new NotificationType<Params>('watchtower/findingsChanged');
}

/** What the client says when it starts the server. */
export interface InitializationOptions {
  /** Whether the user trusts the workspace. Until then its baseline and ignore file may not hide what models do. */
  trusted: boolean;
  /** Settings, for clients that cannot be asked for them. */
  settings?: unknown;
}

/** The user has come to trust the workspace. */
export namespace TrustGranted {
  export const type = new NotificationType0('watchtower/trustGranted');
}

export namespace ScanStateChanged {
  export const type = new NotificationType<ScanState>('watchtower/scanStateChanged');
}

/** Scheme of the read-only documents with a rule's page: `watchtower-rule:/pickle/dangerous-call.md`. */
export const RULE_SCHEME = 'watchtower-rule';

/** Arguments of the client's commands that the server puts into code actions. */
export namespace ClientCommands {
  export const showRule = 'watchtower.showRule';
  export type ShowRule = [ruleId: string];
  export const changeSeverity = 'watchtower.changeSeverity';
  export type ChangeSeverity = [ruleId: string, documentUri: string];
  export const addToBaseline = 'watchtower.addToBaseline';
  export type AddToBaseline = [finding: { uri: string; fingerprint: string }];
  export const ignoreInCell = 'watchtower.ignoreInCell';
  export type IgnoreInCell = [cellUri: string, tag: string];
}

/** What a diagnostic carries for the code actions on it. */
export interface DiagnosticData {
  /** The artifact in the store. */
  artifact: string;
  fingerprint: string;
}
