import path from 'node:path';
import { parentPort } from 'node:worker_threads';
import { scanDirectory, scanFile } from '../core/engine';
import type { ArtifactReport } from '../core/finding';
import { DIRECTORY_FORMATS, FORMATS } from '../core/formats';
import { type ClosableByteSource, MemoryByteSource } from '../core/io/byteSource';
import { liveNotebookFormat } from '../core/notebook/format';
import type { Companions } from '../core/scanner';
import type { ScanSettings } from '../core/settings';
import { openSource } from '../core/sources/open';
import type { Source, SourceSpec } from '../core/sources/source';
import type { ScanTask, WorkerRequest, WorkerResponse } from './messages';
import { type ServedResponse, type ServedSpec, SourceClient } from './served';

/** Sources stay open between tasks of one scan: a remote one keeps its connections and its listing. */
let current: { key: string; source: Source } | undefined;

const remote = new SourceClient((request) => parentPort?.postMessage(request));

async function sourceOf(spec: SourceSpec | ServedSpec, settings: ScanSettings): Promise<Source> {
  const key = JSON.stringify(spec);
  if (current?.key !== key) {
    await current?.source.close();
    current = { key, source: spec.kind === 'served' ? remote.open(spec) : openSource(spec, settings) };
  }
  return current.source;
}

async function run(task: ScanTask, settings: ScanSettings): Promise<ArtifactReport | undefined> {
  const options = { settings, formats: FORMATS };
  if (task.kind === 'buffer') {
    return scanFile(task.path, new MemoryByteSource(new TextEncoder().encode(task.text)), options);
  }
  if (task.kind === 'notebook') {
    const formats = [liveNotebookFormat(task.path, task.cells)];
    return scanFile(task.path, new MemoryByteSource(new Uint8Array(0)), { settings, formats });
  }
  const source = await sourceOf(task.source, settings);
  const { artifact } = task;
  if (artifact.kind === 'directory') {
    const format = DIRECTORY_FORMATS.find(({ id }) => id === artifact.formatId);
    if (!format) throw new Error(`no directory format ${artifact.formatId}`);
    return scanDirectory(
      artifact.path,
      format,
      artifact.members,
      (member) => source.open(`${artifact.path}/${member}`),
      options,
    );
  }
  const file = await source.open(artifact.path);
  const companions = companionsOf(source, artifact.path);
  try {
    return await scanFile(artifact.path, file, options, companions);
  } finally {
    await Promise.all([file, ...companions.opened].map((opened) => opened.close()));
  }
}

function companionsOf(source: Source, artifactPath: string): Companions & { opened: ClosableByteSource[] } {
  const folder = path.posix.dirname(artifactPath);
  const opened: ClosableByteSource[] = [];
  return {
    opened,
    list: () => source.namesIn(folder === '.' ? '' : folder),
    async open(relative) {
      const full = path.posix.normalize(path.posix.join(folder, relative));
      if (full === '..' || full.startsWith('../') || path.posix.isAbsolute(relative)) return undefined;
      try {
        const companion = await source.open(full);
        opened.push(companion);
        return companion;
      } catch {
        return undefined;
      }
    },
  };
}

async function answer({ settings, tasks }: WorkerRequest): Promise<void> {
  for (const { id, task } of tasks) {
    const response: WorkerResponse = { id };
    try {
      const report = await run(task, settings);
      if (report) response.report = report;
    } catch (error) {
      response.error = error instanceof Error ? error.message : String(error);
    }
    parentPort?.postMessage(response);
  }
}

/** One message after the other: the pool's deadline is for one task at a time. */
let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: WorkerRequest | ServedResponse) => {
  if ('served' in message) remote.answered(message);
  else queue = queue.then(() => answer(message));
});
