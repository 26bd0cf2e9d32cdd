import type { Connection } from 'vscode-languageserver/node';
import { FORMATS } from '../core/formats';
import { DIRECTORY_FORMATS, GROUP_FORMATS } from '../core/models/registry';
import { placeInMember } from '../core/place';
import { FindingsChanged, type ListedArtifact, type ScanState, ScanStateChanged } from '../protocol/messages';
import type { FindingsStore, StoredArtifact } from './store';
import { uriBelow } from './uris';

/** Changes are sent together: a workspace scan finds hundreds of artifacts a second. */
const TOGETHER_MS = 60;

const TITLES = new Map<string, string>(
  [...FORMATS, ...DIRECTORY_FORMATS, ...GROUP_FORMATS].map(({ id, title }) => [id, title]),
);

/** What the editor's views are told. A timer runs only while there is something to tell. */
export class Tidings {
  readonly #changed = new Map<string, StoredArtifact>();
  readonly #removed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #stateDue = false;

  constructor(
    private readonly connection: Connection,
    store: FindingsStore,
    private readonly state: () => ScanState,
  ) {
    store.onDidChange((changed, removed) => {
      for (const artifact of changed) {
        this.#removed.delete(artifact.uri);
        this.#changed.set(artifact.uri, artifact);
      }
      for (const uri of removed) {
        this.#changed.delete(uri);
        this.#removed.add(uri);
      }
      this.#soon();
    });
  }

  stateChanged(): void {
    this.#stateDue = true;
    this.#soon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => undefined, 0);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, TOGETHER_MS);
  }

  #send(): void {
    if (this.#changed.size || this.#removed.size) {
      const params = { changed: [...this.#changed.values()].map(listed), removed: [...this.#removed] };
      this.#changed.clear();
      this.#removed.clear();
      void this.connection.sendNotification(FindingsChanged.type, params);
    }
    if (this.#stateDue) {
      this.#stateDue = false;
      void this.connection.sendNotification(ScanStateChanged.type, this.state());
    }
  }
}

/** An artifact as views show it: everything but the description, which is asked for one by one. */
export function listed({ uri, folderUri, remote, report, cells }: StoredArtifact): ListedArtifact {
  const { description } = report;
  return {
    uri,
    ...(folderUri !== undefined && { folderUri }),
    ...(remote !== undefined && { remote }),
    path: report.path,
    kind: report.kind,
    format: report.format,
    formatTitle: report.format
      .split('+')
      .map((id) => TITLES.get(id) ?? id)
      .join(', '),
    status: report.status,
    ...(report.reason !== undefined && { reason: report.reason }),
    bytes: report.bytes,
    bytesRead: report.bytesRead,
    findings: report.findings.map((finding) => {
      const cell = finding.location.cell;
      const cellUri = cell === undefined ? undefined : cells?.[cell];
      const { file, location } = placeInMember(report.members, finding.location);
      return {
        ...finding,
        ...(cellUri !== undefined && { cellUri }),
        ...(file !== undefined && { file: { name: file, uri: uriBelow(uri, file), location } }),
      };
    }),
    suppressedCount: report.suppressed?.length ?? 0,
    ...(description?.framework !== undefined && { framework: description.framework }),
    ...(description?.parameters !== undefined && { parameters: description.parameters }),
  };
}
