import type { SourceCredentials, SourceEnvironment } from '../core/sources/environment';
import { isRemote } from '../core/sources/open';
import { certificatesOf, credentialsFromEnvironment, remoteEnvironment } from '../remote/environment';
import { sweepTemporaryFolders } from '../remote/temporaryFolders';
import type { TargetAccess } from './arguments';
import type { ScanTarget } from './target';

/**
 * Network and credentials for a remote target: those of the flags, else of the environment and the standard files.
 * @returns undefined for targets on this machine
 */
export async function remoteAccess(
  { spec }: ScanTarget,
  access: TargetAccess,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SourceEnvironment | undefined> {
  if (!isRemote(spec)) return undefined;
  await sweepTemporaryFolders();
  const credentials =
    (spec.kind === 's3' ? flagCredentials(access) : undefined) ?? (await credentialsFromEnvironment(spec, env));
  return remoteEnvironment({ credentials, env, certificates: await certificatesOf(env) });
}

function flagCredentials({ accessKeyId, secretAccessKey, profile }: TargetAccess): SourceCredentials | undefined {
  if (accessKeyId && secretAccessKey) return { s3: { accessKeyId, secretAccessKey } };
  return profile === undefined ? undefined : { s3: { profile } };
}
