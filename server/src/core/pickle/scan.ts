/** Judges the pickles of one source and reports them. Every format that holds pickles comes through here. */
import type { Severity } from '../finding';
import { type ByteSource, MemoryByteSource, WindowByteSource } from '../io/byteSource';
import { evidenceText, hashSecret, redactSecret } from '../redact';
import type { FindingDraft, ScanContext } from '../scanner';
import { embeddedCredentials, withoutCredentials } from '../secrets/embedded';
import { decodeConstant } from './encodings';
import { judgeTrace } from './judge';
import type { PickleText, PickleTrace } from './machine';
import { HIGHEST_PROTOCOL, opcodeName } from './opcodes';
import { PICKLE_RULES } from './rules';
import { type FoundStream, findStreams, looksLikePickle, type StreamOptions } from './streams';
import { PickleContainer, payloadOf, Tag, tagOf } from './values';

export interface PickleScan {
  /** Pickles in the source, and facts of all of them together. */
  streams: number;
  protocol: number;
  opcodes: number;
  operators: Record<string, number>;
  /** Arrays that joblib has written into the streams. */
  arrays: number;
  /** True when the first pickle ends with STOP. */
  complete: boolean;
  worst: Severity | undefined;
  globals: { name: string; verdict: 'safe' | 'unknown' | 'dangerous'; called: boolean; why?: string }[];
}

export interface PickleScanOptions extends Omit<StreamOptions, 'budget'> {
  /** Incomplete streams are ordinary here. */
  tolerant?: boolean;
  /** Modules that the archive around the pickle brings along and that are judged themselves. */
  ownModules?: (module: string) => boolean;
}

const ORDER: Record<Severity, number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };
const MAX_NESTING = 4;
const MAX_STREAMS = 100_000;
const MAX_GLOBALS = 2000;
/** Harmless nested pickles of one stream that have a finding each. */
const LISTED_CONSTANTS = 16;
/** Texts of one source that are looked at for credentials. */
const MAX_TEXTS = 8192;
const MAX_BYTE_LISTS = 256;
const MAX_NESTED_BYTES = 64 * 2 ** 20;

/** Scans `source` and reports through `context`. */
export async function scanPickle(
  source: ByteSource,
  context: ScanContext,
  options: PickleScanOptions = {},
): Promise<PickleScan> {
  return scanInside(source, context, options, '', 0);
}

async function scanInside(
  source: ByteSource,
  context: ScanContext,
  options: PickleScanOptions,
  path: string,
  depth: number,
): Promise<PickleScan> {
  const globals = new Map<string, PickleScan['globals'][number]>();
  const scan: PickleScan = {
    streams: 0,
    protocol: 0,
    opcodes: 0,
    operators: Object.create(null),
    arrays: 0,
    complete: false,
    worst: undefined,
    globals: [],
  };
  const report = (draft: FindingDraft): void => {
    const severity = draft.severity ?? draft.rule.severity;
    if (scan.worst === undefined || ORDER[severity] > ORDER[scan.worst]) scan.worst = severity;
    context.report(path ? { ...draft, location: { ...draft.location, member: path } } : draft);
  };
  let texts = 0;
  for await (const { trace, origin } of findStreams(source, { ...options, budget: context.budget })) {
    const nested = trace.interrupted ? new Map() : await scanNested(source, trace, context, report, path, depth);
    const judged = await judgeTrace(trace, {
      strict: context.settings.models.strict,
      nested,
      ...(options.ownModules && { ownModules: options.ownModules }),
    });
    for (const draft of judged.drafts) report(draft);
    if (context.settings.secrets.enabled) {
      for (const text of trace.texts.slice(0, Math.max(0, MAX_TEXTS - texts))) tellCredentials(text, report);
      texts += trace.texts.length;
    }
    for (const global of judged.globals) {
      const known = globals.get(global.name);
      if (known) known.called ||= global.called;
      else if (globals.size < MAX_GLOBALS) globals.set(global.name, global);
    }
    reportStream(trace, origin, scan.streams, options, report);
    if (scan.streams === 0) scan.complete = trace.complete;
    scan.streams += 1;
    scan.protocol = Math.max(scan.protocol, trace.protocol);
    scan.opcodes += trace.opcodes;
    scan.arrays += trace.machine.arrays.length;
    trace.histogram.forEach((count, code) => {
      if (count) scan.operators[opcodeName(code)] = (scan.operators[opcodeName(code)] ?? 0) + count;
    });
    if (trace.interrupted) throw trace.interrupted;
    if (scan.streams >= MAX_STREAMS) {
      context.incomplete(`more than ${MAX_STREAMS} pickles in one file`);
      break;
    }
  }
  scan.globals = [...globals.values()];
  return scan;
}

/**
 * Credentials in the texts of a pickle: hyperparameters, arguments of the command line, settings that a checkpoint keeps.
 * As in metadata, only a vendor's format or a structure counts.
 */
function tellCredentials(text: PickleText, report: (draft: FindingDraft) => void): void {
  for (const { rule, severity, message, secret } of embeddedCredentials(text.value, text.key)) {
    // What stands before it in a list may be a credential as well; names of settings have no digits.
    const key = text.key !== undefined && /^[A-Za-z_. -]{1,40}$/.test(text.key) ? text.key : undefined;
    report({
      rule,
      severity,
      message,
      location: { offset: text.offset, ...(key && { node: evidenceText(withoutCredentials(key)) }) },
      evidence: redactSecret(secret),
      anchor: hashSecret(secret),
    });
  }
}

function reportStream(
  trace: PickleTrace,
  origin: FoundStream['origin'],
  index: number,
  options: PickleScanOptions,
  report: (draft: FindingDraft) => void,
): void {
  for (const { kind, offset } of trace.anomalies) {
    if (kind === 'frame-crossed') {
      report({
        rule: PICKLE_RULES['frame-mismatch'],
        message: `The frame around offset ${offset} ends inside an opcode; the C unpickler runs what lies behind its end.`,
        location: { offset },
        anchor: kind,
      });
    } else if (kind === 'huge-memo-index' || kind === 'expansion') {
      report({
        rule: PICKLE_RULES['resource-exhaustion'],
        message:
          kind === 'expansion'
            ? 'A few memo references multiply into billions of elements; walking the loaded object never ends.'
            : 'A memo index of this size makes the unpickler allocate gigabytes.',
        location: { offset },
        anchor: kind,
      });
    } else if (kind === 'unknown-protocol') {
      report({
        rule: PICKLE_RULES.malformed,
        message: 'The stream asks for a pickle protocol that does not exist; loaders refuse it.',
        location: { offset },
        anchor: kind,
      });
    }
  }
  if (trace.error && !options.tolerant && (origin === 'first' || origin === 'stacked')) {
    report({
      rule: PICKLE_RULES.malformed,
      message: `The pickle at offset ${trace.start} ends with an error (${trace.error.reason}); what comes before runs all the same.`,
      location: { offset: trace.error.offset },
      anchor: `error ${trace.error.reason}`,
    });
  }
  if (origin === 'searched' && index > 0 && !options.tolerant) {
    report({
      rule: PICKLE_RULES.malformed,
      message: `Another pickle begins at offset ${trace.start}, behind bytes that belong to none.`,
      location: { offset: trace.start },
      anchor: 'another pickle',
    });
  }
}

/** Constants that are serialised objects themselves. @returns worst severity by the payload's offset */
async function scanNested(
  source: ByteSource,
  trace: PickleTrace,
  context: ScanContext,
  report: (draft: FindingDraft) => void,
  path: string,
  depth: number,
): Promise<Map<number, Severity>> {
  const severities = new Map<number, Severity>();
  let quiet = 0;
  if (trace.blobsCut) context.incomplete(`more than ${trace.blobs.length} serialised constants in one pickle`);
  /** @param what completes "... is itself a pickle" */
  const look = async (payload: ByteSource, offset: number, length: number, what: string): Promise<void> => {
    const head = await payload.read(0, 4096);
    const name = `constant@${offset}`;
    const claim = await looksLikePickle(head, payload.size, payload, context.budget);
    if (claim === undefined) {
      // Compressed payloads and archives are identified like any other file.
      if (isContainer(head)) await context.scan({ name: path ? `${path}!${name}` : name, source: payload });
      return;
    }
    if (depth >= MAX_NESTING) {
      context.incomplete(`pickles nested deeper than ${MAX_NESTING} levels`, { offset });
      return;
    }
    const inner = await scanInside(payload, context, { tolerant: true }, path ? `${path}!${name}` : name, depth + 1);
    if (inner.streams === 0) return;
    severities.set(offset, inner.worst ?? 'info');
    const loud = inner.worst !== undefined && ORDER[inner.worst] >= ORDER.medium;
    // A module pickled without torch.save has one for each of its storages.
    if (!loud && ++quiet > LISTED_CONSTANTS) return;
    report({
      rule: PICKLE_RULES['nested-pickle'],
      severity: loud ? 'medium' : 'info',
      message: `A constant of ${length} ${what} at offset ${offset} is itself a pickle${loud ? ', and a dangerous one' : ''}.`,
      location: { offset, length },
      anchor: `nested ${what} ${length}`,
    });
  };
  for (const { offset, length, encoding } of trace.blobs) {
    context.budget.checkTime();
    const window = new WindowByteSource(source, offset, length);
    if (encoding === 'raw') {
      await look(window, offset, length, 'bytes');
      continue;
    }
    if (length > MAX_NESTED_BYTES) {
      context.incomplete(`an encoded constant of ${length} bytes`, { offset });
      continue;
    }
    const bytes = decodeConstant(await window.read(0, length), encoding);
    const what = encoding === 'latin1' ? 'bytes' : `bytes in ${encoding}`;
    if (bytes) await look(new MemoryByteSource(bytes), offset, length, what);
  }
  for (const { offset, bytes } of byteLists(trace)) {
    await look(new MemoryByteSource(bytes), offset, bytes.length, 'byte numbers');
  }
  if (quiet > LISTED_CONSTANTS) {
    report({
      rule: PICKLE_RULES['nested-pickle'],
      severity: 'info',
      message: `${quiet - LISTED_CONSTANTS} more constants are themselves pickles, in which nothing was found.`,
      location: { offset: trace.start },
      anchor: 'more nested',
    });
  }
  return severities;
}

/** Lists of numbers that begin as a pickle does when they are taken for bytes. */
function byteLists({ machine }: PickleTrace): { offset: number; bytes: Uint8Array }[] {
  const found: { offset: number; bytes: Uint8Array }[] = [];
  for (const list of machine.objects) {
    if (!(list instanceof PickleContainer) || (list.kind !== 'list' && list.kind !== 'tuple')) continue;
    const { items, offset } = list;
    if (items.length < 8 || items.length !== list.count || tagOf(items[0] as number) !== Tag.Int) continue;
    const [first, second] = [payloadOf(items[0] as number), payloadOf(items[1] as number)];
    if (first !== 0x80 || second > HIGHEST_PROTOCOL) continue;
    const numbers = items.map((item) => (tagOf(item) === Tag.Int ? payloadOf(item) : -1));
    if (numbers.some((number) => number < 0 || number > 255)) continue;
    found.push({ offset, bytes: Uint8Array.from(numbers) });
    if (found.length >= MAX_BYTE_LISTS) break;
  }
  return found;
}

function isContainer(head: Uint8Array): boolean {
  const [a, b, c] = head;
  if (a === 0x78 && b !== undefined) return ((a << 8) | b) % 31 === 0;
  return (
    (a === 0x1f && b === 0x8b) ||
    (a === 0x42 && b === 0x5a && c === 0x68) ||
    (a === 0xfd && b === 0x37) ||
    (a === 0x50 && b === 0x4b)
  );
}

/** The facts of a description that every pickle has. */
export function describePickle(
  scan: PickleScan,
  format: string,
): {
  format: string;
  properties: Record<string, string | number | boolean>;
  operators: Record<string, number>;
  globals: PickleScan['globals'];
} {
  return {
    format,
    properties: { protocol: scan.protocol, pickles: scan.streams, opcodes: scan.opcodes },
    operators: scan.operators,
    globals: scan.globals.map((global) => ({ ...global, name: evidenceText(global.name, 160) })),
  };
}
