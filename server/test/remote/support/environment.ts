import type { S3Module, SourceCredentials, SourceEnvironment } from '../../../src/core/sources/environment';
import type { Patience } from '../../../src/core/sources/http';
import type { Source, SourceEntry, SourceSkip } from '../../../src/core/sources/source';
import { findGit, GitProcess } from '../../../src/remote/gitProcess';
import { NodeHttpClient } from '../../../src/remote/nodeHttp';
import { SystemTemporaryFolders } from '../../../src/remote/temporaryFolders';

/** A clock that does not wait, and tells how long it would have. */
export class TestPatience implements Patience {
  readonly waits: number[] = [];
  longestWaitMs = 20_000;
  #now = Date.now();

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    this.waits.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}

export interface TestEnvironment extends SourceEnvironment {
  http: NodeHttpClient;
  patience: TestPatience;
}

export function testEnvironment(credentials: SourceCredentials = {}, s3?: S3Module): TestEnvironment {
  const program = findGit(process.env);
  return {
    http: new NodeHttpClient(),
    credentials,
    temporary: new SystemTemporaryFolders(),
    patience: new TestPatience(),
    ...(program && { git: new GitProcess(program, process.env) }),
    ...(s3 && { s3: () => s3 }),
  };
}

export async function listAll(source: Source): Promise<{ entries: SourceEntry[]; skips: SourceSkip[] }> {
  const entries: SourceEntry[] = [];
  const skips: SourceSkip[] = [];
  for await (const item of source.list()) {
    if ('reason' in item) skips.push(item);
    else entries.push(item);
  }
  return { entries, skips };
}
