import type { Format, ScanContext, ScanInput } from '../scanner';
import { analyseDocument } from '../text/analyse';
import { TEXT_ANALYSERS } from '../text/analysers';
import { type CellText, documentFromCells, readNotebookBytes } from './notebook';

async function scanNotebook(input: ScanInput, context: ScanContext): Promise<void> {
  // Images make notebooks large and are skipped unread, so the cap for text does not fit here.
  const limit = context.budget.limits.memoryBytes;
  const bytes = await input.source.read(0, Math.min(limit, input.source.size));
  const cut = input.source.size > limit;
  const { document, failure } = readNotebookBytes(input.name, bytes);
  analyseDocument(document, TEXT_ANALYSERS, context);
  if (cut) context.incomplete(`the notebook is larger than ${limit} bytes; what follows was not looked at`);
  else if (failure !== undefined) throw new Error(failure);
}

export const NOTEBOOK_FORMAT: Format = {
  id: 'notebook',
  title: 'Jupyter notebook',
  kind: 'notebook',
  extensions: ['.ipynb'],
  async identify(probe) {
    if (probe.name.endsWith('.ipynb')) return probe.head.includes(0) ? 'named' : 'certain';
    // A notebook under another name (a backup, a checkpoint, an export without extension).
    if (probe.head[0] !== 0x7b || !/^(?:|\.json|\.bak|\.txt|\.orig|\.old|\.backup)$/.test(probe.extension))
      return undefined;
    const head = new TextDecoder().decode(probe.head);
    if (!/"(?:cells|worksheets|nbformat)"\s*:/.test(head)) return undefined;
    return /"(?:cell_type|nbformat)"\s*:/.test(head) ? 'certain' : undefined;
  },
  scan: scanNotebook,
};

/** A format that judges the cells an editor holds instead of a file's bytes. */
export function liveNotebookFormat(name: string, cells: readonly CellText[]): Format {
  return {
    ...NOTEBOOK_FORMAT,
    identify: () => 'certain',
    scan(_input, context) {
      analyseDocument(documentFromCells(name, cells), TEXT_ANALYSERS, context);
      return Promise.resolve();
    },
  };
}
