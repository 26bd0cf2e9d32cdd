import type { ByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { classHazard, isKnownClass } from './classes';

export const JAVA_RULES = defineRules('java', {
  'gadget-class': {
    title: 'Java serialization names a class of a gadget chain',
    category: 'model',
    severity: 'critical',
    risk: 'deserialization',
    description:
      'Deserializing the stream builds objects of a class whose methods run code, fetch objects or deserialize again. Such classes make up the published gadget chains; no model needs them.',
    remediation: 'Do not deserialize the file. Obtain the model in a format without objects, such as PMML or ONNX.',
    references: { ...MODEL_REFERENCES.deserialization, see: ['CVE-2015-4852', 'CVE-2023-34040', 'CVE-2024-43044'] },
  },
  'unknown-class': {
    title: 'Java serialization names classes of no known library',
    category: 'model',
    severity: 'low',
    risk: 'deserialization',
    description:
      'Deserializing the stream runs `readObject` of classes that belong neither to the Java platform nor to a known library of the field, if they are on the class path.',
    remediation:
      'Find out which library brings the classes, and deserialize with a filter that admits only those you expect.',
    references: MODEL_REFERENCES.deserialization,
  },
  'dynamic-proxy': {
    title: 'Java serialization holds a dynamic proxy',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'A dynamic proxy turns calls of an interface into calls of a handler that the stream brings. It is the first step of many gadget chains and of hardly any model.',
    remediation: 'Do not deserialize the file before you know what the proxy is for.',
    references: MODEL_REFERENCES.deserialization,
  },
  serialization: {
    title: 'Java serialization',
    category: 'model',
    severity: 'info',
    risk: 'deserialization',
    description:
      'The file is a stream of Java serialization. Loading it runs methods of every class it names, so that it is as safe as its source and as the class path of the program that loads it.',
    remediation: 'Deserialize with a filter (JEP 290) that admits only the classes of the model.',
    references: MODEL_REFERENCES.deserialization,
  },
});

const MAGIC = [0xac, 0xed, 0x00, 0x05];
const TC_CLASSDESC = 0x72;
const TC_PROXYCLASSDESC = 0x7d;
const LONGEST_NAME = 512;
const WINDOW = 2 ** 20;
const OVERLAP = 8192;
const SEARCHED = 128 * 2 ** 20;
const MOST_CLASSES = 20_000;
const NAME = /^\[*(?:L?[A-Za-z_$][\w$]*(?:[./][A-Za-z_$][\w$]*)*;?|[BCDFIJSZ])$/;

export function isJavaStream(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

interface Classes {
  names: Map<string, { count: number; offset: number; isDisguised: boolean }>;
  proxies: { interfaces: string[]; offset: number }[];
  searched: number;
}

/**
 * The classes that a stream describes. A description stands in the stream as a tag, the name, a serial number, flags and
 * the count of fields (Java Object Serialization Specification, chapter 6), so that all of them are found without knowing
 * what each class wrote of its own between them.
 */
async function readClasses(source: ByteSource, context: ScanContext): Promise<Classes> {
  const classes: Classes = { names: new Map(), proxies: [], searched: Math.min(source.size, SEARCHED) };
  for (let start = 0; start < classes.searched; start += WINDOW) {
    context.budget.checkTime();
    const bytes = await source.read(start, WINDOW + OVERLAP);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < Math.min(WINDOW, bytes.length); at += 1) {
      const tag = bytes[at];
      if (tag === TC_CLASSDESC) {
        const found = describedClass(view, at);
        if (found) note(classes, found.name, start + at, found.isDisguised);
      } else if (tag === TC_PROXYCLASSDESC && classes.proxies.length < 100) {
        const interfaces = describedProxy(view, at);
        if (interfaces) classes.proxies.push({ interfaces, offset: start + at });
      }
    }
  }
  return classes;
}

function note(classes: Classes, name: string, offset: number, isDisguised: boolean): void {
  const known = classes.names.get(name);
  if (known) known.count += 1;
  else if (classes.names.size < MOST_CLASSES) classes.names.set(name, { count: 1, offset, isDisguised });
}

function describedClass(view: DataView, at: number): { name: string; isDisguised: boolean } | undefined {
  const name = nameAt(view, at + 1);
  if (!name || name.text.length < 2) return undefined;
  const flagsAt = name.end + 8;
  if (flagsAt + 3 > view.byteLength) return undefined;
  // SC_WRITE_METHOD, SC_SERIALIZABLE, SC_EXTERNALIZABLE, SC_BLOCK_DATA, SC_ENUM; a class has fewer than a thousand fields.
  const flags = view.getUint8(flagsAt);
  if (flags > 0x1f || view.getUint16(flagsAt + 1) > 1000) return undefined;
  return { name: name.text, isDisguised: name.isDisguised };
}

function describedProxy(view: DataView, at: number): string[] | undefined {
  if (at + 5 > view.byteLength) return undefined;
  const count = view.getUint32(at + 1);
  if (count === 0 || count > 64) return undefined;
  const interfaces: string[] = [];
  for (let next = at + 5; interfaces.length < count; ) {
    const name = nameAt(view, next);
    if (!name?.text.includes('.')) return undefined;
    interfaces.push(name.text);
    next = name.end;
  }
  return interfaces;
}

/** A name in modified UTF-8. Readers accept longer forms of a character than it needs, which hide a name from a search. */
function nameAt(view: DataView, at: number): { text: string; end: number; isDisguised: boolean } | undefined {
  if (at + 2 > view.byteLength) return undefined;
  const length = view.getUint16(at);
  const end = at + 2 + length;
  if (length === 0 || length > LONGEST_NAME * 3 || end > view.byteLength) return undefined;
  let text = '';
  let isDisguised = false;
  for (let i = at + 2; i < end; ) {
    const byte = view.getUint8(i);
    let code = byte;
    let size = 1;
    if (byte >= 0xe0 && i + 2 < end) {
      code = ((byte & 15) << 12) | ((view.getUint8(i + 1) & 63) << 6) | (view.getUint8(i + 2) & 63);
      size = 3;
    } else if (byte >= 0xc0 && i + 1 < end) {
      code = ((byte & 31) << 6) | (view.getUint8(i + 1) & 63);
      size = 2;
    } else if (byte >= 0x80) return undefined;
    if (code < 0x20) return undefined;
    if (size > 1 && code < 0x80) isDisguised = true;
    text += String.fromCharCode(code);
    if (text.length > LONGEST_NAME) return undefined;
    i += size;
  }
  return NAME.test(text) ? { text, end, isDisguised } : undefined;
}

async function scan({ source }: ScanInput, context: ScanContext): Promise<void> {
  const { names, proxies, searched } = await readClasses(source, context);
  context.report({
    rule: JAVA_RULES.serialization,
    message: `The file is a stream of Java serialization that names ${names.size === 1 ? 'one class' : `${names.size} classes`}: loading it runs methods of what it names.`,
    anchor: 'serialization',
    location: { offset: 0 },
  });
  const unknown: string[] = [];
  for (const [name, { offset, isDisguised }] of names) {
    const hazard = classHazard(name) ?? (isDisguised ? DISGUISED : undefined);
    const shown = evidenceText(name, 160);
    if (hazard) {
      context.report({
        rule: JAVA_RULES['gadget-class'],
        severity: hazard.severity,
        message: `The stream has an object of ${shown}, which ${hazard.what}.`,
        evidence: shown,
        anchor: name,
        location: { offset, node: shown },
      });
    } else if (!isKnownClass(name)) unknown.push(name);
  }
  for (const { interfaces, offset } of proxies) {
    const shown = interfaces.slice(0, 4).map((name) => evidenceText(name, 80));
    context.report({
      rule: JAVA_RULES['dynamic-proxy'],
      message: `The stream holds a dynamic proxy for ${shown.join(', ')}.`,
      anchor: interfaces.join(','),
      location: { offset },
    });
  }
  if (unknown.length) {
    const shown = unknown.slice(0, 8).map((name) => evidenceText(name, 80));
    context.report({
      rule: JAVA_RULES['unknown-class'],
      message: `${unknown.length === 1 ? 'One class is' : `${unknown.length} classes are`} of no known library: ${shown.join(', ')}${unknown.length > 8 ? ' ...' : ''}`,
      anchor: 'unknown classes',
      location: { offset: names.get(unknown[0] as string)?.offset ?? 0 },
    });
  }
  if (searched < source.size) context.incomplete(`the stream is searched for classes up to ${searched} bytes`);
  const byCount = [...names].sort((a, b) => b[1].count - a[1].count);
  context.describe({
    format: 'java-serialization',
    framework: byCount.some(([name]) => name.startsWith('weka.')) ? 'Weka' : 'Java',
    layers: byCount.slice(0, 200).map(([name, { count }]) => ({ name, className: name, details: { count } })),
    ...(byCount.length > 200 && { truncated: ['layers'] }),
  });
}

const DISGUISED = {
  severity: 'high',
  what: 'is written in longer forms of its characters, as only a disguise is',
} as const;

/** Objects of Java programs: models of Weka and RapidMiner, normalizers of DL4J, CoreNLP and Mallet models. */
export const JAVA_FORMAT: Format = {
  id: 'java-serialization',
  title: 'Java serialization',
  kind: 'model',
  // Weka writes `.model`.
  extensions: ['.ser', '.model'],
  identify({ head, extension, size }) {
    if (isJavaStream(head)) return 'certain';
    return extension === '.ser' && size > 0 ? 'named' : undefined;
  },
  async scan(input, context) {
    if (!isJavaStream(await input.source.read(0, 4))) throw new Error('there is no header of Java serialization');
    await scan(input, context);
  },
};
