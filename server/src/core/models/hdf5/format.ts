import type { ModelDescription, TensorDescription } from '../../description';
import { type ByteSource, MemoryByteSource, readAll } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { scanPickle } from '../../pickle/scan';
import { evidenceText } from '../../redact';
import { type FindingDraft, type Format, type ScanContext, type ScanInput, silentContext } from '../../scanner';
import { EmbeddingRows, type RowMatrix } from '../embeddingRows';
import { isOutsidePath } from '../filePaths';
import { KerasReporter } from '../keras/report';
import { Cursor, decodeText, ExcessiveHdf5, UNDEFINED_ADDRESS, UnreadableHdf5 } from './cursor';
import { findSuperblock, Hdf5File, hasSignature, type ObjectHeader } from './file';
import { LZF, unfiltered } from './filters';
import { loadLibrary } from './library';
import { elements, type RawAttribute } from './messages';
import { HDF5_RULES as RULES } from './rules';

const MOST_OBJECTS = 200_000;
const MOST_LISTED = 2000;
/** Byte data sets up to this size are looked at for embedded pickles. */
const LARGEST_SNIFFED = 4 * 1024 * 1024;
const MOST_SNIFFED = 200;
/** Files up to this size are given to the library for the sake of filtered byte data sets. */
const LARGEST_FOR_FILTERED = 32 * 1024 * 1024;
/** A data set that declares more than this, and a thousand times what the file has, is there to exhaust memory. */
const LARGEST_PLAUSIBLE = 4 * 1024 * 1024 * 1024;

/** Filters of the library and of the HDF Group's register. */
function isKnownFilter(id: number): boolean {
  return (id >= 1 && id <= 6) || id === 305 || id === 307 || (id >= 32000 && id <= 32099);
}

/** Where Keras keeps the rows of embeddings: by the layer's class since the third generation, before that by the variable's name. */
const LONE_EMBEDDING = /\/embedding(?:_\d+)?\/vars\/0$/;
const NAMED_EMBEDDING = /(?:^|\/)embeddings(?::\d+)?$/;

interface ExternalReference {
  rule: 'external-link' | 'external-storage';
  path: string;
  file: string;
  /** Path of the object in the other file. */
  target?: string;
}

/** What the whole file shows, gathered by either reader. */
class Hdf5Scan {
  readonly tensors: TensorDescription[] = [];
  tensorCount = 0;
  parameters = 0;
  readonly properties: Record<string, string | number | boolean> = {};
  readonly #rows = new Map<string, number>();
  /** Keras 3 stores layers under the name of their class: of a single embedding that is enough to know it. */
  readonly #loneRows: number[] = [];
  readonly keras: KerasReporter;
  isKeras = false;
  sniffed = 0;
  /** Byte data sets whose storage only the library can follow. */
  readonly filtered = new Set<string>();
  /** Byte data sets that were not looked at, past the number or size that is. */
  unsearched = 0;
  /** Messages kept in the heap of shared ones were met: only the library follows those. */
  hasShared = false;
  /** Embeddings whose rows lie in one piece. */
  readonly embeddings: Omit<RowMatrix, 'source'>[] = [];
  readonly #externals: ExternalReference[] = [];
  readonly #oversized: { path: string; bytes: number }[] = [];

  constructor(
    readonly context: ScanContext,
    private readonly fileSize: number,
  ) {
    this.keras = new KerasReporter(context);
  }

  /** Rows stored for an embedding layer. */
  rowsOf(layer: string): number | undefined {
    return this.#rows.get(layer) ?? (this.#loneRows.length === 1 ? this.#loneRows[0] : undefined);
  }

  noteTensor(path: string, dtype: string, shape: number[], bytes: number): void {
    this.tensorCount += 1;
    // What an optimizer remembers of its steps is no part of the model.
    if (!/^\/optimizer(?:_weights)?\//.test(path))
      this.parameters += shape.reduce((product, size) => product * size, 1);
    if (bytes > LARGEST_PLAUSIBLE && bytes > 1000 * this.fileSize) this.#oversized.push({ path, bytes });
    if (this.tensors.length < MOST_LISTED) {
      this.tensors.push({ name: evidenceText(path.slice(1), 200), dtype, shape, bytes });
    }
    // Keras: model_weights/<layer>/<layer>/embeddings:0, or layers/<layer>/vars/0 of the third generation.
    const parts = path.split('/');
    if (LONE_EMBEDDING.test(path) && shape.length === 2) this.#loneRows.push(shape[0] as number);
    if (NAMED_EMBEDDING.test(path) && shape.length === 2) {
      for (const part of parts.slice(1, -1)) this.#rows.set(part, shape[0] as number);
    }
  }

  async noteText(path: string, name: string, text: string): Promise<void> {
    const { context } = this;
    if (name === 'model_config' || name === 'training_config' || name === 'layer_config') {
      this.isKeras = true;
      if (/^[\ufeff\s]*\{/.test(text)) await this.keras.addText(text, path ? `${path.slice(1)}/${name}` : name);
      return;
    }
    if (name === 'keras_version' || name === 'backend' || (path === '' && name === 'layer_names')) {
      this.isKeras = true;
      if (name !== 'layer_names') this.properties[name.replace('_', ' ')] = evidenceText(text, 40);
      return;
    }
    if (/^[\ufeff\s]*\{/.test(text) && /"class_name"\s*:/.test(text)) {
      await this.keras.addText(text, `${path.slice(1)}/${name}`);
      return;
    }
    // gA is what a pickle of protocol 2 and newer begins with in base64.
    if (text.length > 16 && /^gA[IJMQRSUV][A-Za-z0-9+/=\s]+$/.test(text)) {
      try {
        const bytes = Uint8Array.from(atob(text.replace(/\s+/g, '')), (c) => c.charCodeAt(0));
        await this.notePickle(bytes, `${path}@${name}`, { node: `${path.slice(1)}@${name}` }, 'base64 text');
      } catch {
        context.budget.checkTime();
      }
    }
  }

  /** @param place what the bytes are: `data set` or `attribute` */
  async notePickle(
    bytes: Uint8Array,
    path: string,
    location: { offset?: number; node?: string },
    place: string,
  ): Promise<void> {
    if (!beginsLikePickle(bytes)) return;
    const drafts: FindingDraft[] = [];
    const collector: ScanContext = {
      ...this.context,
      report: (draft) => drafts.push(draft),
      describe: () => undefined,
    };
    const scan = await scanPickle(new MemoryByteSource(bytes), collector, { tolerant: true, search: false });
    if (!scan.complete && scan.globals.length === 0) return;
    const shown = path.replace(/^\//, '');
    if (scan.worst !== undefined && scan.worst !== 'info' && scan.worst !== 'low') {
      // What the pickle does is the defect, and its findings say it; where it lies is part of their place.
      for (const draft of drafts) {
        const inner = draft.location?.member;
        this.context.report({
          ...draft,
          message: `${draft.message} (pickle in the HDF5 ${place} '${evidenceText(shown, 80)}')`,
          location: { ...draft.location, ...location, member: inner ? `${shown}!${inner}` : shown },
        });
      }
      return;
    }
    const command = commandIn(bytes);
    const isTable = /^\(|^[NIFSV]/.test(String.fromCharCode(bytes[0] ?? 0));
    this.context.report({
      rule: RULES['embedded-pickle'],
      // PyTables, and so pandas, pickles attributes in protocol 0; on its own such a one is a fact, not a hazard.
      severity: command ? 'high' : place === 'attribute' && isTable ? 'info' : 'medium',
      message: `The HDF5 ${place} '${evidenceText(shown, 80)}' is a pickle of ${bytes.length} bytes${
        command ? ` that holds the text ${evidenceText(`"${command}"`, 120)}` : ''
      }; no opcode in it calls anything, so unpickling alone executes nothing.`,
      ...(command && { evidence: evidenceText(command, 120) }),
      anchor: shown,
      location: { node: evidenceText(shown, 200), ...location, length: bytes.length },
    });
  }

  noteExternal(rule: 'external-link' | 'external-storage', path: string, file: string, target?: string): void {
    if (this.#externals.length < 2000) this.#externals.push({ rule, path, file, ...(target && { target }) });
  }

  /** Instruments write one file per run and a master file that links to those beside it; Keras never does. */
  #reportExternal({ rule, path, file, target }: ExternalReference): void {
    const outside = isOutsidePath(file);
    const shown = evidenceText(file, 160);
    this.context.report({
      rule: RULES[rule],
      severity: outside ? 'high' : this.isKeras ? 'medium' : 'low',
      message:
        rule === 'external-link'
          ? `The link '${evidenceText(path.slice(1), 80)}' leads into another file, '${shown}'${target ? ` (${evidenceText(target, 60)})` : ''}.`
          : `The data set '${evidenceText(path.slice(1), 80)}' has its values in another file, '${shown}': reading the model reads that file.`,
      evidence: shown,
      anchor: `${path}\0${file}`,
      location: { node: evidenceText(path.slice(1), 200) },
    });
  }

  finish(): void {
    this.keras.finish((layer) => this.rowsOf(layer));
    for (const external of this.#externals) this.#reportExternal(external);
    for (const { path, bytes } of this.isKeras ? this.#oversized.slice(0, 20) : []) {
      this.context.report({
        rule: RULES['oversized-dataset'],
        message: `The data set '${evidenceText(path.slice(1), 80)}' declares ${bytes} bytes in a file of ${this.fileSize}: loading the weights takes that much memory.`,
        anchor: path,
        location: { node: evidenceText(path.slice(1), 200) },
      });
    }
    const version = this.properties['keras version'];
    const description: ModelDescription = {
      format: 'hdf5',
      ...(this.isKeras ? this.keras.describe() : {}),
      ...(this.isKeras && { framework: 'Keras' }),
      ...(typeof version === 'string' && { frameworkVersion: version }),
      properties: this.properties,
      parameters: this.parameters,
      tensorCount: this.tensorCount,
      tensors: this.tensors,
      ...(this.tensorCount > this.tensors.length && { truncated: ['tensors'] }),
    };
    this.context.describe(description);
  }
}

function beginsLikePickle(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if (first === undefined || second === undefined || bytes.length < 3) return false;
  if (first === 0x80) return second >= 1 && second <= 5;
  // Protocols 0 and 1: a mark, a global or an instance, as text with a STOP somewhere.
  return (
    (first === 0x28 || first === 0x63 || first === 0x69 || first === 0x7d || first === 0x5d) && bytes.includes(0x2e)
  );
}

/** A shell command or code among the readable parts of a pickle. */
function commandIn(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 256 * 1024));
  for (const [run] of text.matchAll(/[\x20-\x7e]{4,}/g)) {
    if (
      /os\.system|subprocess|\brm -rf\b|\bcurl |\bwget |\/bin\/(?:ba|z)?sh|powershell|\beval\(|\bexec\(|__import__|\bnc -[el]|bash -[ci]|cmd\.exe|base64 -d|chmod \+x/i.test(
        run,
      )
    ) {
      return run.replace(/^[^\w/.]+/, '').slice(0, 200);
    }
  }
  return undefined;
}

/** Types whose values may be any bytes, beside integers of one byte. */
const BYTE_CLASSES = new Set(['opaque', 'string', 'vlen', 'compound', 'bitfield', 'array']);

/** Groups of weight files: Keras 3 (`layers`, `vars`), Keras 2 inside of a model. */
const KERAS_GROUPS = new Set([
  'layers',
  'vars',
  '_layer_checkpoint_dependencies',
  'model_weights',
  'optimizer_weights',
]);

interface Visit {
  path: string;
  address: number;
}

/** @returns the first object that could not be read; the others are judged all the same */
async function scanStructure(file: Hdf5File, scan: Hdf5Scan): Promise<UnreadableHdf5 | undefined> {
  const { context } = scan;
  const { budget } = context;
  const pending: Visit[] = [{ path: '', address: file.root }];
  const seen = new Set<number>();
  let damaged: UnreadableHdf5 | undefined;
  while (pending.length) {
    const { path, address } = pending.pop() as Visit;
    if (address === UNDEFINED_ADDRESS || seen.has(address)) continue;
    if (seen.size >= MOST_OBJECTS) {
      context.incomplete(`more than ${MOST_OBJECTS} objects`);
      return damaged;
    }
    seen.add(address);
    if (seen.size % 100 === 0) budget.checkTime();
    try {
      pending.push(...(await visitObject(file, scan, path, address)));
    } catch (error) {
      if (!(error instanceof UnreadableHdf5)) throw error;
      damaged ??= error;
      if (error instanceof ExcessiveHdf5) return error;
    }
  }
  return damaged;
}

/** Judges one object. @returns the objects that it links to, the last one first */
async function visitObject(file: Hdf5File, scan: Hdf5Scan, path: string, address: number): Promise<Visit[]> {
  const header = await file.header(address);
  const inner: Visit[] = [];
  scan.hasShared ||= header.hasShared;
  if (path === '' && header.links.some(({ name }) => KERAS_GROUPS.has(name))) scan.isKeras = true;
  for (const attribute of header.attributes) await visitAttribute(file, scan, path, attribute);
  for (const link of header.links) {
    const to = path.length > 2000 ? path : `${path}/${link.name}`;
    if (link.kind === 'hard' && link.address !== undefined) inner.push({ path: to, address: link.address });
    else if (link.kind === 'external') scan.noteExternal('external-link', to, link.file ?? '', link.target);
    else if (link.kind === 'user-defined') {
      scan.context.report({
        rule: RULES['user-defined-link'],
        message: `The link '${evidenceText(to.slice(1), 80)}' is of the user-defined class ${link.type ?? 0}, which only a program of its own can follow.`,
        anchor: to,
        location: { node: evidenceText(to.slice(1), 200) },
      });
    }
  }
  if (header.type && header.space && header.layout) await visitDataset(file, scan, path, header);
  return inner.reverse();
}

async function visitAttribute(file: Hdf5File, scan: Hdf5Scan, path: string, attribute: RawAttribute): Promise<void> {
  const { type, space } = attribute;
  if (type.isText) {
    const total = elements(space);
    if (total === 1) {
      const text = await file.attributeText(attribute);
      if (text === undefined) return;
      await scan.noteText(path, attribute.name, text);
      // PyTables keeps pickles of protocol 0 in text attributes.
      const [value] = await file.values(type, space, attribute.data, 1);
      if (value)
        await scan.notePickle(
          value,
          `${path}@${attribute.name}`,
          { node: `${path.slice(1)}@${attribute.name}` },
          'attribute',
        );
    }
    return;
  }
  if (type.class !== 'opaque' && type.class !== 'vlen' && !(type.class === 'integer' && type.size === 1)) return;
  for (const value of await file.values(type, space, attribute.data, 16)) {
    await scan.notePickle(
      value,
      `${path}@${attribute.name}`,
      { node: `${path.slice(1)}@${attribute.name}` },
      'attribute',
    );
  }
}

async function visitDataset(file: Hdf5File, scan: Hdf5Scan, path: string, header: ObjectHeader): Promise<void> {
  const { type, space, layout } = header;
  if (!type || !space || !layout) return;
  const { context } = scan;
  const count = elements(space);
  const bytes = count * type.size;
  scan.noteTensor(path, type.name, space.shape, bytes);
  const [rows, columns] = space.shape;
  if (
    rows !== undefined &&
    columns !== undefined &&
    space.shape.length === 2 &&
    (LONE_EMBEDDING.test(path) || NAMED_EMBEDDING.test(path)) &&
    layout.class === 'contiguous' &&
    layout.address !== undefined &&
    layout.address !== UNDEFINED_ADDRESS &&
    header.external.length === 0 &&
    scan.embeddings.length < 100
  ) {
    const { name: dtype, bigEndian } = type;
    scan.embeddings.push({
      name: path.slice(1),
      rows,
      columns,
      dtype,
      bigEndian,
      offset: file.offsetOf(layout.address),
    });
  }
  const told = new Set<string>();
  for (const { name } of header.external) {
    if (told.has(name) || told.size > 100) continue;
    told.add(name);
    scan.noteExternal('external-storage', path, name);
  }
  for (const { id, name } of header.filters) {
    if (isKnownFilter(id)) continue;
    context.report({
      rule: RULES['unknown-filter'],
      message: `The data set '${evidenceText(path.slice(1), 80)}' is stored through the unregistered filter ${id}${name ? ` (${evidenceText(name, 60)})` : ''}: reading it loads a native plug-in.`,
      anchor: `filter ${id}`,
      location: { node: evidenceText(path.slice(1), 200) },
    });
  }
  if (layout.class === 'virtual' && layout.address !== undefined && layout.address !== UNDEFINED_ADDRESS) {
    await visitVirtual(file, scan, path, layout.address, layout.heapIndex ?? 0);
    return;
  }
  const isBytes =
    BYTE_CLASSES.has(type.class) || ((type.class === 'integer' || type.class === 'enum') && type.size === 1);
  if (!isBytes || bytes === 0 || header.external.length) return;
  if (scan.sniffed >= MOST_SNIFFED) scan.unsearched += 1;
  else await sniffDataset(file, scan, path, header, bytes);
}

/**
 * Looks for pickles and texts in a byte data set. Of those too large to be held only the beginning decides, and a pickle
 * is followed in the file itself; of filtered ones in large files the first chunk is decoded.
 */
async function sniffDataset(
  file: Hdf5File,
  scan: Hdf5Scan,
  path: string,
  header: ObjectHeader,
  bytes: number,
): Promise<void> {
  const { type, space, layout } = header;
  if (!type || !space || !layout) return;
  const isText = type.class === 'vlen' || type.class === 'string';
  const location = { node: evidenceText(path.slice(1), 200) };
  const searchBytes = async (address: number, length: number): Promise<void> => {
    // The first bytes decide whether the rest is worth reading.
    if (!beginsLikePickle(await file.readSome(address, Math.min(length, 4096)))) return;
    scan.sniffed += 1;
    const data = await file.readLarge(address, Math.min(length, LARGEST_SNIFFED));
    await scan.notePickle(data, path, { ...location, offset: file.offsetOf(address) }, 'data set');
  };
  const searchTexts = async (data: Uint8Array): Promise<void> => {
    scan.sniffed += 1;
    for (const value of await file.values(type, space, data, 16)) {
      if (type.isText)
        await scan.noteText(path, '', decodeText(value.subarray(0, LARGEST_SNIFFED)).replace(/\0+$/, ''));
      await scan.notePickle(value, path, location, 'data set');
    }
  };
  if (layout.class === 'compact' && layout.data) {
    if (isText) return searchTexts(layout.data);
    scan.sniffed += 1;
    return scan.notePickle(layout.data, path, location, 'data set');
  }
  if (layout.class === 'contiguous' && layout.address !== undefined && layout.address !== UNDEFINED_ADDRESS) {
    if (!isText) return searchBytes(layout.address, bytes);
    return searchTexts(await file.readLarge(layout.address, Math.min(bytes, LARGEST_SNIFFED)));
  }
  if (layout.class !== 'chunked') return;
  const chunk =
    layout.chunk && layout.address !== undefined
      ? await firstChunk(file, layout.address, layout.chunk.length)
      : undefined;
  if (chunk && header.filters.length === 0) {
    if (!isText) return searchBytes(chunk.address, chunk.size);
    return searchTexts(await file.readLarge(chunk.address, Math.min(chunk.size, LARGEST_SNIFFED)));
  }
  // A data set without any chunk is empty.
  if (layout.chunk && !chunk) return;
  // The library sees all chunks together; LZF is a plug-in that it does not have.
  if (
    !isText &&
    file.size <= LARGEST_FOR_FILTERED &&
    bytes <= LARGEST_SNIFFED &&
    !header.filters.some(({ id }) => id === LZF)
  ) {
    scan.filtered.add(path);
    return;
  }
  const raw = chunk && (await file.readLarge(chunk.address, Math.min(chunk.size, LARGEST_SNIFFED)));
  const data = raw && (await unfiltered(raw, header.filters, type.size, LARGEST_SNIFFED, scan.context.budget));
  if (!data) scan.unsearched += 1;
  else if (isText) await searchTexts(data);
  else if (beginsLikePickle(data)) {
    scan.sniffed += 1;
    await scan.notePickle(data, path, { ...location, offset: file.offsetOf(chunk.address) }, 'data set');
  }
}

/** The first chunk of a version 1 chunk B-tree (III.A.1). */
async function firstChunk(
  file: Hdf5File,
  address: number,
  rank: number,
): Promise<{ address: number; size: number } | undefined> {
  const { offset } = file.widths;
  let at = address;
  for (let level = 0; level < 16; level += 1) {
    if (at === UNDEFINED_ADDRESS) return undefined;
    const c = new Cursor(await file.read(at, 8 + offset * 2 + 8 + rank * 8 + offset));
    if (c.signature() !== 'TREE') throw new UnreadableHdf5(`no B-tree at ${at}`);
    c.skip(1);
    const depth = c.u8();
    if (c.u16() === 0) return undefined;
    c.skip(offset * 2);
    const size = c.u32();
    c.skip(4 + rank * 8);
    at = c.address(offset);
    if (depth === 0) return { address: at, size };
  }
  return undefined;
}

/** A virtual data set takes its values from data sets of other files, `.` being this one. III.E, VDS block. */
async function visitVirtual(
  file: Hdf5File,
  scan: Hdf5Scan,
  path: string,
  address: number,
  index: number,
): Promise<void> {
  const object = await file.globalHeapObject(address, index);
  if (!object) return;
  const c = new Cursor(await file.readLarge(object.offset, Math.min(object.size, LARGEST_SNIFFED)));
  c.skip(1);
  const count = c.uint(file.widths.length);
  const told = new Set<string>();
  try {
    for (let i = 0; i < Math.min(count, 100_000) && told.size < 100; i += 1) {
      const name = c.text();
      const target = c.text();
      if (name !== '.' && name !== '' && !told.has(name)) scan.noteExternal('external-storage', path, name, target);
      told.add(name);
      skipSelection(c);
      skipSelection(c);
    }
  } catch (error) {
    if (!(error instanceof UnreadableHdf5)) throw error;
    scan.context.incomplete(`the sources of the virtual data set '${evidenceText(path.slice(1), 80)}' cannot be read`);
  }
}

/** A dataspace selection as the library serialises it (`H5S_encode` in the HDF5 File Format Specification, III.E). */
function skipSelection(c: Cursor): void {
  const kind = c.u32();
  const version = c.u32();
  if (kind === 0 || kind === 3) c.skip(8);
  else if (kind !== 1 && kind !== 2) throw new UnreadableHdf5(`selection of kind ${kind}`);
  else if (version === 1) {
    c.skip(4);
    c.skip(c.u32());
  } else if (kind === 1) {
    const width = c.u8();
    const rank = c.u32();
    c.skip(rank * c.uint(width) * width);
  } else {
    const isRegular = (c.u8() & 1) !== 0;
    if (version === 2) c.skip(c.u32());
    else {
      const width = c.u8();
      const rank = c.u32();
      c.skip(isRegular ? 4 * rank * width : 2 * rank * c.uint(width) * width);
    }
  }
}

/** @param part everything, or only what the own reader left out */
async function scanWithLibrary(source: ByteSource, scan: Hdf5Scan, part: 'all' | 'rest'): Promise<void> {
  const bytes = await readAll(source, (size) => scan.context.budget.checkMemory(size, 'the HDF5 library'));
  const content = await (await loadLibrary()).readWithLibrary(bytes, () => scan.context.budget.checkTime());
  if (part === 'all' || scan.hasShared) {
    for (const { path, name, value } of content.attributes) {
      if (typeof value === 'string') await scan.noteText(path, name, value);
      else await scan.notePickle(value, `${path}@${name}`, { node: `${path.slice(1)}@${name}` }, 'attribute');
    }
  }
  for (const { path, dtype, shape, data } of content.datasets) {
    if (part === 'all') scan.noteTensor(path, dtype, shape, 0);
    if (data && (part === 'all' || scan.filtered.delete(path)))
      await scan.notePickle(data, path, { node: evidenceText(path.slice(1), 200) }, 'data set');
  }
  if (part === 'rest') return;
  for (const { path, file, target } of content.externalLinks) scan.noteExternal('external-link', path, file, target);
  if (content.unreadable.length) {
    scan.context.incomplete(
      `${content.unreadable.length} objects such as '${evidenceText(content.unreadable[0] as string, 80)}' cannot be read`,
    );
  }
}

/** What the own reader left out is read by the library, in files small enough to be given to it; otherwise it is said. */
async function scanRest(source: ByteSource, scan: Hdf5Scan): Promise<void> {
  const { context } = scan;
  if (scan.filtered.size || scan.hasShared) {
    try {
      if (source.size > context.budget.limits.memoryBytes)
        throw new Error('the file is too large for the HDF5 library');
      await scanWithLibrary(source, scan, 'rest');
    } catch (error) {
      if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
      if (scan.hasShared) context.incomplete('attributes whose type or shape is shared cannot be read');
    }
    // What the library gave is no longer among them.
    scan.unsearched += scan.filtered.size;
  }
  if (scan.unsearched)
    context.incomplete(
      `${scan.unsearched} byte data sets were not searched for embedded pickles: filtered or too many`,
    );
}

async function scanHdf5(input: ScanInput, context: ScanContext): Promise<void> {
  const source = new PagedByteSource(input.source);
  const start = await findSuperblock(source, await source.read(0, 4096));
  if (start === undefined) throw new UnreadableHdf5('no HDF5 signature');
  const scan = new Hdf5Scan(context, source.size);
  try {
    const file = await Hdf5File.open(source, start, context.budget);
    scan.properties['superblock version'] = file.superblockVersion;
    const damaged = await scanStructure(file, scan);
    if (damaged) throw damaged;
    await scanRest(source, scan);
    const embeddings = new EmbeddingRows(context);
    for (const matrix of scan.embeddings) await embeddings.judge({ ...matrix, source: input.source });
  } catch (error) {
    if (!(error instanceof UnreadableHdf5)) throw error;
    // What was built to keep readers busy would keep the library busy too.
    if (error instanceof ExcessiveHdf5) context.incomplete(error.message);
    else await secondOpinion(source, scan, error);
  } finally {
    // What was read before any damage is judged.
    scan.finish();
  }
}

export interface WeightsSummary {
  parameters: number;
  tensorCount: number;
  tensors: TensorDescription[];
  rowsOf(layer: string): number | undefined;
}

/**
 * What the weights of a Keras archive hold, without judging them: that is done when the member is scanned itself.
 * @returns undefined when the bytes are no HDF5 file or a damaged one
 */
export async function summariseWeights(input: ByteSource, context: ScanContext): Promise<WeightsSummary | undefined> {
  const source = new PagedByteSource(input);
  const silent = silentContext(context);
  const scan = new Hdf5Scan(silent, source.size);
  try {
    const start = await findSuperblock(source, await source.read(0, 4096));
    if (start === undefined) return undefined;
    const damaged = await scanStructure(await Hdf5File.open(source, start, context.budget), scan);
    if (damaged) return undefined;
  } catch (error) {
    if (error instanceof UnreadableHdf5) return undefined;
    throw error;
  }
  return scan;
}

/** What the own reader does not understand is given to the library; what neither reads is damaged. */
async function secondOpinion(source: ByteSource, scan: Hdf5Scan, first: UnreadableHdf5): Promise<void> {
  const { context } = scan;
  if (source.size > context.budget.limits.memoryBytes) {
    context.incomplete(`${first.message}; the file is too large for the HDF5 library`);
    return;
  }
  try {
    await scanWithLibrary(source, scan, 'all');
    scan.properties['read by'] = 'HDF5 library';
  } catch (error) {
    if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
    throw new Error(`damaged HDF5 file: ${first.message}`);
  }
}

/** Names under which HDF5 files with a user block are met, on disk and on other machines alike. */
const MAY_HAVE_BLOCK = new Set([
  '.h5',
  '.hdf5',
  '.keras',
  '',
  '.bin',
  '.model',
  '.weights',
  '.dat',
  '.data',
  '.hdf',
  '.nc',
]);

/** HDF5, and Keras models and weights in it. https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html */
export const HDF5_FORMAT: Format = {
  id: 'hdf5',
  title: 'HDF5',
  kind: 'model',
  extensions: ['.h5', '.hdf5', '.hdf', '.he5'],
  async identify(probe) {
    if (hasSignature(probe.head, 0)) return 'certain';
    // A block of the user may stand before the signature. Asking for it costs reads, so not under names of other formats.
    const mayHaveBlock = MAY_HAVE_BLOCK.has(probe.extension);
    if (mayHaveBlock && (await findSuperblock(probe.source, probe.head)) !== undefined) return 'certain';
    for (const at of [512, 1024, 2048]) if (hasSignature(probe.head, at)) return 'certain';
    return this.extensions.includes(probe.extension) && probe.size > 0 ? 'named' : undefined;
  },
  scan: scanHdf5,
};
