import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { R_RULES } from './rules';
import { type RSummary, readRSerialization } from './serialization';

/**
 * Functions of base R and its standard packages that leave the data: process, code, native library, network, file.
 * `severity` is that of a call with literal arguments inside a data file.
 */
const DANGEROUS = new Map<string, string>([
  ...['system', 'system2', 'shell', 'shell.exec', 'pipe'].map((name) => [name, 'runs a command'] as const),
  ...['eval', 'evalq', 'parse', 'source', 'sys.source', 'str2lang', 'str2expression', 'eval.parent'].map(
    (name) => [name, 'evaluates code'] as const,
  ),
  ...['dyn.load', 'library.dynam', 'loadNamespace', 'requireNamespace', 'library', 'require', 'attachNamespace'].map(
    (name) => [name, 'loads code'] as const,
  ),
  ...['readRDS', 'load', 'unserialize', 'attach'].map((name) => [name, 'loads another object'] as const),
  ...['download.file', 'url', 'socketConnection', 'browseURL', 'install.packages'].map(
    (name) => [name, 'uses the network'] as const,
  ),
  ...[
    'file',
    'unlink',
    'file.remove',
    'file.rename',
    'file.copy',
    'writeLines',
    'writeBin',
    'sink',
    'Sys.setenv',
    'Sys.chmod',
    'saveRDS',
    'dump',
  ].map((name) => [name, 'touches files or the environment'] as const),
  ...[
    'do.call',
    'Reduce',
    'Recall',
    'reg.finalizer',
    '.Call',
    '.External',
    '.C',
    '.Internal',
    'makeActiveBinding',
    'delayedAssign',
    'assign',
    'on.exit',
  ].map((name) => [name, 'calls or installs code indirectly'] as const),
]);
/** Of those, what a fitted model's stored call or formula has no business with, even without arguments. */
const ALWAYS = new Set([
  'system',
  'system2',
  'shell',
  'shell.exec',
  'pipe',
  'source',
  'sys.source',
  'dyn.load',
  'download.file',
  'unlink',
  'install.packages',
  'socketConnection',
  'unserialize',
]);

/** Functions that call or hand out another one by its name. */
const BY_NAME =
  /^(?:do\.call|get0?|mget|match\.fun|getFunction|getExportedValue|getFromNamespace|Reduce|Map|Filter|[lsvm]?apply|call|as\.call|as\.name|as\.symbol)$/;
/** Functions that make code of a text, and texts of code that run commands. */
const PARSING = /^(?:parse|str2lang|str2expression|eval|evalq)$/;
const COMMAND_TEXT =
  /\b(?:system2?|shell(?:\.exec)?|pipe|source|dyn\.load|download\.file|unlink|install\.packages|socketConnection)\s*\(/;

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  let bytes = await readAll(input.source, (size) => context.budget.checkMemory(size, 'the R object'));
  // `save()` puts RDX2, RDX3, RDA2 ... and a newline before the serialization that `saveRDS()` writes bare.
  if (bytes[0] === 0x52) bytes = bytes.subarray(5);
  const summary = readRSerialization(bytes, context.budget);
  context.describe({
    format: 'r',
    framework: 'R',
    frameworkVersion: summary.writtenBy,
    properties: { serialization: summary.version },
    ...(summary.classes.length && { metadata: { class: summary.classes.join(', ') } }),
    operators: Object.fromEntries(summary.types),
  });
  judge(summary, context);
  if (summary.stopped) context.incomplete(`R serialization: ${summary.stopped}`);
}

function judge(summary: RSummary, context: ScanContext): void {
  const lazy = new Set(summary.promises.flatMap((promise) => promise.calls));
  const seen = new Set<string>();
  // A closure's body may well call `file` or `library`: that is code someone calls. Data that runs a command is not.
  const hasClosures = summary.types.has('closure');
  for (const call of summary.calls) {
    const named = BY_NAME.test(call.name) ? call.arguments.find((text) => ALWAYS.has(text)) : undefined;
    const parsed = PARSING.test(call.name) && call.arguments.some((text) => COMMAND_TEXT.test(text));
    const what = DANGEROUS.get(call.name) ?? (named && DANGEROUS.get(named));
    const isGrave = ALWAYS.has(call.name) || lazy.has(call.name) || named !== undefined || parsed;
    if (!what || (hasClosures && !isGrave)) continue;
    const shown = `${call.name}(${call.arguments.map((a) => JSON.stringify(a)).join(', ')})`;
    if (seen.has(shown)) continue;
    seen.add(shown);
    context.report({
      rule: R_RULES['dangerous-call'],
      severity: isGrave ? 'high' : 'medium',
      message: `The R object holds the call ${evidenceText(call.name, 80)}, which ${what} when it is evaluated`,
      evidence: evidenceText(shown),
      anchor: shown,
      location: { offset: call.offset },
      data: { call: call.name },
    });
  }
  const promise = summary.promises.find((p) => p.root) ?? summary.promises[0];
  if (promise) {
    context.report({
      rule: R_RULES.promise,
      // `glm` keeps its family in an environment with one; what such a promise would call is judged as a call.
      severity: promise.root ? 'high' : 'low',
      message: promise.root
        ? 'The R object is itself an unevaluated promise: its expression runs when the file is loaded or first touched'
        : `${summary.promises.length} unevaluated promise(s) in the R object run their expressions when first touched`,
      anchor: promise.root ? 'root' : 'nested',
      location: { offset: promise.offset },
    });
  }
}

/** R serializations of `saveRDS` and `save`, uncompressed; the compressed forms arrive here through their wrapper. */
export const R_FORMAT: Format = {
  id: 'r-serialization',
  title: 'R serialization',
  kind: 'model',
  extensions: ['.rds', '.rda', '.rdata'],
  identify({ head, extension }) {
    const at = head[0] === 0x52 && head[1] === 0x44 && head[4] === 10 ? 5 : 0;
    const mode = head[at];
    if (head[at + 1] === 10) {
      const binary =
        mode === 0x58 &&
        head[at + 2] === 0 &&
        head[at + 3] === 0 &&
        head[at + 4] === 0 &&
        (head[at + 5] === 2 || head[at + 5] === 3);
      const native =
        mode === 0x42 && (head[at + 2] === 2 || head[at + 2] === 3) && head[at + 3] === 0 && head[at + 4] === 0;
      const ascii = mode === 0x41 && (head[at + 2] === 0x32 || head[at + 2] === 0x33) && head[at + 3] === 10;
      if (binary || native || ascii) return 'certain';
    }
    return extension === '.rds' || extension === '.rda' || extension === '.rdata' ? 'named' : undefined;
  },
  scan,
};
