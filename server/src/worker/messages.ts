import type { ArtifactReport } from '../core/finding';
import type { PlannedArtifact } from '../core/plan';
import type { ScanSettings } from '../core/settings';
import type { SourceSpec } from '../core/sources/source';
import type { ServedSpec } from './served';

/** One cell of an open notebook, as the editor has it now. */
export interface NotebookCellText {
  kind: 'code' | 'markdown' | 'raw';
  /** The editor's language id: `python`, `markdown`, `sql` ... */
  language: string;
  text: string;
  tags?: string[];
}

export type ScanTask =
  /** Something of a source, read by the worker itself. */
  | { kind: 'artifact'; source: SourceSpec | ServedSpec; artifact: PlannedArtifact }
  /** Text that an editor holds, scanned as if it were the file `path`. */
  | { kind: 'buffer'; path: string; text: string }
  /** A notebook that an editor holds. Outputs are only on disk and are scanned with the file. */
  | { kind: 'notebook'; path: string; cells: NotebookCellText[] };

/** To the worker. Tasks of one message run one after another; each is answered on its own. */
export interface WorkerRequest {
  settings: ScanSettings;
  tasks: { id: number; task: ScanTask }[];
}

/** From the worker. `report` is absent when no format claims the file. */
export interface WorkerResponse {
  id: number;
  report?: ArtifactReport;
  error?: string;
}
