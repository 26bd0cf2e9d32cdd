/**
 * PyTorch archives as torch's reader (caffe2/serialize/inline_container.cc over miniz) takes them: checkpoints,
 * TorchScript, exported programs (.pt2) and torch.package. Pickles and sources are read, of tensors only the first bytes.
 */

import { isTarHeader, openTarEntry, readTar } from '../../archives/tar';
import { scanTarMembers } from '../../archives/tarMembers';
import { readZip, type ZipArchive, type ZipEntry, zipOf } from '../../archives/zip';
import { scanZipMembers } from '../../archives/zipMembers';
import type { ModelDescription } from '../../description';
import { type ByteSource, peekAt, WindowByteSource } from '../../io/byteSource';
import { isQuiet } from '../../pickle/judge';
import { PickleMachine, PickleWindow } from '../../pickle/machine';
import { scanPickle } from '../../pickle/scan';
import { evidenceText } from '../../redact';
import type { FindingDraft, Format, ScanContext } from '../../scanner';
import { EmbeddingRows, floatWidth } from '../embeddingRows';
import { isExportedGraph, scanExportedGraph } from './exported';
import { modulesOf, scanPackageSources } from './packaged';
import { TORCH_RULES } from './rules';
import { scanTorchScript } from './script';
import { sniffStorage } from './storage';
import { describeTorch, type StoredMatrix } from './tensors';

export { TORCH_LEGACY_FORMAT } from './legacy';

const LISTED_MEMBERS = 1000;
/** Storages whose heads are looked at. */
const SNIFFED = 20_000;
/** The same in an archive on another machine, besides those of at most SMALL_STORAGE bytes. */
const SNIFFED_DISTANT = 8;
const SMALL_STORAGE = 64 * 1024;

/** Paths inside the archive's single folder, in lower case, as miniz compares them. */
function inner(name: string): string {
  return name.slice(name.indexOf('/') + 1).toLowerCase();
}

const isPickleMember = (name: string) =>
  /(?:^|\/)(?:data|constants|bytecode|.*debug_pkl|.*\.pkl)(?:\.pkl)?$/i.test(name) && /\.pkl$|debug_pkl$/i.test(name);
const isStorage = (name: string) =>
  /(?:^|\/)(?:data|constants|tensors|xl_model_weights)\/[\w.-]*\d[\w.-]*$/i.test(name) ||
  /(?:^|\/)\.data\/\d+\.storage$/i.test(name) ||
  /(?:^|\/)data\/(?:weights|constants|sample_inputs)\/[\w.-]+$/i.test(name);

type Flavour = 'checkpoint' | 'torchscript' | 'exported' | 'package';

function flavourOf(entries: readonly ZipEntry[]): Flavour | undefined {
  let data = false;
  let code = false;
  let packaged = false;
  let exported = false;
  let sources = false;
  for (const { name } of entries) {
    const path = inner(name);
    if (path === 'data.pkl' || name.toLowerCase() === 'data.pkl') data = true;
    else if (path.startsWith('code/') && path.endsWith('.py')) code = true;
    else if (path === 'constants.pkl') code ||= data;
    else if (path.startsWith('.data/') && /(?:extern_modules|version|python_version)$/.test(path)) packaged = true;
    else if (
      path === 'archive_format' ||
      path === 'archive_version' ||
      path.includes('aotinductor/') ||
      path === 'models/model.json' ||
      path === 'serialized_exported_program.json'
    )
      exported = true;
    if (path.endsWith('.py')) sources = true;
  }
  if (exported) return 'exported';
  if (packaged && sources && !data) return 'package';
  if (data) return code ? 'torchscript' : 'checkpoint';
  return packaged && entries.some(({ name }) => /\.pkl$/i.test(name)) ? 'package' : undefined;
}

export const TORCH_ZIP_FORMAT: Format = {
  id: 'pytorch-zip',
  title: 'PyTorch archive',
  kind: 'model',
  extensions: ['.pt', '.pth', '.ckpt', '.bin', '.pt2', '.ptl'],
  supersedes: ['zip'],
  async identify(probe) {
    const zip = await zipOf(probe);
    return zip && flavourOf(zip.allEntries) ? 'certain' : undefined;
  },
  async scan({ source }, context) {
    const zip = await readZip(source, context.budget);
    const flavour = flavourOf(zip.allEntries);
    const own = new Set<ZipEntry>();
    const sources: ZipEntry[] = [];
    /** Pickles of a package, whose classes may lie in its own sources. */
    const packaged: ZipEntry[] = [];
    const scanPackaged = async (member: ByteSource, name: string): Promise<void> => {
      const report = (draft: FindingDraft) =>
        context.report({
          ...draft,
          location: { ...draft.location, member: [name, draft.location?.member].filter(Boolean).join('!') },
        });
      await scanPickle(member, { ...context, report }, { ownModules: modulesOf(sources) });
    };
    let storages = 0;
    for (const entry of zip.allEntries) {
      context.budget.checkTime();
      if (entry.isDirectory || entry.isSymlink) continue;
      const path = inner(entry.name);
      if (isStorage(entry.name) && entry.method === 0) {
        own.add(entry);
        storages += 1;
        // Over the network the head of each large tensor is a request; no loader reads them as anything but numbers.
        const skipped = source.distant && entry.compressedSize > SMALL_STORAGE && storages > SNIFFED_DISTANT;
        if (skipped) continue;
        if (storages <= SNIFFED) await sniffMember(zip, entry, context);
        else if (storages === SNIFFED + 1)
          context.incomplete(`more than ${SNIFFED} tensors; the heads of the others are not looked at`);
      } else if (
        (path.startsWith('code/') || path.startsWith('model/')) &&
        path.endsWith('.py') &&
        flavour === 'torchscript'
      ) {
        own.add(entry);
        await withMember(entry, zip, context, (member) => scanTorchScript(entry.name, member, context));
      } else if (flavour === 'exported' && isExportedGraph(path)) {
        await withMember(entry, zip, context, (member) => scanExportedGraph(entry.name, member, context));
      } else if (/\.(?:so|dll|dylib|pyd)(?:\.\d+)*$/.test(path)) {
        own.add(entry);
        context.report({
          rule: TORCH_RULES['native-library'],
          message: `Loading the model loads the native library ${evidenceText(entry.name)} that the archive brings along.`,
          location: { member: entry.name },
          anchor: entry.name,
        });
      }
      if (flavour === 'package' && path.endsWith('.py')) {
        own.add(entry);
        sources.push(entry);
      } else if (flavour === 'package' && isPickleMember(entry.name)) {
        own.add(entry);
        packaged.push(entry);
      }
    }
    if (sources.length > 0) await scanPackageSources(sources, zip, context);
    for (const entry of packaged) await withMember(entry, zip, context, (member) => scanPackaged(member, entry.name));
    const done = new Map<ZipEntry, readonly string[]>();
    const door: ScanContext = {
      ...context,
      scan: async (member) => {
        const formats = await context.scan(member);
        const entry = zip.allEntries.find(({ name }) => name === member.name);
        if (entry) done.set(entry, formats);
        // torch unpickles these whatever they begin with.
        const unpickled = isPickleMember(member.name) && !formats.some((id) => /pickle|pytorch|joblib/.test(id));
        return unpickled ? context.scan({ ...member, formatId: 'pickle' }) : formats;
      },
    };
    await scanZipMembers(zip, door, { skip: (entry) => own.has(entry) && !/\.py$/.test(entry.name) });
    context.describe(await describe(zip, flavour, context));
  },
};

async function withMember(
  entry: ZipEntry,
  zip: ZipArchive,
  context: ScanContext,
  judge: (source: ByteSource) => Promise<void>,
): Promise<void> {
  try {
    await judge(await zip.open(entry));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UnsupportedMember') throw error;
    context.incomplete(error.message, { member: entry.name });
  }
}

async function sniffMember(zip: ZipArchive, entry: ZipEntry, context: ScanContext): Promise<void> {
  const storage = await storageOf(zip, entry);
  if (storage) await sniffStorage(entry.name, storage, context);
}

/** The local header is read by hand and exactly, so that thousands of tensors cost thousands of small reads and no more. */
async function storageOf(zip: ZipArchive, entry: ZipEntry): Promise<ByteSource | undefined> {
  const header = await peekAt(zip.source, entry.headerOffset, 30);
  if (header.length < 30 || header[0] !== 0x50 || header[1] !== 0x4b) return undefined;
  const names =
    ((header[26] as number) | ((header[27] as number) << 8)) + ((header[28] as number) | ((header[29] as number) << 8));
  return new WindowByteSource(zip.source, entry.headerOffset + 30 + names, entry.compressedSize);
}

async function judgeEmbeddings(
  matrices: readonly StoredMatrix[],
  zip: ZipArchive,
  bigEndian: boolean,
  context: ScanContext,
): Promise<void> {
  const rows = new EmbeddingRows(context);
  for (const { key, offset, ...matrix } of matrices) {
    const entry = zip.entries.find(({ name }) => inner(name) === `data/${key.toLowerCase()}`);
    const width = floatWidth(matrix.dtype);
    if (entry?.method !== 0 || entry.encrypted || width === undefined || zip.source.distant) continue;
    const source = await storageOf(zip, entry);
    if (source) await rows.judge({ ...matrix, bigEndian, source, offset: offset * width });
  }
}

async function describe(
  zip: ZipArchive,
  flavour: Flavour | undefined,
  context: ScanContext,
): Promise<Partial<ModelDescription>> {
  const members = zip.entries;
  const properties: Record<string, string | number | boolean> = { kind: flavour ?? 'checkpoint' };
  const read = async (name: string): Promise<string | undefined> => {
    const entry = members.find((e) => inner(e.name) === name);
    if (!entry || entry.size > 4096 || entry.encrypted) return undefined;
    try {
      return new TextDecoder().decode(await (await zip.open(entry)).read(0, 64)).trim();
    } catch {
      return undefined;
    }
  };
  const version = await read('version');
  if (version) properties.archiveVersion = evidenceText(version, 40);
  const order = await read('byteorder');
  if (order) properties.byteOrder = evidenceText(order, 40);
  const out: Partial<ModelDescription> = {
    format: 'pytorch-zip',
    framework: 'PyTorch',
    properties,
    members: members.slice(0, LISTED_MEMBERS).map(({ name, size }) => ({ name: evidenceText(name), bytes: size })),
  };
  const truncated = members.length > LISTED_MEMBERS ? ['members'] : [];
  const data = members.find((entry) => inner(entry.name) === 'data.pkl' || entry.name.toLowerCase() === 'data.pkl');
  if (data && data.size < 512 * 2 ** 20) {
    try {
      const window = new PickleWindow(await zip.open(data));
      const trace = await new PickleMachine(window, { budget: context.budget, quiet: isQuiet }).run(0);
      const contents = await describeTorch(trace);
      properties.protocol = trace.protocol;
      out.tensors = contents.tensors;
      out.tensorCount = contents.tensorCount;
      out.parameters = contents.parameters;
      if (contents.layers.length) out.layers = contents.layers;
      if (contents.truncated) truncated.push('tensors');
      await judgeEmbeddings(contents.embeddings, zip, order === 'big', context);
    } catch (error) {
      // What cannot be decoded has been reported as not inspected; the description does without it.
      if (!(error instanceof Error) || error.name !== 'UnsupportedMember') throw error;
    }
  }
  if (truncated.length) out.truncated = truncated;
  return out;
}

/** torch.save of version 0.1.1 and before: a tar of `sys_info`, `pickle`, `tensors` and `storages`. */
export const TORCH_TAR_FORMAT: Format = {
  id: 'pytorch-tar',
  title: 'PyTorch checkpoint (tar)',
  kind: 'model',
  extensions: ['.pt', '.pth', '.tar'],
  supersedes: ['tar'],
  identify(probe) {
    const head = probe.head.subarray(0, 512);
    if (!isTarHeader(head)) return undefined;
    const name = new TextDecoder('latin1').decode(head.subarray(0, 100)).replace(/\0.*$/s, '').replace(/^\.\//, '');
    return /^(?:sys_info|pickle|tensors|storages)$/.test(name) ? 'certain' : undefined;
  },
  async scan({ source }, context) {
    const tar = await readTar(source, context.budget);
    const pickles = (name: string) => /^(?:\.\/)?(?:sys_info|pickle|tensors|storages)$/.test(name);
    for (const entry of tar.entries) {
      if (pickles(entry.name))
        await context.scan({ name: entry.name, source: openTarEntry(tar, entry), formatId: 'pickle' });
    }
    await scanTarMembers(tar, context, { skip: (entry) => pickles(entry.name) });
    context.describe({
      format: 'pytorch-tar',
      framework: 'PyTorch',
      members: tar.entries
        .slice(0, LISTED_MEMBERS)
        .map(({ name, size }) => ({ name: evidenceText(name), bytes: size })),
    });
  },
};
