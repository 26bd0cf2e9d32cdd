import { pathHazard } from '../../archives/paths';
import { readZip, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format } from '../../scanner';

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
const FILE_KEYS = ['handler', 'serializedFile', 'modelFile', 'extraFiles', 'requirementsFile', 'configFile'];

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
    await scanZipMembers(zip, context);
    const entry = zip.find(MANIFEST, { ignoreCase: true });
    if (!entry) {
      context.incomplete(`a model archive without ${MANIFEST}`);
      return;
    }
    const content = await zip.open(entry);
    const parsed: unknown = JSON.parse(new TextDecoder().decode(await content.read(0, LARGEST_MANIFEST)));
    const manifest = (parsed ?? {}) as { model?: unknown; runtime?: unknown; archiverVersion?: unknown };
    const model = (manifest.model !== null && typeof manifest.model === 'object' ? manifest.model : {}) as Record<
      string,
      unknown
    >;
    context.describe({
      format: 'torchserve-mar',
      framework: 'TorchServe',
      properties: Object.fromEntries(
        [...Object.entries(model), ['runtime', manifest.runtime], ['archiverVersion', manifest.archiverVersion]]
          .filter(([, value]) => typeof value === 'string')
          .slice(0, 50)
          .map(([key, value]) => [key, evidenceText(String(value), 200)]),
      ),
    });
    for (const key of FILE_KEYS) {
      const value = model[key];
      if (typeof value !== 'string') continue;
      for (const name of value.split(',')) {
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
    if (typeof model.handler === 'string' && model.handler.endsWith('.py')) {
      context.report({
        rule: TORCHSERVE_RULES.handler,
        message: `Serving the model imports ${evidenceText(model.handler, 120)}`,
        anchor: model.handler,
        location: { member: MANIFEST, node: 'model/handler' },
      });
    }
  },
};
