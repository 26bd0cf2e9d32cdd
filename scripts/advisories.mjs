// Converts an OSV archive of PyPI into the advisory table that is shipped.
//   node --import tsx scripts/advisories.mjs OSV.zip --as-of YYYY-MM-DD --commit HASH
// Facts only (ids, aliases, scores, version ranges) are taken; the records' prose stays where it is.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import cvss from 'ae-cvss-calculator';
import { unzipSync } from 'fflate';
import { convertOsv } from '../server/src/core/dependencies/osv.ts';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const [zip] = args;
const asOf = option('--as-of');
const commit = option('--commit');
if (!zip || !/^\d{4}-\d{2}-\d{2}$/.test(asOf ?? '') || !/^[0-9a-f]{40}$/.test(commit ?? '')) {
  console.error('usage: node --import tsx scripts/advisories.mjs OSV.zip --as-of YYYY-MM-DD --commit HASH');
  process.exit(2);
}

/** Records of the snapshot that name no version range; the ranges are those that their text states. */
const SUPPLEMENT = {
  'PYSEC-2025-75': { package: 'keras', intervals: [['3.0.0', '3.11.0']] },
  // No range is stated; the same change fixes it as the one above (keras#21429).
  'PYSEC-2025-76': { package: 'keras', intervals: [['3.0.0', '3.11.0']] },
  'PYSEC-2025-73': {
    package: 'datasette',
    intervals: [
      ['0', '0.65.2'],
      ['1.0a0', '1.0a21'],
    ],
  },
};

const scoreOf = (vector) => {
  try {
    const scores = cvss.fromVector(vector)?.calculateScores();
    const score = scores?.base ?? scores?.overall;
    return typeof score === 'number' && Number.isFinite(score) ? score : undefined;
  } catch {
    return undefined;
  }
};

const decoder = new TextDecoder();
const records = Object.entries(unzipSync(readFileSync(zip), { filter: ({ name }) => name.endsWith('.json') })).map(
  ([, bytes]) => JSON.parse(decoder.decode(bytes)),
);
const { table, counts } = convertOsv(
  records,
  {
    asOf,
    source: 'Python Packaging Advisory Database',
    commit,
    license: 'CC-BY-4.0',
    note: 'Converted: ids, aliases, scores and version ranges only; includes facts of the GitHub Advisory Database (CC-BY-4.0)',
  },
  scoreOf,
  SUPPLEMENT,
);

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'server', 'src', 'core', 'dependencies');
// A line for each advisory and package, so that an update can be read as a difference.
const lines = (list) => list.map((item) => JSON.stringify(item)).join(',\n');
const packages = Object.entries(table.packages).map(
  ([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`,
);
const json = `{"meta":${JSON.stringify(table.meta)},\n"advisories":[\n${lines(table.advisories)}\n],\n"packages":{\n${packages.join(',\n')}\n}}\n`;
writeFileSync(path.join(folder, 'advisories.json'), json);
writeFileSync(
  path.join(folder, 'snapshot.ts'),
  `/** Which advisory data the embedded table was made from. Written by scripts/advisories.mjs; do not edit. */
export const ADVISORY_SNAPSHOT = {
  asOf: '${asOf}',
  source: '${table.meta.source} (${table.meta.license})',
  count: ${table.advisories.length},
} as const;
`,
);
const { withoutVersions, unreadableVersions, ...numbers } = counts;
console.log(JSON.stringify({ ...numbers, bytes: json.length }));
if (withoutVersions.length) console.log(`without versions: ${withoutVersions.join(', ')}`);
if (unreadableVersions.length) console.log(`unreadable versions: ${unreadableVersions.join(', ')}`);
