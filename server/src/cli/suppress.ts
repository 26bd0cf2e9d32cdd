import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactReport } from '../core/finding';
import type { SourceSpec } from '../core/sources/source';
import {
  type Baseline,
  baselineSuppressor,
  detectSecretsSuppressor,
  gitleaksIgnoreSuppressor,
  parseBaseline,
} from '../core/suppress/baseline';
import { IGNORE_FILE, ignoreFileProblems, ignoreFileSuppressor } from '../core/suppress/ignoreFile';
import { applySuppressions, type Suppressor } from '../core/suppress/suppressor';
import { UsageError } from './arguments';

/** Larger than any list that people keep; a scanned tree may hold anything. */
const MAX_IGNORE_FILE = 2 ** 20;

export interface NamedBaseline {
  suppressor: Suppressor;
  /** Its entries are digests of secrets, so the scan has to make those. */
  needsDigests: boolean;
}

/**
 * Reads what `--baseline` names: Watchtower's own, `.secrets.baseline` of detect-secrets, or `.gitleaksignore`.
 * @throws UsageError when it cannot be read or is none of them
 */
export async function readNamedBaseline(file: string, today: string): Promise<NamedBaseline> {
  try {
    const text = await readFile(file, 'utf8');
    if (path.basename(file) === '.gitleaksignore') {
      return { suppressor: trusted(gitleaksIgnoreSuppressor(text)), needsDigests: false };
    }
    if (/"results"\s*:/.test(text) && !/"schema"\s*:/.test(text)) {
      return { suppressor: trusted(detectSecretsSuppressor(text)), needsDigests: true };
    }
    return { suppressor: baselineSuppressor(parseBaseline(text), today, true), needsDigests: false };
  } catch (error) {
    throw new UsageError(`--baseline ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whoever names a list on the command line has chosen it. */
function trusted(suppressor: Suppressor): Suppressor {
  return { ...suppressor, trusted: true };
}

/** The baseline that is to be written anew; undefined when there is none yet. @throws UsageError when it is no baseline */
export async function readPreviousBaseline(file: string): Promise<Baseline | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`--output ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return parseBaseline(text);
  } catch {
    throw new UsageError(`--output ${file}: there is a file that is no baseline; it is not overwritten`);
  }
}

/** The ignore file at the root of a scanned folder. It came with the folder, so it cannot hide what models do. */
export async function ownIgnoreFile(spec: SourceSpec, note: (text: string) => void): Promise<Suppressor[]> {
  if (spec.kind !== 'folder') return [];
  const file = path.join(spec.root, IGNORE_FILE);
  try {
    const info = await lstat(file);
    if (!info.isFile() || info.size > MAX_IGNORE_FILE) return [];
    const text = await readFile(file, 'utf8');
    for (const problem of ignoreFileProblems(text)) note(`${IGNORE_FILE}: ${problem}`);
    return [ignoreFileSuppressor(text, false)];
  } catch {
    return [];
  }
}

/** @param shownPath path by which the suppressors know the artifact */
export function suppressIn(
  artifact: ArtifactReport,
  suppressors: readonly Suppressor[],
  shownPath = artifact.path,
): ArtifactReport {
  if (suppressors.length === 0) return artifact;
  return { ...applySuppressions({ ...artifact, path: shownPath }, suppressors), path: artifact.path };
}
