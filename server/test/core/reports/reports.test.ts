import assert from 'node:assert/strict';
import type { ArtifactReport, Finding, ScanReport } from '../../../src/core/finding';
import { REPORTS, reportById } from '../../../src/core/reports';
import { pathToUri } from '../../../src/core/reports/sarif';
import { buildSeedReports } from '../../../src/core/reports/seed';
import { totalsOf } from '../../../src/core/reports/totals';
import { ruleById } from '../../../src/core/rules';

const HOSTILE = '</style><script>alert(1)</script>"\'`\n\u202e=cmd|x!A0';

function finding(part: Partial<Finding>): Finding {
  return {
    ruleId: 'dependency/known-vulnerability',
    category: 'dependency',
    severity: 'high',
    message: 'django 1.11.15 has a known vulnerability.',
    fingerprint: 'f'.repeat(32),
    location: {},
    ...part,
  };
}

function artifact(part: Partial<ArtifactReport>): ArtifactReport {
  return {
    path: 'a',
    kind: 'model',
    format: 'pickle',
    status: 'scanned',
    bytes: 10,
    bytesRead: 5,
    findings: [],
    ...part,
  };
}

function scan(...artifacts: ArtifactReport[]): ScanReport {
  return {
    schema: 'watchtower-scan/1',
    tool: { name: 'watchtower', version: '1.2.3' },
    advisories: { asOf: '2026-07-23', source: 'test', count: 1 },
    target: 'repository',
    notScanned: [
      { path: 'node_modules', reason: 'tool folder' },
      { path: 'secret.pkl', reason: 'no permission to read', unreadable: true },
    ],
    artifacts,
  };
}

const NOTEBOOK = artifact({
  path: 'notebooks/a b#1%.ipynb',
  kind: 'notebook',
  format: 'notebook',
  findings: [
    finding({
      location: { cell: 1, line: 2, column: 14, endLine: 2, endColumn: 29, fileLine: 19 },
      data: {
        package: 'django',
        version: '1.11.15',
        advisories: [{ id: 'PYSEC-2019-10', aliases: ['CVE-2019-12781'], score: 5.3 }, { id: 'PYSEC-2019-11' }],
      },
      related: [{ message: 'also here', location: { cell: 2, line: 1, fileLine: 30 } }],
    }),
    finding({
      ruleId: 'pii/x',
      category: 'pii',
      severity: 'medium',
      entity: 'EMAIL_ADDRESS',
      evidence: 'john**** (19 characters)',
    }),
    finding({ ruleId: 'secret/x', category: 'secret', severity: 'critical', evidence: 'ghp_**** (40 characters)' }),
  ],
  suppressed: [finding({ severity: 'low', fingerprint: 'e'.repeat(32), suppressed: { by: 'inline' } })],
  dependencies: [
    { name: 'django', version: '1.11.15', ecosystem: 'pypi' },
    { name: 'numpy', specifier: '>=1.0', ecosystem: 'pypi' },
  ],
});

const MODEL = artifact({
  path: `models/${HOSTILE}.pt`,
  format: 'pytorch-zip',
  status: 'partial',
  reason: 'the cap was met',
  findings: [
    finding({
      ruleId: 'coverage/not-inspected',
      category: 'model',
      severity: 'critical',
      message: `Calls ${HOSTILE}`,
      evidence: HOSTILE,
      location: { member: 'archive/data.pkl', offset: 12, length: 3, node: 'layer/0' },
    }),
    finding({ ruleId: 'coverage/lfs-pointer', category: 'coverage', severity: 'info' }),
  ],
  description: {
    format: 'pytorch-zip',
    framework: 'torch',
    license: 'mit',
    parameters: 8,
    sha256: 'a'.repeat(64),
    inputs: [{ name: 'x', dtype: 'f32', shape: [-1, 4] }],
  },
});

const FAILED = artifact({ path: 'models/broken.h5', format: 'hdf5', status: 'failed', reason: 'truncated' });
const REPORT = scan(
  NOTEBOOK,
  MODEL,
  FAILED,
  artifact({ path: 'requirements.txt', kind: 'dependencies', format: 'dependencies' }),
);

/** JSON under test; every step may lead nowhere, and then the assertion on it fails. */
interface Json {
  [key: string]: Json | undefined;
}
const parse = (id: string, options = {}) => JSON.parse(reportById(id)?.build(REPORT, options) ?? '') as Json;

describe('reports', () => {
  it('are each registered once, and give the same text for the same scan', () => {
    assert.equal(new Set(REPORTS.map(({ id }) => id)).size, REPORTS.length);
    assert.equal(new Set(REPORTS.map(({ extension }) => extension)).size, REPORTS.length);
    for (const { build } of REPORTS) {
      const text = build(REPORT, {});
      assert.equal(text, build(structuredClone(REPORT), {}));
      assert.ok(text.includes('PYSEC') || text.includes('django'), 'the findings are in it');
    }
  });

  it('count a folder that is one artifact once, and what is suppressed apart', () => {
    const totals = totalsOf(REPORT);
    assert.deepEqual(totals.bySeverity, { critical: 2, high: 1, medium: 1, low: 0, info: 1 });
    assert.equal(totals.suppressed, 1);
    assert.equal(totals.byKind.model, 2);
    assert.deepEqual(
      totals.incomplete.map(({ status }) => status),
      ['failed', 'partial'],
    );
  });

  it('give the machine contract unchanged', () => {
    assert.deepEqual(parse('json'), JSON.parse(JSON.stringify(REPORT)));
  });
});

describe('SARIF', () => {
  const sarif = parse('sarif', { pathPrefix: 'sub dir' });
  const run = (sarif.runs as unknown as Json[])[0] as Json;
  const results = run.results as unknown as Json[];
  const rules = run.tool?.driver?.rules as unknown as Json[];

  it('has the structure that the specification asks for', () => {
    assert.equal(sarif.version, '2.1.0');
    assert.match(String(sarif.$schema), /sarif-schema-2\.1\.0\.json$/);
    assert.equal(results.length, 6);
    for (const result of results) {
      assert.ok(['error', 'warning', 'note', 'none'].includes(String(result.level)));
      assert.equal(rules[result.ruleIndex as unknown as number]?.id, result.ruleId);
      assert.equal(typeof result.message?.text, 'string');
      assert.match(String(result.partialFingerprints?.['watchtower/v1']), /^[0-9a-f]{32}$/);
      for (const location of result.locations as unknown as Json[]) {
        const { artifactLocation, region } = location.physicalLocation as Json;
        assert.match(String(artifactLocation?.uri), /^[A-Za-z0-9\-._~%/]+$/, 'percent-encoded');
        assert.equal(artifactLocation?.uriBaseId, '%SRCROOT%');
        for (const value of Object.values(region ?? {})) assert.match(String(value), /^\d+$/);
      }
    }
  });

  it('describes the rules with help, tags and a number for the severity', () => {
    const rule = rules.find(({ id }) => String(id) === 'dependency/known-vulnerability') as Json;
    assert.equal(rule.shortDescription?.text, ruleById('dependency/known-vulnerability')?.title);
    assert.ok(String(rule.help?.markdown).includes('What to do'));
    assert.match(JSON.stringify(rule.properties?.tags), /"external\/cwe\/cwe-1395"/);
    assert.match(String(rule.properties?.['security-severity']), /^\d+\.\d$/);
  });

  it('maps notebook cells to lines of the file and keeps the cell as a logical place', () => {
    const result = results.find(({ locations }) => JSON.stringify(locations).includes('"startLine":19')) as Json;
    const [location] = result.locations as unknown as [Json];
    assert.equal(location.physicalLocation?.artifactLocation?.uri, 'sub%20dir/notebooks/a%20b%231%25.ipynb');
    assert.deepEqual(location.physicalLocation?.region, { startLine: 19 });
    assert.match(JSON.stringify(location.logicalLocations), /cell 1 line 2 column 14/);
    assert.deepEqual((result.relatedLocations as unknown as Json[])[0]?.physicalLocation?.region, { startLine: 30 });
  });

  it('names members and nodes as logical places', () => {
    const result = results.find(({ ruleId }) => String(ruleId) === 'coverage/not-inspected') as Json;
    assert.match(JSON.stringify(result.locations), /"archive\/data\.pkl@12"/);
  });

  it('carries suppressed findings as suppressed, and what was not scanned as notifications', () => {
    assert.equal(results.filter(({ suppressions }) => suppressions).length, 1);
    const notifications = JSON.stringify(run.invocations);
    assert.match(notifications, /truncated/);
    assert.match(notifications, /no permission to read/);
    assert.match(notifications, /"executionSuccessful":false/);
  });

  it('encodes any name as a URI', () => {
    assert.equal(pathToUri("a b/ü\u0000'(*)!.pkl"), 'a%20b/%C3%BC%00%27%28%2A%29%21.pkl');
    assert.equal(pathToUri('\ud800x'), '%EF%BF%BDx');
  });
});

describe('HTML', () => {
  const html = reportById('html')?.build(REPORT, {}) ?? '';

  it('shows everything as text and can load nothing', () => {
    assert.ok(!/<script|<img|<link|<iframe|javascript:|\son\w+=/i.test(html));
    assert.ok(html.includes('&#60;script&#62;'));
    assert.ok(!html.includes('\u202e'));
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    assert.equal(html.match(/<details/g)?.length, html.match(/<\/details>/g)?.length);
    assert.equal(html.match(/<style>/g)?.length, 1);
  });

  it('lists what was not fully scanned', () => {
    for (const text of ['truncated', 'the cap was met', 'no permission to read', 'tool folder'])
      assert.ok(html.includes(text), text);
  });
});

describe('CSV and Markdown', () => {
  it('keep a row a row and a formula a text', () => {
    const csv = reportById('csv')?.build(
      scan(artifact({ path: '=1+1', findings: [finding({ message: 'a,"b"\nc', evidence: '@x' })] })),
      {},
    );
    assert.equal(csv?.split('\r\n').length, 3);
    assert.ok(csv?.includes("'=1+1,model"));
    assert.ok(csv?.includes('"a,""b""\nc",\'@x'));
  });

  it('give Markdown no markup of a file', () => {
    const markdown = reportById('markdown')?.build(REPORT, {}) ?? '';
    assert.ok(!markdown.includes('<script>'));
    assert.ok(!/[^\\]`/.test(markdown));
    for (const line of markdown.split('\n').filter((row) => row.startsWith('| critical'))) {
      assert.equal(line.split('|').length, 6);
    }
  });
});

describe('CycloneDX', () => {
  const bom = parse('cyclonedx');
  const components = bom.components as unknown as Json[];
  const vulnerabilities = bom.vulnerabilities as unknown as Json[];

  it('has the structure that the specification asks for', () => {
    assert.equal(bom.bomFormat, 'CycloneDX');
    assert.equal(bom.specVersion, '1.6');
    assert.match(
      String(bom.serialNumber),
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const references = [...components, ...vulnerabilities].map((entry) => String(entry['bom-ref']));
    assert.equal(new Set(references).size, references.length, 'references are unique');
    for (const { affects } of vulnerabilities) {
      for (const { ref } of affects as unknown as { ref: string }[]) assert.ok(references.includes(ref), ref);
    }
  });

  it('has models and distributions as components', () => {
    const models = components.filter(({ type }) => String(type) === 'machine-learning-model');
    assert.equal(models.length, 2);
    assert.deepEqual(models[0]?.hashes, [{ alg: 'SHA-256', content: 'a'.repeat(64) }]);
    assert.deepEqual(models[0]?.modelCard?.modelParameters?.inputs, [{ format: 'x: f32[-1, 4]' }]);
    assert.deepEqual(
      components.filter(({ type }) => String(type) === 'library').map(({ purl }) => purl),
      ['pkg:pypi/django@1.11.15', 'pkg:pypi/numpy'],
    );
  });

  it('has advisories under their own ids, affecting the component', () => {
    const advisory = vulnerabilities.find(({ id }) => String(id) === 'PYSEC-2019-10') as Json;
    assert.deepEqual(advisory.ratings, [{ score: 5.3, severity: 'medium', method: 'other' }]);
    assert.deepEqual(advisory.affects, [{ ref: 'pypi:django@1.11.15' }]);
    const unrated = vulnerabilities.find(({ id }) => String(id) === 'PYSEC-2019-11') as Json;
    assert.deepEqual(unrated.ratings, [{ severity: 'unknown' }]);
  });
});

describe('the three Watchtower reports', () => {
  const files = buildSeedReports(REPORT, {
    timestamp: 1700000000,
    repositoryType: 'github',
    repositoryUrl: 'https://x',
  });
  const read = (name: string) => JSON.parse(files.find((file) => file.name === name)?.content ?? '') as Json;

  it('have the names and the keys of the original, in its order', () => {
    assert.deepEqual(
      files.map(({ name }) => name),
      [
        'summary_reports_1700000000.json',
        'detailed_reports_1700000000.json',
        'severity_mapped_detailed_reports_1700000000.json',
      ],
    );
    assert.deepEqual(Object.entries(read('summary_reports_1700000000.json')), [
      ['Repository Type', 'github'],
      ['Repository URL', 'https://x'],
      ['Total Number of Model Found', 2],
      ['Total Number of Notebooks & Requirement files Found', 2],
      ['Total Number of Model Scanned', 1],
      ['Total Number of Notebooks & Requirement files Scanned', 2],
      ['Total Notebook & Requirement files Vulnerabilities Found', { Critical: 1, High: 1, Medium: 1, Low: 0 }],
      ['Total Model Vulnerabilities Found', { Critical: 1, High: 0, Medium: 0, Low: 0 }],
    ]);
    assert.match(files[0]?.content ?? '', /^\{\n {7}"Repository Type"/);
  });

  it('give the bucket instead of an address where there is one', () => {
    const [summary] = buildSeedReports(REPORT, { repositoryType: 's3', bucketName: 'b' });
    assert.deepEqual(Object.keys(JSON.parse(summary?.content ?? '')).slice(0, 2), ['Repository Type', 'Bucket Name']);
  });

  it('have the shapes of the original in the detailed report', () => {
    const detailed = read('detailed_reports_1700000000.json');
    const notebook = detailed[NOTEBOOK.path] as Json;
    assert.equal(notebook.file_name, NOTEBOOK.path);
    const tools = notebook.scanning_reports as unknown as Json[];
    for (const tool of tools) assert.deepEqual(Object.keys(tool), ['tool', 'output_log']);
    assert.equal(detailed['requirements.txt']?.requirement_file, 'requirements.txt');
    const model = detailed[MODEL.path] as Json;
    const [log] = model.scanning_reports as unknown as { output_log: string[] }[];
    assert.match(log?.output_log[0] ?? '', /^[\w/-]+#Severity:Critical - /);
  });

  it('map severities: a list for notebooks, an object for models', () => {
    const mapped = read('severity_mapped_detailed_reports_1700000000.json');
    const tools = mapped[NOTEBOOK.path] as unknown as { tool: string; output_log: Json }[];
    assert.ok(Array.isArray(tools));
    const secrets = tools.find(({ tool }) => tool === 'Watchtower-Secrets')?.output_log.results?.[NOTEBOOK.path];
    assert.equal((secrets as unknown as Json[])[0]?.vulnerability_severity, 'Critical');
    const packages = tools.find(({ tool }) => tool === 'Watchtower-Dependencies')?.output_log.scanned_packages;
    assert.equal(packages?.django?.package_vulnerability_severity, 'High');
    assert.equal(packages?.numpy?.package_vulnerability_severity, '');
    assert.equal(mapped[MODEL.path]?.file_name, MODEL.path);
  });

  it('say of a remote source how much was read and what its host says, as data', () => {
    const report: ScanReport = {
      ...scan(artifact({})),
      sources: [
        {
          label: `hf:acme/model@main ${HOSTILE}`,
          facts: [
            { label: 'licence', value: 'mit', level: 'info' },
            { label: "the hub's own scan", value: `model.pkl: ${HOSTILE}`, level: 'notice' },
          ],
          transfer: { bytes: 3_200_000, requests: 42, read: 3_100_000, ofBytes: 26_000_000_000 },
        },
        {
          label: 's3://gone/',
          facts: [],
          transfer: { bytes: 0, requests: 0, read: 0, ofBytes: 0 },
          error: { kind: 'not-found', message: 'there is no bucket gone' },
        },
      ],
    };
    for (const id of ['markdown', 'html', 'sarif', 'cyclonedx'] as const) {
      const text = reportById(id)?.build(report, {}) ?? '';
      const plain = text.replaceAll('&#58;', ':');
      assert.match(plain, /3\.1 MB of 26\.0 GB/, id);
      assert.match(plain, /mit/, id);
      assert.match(plain, /model\.pkl/, id);
      assert.match(plain, /there is no bucket gone/, id);
      if (id === 'html' || id === 'markdown') assert.ok(!text.includes('<script>'), id);
    }
    const json = JSON.parse(reportById('json')?.build(report, {}) ?? '') as ScanReport;
    assert.deepEqual(json.sources?.[0]?.transfer, {
      bytes: 3_200_000,
      requests: 42,
      read: 3_100_000,
      ofBytes: 26_000_000_000,
    });
    const sarif = JSON.parse(reportById('sarif')?.build(report, {}) ?? '') as {
      runs: { invocations: { executionSuccessful: boolean }[] }[];
    };
    assert.equal(sarif.runs[0]?.invocations[0]?.executionSuccessful, false);
  });
});
