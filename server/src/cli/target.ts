import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isRemoteTarget, parseTarget } from '../core/sources/parse';
import type { SourceSpec } from '../core/sources/source';
import { type TargetAccess, UsageError } from './arguments';

/** A part of the scan: one source, and where it lies as seen from the current folder. */
export interface ScanTarget {
  spec: SourceSpec;
  /** What was typed. */
  label: string;
  /** POSIX path from the current folder to the source's root; '' when it is the current folder or lies outside of it. */
  prefix: string;
}

/**
 * The one place where what was typed becomes sources. Files below the current folder are taken together under it, so
 * that a finding has the same path and fingerprint whether its file or its folder was named.
 * @throws UsageError when there is no such target
 */
export async function resolveTargets(
  typed: readonly string[],
  access: TargetAccess,
  cwd = process.cwd(),
): Promise<ScanTarget[]> {
  const targets: ScanTarget[] = [];
  const files: string[] = [];
  for (const label of typed) {
    if (isRemoteTarget(label)) {
      targets.push({ spec: remoteSpec(label, access), label, prefix: '' });
      continue;
    }
    const full = path.resolve(cwd, label);
    const info = await stat(full).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`"${label}": ${error.code === 'ENOENT' ? 'no such file or folder' : error.message}`);
    });
    const relative = posix(path.relative(cwd, full));
    const below = !relative.startsWith('..') && !path.isAbsolute(relative);
    if (info.isDirectory()) {
      targets.push({ spec: { kind: 'folder', root: full }, label, prefix: below ? relative : '' });
    } else if (below) files.push(relative);
    else targets.push({ spec: { kind: 'file', path: full }, label, prefix: '' });
  }
  if (files.length) {
    targets.unshift({
      spec: { kind: 'folder', root: cwd, only: [...new Set(files)].sort() },
      label: files.length === 1 ? (files[0] as string) : `${files.length} files`,
      prefix: '',
    });
  }
  return targets;
}

function remoteSpec(label: string, access: TargetAccess): SourceSpec {
  const { branch, depth } = access;
  const { HF_ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = access.region ?? (AWS_REGION || AWS_DEFAULT_REGION || undefined);
  const s3Endpoint = access.endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
  try {
    return parseTarget(label, {
      ...(branch !== undefined && { ref: branch }),
      ...(depth !== undefined && { depth }),
      ...(region !== undefined && { region }),
      ...(access.subfolder !== undefined && { subfolder: access.subfolder }),
      ...(HF_ENDPOINT && { hubEndpoint: HF_ENDPOINT }),
      ...(s3Endpoint && { s3Endpoint }),
      ...(access.pathStyle && { pathStyle: true }),
      ...(access.anonymous && { anonymous: true }),
      ...(access.requesterPays && { requesterPays: true }),
      ...(access.withoutGit && { through: 'api' as const }),
    });
  } catch (error) {
    throw new UsageError(`"${label}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function posix(native: string): string {
  return path.sep === '/' ? native : native.split(path.sep).join('/');
}
