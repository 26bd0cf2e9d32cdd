import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArtifactReport, ScanReport } from '../../src/core/finding';
import { Program, snapshot } from './program';

const ROOT = path.join(__dirname, '..', '..', '..');
const SEED = path.join(ROOT, '..', 'shared', 'corpus', 'seed');
const GROUND_TRUTH = path.join(ROOT, '..', 'shared', 'research', 'seed-ground-truth.json');

const program = new Program();

function scan(folder: string): Map<string, ArtifactReport> {
  const before = snapshot(folder);
  const { stdout } = program.run(['scan', folder, '--format', 'json', '--quiet', '--fail-on', 'never']);
  assert.deepEqual(snapshot(folder), before, 'the tree is as it was');
  return new Map((JSON.parse(stdout) as ScanReport).artifacts.map((artifact) => [artifact.path, artifact]));
}

describe('the sample workspace', function () {
  this.timeout(120_000);
  let folder: string;
  let found: Map<string, ArtifactReport>;

  before(async () => {
    program.build();
    folder = mkdtempSync(path.join(tmpdir(), 'watchtower-workspace-'));
    cpSync(path.join(ROOT, 'fixtures', 'workspace'), folder, { recursive: true });
    const make = (await import(pathToFileURL(path.join(ROOT, 'fixtures', 'make.mjs')).href)) as {
      makeWorkspace(folder: string): void;
      generatedFiles(): Record<string, string | Uint8Array>;
    };
    make.makeWorkspace(folder);
    const again = make.generatedFiles();
    for (const [name, content] of Object.entries(again)) {
      assert.deepEqual(
        readFileSync(path.join(folder, name)),
        Buffer.from(content as string),
        'the same bytes each time',
      );
    }
    found = scan(folder);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    program.remove();
  });

  for (const [name, rule, severity] of [
    ['models/sentiment.pkl', 'pickle/dangerous-call', 'critical'],
    ['models/classifier-finetuned.pt', 'pickle/dangerous-call', 'critical'],
    ['models/scaler.keras', 'keras/lambda-layer', 'critical'],
    ['models/chat.gguf', 'template/code-execution', 'critical'],
    ['models/detector.onnx', 'onnx/external-data', 'high'],
    ['models/labels.npy', 'pickle/dangerous-call', 'critical'],
    ['.env', 'secret/huggingface-token', 'critical'],
    ['notebooks/leaked-output.ipynb', 'secret/huggingface-token', 'critical'],
    ['notebooks/churn.ipynb', 'dependency/known-vulnerability', 'critical'],
    ['requirements.txt', 'dependency/extra-index', 'medium'],
    ['src/serve.py', 'python/torch-load', 'high'],
    ['data/customers.csv', 'pii/us-ssn', 'high'],
  ] as const) {
    it(`shows ${rule} in ${name}`, () => {
      const findings = found.get(name)?.findings.filter(({ ruleId }) => ruleId === rule) ?? [];
      assert.ok(
        findings.some((finding) => finding.severity === severity),
        JSON.stringify(findings),
      );
    });
  }

  for (const name of [
    'models/vocabulary.pkl',
    'models/classifier.pt',
    'models/classifier.safetensors',
    'models/dense.keras',
    'models/features.npy',
  ]) {
    it(`has nothing to say against ${name}`, () => {
      const artifact = found.get(name);
      assert.equal(artifact?.status, 'scanned');
      assert.deepEqual(
        artifact?.findings.filter(({ severity }) => severity !== 'info'),
        [],
      );
    });
  }

  it('lists the file that cannot be read', () => {
    assert.equal(found.get('models/interrupted-download.h5')?.status, 'failed');
  });

  it('repeats no credential in any report', () => {
    const secrets = readFileSync(path.join(folder, '.env'), 'utf8').match(/(?<==).{20,}/g) ?? [];
    assert.equal(secrets.length, 2);
    for (const format of ['text', 'json', 'sarif', 'html', 'cyclonedx', 'csv', 'markdown']) {
      const { stdout } = program.run(['scan', folder, '-q', '-f', format]);
      for (const secret of secrets) assert.ok(!stdout.includes(secret.slice(8)), format);
    }
  });
});

describe("the original's samples", function () {
  this.timeout(60_000);

  interface Expected {
    category: string;
    cell: number;
    cellLine: number;
    startColumn: number;
    endColumn: number;
    ipynbLines: number[];
    text: string;
  }

  it('have every pinned package found at its place', function () {
    if (!existsSync(SEED) || !existsSync(GROUND_TRUTH)) this.skip();
    program.build();
    try {
      const found = scan(SEED);
      const truth = JSON.parse(readFileSync(GROUND_TRUTH, 'utf8')) as {
        notebooks: { path: string; expected: Expected[] }[];
      };
      let checked = 0;
      for (const { path: name, expected } of truth.notebooks) {
        const findings = found.get(name)?.findings ?? [];
        for (const pin of expected.filter(({ category }) => category === 'vulnerable-dependency')) {
          const match = findings.find(
            ({ ruleId, location }) =>
              ruleId === 'dependency/known-vulnerability' &&
              location.cell === pin.cell &&
              location.line === pin.cellLine &&
              location.column === pin.startColumn &&
              location.endColumn === pin.endColumn + 1 &&
              pin.ipynbLines.includes(location.fileLine ?? 0),
          );
          assert.ok(match, `${name}: ${pin.text}`);
          checked += 1;
        }
      }
      assert.equal(checked, 15);
    } finally {
      program.remove();
    }
  });
});
