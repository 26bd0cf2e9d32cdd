import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Advisories, clearingVersion, embeddedAdvisories, isAffected } from '../../../src/core/dependencies/advisories';
import { convertOsv, type OsvRecord, repairVersion } from '../../../src/core/dependencies/osv';
import { ADVISORY_SNAPSHOT } from '../../../src/core/dependencies/snapshot';
import { parseVersion, type Version } from '../../../src/core/dependencies/version';

const META = { asOf: '2026-01-01', source: 'test', commit: '0', license: 'CC-BY-4.0', note: '' };
const range = (...events: Record<string, string>[]) => ({ type: 'ECOSYSTEM', events });

function advisories(...records: OsvRecord[]): Advisories {
  return new Advisories(convertOsv(records, META, () => 7.5).table);
}

function record(id: string, name: string, ranges: ReturnType<typeof range>[], versions: string[] = []): OsvRecord {
  return { id, affected: [{ package: { ecosystem: 'PyPI', name }, ranges, versions }] };
}

const affects = (known: Advisories, name: string, version: string) =>
  known
    .affecting(name)
    .filter((entry) => isAffected(parseVersion(version) as Version, entry))
    .map(({ advisory }) => advisory.id);

describe('conversion of OSV records', () => {
  it('keeps introduced inclusive, fixed exclusive and last_affected inclusive', () => {
    const known = advisories(
      record('A', 'p', [range({ introduced: '0' }, { fixed: '1.2' }, { introduced: '2.0' }, { fixed: '2.3' })]),
      record('B', 'p', [range({ introduced: '1.0' }, { last_affected: '1.2' })]),
      record('C', 'p', [range({ introduced: '3.0' })]),
    );
    assert.deepEqual(affects(known, 'P', '0.1'), ['A']);
    assert.deepEqual(affects(known, 'p', '1.1'), ['A', 'B']);
    assert.deepEqual(affects(known, 'p', '1.2'), ['B']);
    assert.deepEqual(affects(known, 'p', '1.2.1'), []);
    assert.deepEqual(affects(known, 'p', '2.3rc1'), ['A']);
    assert.deepEqual(affects(known, 'p', '99'), ['C']);
  });

  it('reads events in any order and versions that no range holds', () => {
    const known = advisories(
      record('A', 'p', [range({ fixed: '2.3' }, { introduced: '2.0' }, { fixed: '1.2' }, { introduced: '0' })]),
      record('B', 'q', [], ['1.0', '1.5']),
    );
    assert.deepEqual(affects(known, 'p', '1.5'), []);
    assert.deepEqual(affects(known, 'p', '2.1'), ['A']);
    assert.deepEqual(affects(known, 'q', '1.5.0'), ['B']);
    assert.deepEqual(affects(known, 'q', '1.4'), []);
  });

  it('leaves out what is withdrawn and says what it could not use', () => {
    const { table, counts } = convertOsv(
      [
        { ...record('A', 'p', [range({ introduced: '0' })]), withdrawn: '2024-01-01' },
        record('B', 'p', []),
        { ...record('C', 'p', [range({ introduced: '0' }, { fixed: '1' })]), aliases: ['MAL-1', 'CVE-1', 'GHSA-x'] },
        { id: 'D', affected: [{ package: { ecosystem: 'npm', name: 'p' }, ranges: [range({ introduced: '0' })] }] },
      ],
      META,
      () => undefined,
      { B: { package: 'p', intervals: [['3', '4']] } },
    );
    assert.deepEqual(table.advisories, [
      ['B', [], [], 0, null],
      ['C', ['CVE-1'], ['GHSA-x'], 1, null],
    ]);
    assert.equal(counts.withdrawn, 1);
    assert.deepEqual(counts.withoutVersions, ['D']);
  });

  it('repairs the malformed versions that the database has', () => {
    for (const [given, repaired] of [
      ['2.9.0-NA', '2.9.0'],
      ['7.2.0-12.1', '7.2.0'],
      ['0.2.0-n653', '0.2.0'],
      ['2.6.0-cu124', '2.6.0'],
      ['4.6.0.stable11', '4.6.0'],
      ['0.2.0-alpha\\.33', '0.2.0'],
      ['2024-09-25', '2024.09.25'],
      ['2018-04-22b', '2018.04.22'],
      ['1.0-1', '1.0-1'],
      ['trunk', undefined],
    ] as const) {
      assert.equal(repairVersion(given), repaired, given);
    }
  });

  it('names the smallest version that clears all, and the best one when none does', () => {
    const known = advisories(
      record('A', 'p', [range({ introduced: '0' }, { fixed: '1.2' })]),
      record('B', 'p', [range({ introduced: '0' }, { fixed: '1.3rc1' })]),
      record('C', 'p', [range({ introduced: '1.2' }, { fixed: '1.4' })]),
    );
    assert.equal(clearingVersion(parseVersion('1.0'), known.affecting('p'))?.text, '1.4');
    const open = advisories(
      record('A', 'p', [range({ introduced: '0' }, { fixed: '1.2' })]),
      record('B', 'p', [range({ introduced: '0' })]),
    );
    assert.equal(clearingVersion(parseVersion('1.0'), open.affecting('p'))?.text, '1.2');
    assert.equal(clearingVersion(parseVersion('1.2'), open.affecting('p')), undefined);
  });
});

describe('the embedded table', () => {
  const file = path.join(__dirname, '..', '..', '..', 'src', 'core', 'dependencies', 'advisories.json');

  it('is the one that the reports speak of, and small enough for the repository', () => {
    const known = embeddedAdvisories();
    assert.equal(known.meta.asOf, ADVISORY_SNAPSHOT.asOf);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).advisories.length, ADVISORY_SNAPSHOT.count);
    assert.ok(statSync(file).size < 1_100_000);
    assert.match(known.meta.license, /CC-BY-4\.0/);
  });

  it('knows the vulnerabilities that matter most here', () => {
    const known = embeddedAdvisories();
    const ids = (name: string, version: string) =>
      known
        .affecting(name)
        .filter((entry) => isAffected(parseVersion(version) as Version, entry))
        .flatMap(({ advisory }) => [advisory.id, ...advisory.cve]);
    assert.ok(ids('torch', '2.5.1').includes('CVE-2025-32434'));
    assert.ok(!ids('torch', '2.6.0').includes('CVE-2025-32434'));
    assert.ok(ids('torch', '2.9.0').includes('CVE-2026-24747'), 'filed under the name pytorch');
    assert.ok(ids('keras', '3.7.0').includes('CVE-2025-1550'));
    assert.ok(ids('keras', '3.10.0').includes('CVE-2025-8747'), 'from the supplement');
    assert.ok(ids('tensorflow-intel', '2.5.0').length > 100, 'the same code as tensorflow');
    assert.deepEqual(ids('numpy', '1.26.4'), []);
    assert.deepEqual(known.affecting('__proto__'), []);
    assert.deepEqual(known.affecting('constructor'), []);
  });

  it('agrees with the version lists of the database it was made from', function () {
    const zip = path.join(__dirname, '..', '..', '..', '..', '..', 'shared', 'advisories', 'osv-pypi.zip');
    if (!existsSync(zip)) this.skip();
    this.timeout(60_000);
    const { unzipSync } = require('fflate') as typeof import('fflate');
    const known = embeddedAdvisories();
    let checked = 0;
    let missed = 0;
    for (const bytes of Object.values(
      unzipSync(readFileSync(zip), { filter: ({ name }) => /PYSEC-2025-/.test(name) }),
    )) {
      const osv = JSON.parse(new TextDecoder().decode(bytes)) as OsvRecord;
      if (osv.withdrawn) continue;
      for (const { package: distribution, versions = [] } of osv.affected ?? []) {
        const entry = known.affecting(distribution?.name ?? '').find(({ advisory }) => advisory.id === osv.id);
        for (const text of versions) {
          const version = parseVersion(text);
          if (!version) continue;
          checked += 1;
          if (!entry || !isAffected(version, entry)) missed += 1;
        }
      }
    }
    assert.ok(checked > 1000);
    assert.equal(missed, 0);
  });
});
