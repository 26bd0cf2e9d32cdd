import { isRequirementsText } from '../dependencies/recognise';
import type { ArtifactKind } from '../finding';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../scanner';
import { analyseDocument } from './analyse';
import { TEXT_ANALYSERS } from './analysers';
import { decodeText, hasNoNul, looksLikeText } from './decode';
import { documentFromText } from './fileDocument';
import { isDependencyManifest, TEXT_EXTENSIONS, textKindByName } from './languages';

/** A file that no name vouches for is text only when it is small: larger ones are data. */
const UNNAMED_LIMIT = 2 ** 20;

const PYTHON_NAME = /\.(?:py|pyi|pyw|ipy)$/;

async function scanText(input: ScanInput, context: ScanContext): Promise<void> {
  const limit = Math.min(context.budget.limits.textBytes, context.budget.limits.memoryBytes);
  const bytes = await input.source.read(0, Math.min(limit, input.source.size));
  const document = documentFromText(input.name, decodeText(bytes).text);
  if (input.source.size > limit) {
    context.incomplete(`the text is larger than ${limit} bytes; what follows was not looked at`);
  }
  analyseDocument(document, TEXT_ANALYSERS, context);
}

/** Which of the text formats a name belongs to. */
function kindOfName(name: string): ArtifactKind | undefined {
  if (name.endsWith('.ipynb')) return 'notebook';
  if (PYTHON_NAME.test(name)) return 'python';
  if (isDependencyManifest(name)) return 'dependencies';
  return textKindByName(name) ? 'text' : undefined;
}

/** By name, or by what a text of a general name holds. */
function isDependencies({ name, folder, head }: Probe): boolean {
  const kind = kindOfName(name);
  if (kind !== 'text') return kind === 'dependencies';
  return /\.(?:txt|in|pip)$/.test(name) && hasNoNul(head) && isRequirementsText(name, folder, decodeText(head).text);
}

/** Text that the name promises and the content confirms is certain, so that a model format that claims it too does not hide it. */
function claimByName(probe: Probe): Claim | undefined {
  if (hasNoNul(probe.head)) return 'certain';
  // `.dat`, `.out` and their like are binary as often as not; a configuration file with NULs is damaged and said to be.
  return textKindByName(probe.name)?.kind === 'prose' ? undefined : 'named';
}

export const PYTHON_FORMAT: Format = {
  id: 'python',
  title: 'Python source',
  kind: 'python',
  extensions: ['.py', '.pyi', '.pyw', '.ipy'],
  identify: (probe) => (kindOfName(probe.name) === 'python' ? claimByName(probe) : undefined),
  scan: scanText,
};

export const DEPENDENCIES_FORMAT: Format = {
  id: 'dependencies',
  title: 'Dependency manifest',
  kind: 'dependencies',
  extensions: [],
  identify: (probe) => (isDependencies(probe) ? claimByName(probe) : undefined),
  scan: scanText,
};

export const TEXT_FORMAT: Format = {
  id: 'text',
  title: 'Text',
  kind: 'text',
  extensions: TEXT_EXTENSIONS.filter((extension) => !PYTHON_NAME.test(extension)),
  identify(probe) {
    const kind = kindOfName(probe.name);
    if (kind === 'text') return isDependencies(probe) ? undefined : claimByName(probe);
    if (kind || probe.size === 0 || probe.size > UNNAMED_LIMIT) return undefined;
    return looksLikeText(probe.head, probe.size <= probe.head.length) ? 'likely' : undefined;
  },
  scan: scanText,
};

export const TEXT_FORMATS: readonly Format[] = [PYTHON_FORMAT, DEPENDENCIES_FORMAT, TEXT_FORMAT];
