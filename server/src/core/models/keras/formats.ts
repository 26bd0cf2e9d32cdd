import { parseDocument } from 'yaml';
import { readZip, type ZipArchive, type ZipEntry, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import { type ByteSource, readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { summariseWeights, type WeightsSummary } from '../hdf5/format';
import { decodeJsonBytes, fromPlain, JsonObject } from './json';
import { KerasReporter } from './report';
import { KERAS_RULES as RULES } from './rules';

function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).toLowerCase();
}

function isKerasArchive(zip: ZipArchive, probe: Probe): boolean {
  let config = false;
  let sibling = false;
  for (const entry of zip.allEntries) {
    const name = baseName(entry.name);
    if (name === 'config.json') config = true;
    else if (name === 'metadata.json' || /(?:^|\.)weights\.(?:h5|npz)$/.test(name)) sibling = true;
  }
  return probe.extension === '.keras' ? config || sibling : config && sibling;
}

/** Files that Keras puts into an archive: configuration, metadata, weights (HDF5, npz or shards of it) and vocabularies. */
const ORDINARY =
  /^(?:config|metadata)\.json$|\.weights(?:_\d+)?\.(?:h5|npz|json)$|^model[\w-]*\.(?:h5|npz)$|\.(?:txt|json|csv|vocab|model|spm|tsv)$/i;
const CODE = /\.(?:py|pyc|pyo|pyd|so|dll|dylib|exe|sh|bash|bat|cmd|ps1|vbs|js|jar|class|wasm|desktop|lnk|pth)$/i;

async function readText(
  source: ByteSource,
  context: ScanContext,
  what: string,
): Promise<ReturnType<typeof decodeJsonBytes>> {
  return decodeJsonBytes(await readAll(source, (bytes) => context.budget.checkMemory(bytes, what)));
}

async function scanKerasArchive(input: ScanInput, context: ScanContext): Promise<void> {
  const zip = await readZip(input.source, context.budget);
  const reporter = new KerasReporter(context);
  const own = new Set<ZipEntry>();
  let configs = 0;
  for (const entry of zip.allEntries) {
    const name = baseName(entry.name);
    if (name !== 'config.json' && name !== 'metadata.json') continue;
    own.add(entry);
    context.budget.checkTime();
    configs += name === 'config.json' ? 1 : 0;
    try {
      const { text } = await readText(await zip.open(entry), context, 'a configuration');
      await reporter.addText(text, evidenceText(entry.name, 200));
    } catch (error) {
      if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
      context.incomplete(
        `${evidenceText(entry.name, 100)}: ${error instanceof Error ? error.message : 'cannot be read'}`,
      );
    }
  }
  if (configs === 0) context.incomplete('the archive has no config.json');
  for (const entry of zip.allEntries) {
    if (entry.isDirectory || own.has(entry) || ORDINARY.test(baseName(entry.name)) || !CODE.test(entry.name)) continue;
    context.report({
      rule: RULES['suspicious-member'],
      severity: 'high',
      message: `The archive holds '${evidenceText(entry.name, 120)}', a program that Keras never writes into a model.`,
      evidence: evidenceText(entry.name, 120),
      anchor: entry.name,
      location: { member: entry.name },
    });
  }
  const weights = await weightsOf(zip, context);
  reporter.finish(weights && ((layer) => weights.rowsOf(layer)));
  context.describe({
    format: 'keras',
    ...reporter.describe(),
    ...(weights && {
      parameters: weights.parameters,
      tensorCount: weights.tensorCount,
      tensors: weights.tensors,
    }),
    members: zip.entries.slice(0, 500).map((entry) => ({ name: evidenceText(entry.name, 200), bytes: entry.size })),
  });
  await scanZipMembers(zip, context, { skip: (entry) => own.has(entry) });
}

/** Packed weights of more than this would have to be unpacked twice. */
const LARGEST_PACKED = 64 * 1024 * 1024;

async function weightsOf(zip: ZipArchive, context: ScanContext): Promise<WeightsSummary | undefined> {
  const entry = zip.allEntries.find(({ name }) => baseName(name) === 'model.weights.h5');
  if (!entry || (entry.method !== 0 && entry.size > LARGEST_PACKED)) return undefined;
  try {
    return await summariseWeights(await zip.open(entry), context);
  } catch (error) {
    if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
    // What is wrong with the member is said when it is scanned itself.
    return undefined;
  }
}

/** Keras 3 archives: https://keras.io/guides/serialization_and_saving */
export const KERAS_FORMAT: Format = {
  id: 'keras',
  title: 'Keras archive',
  kind: 'model',
  extensions: ['.keras'],
  supersedes: ['zip'],
  async identify(probe): Promise<Claim | undefined> {
    const zip = await zipOf(probe);
    if (zip && isKerasArchive(zip, probe)) return 'certain';
    return probe.extension === '.keras' && probe.size > 0 ? 'named' : undefined;
  },
  scan: scanKerasArchive,
};

/** Text read of a configuration to know it by: what stands first may be long and mean nothing. */
const KNOWN_BY = 1024 * 1024;
const KNOWN_BY_DISTANT = 64 * 1024;
const NAMED_AS_TEXT = new Set(['', '.json', '.yaml', '.yml', '.txt', '.config', '.cfg', '.conf', '.model', '.keras']);

/** The beginning of a text, with the escapes that JSON allows inside of names undone. */
function headText(probe: Probe): Promise<string> {
  return probe.once('keras-head-text', async () => {
    let { text } = decodeJsonBytes(probe.head.subarray(0, probe.head.length & ~3));
    const mayBe = /^[\ufeff\s]*(?:[{#"'-]|$)/.test(text) && NAMED_AS_TEXT.has(probe.extension);
    if (mayBe && probe.size > probe.head.length) {
      const bytes = await probe.source.read(0, probe.source.distant ? KNOWN_BY_DISTANT : KNOWN_BY);
      text = decodeJsonBytes(bytes.subarray(0, bytes.length & ~3)).text;
    }
    return text.replace(/\\u00([2-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  });
}

function looksLikeJsonConfig(text: string): boolean {
  if (!text.includes('class_name') || !/^[\ufeff\s]*\{/.test(text)) return false;
  if (!/"class_name"\s*:/.test(text)) return false;
  return (
    /"(?:Sequential|Functional|Lambda|InputLayer|__lambda__)"/.test(text) ||
    (/"config"\s*:/.test(text) &&
      /"(?:keras_version|registered_name|layers|build_config|compile_config)"\s*:/.test(text)) ||
    /"class_name"\s*:\s*"Model"/.test(text)
  );
}

/** YAML begins with a key or a flow mapping, after comments and marks; program text that quotes a configuration does not. */
function looksLikeYamlConfig(text: string): boolean {
  if (!text.includes('class_name')) return false;
  if (!/^\ufeff?(?:[ \t]*(?:#[^\n]*|---[^\n]*|%[^\n]*)?\n)*[ \t]*(?:\{|["']?[\w-]+["']?[ \t]*:(?:\s|$))/.test(text))
    return false;
  const shaped =
    /(?:^|[{,])[ \t]*["']?class_name["']?[ \t]*:[ \t]*\S/m.test(text) &&
    /(?:^|[{,])[ \t]*["']?config["']?[ \t]*:/m.test(text);
  return (
    shaped &&
    /(?:^|[{,])[ \t]*["']?(?:backend|keras_version)["']?[ \t]*:|class_name["']?[ \t]*:[ \t]*['"]?(?:Sequential|Functional|Model|Lambda)/m.test(
      text,
    )
  );
}

/** What `model.to_json()` gives: a configuration without weights. */
export const KERAS_JSON_FORMAT: Format = {
  id: 'keras-json',
  title: 'Keras configuration (JSON)',
  kind: 'model',
  extensions: ['.json'],
  async identify(probe): Promise<Claim | undefined> {
    return looksLikeJsonConfig(await headText(probe)) ? 'certain' : undefined;
  },
  async scan(input, context): Promise<void> {
    const reporter = new KerasReporter(context);
    const { text } = await readText(input.source, context, 'the configuration');
    const { value } = await reporter.addText(text, 'config');
    reporter.finish();
    context.describe({ format: 'keras-json', ...reporter.describe() });
    if (!(value instanceof JsonObject)) context.incomplete('the configuration is no JSON object');
  },
};

/** What `model.to_yaml()` gave until Keras 2.6. */
export const KERAS_YAML_FORMAT: Format = {
  id: 'keras-yaml',
  title: 'Keras configuration (YAML)',
  kind: 'model',
  extensions: ['.yaml', '.yml'],
  async identify(probe): Promise<Claim | undefined> {
    const text = await headText(probe);
    if (!NAMED_AS_TEXT.has(probe.extension) || looksLikeJsonConfig(text)) return undefined;
    return looksLikeYamlConfig(text) ? 'certain' : undefined;
  },
  async scan(input, context): Promise<void> {
    const reporter = new KerasReporter(context);
    const { text } = await readText(input.source, context, 'the configuration');
    const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false, strict: false });
    if (/!!?python\/|!<tag:yaml\.org,2002:python/.test(text)) {
      context.report({
        rule: RULES['module-injection'],
        message: 'The YAML configuration has Python tags: an unsafe YAML loader builds the objects that they name.',
        evidence: evidenceText(/!!?python\/[^\s]{0,120}/.exec(text)?.[0] ?? '!!python', 120),
        anchor: 'python-tag',
      });
    }
    const plain: unknown = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
    await reporter.addValue(fromPlain(plain, context.budget), 'config');
    reporter.finish();
    context.describe({ format: 'keras-yaml', ...reporter.describe() });
  },
};
