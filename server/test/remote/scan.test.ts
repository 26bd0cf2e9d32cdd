import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ArtifactReport } from '../../src/core/finding';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../src/core/settings';
import type { RemoteSpec } from '../../src/core/sources/source';
import { sweepTemporaryFolders } from '../../src/remote/temporaryFolders';
import { WorkerPool } from '../../src/worker/pool';
import { scanSource } from '../../src/worker/scan';
import { llama, safetensors } from '../core/models/snapshot/files';
import { type TestEnvironment, testEnvironment } from './support/environment';
import { HubServer } from './support/hubServer';
import { Program } from './support/program';

const ROOT = path.join(__dirname, '..', '..', '..');
const CORPUS = path.join(ROOT, '..', 'shared', 'corpus', 'models');

/** What must not depend on where the bytes come from. */
function essence(artifacts: readonly ArtifactReport[]): unknown[] {
  return artifacts
    .map(({ path: name, format, status, reason, findings }) => ({
      name,
      format,
      status,
      reason,
      findings: findings
        .map(
          ({ ruleId, severity, message, location }) => `${ruleId} ${severity} ${message} ${JSON.stringify(location)}`,
        )
        .sort(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

describe('remote scans', function () {
  this.timeout(120_000);
  const hub = new HubServer();
  const environments: TestEnvironment[] = [];
  let program: Program;
  let pool: WorkerPool;

  before(async () => {
    program = new Program();
    pool = new WorkerPool({ script: path.join(program.folder, 'scanWorker.js'), size: 2 });
    hub.pageSize = 500;
    await hub.start();
  });

  after(async () => {
    for (const { http } of environments) http.close();
    await pool?.stop();
    await hub.stop();
    program.remove();
  });

  function scan(repo: string, settings: ScanSettings = DEFAULT_SETTINGS, signal?: AbortSignal) {
    const environment = testEnvironment();
    environments.push(environment);
    const spec: RemoteSpec = { kind: 'huggingface', repoType: 'model', repo, endpoint: hub.origin };
    return scanSource(spec, settings, pool, { environment, ...(signal && { signal }) });
  }

  async function equalToLocal(folder: string, repo: string): Promise<void> {
    const files: Record<string, Uint8Array> = {};
    const walk = (relative: string) => {
      for (const name of readdirSync(path.join(folder, relative))) {
        const inside = relative ? `${relative}/${name}` : name;
        const info = statSync(path.join(folder, inside));
        if (info.isDirectory()) walk(inside);
        else files[inside] = readFileSync(path.join(folder, inside));
      }
    };
    walk('');
    hub.add(repo, files);
    const local = await scanSource(
      { kind: 'folder', root: folder },
      { ...DEFAULT_SETTINGS, respectGitignore: false },
      pool,
    );
    const remote = await scan(repo);
    assert.equal(remote.artifacts.length, local.artifacts.length);
    const [here, there] = [essence(local.artifacts), essence(remote.artifacts)];
    for (const [index, artifact] of here.entries()) assert.deepEqual(there[index], artifact);
    const full = await scan(repo, { ...DEFAULT_SETTINGS, remote: { ...DEFAULT_SETTINGS.remote, full: true } });
    assert.deepEqual(essence(full.artifacts), here);
  }

  it('gives the findings of a local scan for the sample workspace', async () => {
    const folder = path.join(program.folder, 'sample');
    const { generatedFiles } = (await import(path.join(ROOT, 'fixtures', 'make.mjs'))) as {
      generatedFiles(): Record<string, string | Uint8Array>;
    };
    for (const [name, content] of Object.entries(generatedFiles())) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    // An HDF5 superblock behind a user block is found wherever it may stand, on another machine too.
    const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
    const behind = new Uint8Array(600_000);
    behind.set(signature, 2 ** 18);
    for (const name of ['behind.bin', 'behind.h5', 'behind']) writeFileSync(path.join(folder, name), behind);
    await equalToLocal(folder, 'acme/sample');
  });

  it('gives the findings of a local scan for the labelled files', async function () {
    if (!existsSync(CORPUS)) this.skip();
    this.timeout(900_000);
    const all: string[] = [];
    const walk = (relative: string) => {
      for (const name of readdirSync(path.join(CORPUS, relative)).sort()) {
        const inside = path.join(relative, name);
        const info = statSync(path.join(CORPUS, inside));
        if (info.isDirectory()) walk(inside);
        else if (name !== 'labels.json') all.push(inside);
      }
    };
    walk('');
    const every = process.env.WATCHTOWER_TEST_CORPUS === 'all' ? 1 : Math.ceil(all.length / 60);
    const folder = path.join(program.folder, 'corpus');
    for (const [index, file] of all.entries()) {
      if (index % every) continue;
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), readFileSync(path.join(CORPUS, file)));
    }
    await equalToLocal(folder, 'acme/corpus');
  });

  it('makes one artifact of a snapshot at the root of a hub, with the findings of a local scan', async () => {
    const folder = path.join(program.folder, 'snapshot');
    for (const [name, content] of Object.entries(llama())) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    await equalToLocal(folder, 'acme/llama');
    const { artifacts, unclaimed } = await scan('acme/llama');
    const whole = artifacts.find(({ format }) => format === 'huggingface-snapshot');
    assert.equal(whole?.path, '.');
    assert.equal(whole?.members?.length, 6);
    assert.equal(whole?.description?.parameters, 120);
    assert.equal(whole?.description?.license, 'apache-2.0');
    assert.deepEqual(artifacts.map((artifact) => artifact.path).sort(), ['.', 'README.md', 'modeling_x.py']);
    assert.equal(unclaimed, 0);
  });

  it('compares an index with shards that it does not open again for that', async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [name, content] of Object.entries(llama()))
      files[name] = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const mismatches = async (repo: string) => {
      hub.add(repo, files);
      const { artifacts } = await scan(repo);
      return artifacts.flatMap(({ findings }) => findings).filter(({ ruleId }) => ruleId === 'config/shard-mismatch');
    };
    assert.deepEqual(await mismatches('acme/whole'), []);
    files['model-00002-of-00002.safetensors'] = safetensors({ other: [10, 10] });
    const [finding, ...others] = await mismatches('acme/exchanged');
    assert.deepEqual(others, []);
    assert.match(
      finding?.message ?? '',
      /^model-00002-of-00002\.safetensors holds other tensors \(1\) than the index places there \(1\)/,
    );
    assert.equal(finding?.location.member, 'model.safetensors.index.json');
  });

  it('tells the files of a snapshot one by one when it is cancelled before all are scanned', async () => {
    const repository = hub.add(
      'acme/half',
      Object.fromEntries(
        Object.entries(llama()).map(([name, content]) => [
          name,
          typeof content === 'string' ? new TextEncoder().encode(content) : content,
        ]),
      ),
    );
    (repository.files.get('model-00002-of-00002.safetensors') as { behaviour?: string }).behaviour = 'silent';
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 3000);
    const { artifacts, cancelled } = await scan('acme/half', DEFAULT_SETTINGS, stop.signal);
    assert.equal(cancelled, true);
    assert.ok(!artifacts.some(({ path: name }) => name === '.'));
    assert.ok(artifacts.some(({ path: name }) => name === 'tokenizer_config.json'));
  });

  it('lists what could not be opened, and counts what went over the network', async () => {
    const repository = hub.add('acme/partly', {
      'a.py': new TextEncoder().encode('import os\n'),
      'gone.bin': new Uint8Array(200_000),
      'slow.bin': new Uint8Array(200_000),
    });
    (repository.files.get('gone.bin') as { behaviour?: string }).behaviour = 'wrong-range';
    (repository.files.get('slow.bin') as { behaviour?: string }).behaviour = 'stalls';
    const result = await scan('acme/partly', {
      ...DEFAULT_SETTINGS,
      remote: { ...DEFAULT_SETTINGS.remote, stallMs: 500 },
    });
    const failed = new Map(result.artifacts.map((artifact) => [artifact.path, artifact]));
    assert.match(failed.get('gone.bin')?.reason ?? '', /another part of the file/);
    assert.match(failed.get('slow.bin')?.reason ?? '', /has not answered/);
    assert.equal(failed.get('gone.bin')?.status, 'failed');
    assert.ok((result.transfer?.requests ?? 0) >= 4);
    assert.equal(result.transfer?.ofBytes, 400_010);
    assert.ok(result.facts?.some(({ label }) => label === 'commit'));
  });

  it('ends at once when it is cancelled', async () => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 50; i += 1) files[`m${i}.bin`] = new Uint8Array(100_000);
    const repository = hub.add('acme/cancel', files);
    for (const file of repository.files.values()) file.behaviour = 'silent';
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const started = Date.now();
    const result = await scan('acme/cancel', DEFAULT_SETTINGS, stop.signal);
    assert.equal(result.cancelled, true);
    assert.deepEqual(result.artifacts, []);
    assert.ok(Date.now() - started < DEFAULT_SETTINGS.remote.stallMs / 2);
  });

  it('leaves no temporary folder when it is ended, and sweeps what a killed one left', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/x.git`;
    const temporary = mkdtempSync(path.join(tmpdir(), 'watchtower-test-tmp-'));
    const left = () => readdirSync(temporary).filter((name) => name.startsWith('watchtower-scan-'));
    const endedBy = async (signal: NodeJS.Signals) => {
      const child = spawn(process.execPath, [path.join(program.folder, 'cli.js'), 'scan', target], {
        env: { PATH: process.env.PATH, TMPDIR: temporary },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('close', resolve));
      for (
        let i = 0;
        i < 300 && !left().some((name) => existsSync(path.join(temporary, name, 'repository.git', 'config')));
        i += 1
      ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal(statSync(path.join(temporary, left()[0] as string)).mode & 0o777, 0o700);
      child.kill(signal);
      await ended;
    };
    try {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        await endedBy(signal);
        assert.deepEqual(left(), [], signal);
      }
      await endedBy('SIGKILL');
      assert.equal(left().length, 1);
      assert.equal((await sweepTemporaryFolders(temporary)).length, 1);
      assert.deepEqual(left(), []);
    } finally {
      silent.closeAllConnections();
      silent.close();
      rmSync(temporary, { recursive: true, force: true });
    }
  });

  it('runs from the command line with the token of the environment, which is shown nowhere', async () => {
    hub.add(
      'acme/cli',
      { 'train.py': new TextEncoder().encode('import os\n'), 'w.bin': new Uint8Array(200_000) },
      { gated: true },
    );
    const run = (args: string[], env: Record<string, string> = {}) =>
      program.run(args, { HF_ENDPOINT: hub.origin, HF_HOME: program.folder, ...env });
    const good = await run(['scan', 'hf:acme/cli', '--format', 'json', '--fail-on', 'never'], { HF_TOKEN: hub.token });
    assert.ok(good.code === 0 || good.code === 2, good.stderr);
    const report = JSON.parse(good.stdout) as { sources: { label: string; transfer: { ofBytes: number } }[] };
    assert.match(report.sources[0]?.label ?? '', /^hf:acme\/cli@main/);
    assert.equal(report.sources[0]?.transfer.ofBytes, 200_010);
    assert.match(good.stderr, /structure scanned: .* of 200 kB/);
    assert.ok(!good.stdout.includes(hub.token) && !good.stderr.includes(hub.token));
    const gated = await run(['scan', 'hf:acme/cli', '--format', 'json']);
    assert.equal(gated.code, 2);
    assert.match(gated.stdout, /is gated: accept its terms/);
    const none = await run(['scan', 'hf:acme/none']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /there is no repository acme\/none/);
  });
});
