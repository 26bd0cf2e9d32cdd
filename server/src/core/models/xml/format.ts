import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import {
  decodeXml,
  expandedLengths,
  expansionOf,
  localName,
  looksLikeXml,
  readDoctype,
  resolved,
  tokenizeXml,
  type XmlToken,
} from './tokenizer';

export const XML_RULES = defineRules('xml-model', {
  'external-entity': {
    title: 'Model file declares an external entity',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'A parser that resolves external entities or DTDs opens local files or addresses named by the model file (XXE).',
    remediation: 'Remove the document type declaration; parse model XML with entity resolution off.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-611', 'CWE-827'] },
  },
  'entity-expansion': {
    title: 'Entities expand without bound',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'Nested entities grow to a size that exhausts the memory of a parser that expands them.',
    remediation: 'Do not parse the file; a model needs no document type declaration.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-776'] },
  },
  doctype: {
    title: 'Model file has a document type declaration',
    category: 'model',
    severity: 'low',
    risk: 'deserialization',
    description: 'PMML and OpenVINO files need none; it is the entrance of entity attacks.',
    remediation: 'Remove the declaration.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-611'] },
  },
  'embedded-code': {
    title: 'Script or code inside the model file',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'An element of the file carries program text. Consumers with a scripting extension run it when the model is evaluated.',
    remediation: 'Remove the extension, or use the model only with a consumer that ignores it.',
    references: MODEL_REFERENCES.runtime,
  },
  'native-extension': {
    title: 'Model asks for a native or Python extension',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description: 'A layer names a shared library or Python code that the runtime loads to execute the model.',
    remediation: 'Use the model only with an extension you built yourself.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-114', 'CWE-829'] },
  },
  'weights-outside': {
    title: 'Weights lie outside their file',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'Offset and size of a constant are no numbers or lie outside any file. A reader that adds them without a check reads other memory.',
    remediation: 'Do not load the model; convert it anew.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-125', 'CWE-190'] },
  },
  'custom-layer': {
    title: 'Layer of no known operation set',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The layer is of an operation set that is not part of the runtime, so code from elsewhere has to be loaded for it.',
    remediation: 'Find out which extension provides the layer before running the model.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-829'] },
  },
});

/** Program text in an attribute or text: an interpreter's call or import, not a word that happens to be one. */
const CODE =
  /\b(?:os\.(?:system|popen)|subprocess\.\w|Runtime\.getRuntime|ProcessBuilder|java\.lang\.|System\.Diagnostics|child_process|document\.(?:write|cookie)|WScript|ActiveXObject|cmd\.exe|powershell(?:\.exe)?\s+-)|\b(?:__import__|eval|exec|execfile|importlib\.import_module)\s*\(|\/bin\/(?:ba)?sh\b|<\s*script\b|\bimport\s+(?:os|sys|subprocess|socket|ctypes|shutil)\b|javascript:/i;

const EXPANSION_LIMIT = 10 * 2 ** 20;

/** Operation sets that OpenVINO itself provides (openvino/core operation sets, opset1 to opset16 and its own). */
const OPENVINO_OPSETS =
  /^(?:opset\d{1,2}|experimental|ie_internal_opset|type_relaxed_opset|gpu_opset|cpu_plugin_opset|ie_extension|SnippetsOpset|util)?$/i;

async function textOf(input: ScanInput, context: ScanContext): Promise<string> {
  return decodeXml(await readAll(input.source, (size) => context.budget.checkMemory(size, 'the XML file')));
}

/** @returns what each entity of the declaration becomes, for counting its uses */
function judgeDoctype(token: XmlToken & { kind: 'doctype' }, context: ScanContext): ReadonlyMap<string, number> {
  const doctype = readDoctype(token.text);
  const location = { offset: token.offset };
  if (doctype.external.length) {
    const target = doctype.external[0] as string;
    context.report({
      rule: XML_RULES['external-entity'],
      message: `The document type declaration names ${evidenceText(target, 120)}, which a parser with entity resolution would open`,
      evidence: evidenceText(token.text),
      anchor: target,
      location,
    });
  }
  const lengths = expandedLengths(doctype);
  const length = Math.max(0, ...lengths.values());
  if (length > EXPANSION_LIMIT) {
    context.report({
      rule: XML_RULES['entity-expansion'],
      message: `An entity expands to ${Number.isFinite(length) ? `${length} characters` : 'itself without end'}`,
      anchor: 'expansion',
      location,
    });
  } else if (!doctype.external.length) {
    context.report({
      rule: XML_RULES.doctype,
      message: 'The file has a document type declaration',
      anchor: 'doctype',
      location,
    });
  }
  return lengths;
}

/** One large entity used ten thousand times needs no nesting to exhaust a parser. */
class Expansion {
  #lengths: ReadonlyMap<string, number> = new Map();
  #total = 0;

  constructor(private readonly context: ScanContext) {}

  see(token: XmlToken): void {
    if (token.kind === 'doctype') {
      this.#lengths = judgeDoctype(token, this.context);
      return;
    }
    if (this.#lengths.size === 0 || this.#total > EXPANSION_LIMIT) return;
    if (token.kind === 'text') this.#total += expansionOf(token.text, this.#lengths);
    if (token.kind === 'open')
      for (const value of token.attributes.values()) this.#total += expansionOf(value, this.#lengths);
    if (this.#total <= EXPANSION_LIMIT) return;
    this.context.report({
      rule: XML_RULES['entity-expansion'],
      message: 'The uses of an entity expand to more than ten million characters together',
      anchor: 'uses',
      location: { offset: token.offset },
    });
  }
}

/** What a parser fetches besides the document type: XInclude, and style sheets that a program attached to it. */
function judgeInclusion(token: XmlToken, context: ScanContext): void {
  let target: string | undefined;
  let severity: 'high' | 'medium' = 'high';
  if (token.kind === 'open' && localName(token.name) === 'include' && /^(?:\w+:)?include$/.test(token.name)) {
    const isXInclude = token.name.includes(':') || [...token.attributes.values()].some((v) => v.includes('XInclude'));
    if (isXInclude) target = token.attributes.get('href');
  } else if (token.kind === 'instruction' && /^xml-stylesheet\b/.test(token.text)) {
    target = /\bhref\s*=\s*["']([^"']*)/.exec(token.text)?.[1];
    severity = 'medium';
  }
  if (target === undefined) return;
  context.report({
    rule: XML_RULES['external-entity'],
    severity,
    message: `The file includes ${evidenceText(target, 120)}, which a parser that follows inclusions would open`,
    anchor: target,
    location: { offset: token.offset },
  });
}

function reportCode(where: string, raw: string, offset: number, context: ScanContext): boolean {
  const text = resolved(raw);
  const match = CODE.exec(text);
  if (!match) return false;
  context.report({
    rule: XML_RULES['embedded-code'],
    message: `${where} carries program text (${evidenceText(match[0].trim(), 40)})`,
    evidence: evidenceText(text.trim()),
    anchor: `${where}\0${match[0]}`,
    location: { offset, node: where },
  });
  return true;
}

/** Built-in functions have no dots; JPMML takes a dotted name for a Java class, loads it and calls it. */
function judgeFunction(name: string, offset: number, context: ScanContext): void {
  if (!/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*){2,}$/.test(name)) return;
  context.report({
    rule: XML_RULES['native-extension'],
    severity: 'medium',
    message: `A transformation calls the Java class ${evidenceText(name, 120)}, which the consumer loads by its name`,
    evidence: evidenceText(name, 120),
    anchor: name,
    location: { offset, node: 'Apply/@function' },
  });
}

async function scanPmml(input: ScanInput, context: ScanContext): Promise<void> {
  const text = await textOf(input, context);
  const elements = new Map<string, number>();
  const path: string[] = [];
  const expansion = new Expansion(context);
  let version = '';
  let count = 0;
  for (const token of tokenizeXml(text)) {
    count += 1;
    if (count % 4096 === 0) context.budget.checkTime();
    expansion.see(token);
    judgeInclusion(token, context);
    if (token.kind === 'open') {
      const name = localName(token.name);
      elements.set(name, (elements.get(name) ?? 0) + 1);
      if (name === 'PMML') version = token.attributes.get('version') ?? '';
      if (!token.selfClosing) path.push(name);
      for (const [key, value] of token.attributes) reportCode(`${name}/@${key}`, value, token.offset, context);
      if (name === 'Apply') judgeFunction(token.attributes.get('function') ?? '', token.offset, context);
      if (/^script$/i.test(name)) {
        context.report({
          rule: XML_RULES['embedded-code'],
          message: 'The PMML file has a script element',
          anchor: 'script',
          location: { offset: token.offset, node: path.join('/') },
        });
      }
    } else if (token.kind === 'close') {
      if (path.at(-1) === localName(token.name)) path.pop();
    } else if (token.kind === 'text' && token.text.trim())
      reportCode(path.slice(-3).join('/'), token.text, token.offset, context);
  }
  context.describe({
    format: 'pmml',
    framework: 'PMML',
    frameworkVersion: version,
    operators: Object.fromEntries([...elements].slice(0, 200)),
  });
}

/** No file of weights is longer; offset and size are added by the reader in 64 bits. */
const FARTHEST = 1n << 48n;

function judgeWeights(attributes: ReadonlyMap<string, string>, layer: string, at: number, context: ScanContext): void {
  const [offset, size] = ['offset', 'size'].map((key) => attributes.get(key)?.trim());
  if (offset === undefined || size === undefined || attributes.get('element_type') === undefined) return;
  const isNumber = /^\d{1,40}$/.test(offset) && /^\d{1,40}$/.test(size);
  if (isNumber && BigInt(offset) + BigInt(size) < FARTHEST) return;
  context.report({
    rule: XML_RULES['weights-outside'],
    message: `The weights of layer ${evidenceText(layer, 80)} lie at ${evidenceText(offset, 40)} with ${evidenceText(size, 40)} bytes, outside any file`,
    anchor: `${layer}\0${offset}`,
    location: { offset: at, node: `layer ${layer}` },
  });
}

async function scanOpenVino(input: ScanInput, context: ScanContext): Promise<void> {
  const text = await textOf(input, context);
  const operators = new Map<string, number>();
  const expansion = new Expansion(context);
  let layer = '';
  let count = 0;
  for (const token of tokenizeXml(text)) {
    count += 1;
    if (count % 4096 === 0) context.budget.checkTime();
    expansion.see(token);
    judgeInclusion(token, context);
    if (token.kind !== 'open') continue;
    const name = localName(token.name);
    if (name === 'layer') {
      const type = token.attributes.get('type') ?? '';
      const opset = token.attributes.get('version') ?? '';
      layer = token.attributes.get('name') ?? token.attributes.get('id') ?? '';
      operators.set(type, (operators.get(type) ?? 0) + 1);
      const node = `layer ${layer} (${type})`;
      if (/^(?:python\w*|py(?:op|func|layer)\w*)$/i.test(type)) {
        context.report({
          rule: XML_RULES['native-extension'],
          message: `Layer ${evidenceText(layer, 80)} is a Python layer: running the model imports Python code`,
          anchor: `python\0${layer}`,
          location: { offset: token.offset, node },
        });
      } else if (!OPENVINO_OPSETS.test(opset)) {
        context.report({
          rule: XML_RULES['custom-layer'],
          message: `Layer ${evidenceText(layer, 80)} is of the operation set ${evidenceText(opset, 60)}, which OpenVINO does not provide`,
          anchor: `${type}\0${opset}`,
          location: { offset: token.offset, node },
        });
      }
    }
    if (name === 'data') judgeWeights(token.attributes, layer, token.offset, context);
    for (const [key, value] of token.attributes) {
      const node = `${layer ? `layer ${layer}/` : ''}${name}/@${key}`;
      if (/\.(?:so(?:\.\d+)*|dll|dylib|pyd)$/i.test(value)) {
        context.report({
          rule: XML_RULES['native-extension'],
          message: `${evidenceText(node, 120)} names the shared library ${evidenceText(value, 120)}`,
          anchor: value,
          location: { offset: token.offset, node },
        });
      } else reportCode(node, value, token.offset, context);
    }
  }
  context.describe({
    format: 'openvino-ir',
    framework: 'OpenVINO',
    operators: Object.fromEntries([...operators].slice(0, 500)),
  });
}

/** Local name of the document's root element, judged on the head alone; prolog, comments and a DTD may stand before it. */
async function rootElement(probe: Probe): Promise<string | undefined> {
  return probe.once('xml-root', async () => {
    const text = decodeXml(probe.head);
    if (!looksLikeXml(text)) return undefined;
    for (const token of tokenizeXml(text)) if (token.kind === 'open') return localName(token.name);
    return undefined;
  });
}

export const PMML_FORMAT: Format = {
  id: 'pmml',
  title: 'PMML',
  kind: 'model',
  extensions: ['.pmml'],
  async identify(probe) {
    if ((await rootElement(probe)) === 'PMML') return 'certain';
    return probe.extension === '.pmml' ? 'named' : undefined;
  },
  scan: scanPmml,
};

export const OPENVINO_FORMAT: Format = {
  id: 'openvino-ir',
  title: 'OpenVINO IR',
  kind: 'model',
  extensions: ['.xml'],
  async identify(probe) {
    if ((await rootElement(probe)) !== 'net') return undefined;
    return /<layers[\s>]/.test(decodeXml(probe.head)) ? 'certain' : 'likely';
  },
  scan: scanOpenVino,
};
