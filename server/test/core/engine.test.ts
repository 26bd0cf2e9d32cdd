import assert from 'node:assert/strict';
import { BudgetExceeded, DEFAULT_LIMITS } from '../../src/core/budget';
import { scanDirectory, scanFile } from '../../src/core/engine';
import { FORMATS } from '../../src/core/formats';
import { MemoryByteSource } from '../../src/core/io/byteSource';
import { evidenceText } from '../../src/core/redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../src/core/scanner';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import { PROBE_RULES as RULES } from './probe';

function format(
  id: string,
  claim: (name: string) => Claim | undefined,
  scan: (i: ScanInput, c: ScanContext) => void | Promise<void>,
): Format {
  return {
    id,
    title: id,
    kind: 'model',
    extensions: [],
    identify: (p) => claim(p.name),
    scan: async (i, c) => scan(i, c),
  };
}

const source = (text = 'abc') => new MemoryByteSource(new TextEncoder().encode(text));
const options = (formats: Format[], settings = {}) => ({ formats, settings: { ...DEFAULT_SETTINGS, ...settings } });

describe('engine', () => {
  it('gives nothing for a file that no format claims', async () => {
    assert.equal(
      await scanFile(
        'x',
        source(),
        options([
          format(
            'a',
            () => undefined,
            () => {},
          ),
        ]),
      ),
      undefined,
    );
  });

  it('runs every certain format, and a likely one only without a certain one', async () => {
    const ran: string[] = [];
    const make = (id: string, claim: Claim) =>
      format(
        id,
        () => claim,
        () => void ran.push(id),
      );
    await scanFile('x', source(), options([make('a', 'certain'), make('b', 'likely'), make('c', 'certain')]));
    assert.deepEqual(ran, ['a', 'c']);
    ran.length = 0;
    await scanFile('x', source(), options([make('n1', 'named'), make('n2', 'named')]));
    assert.deepEqual(ran, ['n1']);
  });

  it('notes a name that promises another kind of model, and none that promises nothing', async () => {
    const one: Format = {
      ...format(
        'one',
        () => 'certain',
        () => undefined,
      ),
      extensions: ['.one'],
    };
    const two: Format = {
      ...format(
        'two',
        () => undefined,
        () => undefined,
      ),
      extensions: ['.two'],
    };
    const found = async (name: string) =>
      (await scanFile(name, source(), options([one, two])))?.findings.map((f) => `${f.severity} ${f.ruleId}`);
    assert.deepEqual(await found('x.two'), ['info coverage/extension-mismatch']);
    for (const name of ['x.one', 'x.other', 'x']) assert.deepEqual(await found(name), [], name);
    // A model that is compressed keeps its name.
    const wrapper: Format = { ...one, kind: 'archive' };
    assert.deepEqual((await scanFile('x.two', source(), options([wrapper, two])))?.findings, []);
  });

  it('a format leaves out those it supersedes', async () => {
    const ran: string[] = [];
    const zip = format(
      'zip',
      () => 'certain',
      () => void ran.push('zip'),
    );
    const torch = {
      ...format(
        'torch',
        () => 'certain',
        () => void ran.push('torch'),
      ),
      supersedes: ['zip'],
    };
    await scanFile('x', source(), options([zip, torch]));
    assert.deepEqual(ran, ['torch']);
  });

  it('reports one finding for one defect, and fingerprints that do not depend on the place', async () => {
    const at = (line: number) =>
      format(
        'a',
        () => 'certain',
        (_, c) => {
          for (const anchor of ['x', 'x', 'y'])
            c.report({ rule: RULES.found, message: 'm', anchor, location: { line } });
        },
      );
    const first = await scanFile('p', source(), options([at(1)]));
    const moved = await scanFile('p', source(), options([at(9)]));
    assert.equal(first?.findings.length, 2);
    assert.deepEqual(
      first?.findings.map((f) => f.fingerprint),
      moved?.findings.map((f) => f.fingerprint),
    );
    assert.equal(new Set(first?.findings.map((f) => f.fingerprint)).size, 2);
  });

  it('a member of a member is named by its chain, and depth is bounded', async () => {
    const nested = format(
      'n',
      () => 'certain',
      async (i, c) => {
        c.report({ rule: RULES.found, message: i.name });
        await c.scan({ name: 'in', source: i.source });
      },
    );
    const report = await scanFile('p', source(), options([nested], { limits: { ...DEFAULT_LIMITS, depth: 2 } }));
    assert.deepEqual(
      report?.findings.filter((f) => f.ruleId === 'probe/found').map((f) => f.location.member),
      [undefined, 'in', 'in!in'],
    );
    assert.equal(report?.status, 'partial');
    assert.match(report?.reason ?? '', /nested deeper than 2/);
  });

  it('a scanner that throws is a failed file with a reason, a met budget a partial one; neither is clean', async () => {
    const broken = await scanFile(
      'p',
      source(),
      options([
        format(
          'a',
          () => 'certain',
          () => {
            throw new Error('bad\nheader');
          },
        ),
      ]),
    );
    assert.equal(broken?.status, 'failed');
    assert.equal(broken?.reason, 'a: bad\\nheader');
    assert.deepEqual(
      broken?.findings.map((f) => f.ruleId),
      ['coverage/unreadable'],
    );
    const spent = await scanFile(
      'p',
      source(),
      options([
        format(
          'a',
          () => 'certain',
          () => {
            throw new BudgetExceeded('entries', 'too many');
          },
        ),
      ]),
    );
    assert.equal(spent?.status, 'partial');
    assert.deepEqual(
      spent?.findings.map((f) => f.ruleId),
      ['coverage/not-inspected'],
    );
  });

  it('a finding that says what could not be read makes the file partial, also when it is switched off', async () => {
    const cut = format(
      'a',
      () => 'certain',
      (_, c) => c.report({ rule: RULES.found, message: 'cut off', incomplete: 'the header is cut off' }),
    );
    for (const [settings, findings] of [
      [{}, ['probe/found']],
      [{ severityOverrides: { 'probe/found': 'off' } }, []],
    ] as const) {
      const report = await scanFile('p', source(), options([cut], settings));
      assert.equal(report?.status, 'partial');
      assert.equal(report.reason, 'the header is cut off');
      assert.deepEqual(
        report.findings.map((f) => f.ruleId),
        findings,
      );
    }
  });

  it('keeps what was found before a failure', async () => {
    const report = await scanFile(
      'p',
      source(),
      options([
        format(
          'a',
          () => 'certain',
          (_, c) => {
            c.report({ rule: RULES.found, message: 'm' });
            throw new Error('later');
          },
        ),
      ]),
    );
    assert.ok(report?.findings.some((f) => f.ruleId === 'probe/found'));
  });

  it('obeys severity overrides, off, and the minimum, and caps the findings kept', async () => {
    const many = format(
      'a',
      () => 'certain',
      (_, c) => {
        for (let i = 0; i < 10; i += 1) c.report({ rule: RULES.found, message: `m${i}` });
      },
    );
    const off = await scanFile('p', source(), options([many], { severityOverrides: { 'probe/*': 'off' } }));
    assert.equal(off?.findings.length, 0);
    const low = await scanFile('p', source(), options([many], { severityOverrides: { 'probe/found': 'low' } }));
    assert.ok(low?.findings.every((f) => f.severity === 'low'));
    const hidden = await scanFile('p', source(), options([many], { minimumSeverity: 'critical' }));
    assert.equal(hidden?.findings.length, 0);
    const capped = await scanFile('p', source(), options([many], { limits: { ...DEFAULT_LIMITS, findings: 3 } }));
    assert.equal(capped?.findings.length, 3);
    assert.match(capped?.reason ?? '', /7 more findings of probe\/found/);
  });

  it('escapes what a file could smuggle into a message or a member name', async () => {
    const report = await scanFile(
      'p',
      source(),
      options([
        format(
          'a',
          () => 'certain',
          (_, c) => {
            c.report({
              rule: RULES.found,
              message: 'a\u001b[2Jb\u202e',
              location: { member: 'x\n../y' },
              evidence: evidenceText('e\r'),
            });
          },
        ),
      ]),
    );
    assert.equal(report?.findings[0]?.message, 'a\\u001b[2Jb\\u202e');
    assert.equal(report?.findings[0]?.location.member, 'x\\n../y');
    assert.equal(report?.findings[0]?.evidence, 'e\\r');
  });

  it('scans the members of a folder that is one artifact, and names each that cannot be opened', async () => {
    const leaf = format(
      'leaf',
      () => 'certain',
      (i, c) => c.report({ rule: RULES.found, message: i.name }),
    );
    const report = await scanDirectory(
      'model',
      {
        id: 'dir',
        title: 'Dir',
        claim: (f) => f,
        scan: async (_, c) => c.report({ rule: RULES.found, message: 'whole' }),
      },
      ['a', 'b'],
      (m) => (m === 'b' ? Promise.reject(new Error('EACCES')) : Promise.resolve(source())),
      options([leaf]),
    );
    assert.equal(report.status, 'partial');
    assert.deepEqual(
      report.findings.map((f) => [f.ruleId, f.location.member]),
      [
        ['probe/found', 'a'],
        ['coverage/unreadable', 'b'],
        ['probe/found', undefined],
      ],
    );
  });
});

describe('a damaged model', () => {
  it('does not pass for a clean text', async () => {
    const report = await scanFile('model.pkl', source('cos\nsyst'), options([...FORMATS]));
    assert.notEqual(report?.status, 'scanned');
    assert.ok(report?.findings.some((f) => f.ruleId === 'coverage/unreadable'));
  });

  it('is no reason to doubt an honest text', async () => {
    const report = await scanFile('notes.txt', source('cos\nsyst'), options([...FORMATS]));
    assert.equal(report?.status, 'scanned');
  });
});
