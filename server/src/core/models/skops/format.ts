import { readZip, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import { judgeName } from '../../pickle/policy';
import { CAPABILITY_TEXT } from '../../pickle/policyTypes';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext } from '../../scanner';

export const SKOPS_RULES = defineRules('skops', {
  'dangerous-type': {
    title: 'skops file names a dangerous callable',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A node of the schema names a function or class that runs commands, loads code or touches files. skops builds it once its type is trusted, and releases before 0.12 in some nodes without asking.',
    remediation: 'Do not trust the type; do not load the file with `trusted=`.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2025-54412', 'CVE-2025-54413', 'CVE-2025-54886'] },
  },
  'method-node': {
    title: 'skops node binds a method by name',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'MethodNode and OperatorFuncNode fetch an attribute by a name that the file gives. Releases before 0.12 checked the type that is claimed, not the attribute that is fetched.',
    remediation: 'Load with skops 0.12 or newer, and look at what is bound to what.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2025-54412', 'CVE-2025-54413'] },
  },
  'untrusted-type': {
    title: 'skops file needs a type that is not of a known library',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'A node of the schema names a type that nothing is known of. Its constructor or state setter runs when it is trusted.',
    remediation: 'Read the code of the type before adding it to `trusted`.',
    references: MODEL_REFERENCES.deserialization,
  },
  'pickle-member': {
    title: 'Pickle inside a skops file',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'skops exists to do without pickles and writes none; `Card.get_model` of older releases falls back to joblib.',
    remediation: 'Do not load the file by other means than `skops.io.load`.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2025-54886'] },
  },
});

const SCHEMA = 'schema.json';
const MAX_NODES = 1_000_000;

interface SchemaNode {
  value: unknown;
  path: string;
}

/** Visits every object of the schema without recursion; paths are those of the JSON. */
function* nodesOf(root: unknown, context: ScanContext): Generator<{ node: Record<string, unknown>; path: string }> {
  const open: SchemaNode[] = [{ value: root, path: '' }];
  let count = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    count += 1;
    if (count > MAX_NODES) {
      context.incomplete(`the schema has more than ${MAX_NODES} nodes`);
      return;
    }
    if (count % 1000 === 0) context.budget.checkTime();
    const { value, path } = next;
    if (Array.isArray(value)) for (const [i, item] of value.entries()) open.push({ value: item, path: `${path}/${i}` });
    else if (value !== null && typeof value === 'object') {
      yield { node: value as Record<string, unknown>, path };
      for (const [key, item] of Object.entries(value)) open.push({ value: item, path: `${path}/${key}` });
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function judgeNode(node: Record<string, unknown>, path: string, context: ScanContext): void {
  const module = textOf(node.__module__);
  const name = textOf(node.__class__);
  const loader = textOf(node.__loader__);
  if (!loader || (!module && !name)) return;
  const location = { member: SCHEMA, node: path || '/' };
  const full = module ? `${module}.${name}` : name;
  const verdict = judgeName(module, name);
  const capability = verdict.tier === 'dangerous' ? verdict.capability : undefined;
  if (loader === 'MethodNode') {
    const content = (node.content ?? {}) as { func?: unknown; obj?: { __module__?: unknown; __class__?: unknown } };
    const method = textOf(content.func);
    const owner = [textOf(content.obj?.__module__), textOf(content.obj?.__class__)].filter(Boolean).join('.');
    const target = judgeName(textOf(content.obj?.__module__), method);
    const reaches = target.tier === 'dangerous' || method.startsWith('__') || method.includes('.');
    context.report({
      rule: reaches ? SKOPS_RULES['dangerous-type'] : SKOPS_RULES['method-node'],
      message: `A MethodNode binds ${evidenceText(method, 80)} of ${evidenceText(owner, 120)}`,
      anchor: `${owner}\0${method}`,
      location,
    });
    return;
  }
  if (
    loader === 'OperatorFuncNode' &&
    !(module === 'operator' && /^(?:attrgetter|itemgetter|methodcaller)$/.test(name))
  ) {
    context.report({
      rule: SKOPS_RULES['dangerous-type'],
      message: `An OperatorFuncNode names ${evidenceText(full, 120)}, which is no operator: the trust check looks at another type than the one that is called`,
      anchor: full,
      location,
    });
    return;
  }
  if (capability) {
    context.report({
      rule: SKOPS_RULES['dangerous-type'],
      severity: capability === 'side-effect' ? 'medium' : 'high',
      message: `The schema names ${evidenceText(full, 120)} (${evidenceText(loader, 40)}): loading it ${CAPABILITY_TEXT[capability]}`,
      anchor: full,
      location,
    });
  } else if (verdict.tier === 'unknown' && module !== 'builtins' && module !== 'types') {
    context.report({
      rule: SKOPS_RULES['untrusted-type'],
      message: `The schema needs ${evidenceText(full, 120)}, and ${verdict.why}`,
      anchor: full,
      location,
    });
  }
}

/** Persisted scikit-learn models without pickle (skops.io): a zip of `schema.json` and NumPy arrays. */
export const SKOPS_FORMAT: Format = {
  id: 'skops',
  title: 'skops',
  kind: 'model',
  extensions: ['.skops'],
  supersedes: ['zip'],
  async identify(probe) {
    const zip = await zipOf(probe);
    if (!zip?.find(SCHEMA)) return undefined;
    return probe.extension === '.skops' ? 'certain' : (await hasSchemaMark(zip)) ? 'certain' : undefined;
  },
  async scan(input, context) {
    const zip = await readZip(input.source, context.budget);
    await scanZipMembers(zip, context);
    for (const { name } of zip.allEntries) {
      if (!/\.(?:pkl|pickle|joblib|dill)$/i.test(name)) continue;
      context.report({
        rule: SKOPS_RULES['pickle-member'],
        message: `The skops file has the pickle ${evidenceText(name, 120)}, which skops never writes`,
        anchor: name,
        location: { member: name },
      });
    }
    const entry = zip.find(SCHEMA);
    if (!entry) return;
    context.budget.checkMemory(entry.size, 'the schema');
    const content = await zip.open(entry);
    const schema: unknown = JSON.parse(new TextDecoder().decode(await content.read(0, entry.size)));
    const types = new Map<string, number>();
    for (const { node, path } of nodesOf(schema, context)) {
      judgeNode(node, path, context);
      if (typeof node.__class__ === 'string') {
        const type = `${textOf(node.__module__)}.${node.__class__}`;
        types.set(type, (types.get(type) ?? 0) + 1);
      }
    }
    const { _skops_version: version, protocol } = schema as { _skops_version?: unknown; protocol?: unknown };
    context.describe({
      format: 'skops',
      framework: 'scikit-learn (skops)',
      ...(typeof version === 'string' && { frameworkVersion: version }),
      ...(typeof protocol === 'number' && { properties: { protocol } }),
      operators: Object.fromEntries([...types].slice(0, 500)),
    });
  },
};

async function hasSchemaMark(zip: Awaited<ReturnType<typeof readZip>>): Promise<boolean> {
  const entry = zip.find(SCHEMA);
  if (!entry) return false;
  const head = new TextDecoder().decode(await (await zip.open(entry)).read(0, 4096));
  return head.includes('"__loader__"') || head.includes('"_skops_version"');
}
