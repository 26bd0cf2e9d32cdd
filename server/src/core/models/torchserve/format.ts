import { pathHazard } from '../../archives/paths';
import { readZip, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format } from '../../scanner';
import { decodeConfig } from '../configs/decode';
import { type JsonMember, type JsonNode, readTolerantJson } from '../configs/tolerantJson';

export const TORCHSERVE_RULES = defineRules('torchserve', {
  'manifest-path': {
    title: 'Model archive names a file outside itself',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The manifest names a handler or weights by a path or address that leaves the archive; TorchServe opens it.',
    remediation: 'Do not register the archive.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-22'], see: ['CVE-2023-48299', 'CVE-2023-43654'] },
  },
  handler: {
    title: 'Model archive runs a handler of its own',
    category: 'model',
    severity: 'info',
    risk: 'runtime',
    description: 'TorchServe imports the handler module of the archive in the worker that serves the model.',
    remediation: 'Read the handler before registering the archive.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829'] },
  },
});

const MANIFEST = 'MAR-INF/MANIFEST.json';
const LARGEST_MANIFEST = 2 ** 20;
const FILE_KEYS = [
  'handler',
  'serializedFile',
  'modelFile',
  'extraFiles',
  'requirementsFile',
  'configFile',
  'envelope',
];

/** TorchServe model archives (`torch-model-archiver`). Members are judged as what they are: weights, Python, requirements. */
export const TORCHSERVE_FORMAT: Format = {
  id: 'torchserve-mar',
  title: 'TorchServe model archive',
  kind: 'model',
  extensions: ['.mar'],
  supersedes: ['zip'],
  async identify(probe) {
    const zip = await zipOf(probe);
    if (zip?.find(MANIFEST, { ignoreCase: true })) return 'certain';
    return probe.extension === '.mar' ? 'named' : undefined;
  },
  async scan(input, context) {
    const zip = await readZip(input.source, context.budget);
    // Code in the archive is there to be imported by the worker, whatever it is called.
    const code = zip.allEntries.filter(({ name }) => /\.py$/i.test(name) && !pathHazard(name));
    await scanZipMembers(zip, context, { skip: (member) => code.includes(member) });
    for (const member of code) await context.scan({ name: asHandler(member.name), source: await zip.open(member) });
    const entry = zip.find(MANIFEST, { ignoreCase: true });
    if (!entry) {
      context.incomplete(`a model archive without ${MANIFEST}`);
      return;
    }
    const content = await zip.open(entry);
    const { roots, damage } = readTolerantJson(decodeConfig(await content.read(0, LARGEST_MANIFEST)));
    if (damage) context.incomplete(`the manifest is damaged (${damage.what})`, { member: MANIFEST });
    const manifest = membersOf(roots[0]);
    const model = manifest.filter(({ key }) => key === 'model').flatMap(({ value }) => membersOf(value));
    context.describe({
      format: 'torchserve-mar',
      framework: 'TorchServe',
      properties: Object.fromEntries(
        [...model, ...manifest]
          .flatMap(({ key, value }) => (value.kind === 'string' ? [[key, value.value] as const] : []))
          .slice(0, 50)
          .map(([key, value]) => [key, evidenceText(value, 200)]),
      ),
    });
    // A key that stands twice is judged twice: Java and Python differ on which one counts.
    for (const { key, value } of model) {
      if (!FILE_KEYS.includes(key)) continue;
      for (const name of namesIn(value)) {
        // A handler may be `module:function`.
        const path = key === 'handler' ? name.replace(/:[A-Za-z_]\w*$/, '') : name;
        if (!pathHazard(path) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) continue;
        context.report({
          rule: TORCHSERVE_RULES['manifest-path'],
          message: `The manifest's ${key} is ${evidenceText(name, 160)}, which lies outside the archive`,
          anchor: `${key}\0${name}`,
          location: { member: MANIFEST, node: `model/${key}` },
        });
      }
    }
    const handler = model.findLast(({ key }) => key === 'handler')?.value;
    if (handler?.kind === 'string' && /\.py(?::\w+)?$/.test(handler.value)) {
      context.report({
        rule: TORCHSERVE_RULES.handler,
        message: `Serving the model imports ${evidenceText(handler.value, 120)}`,
        anchor: handler.value,
        location: { member: MANIFEST, node: 'model/handler' },
      });
    }
  },
};

/** The name under which a module is judged as one that a server imports by itself. */
function asHandler(name: string): string {
  return /(?:^|\/)handler\.py$/i.test(name) ? name : `${name}/handler.py`;
}

function membersOf(node: JsonNode | undefined): readonly JsonMember[] {
  return node?.kind === 'object' ? node.members : [];
}

/** File names of a value: one, a list with commas, or an array. */
function namesIn(node: JsonNode): string[] {
  if (node.kind === 'string') return node.value.split(',');
  return node.kind === 'array' ? node.items.flatMap((item) => (item.kind === 'string' ? [item.value] : [])) : [];
}
