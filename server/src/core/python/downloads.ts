/** Which files a program downloads: what it fetches to a path, and what it writes of an answer. */
import { type CallNode, childrenOf, type Node } from './ast';
import { callsOf } from './characters';
import { commandAt, fetchedBy, runs, runsWithin, unpackedByCommand } from './fetchCommands';
import { checkedOf, type Fetched, type Found, note } from './hashChecks';
import type { PythonModule } from './module';
import { type Names, type Program, positional, statementsAt } from './names';
import { folderOf, keysOf, type Place, pathOf, plainPath, STEPS, wayOf } from './paths';

/** Functions and methods that fetch to a path, with the position and the keywords of the path. */
const FETCHES_TO: ReadonlyMap<string, readonly [position: number, ...keywords: string[]]> = new Map([
  ['urllib.request.urlretrieve', [1, 'filename']],
  ['urllib.urlretrieve', [1, 'filename']],
  ['six.moves.urllib.request.urlretrieve', [1, 'filename']],
  ['wget.download', [1, 'out']],
  ['gdown.download', [1, 'output']],
  ['torch.hub.download_url_to_file', [1, 'dst']],
]);

/** Functions that fetch a file and give its path, alone or with more. */
const GIVES =
  /^(?:huggingface_hub\.(?:hf_hub_download|cached_download|snapshot_download)|gdown\.(?:download|cached_download)|wget\.download|pooch\.retrieve|(?:tensorflow\.)?keras\.utils\.get_file|kagglehub\.(?:model|dataset)_download|modelscope\.(?:hub\.file_download\.)?model_file_download|modelscope\.snapshot_download|(?:urllib\.request|urllib)\.urlretrieve)\(\)/;

/** Modules without one of which nothing is downloaded, and programs and functions without which nothing else is. */
export const FETCHERS = ['requests', 'urllib', 'httpx', 'aiohttp', 'wget', 'gdown'];
const FETCHING_WORDS = ['curl', 'download_url_to_file'];
/** Where something is put on the disk. */
const SINK =
  /\b(?:urlretrieve|download_url_to_file|download|write|write_bytes|write_text|copyfileobj|extractall|unpack_archive)\s{0,9}\(|\b(?:wget|curl|unzip|tar)\b/g;
/** A function that fetches where it gets another name, or is handed to `functools.partial`. */
const RENAMED = /\b(?:urlretrieve|download_url_to_file|download)\b(?!\s{0,9}\()/g;
/** Names for such functions that are looked for. */
const RENAMES = 8;
/** What writes the file that it is given. */
const WRITES = /\b(?:save|savez|savez_compressed|dump|to_pickle|save_model|save_weights)\s{0,9}\(/g;
/** What an archive is opened by. */
const ARCHIVE =
  /^(?:zipfile\.(?:Py)?ZipFile|tarfile\.(?:open|TarFile(?:\.open)?)|py7zr\.SevenZipFile|rarfile\.RarFile)\(\)$/;
/** What stands in front of a method of a stream that is kept in an attribute, and the characters in which that is looked for. */
const KEPT = /(?:^|[^\w.])(?:self|sys)\.[\w.]*$/;
const FRONT = 40;
/** Places of one document that are looked at. */
const SINKS = 500;

export class Downloads {
  #found: Found | undefined;
  #checked: ReadonlySet<Fetched> | 'all' | undefined;
  #own: ReadonlySet<string> | undefined;

  constructor(private readonly program: Program) {}

  /** Whether what is read is a file that is downloaded: its path, what is opened at it, or what was read from it. */
  gives(node: Node, names: Names): boolean {
    const path = pathOf(node, names);
    return isGiven(path.node, path.names) || this.has(path.node, path.names);
  }

  /** Whether something is downloaded to a path, or unpacked to it from what is. */
  has(node: Node, names: Names): boolean {
    const found = this.#all;
    if (found.files.size === 0 && found.folders.size === 0) return false;
    const keys = keysOf(node, names);
    for (const key of keys) {
      const fetched = found.files.get(key);
      if (fetched) return this.#isUnchecked(fetched);
    }
    const around = fetchedAround(node, names, found.folders);
    // What the program puts there itself did not come out of the archive.
    return around !== undefined && !keys.some((key) => this.#made.has(key)) && this.#isUnchecked(around);
  }

  /** Whether a command line names such a file where it is run. */
  isRunBy(line: string): boolean {
    const { files, folders } = this.#all;
    for (const [path, fetched] of files) {
      if (path.length > 2 && !path.includes('\0') && runs(line, path)) return this.#isUnchecked(fetched);
    }
    for (const [path, fetched] of folders) {
      if (!path.includes('\0') && runsWithin(line, path)) return this.#isUnchecked(fetched);
    }
    return false;
  }

  /** Whether an archive that comes from the network is unpacked by a call into a folder that modules are imported from. */
  bringsModules(node: CallNode, names: Names): boolean {
    const folder = unpackedBy(node, names)?.folder;
    const found = this.#all.folders;
    if (!folder || found.size === 0) return false;
    const key = wayOf(folder.node, folder.names).join('/');
    const fetched = found.get(key);
    if (!this.#isUnchecked(fetched)) return false;
    return this.program.modules.some((module) => {
      for (const { index } of module.text.matchAll(IMPORT_PATH)) {
        for (const { statement, names: seen } of statementsAt(this.program, module, module.lines.at(index))) {
          for (const call of callsIn(statement.parts)) {
            if (!IMPORTS_FROM.test(seen.value(call.callee).path ?? '')) continue;
            const given = positional(call.args).at(-1);
            if (given && `${wayOf(given, seen).join('/')}/`.startsWith(`${key}/`)) return true;
          }
        }
      }
      return false;
    });
  }

  get #all(): Found {
    this.#found ??= this.#fetched();
    return this.#found;
  }

  /** Files that the program writes itself. */
  get #made(): ReadonlySet<string> {
    if (this.#own) return this.#own;
    const own = new Set<string>();
    this.#own = own;
    let writes = 0;
    for (const module of this.program.modules) {
      for (const { index } of module.text.matchAll(WRITES)) {
        writes += 1;
        if (writes > SINKS) return own;
        for (const { statement, names } of statementsAt(this.program, module, module.lines.at(index))) {
          for (const { args } of callsIn(statement.parts)) {
            for (const given of args) {
              const path = pathOf(given.value, names);
              for (const key of keysOf(path.node, path.names)) own.add(key);
            }
          }
        }
      }
    }
    return own;
  }

  #isUnchecked(fetched: readonly Fetched[] | undefined): boolean {
    if (!fetched) return false;
    this.#checked ??= checkedOf(this.program, this.#all);
    const checked = this.#checked;
    return checked !== 'all' && !fetched.every((one) => checked.has(one));
  }

  #fetched(): Found {
    const files = new Map<string, Fetched[]>();
    const folders = new Map<string, Fetched[]>();
    const found = { files, folders };
    const { modules } = this.program;
    const fetches =
      FETCHERS.some(this.program.named) ||
      modules.some(({ text }) => FETCHING_WORDS.some((word) => text.includes(word)));
    if (!fetches) return found;
    const unpacked: { node: CallNode; names: Names }[] = [];
    const commands: string[] = [];
    let sinks = 0;
    for (const module of modules) {
      const seen = new Set<number>();
      for (const { index, 0: word } of sinksOf(this.program, module)) {
        if (sinks === SINKS) return found;
        sinks += 1;
        if (/^(?:wget|curl|unzip|tar)$/.test(word)) {
          const line = commandAt(module.text, index);
          const path = fetchedBy(line);
          if (path !== undefined) note(files, { keys: [path], contents: [] });
          commands.push(line);
          continue;
        }
        // What an object or the system keeps open has no path that is told.
        if (word.startsWith('write') && KEPT.test(module.text.slice(Math.max(0, index - FRONT), index))) continue;
        const line = module.lines.at(index);
        if (line < 0 || seen.has(line)) continue;
        seen.add(line);
        for (const { statement, names } of statementsAt(this.program, module, line)) {
          for (const node of callsIn(statement.parts)) {
            const target = targetOf(node, names);
            if (target) {
              const { path, content } = target;
              note(files, {
                keys: keysOf(path.node, path.names),
                contents: content ? keysOf(content.node, content.names) : [],
              });
            } else unpacked.push({ node, names });
          }
        }
      }
    }
    for (const { node, names } of unpacked) {
      const { archive, folder } = unpackedBy(node, names) ?? {};
      if (!archive || !folder) continue;
      const path = pathOf(archive.node, archive.names);
      const fetched =
        keysOf(path.node, path.names).flatMap((key) => files.get(key) ?? [])[0] ??
        (isGiven(path.node, path.names) || archive.names.taint(archive.node) === 'network'
          ? { keys: [], contents: keysOf(path.node, path.names) }
          : undefined);
      if (fetched) note(folders, fetched, [wayOf(folder.node, folder.names).join('/')]);
    }
    for (const line of commands) {
      const { archive, folder } = unpackedByCommand(line) ?? {};
      const [fetched] = (archive !== undefined && files.get(plainPath(archive))) || [];
      if (fetched && folder) note(folders, fetched, [plainPath(folder)]);
    }
    return found;
  }
}

/** Calls in some expressions, in no order that means anything. */
function callsIn(parts: readonly Node[]): CallNode[] {
  const found: CallNode[] = [];
  const open: Node[] = [...parts];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.kind === 'call') found.push(node);
    open.push(...childrenOf(node));
  }
  return found;
}

/** Where something may be put on the disk, by the names of functions and by those that the program gives them. */
function* sinksOf(program: Program, module: PythonModule): Generator<{ index: number; 0: string }> {
  yield* module.text.matchAll(SINK);
  const given = new Set<string>();
  for (const { index } of module.text.matchAll(RENAMED)) {
    if (given.size === RENAMES) break;
    for (const { statement, names } of statementsAt(program, module, module.lines.at(index))) {
      for (const { name } of statement.bindings) {
        const { path = '' } = names.lookup(name, statement.end + 1);
        if (FETCHES_TO.has(path) && path.split('.').pop() !== name && /^\w+$/.test(name)) given.add(name);
      }
    }
  }
  if (given.size > 0) yield* aliasCalls(module, given);
}

/** Calls of functions by names of the program's own, and by those that `functools.partial` makes of these. */
function* aliasCalls(module: PythonModule, given: ReadonlySet<string>): Generator<{ index: number; 0: string }> {
  const called = new Set(given);
  for (const index of callsOf(module.text, 'partial')) {
    const line = module.lines.at(index);
    for (const { bindings, parts } of line < 0 ? [] : module.statements(line)) {
      const handed = callsIn(parts).some(({ args }) => args[0]?.value.kind === 'name' && given.has(args[0].value.name));
      for (const { name } of handed ? bindings : []) if (/^\w+$/.test(name) && called.size < RENAMES) called.add(name);
    }
  }
  for (const name of called) for (const index of callsOf(module.text, name)) yield { index, 0: name };
}

/** The archive that a call unpacks, and the folder. */
function unpackedBy(node: CallNode, names: Names): { archive: Place; folder: Place } | undefined {
  const { callee } = node;
  const args = positional(node.args);
  const keyword = (...known: string[]) =>
    node.args.find(({ name }) => name !== undefined && known.includes(name))?.value;
  if (names.value(callee).path === 'shutil.unpack_archive') {
    const archive = args[0] ?? keyword('filename');
    const folder = args[1] ?? keyword('extract_dir');
    return archive && folder && { archive: { node: archive, names }, folder: { node: folder, names } };
  }
  if (callee.kind !== 'member' || callee.property !== 'extractall') return undefined;
  const folder = args[0] ?? keyword('path');
  const { path = '', origin } = names.value(callee.object);
  if (!folder || !ARCHIVE.test(path)) return undefined;
  const opened = callee.object.kind === 'call' ? { node: callee.object, names } : origin;
  if (opened?.node.kind !== 'call') return undefined;
  const given = opened.node.args;
  const archive =
    given.find(({ name }) => name === 'fileobj')?.value ??
    positional(given)[0] ??
    given.find(({ name }) => name === 'file' || name === 'name')?.value;
  return archive && { archive: { node: archive, names: opened.names }, folder: { node: folder, names } };
}

const IMPORT_PATH = /\b(?:sys\.path\.(?:insert|append)|addsitedir)\s{0,9}\(/g;
const IMPORTS_FROM = /^(?:sys\.path\.(?:insert|append)|site\.addsitedir)$/;

/** What was unpacked into the folder that a path lies in. */
function fetchedAround(
  node: Node,
  names: Names,
  folders: ReadonlyMap<string, readonly Fetched[]>,
): readonly Fetched[] | undefined {
  if (folders.size === 0) return undefined;
  const way = wayOf(node, names);
  for (let length = way.length - 1; length > 0; length -= 1) {
    const fetched = folders.get(way.slice(0, length).join('/'));
    if (fetched) return fetched;
  }
  return undefined;
}

/** The path to which a call puts something that comes from the network, and what it writes there. */
function targetOf(node: CallNode, names: Names): { path: Place; content?: Place } | undefined {
  const { callee } = node;
  const { path = '', preset } = names.value(callee);
  const fetches = FETCHES_TO.get(path);
  if (fetches) {
    const [position, ...keywords] = fetches;
    const all = preset?.module === names.module ? [...preset.args, ...node.args] : node.args;
    const given =
      positional(all)[position] ?? all.find(({ name }) => name !== undefined && keywords.includes(name))?.value;
    return given && { path: { node: given, names } };
  }
  const args = positional(node.args);
  if (path === 'shutil.copyfileobj') {
    const [from, to] = args;
    return from && to && names.taint(from) === 'network' ? { path: pathOf(to, names) } : undefined;
  }
  if (callee.kind !== 'member' || !/^write(?:_bytes|_text)?$/.test(callee.property)) return undefined;
  const [content] = args;
  return content && names.taint(content) === 'network'
    ? { path: pathOf(callee.object, names), content: { node: content, names } }
    : undefined;
}

/** Whether a function that fetches gives a path, or the folder that the path is in. */
function isGiven(node: Node, names: Names): boolean {
  let at: Place | undefined = { node, names };
  for (let step = 0; at && step < STEPS; step += 1) {
    const { path, origin } = at.names.value(at.node);
    if (path !== undefined && GIVES.test(path)) return true;
    at = folderOf(at) ?? (origin && { node: origin.node, names: origin.names });
  }
  return false;
}
