/** Judges the pickles of one source and reports them. Every format that holds pickles comes through here. */
import type { Severity } from '../finding';
import { type ByteSource, MemoryByteSource, WindowByteSource } from '../io/byteSource';
import { evidenceText, hashSecret, redactSecret } from '../redact';
import type { FindingDraft, ScanContext } from '../scanner';
import { embeddedCredentials, withoutCredentials } from '../secrets/embedded';
import { judgeTrace } from './judge';
import type { PickleText, PickleTrace } from './machine';
import { opcodeName } from './opcodes';
import { PICKLE_RULES } from './rules';
import { type FoundStream, findStreams, looksLikePickle, type StreamOptions } from './streams';

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
}

const ORDER: Record<Severity, number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };
const MAX_NESTING = 4;
const MAX_STREAMS = 100_000;
const MAX_GLOBALS = 2000;
/** Harmless nested pickles of one stream that have a finding each. */
const LISTED_CONSTANTS = 16;
/** Texts of one source that are looked at for credentials. */
const MAX_TEXTS = 8192;
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
    const judged = await judgeTrace(trace, { strict: context.settings.models.strict, nested });
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
    const key = text.key !== undefined && /^[\w. -]{1,64}$/.test(text.key) ? text.key : undefined;
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
  for (const blob of trace.blobs) {
    context.budget.checkTime();
    const window = new WindowByteSource(source, blob.offset, blob.length);
    let payload: ByteSource | undefined = window;
    if (blob.encoding !== 'raw') {
      if (blob.length > MAX_NESTED_BYTES) {
        context.incomplete(`an encoded constant of ${blob.length} bytes`, { offset: blob.offset });
        continue;
      }
      payload = decode(await window.read(0, blob.length), blob.encoding);
    }
    if (!payload) continue;
    const head = await payload.read(0, 4096);
    const name = `constant@${blob.offset}`;
    const claim = await looksLikePickle(head, payload.size, payload, context.budget);
    if (claim === undefined) {
      // Compressed payloads and archives are identified like any other file.
      if (!isContainer(head)) continue;
      await context.scan({ name: path ? `${path}!${name}` : name, source: payload });
      continue;
    }
    if (depth >= MAX_NESTING) {
      context.incomplete(`pickles nested deeper than ${MAX_NESTING} levels`, { offset: blob.offset });
      continue;
    }
    const inner = await scanInside(payload, context, { tolerant: true }, path ? `${path}!${name}` : name, depth + 1);
    if (inner.streams === 0) continue;
    severities.set(blob.offset, inner.worst ?? 'info');
    const loud = inner.worst !== undefined && ORDER[inner.worst] >= ORDER.medium;
    // A module pickled without torch.save has one for each of its storages.
    if (!loud && ++quiet > LISTED_CONSTANTS) continue;
    report({
      rule: PICKLE_RULES['nested-pickle'],
      severity: loud ? 'medium' : 'info',
      message: `A constant of ${blob.length} bytes at offset ${blob.offset} is itself a pickle${blob.encoding === 'raw' || blob.encoding === 'latin1' ? '' : ` in ${blob.encoding}`}${loud ? ', and a dangerous one' : ''}.`,
      location: { offset: blob.offset, length: blob.length },
      anchor: `nested ${blob.encoding} ${blob.length}`,
    });
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

function decode(bytes: Uint8Array, encoding: 'base64' | 'hex' | 'latin1'): ByteSource | undefined {
  if (encoding === 'latin1') return decodeLatin1(bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  text = text.replace(/\s+/g, '');
  if (encoding === 'hex') {
    if (text.length % 2 || !/^[\da-fA-F]+$/.test(text)) return undefined;
    const out = new Uint8Array(text.length / 2);
    for (let i = 0; i < out.length; i += 1) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
    return new MemoryByteSource(out);
  }
  text = text.replace(/-/g, '+').replace(/_/g, '/');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length < 12) return undefined;
  try {
    return new MemoryByteSource(Uint8Array.from(atob(text), (ch) => ch.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** The bytes whose Latin-1 text this is in UTF-8; undefined when a character is no byte. */
function decodeLatin1(bytes: Uint8Array): ByteSource | undefined {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    if (byte < 0x80) out[length++] = byte;
    else if (byte === 0xc2 || byte === 0xc3) out[length++] = ((byte & 3) << 6) | ((bytes[++i] ?? 0) & 0x3f);
    else return undefined;
  }
  return new MemoryByteSource(out.subarray(0, length));
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
