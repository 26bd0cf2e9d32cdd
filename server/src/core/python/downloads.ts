/** Which files a program downloads: what it fetches to a path, and what it writes of an answer. */
import { type CallNode, childrenOf, type Node } from './ast';
import type { PythonModule } from './module';
import { Names, type Program, positional } from './names';

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
/** `unzip a.zip -d folder`, `tar -xf a.tar -C folder`: the archive and the folder. */
const UNPACKING =
  /\bunzip\s[^\n;&|]{0,200}?([^\s;&|-][^\s;&|]{0,200})\s+-d\s{0,3}([^\s;&|$){}]+)|\btar\s[^\n;&|]{0,100}?-{0,2}[a-zA-Z]{0,6}x[a-zA-Z]{0,6}\s+([^\s;&|-][^\s;&|]{0,200})\s[^\n;&|]{0,60}?-C\s{0,3}([^\s;&|$){}]+)/;
/** What stands in front of a method of a stream that is kept in an attribute, and the characters in which that is looked for. */
const KEPT = /(?:^|[^\w.])(?:self|sys)\.[\w.]*$/;
const FRONT = 40;
/** The file of a command line that fetches one; quotes and commas of a list are blanked out before. */
const FETCHING =
  /\bwget\b[^\n;&|]{0,300}?\s(?:-O|--output-document)[\s=]{0,3}([^\s;&|$){}]+)|\bcurl\b[^\n;&|]{0,300}?\s(?:-[a-zA-Z]{0,6}o|--output)[\s=]{0,3}([^\s;&|$(){}]+)|\bwget\s[^\n;&|{}]{0,200}?\bhttps?:\/\/[^\s;&|{}?#]{1,200}\/([\w.-]+)(?=\s|$)/;
/** Places of one document that are looked at. */
const SINKS = 500;
/** Names and calls that are followed from a path to what it is. */
const STEPS = 12;
/** Longest expression that is told by how it is written. */
const WRITTEN = 200;

/** Calls that give the path they are given. */
const SAME_PATH = /^(?:str|os\.fspath|os\.path\.(?:abspath|expanduser|realpath|normpath)|pathlib\.Path)\(\)$/;
const OPENS = /(?:^|\.)open\(\)$/;

/** One thing that is fetched: what tells its path, and the content that is written there. */
interface Fetched {
  readonly keys: readonly string[];
  readonly contents: readonly string[];
}

/** What is fetched to files, and unpacked into folders. */
interface Found {
  readonly files: ReadonlyMap<string, readonly Fetched[]>;
  readonly folders: ReadonlyMap<string, readonly Fetched[]>;
}

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
    const keys = keysOf(folder.node, folder.names);
    const fetched = keys.flatMap((key) => found.get(key) ?? []);
    if (fetched.length === 0 || !this.#isUnchecked(fetched)) return false;
    return this.program.modules.some((module) => {
      for (const { index } of module.text.matchAll(IMPORT_PATH)) {
        const line = module.lines.at(index);
        for (const statement of line < 0 ? [] : module.statements(line)) {
          const seen = new Names(this.program, module, module.scopeOf(line, statement));
          for (const call of callsIn(statement.parts)) {
            if (!IMPORTS_FROM.test(seen.value(call.callee).path ?? '')) continue;
            const given = positional(call.args).at(-1);
            if (given && (keysOf(given, seen).some((key) => keys.includes(key)) || fetchedAround(given, seen, found)))
              return true;
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
        const line = module.lines.at(index);
        writes += 1;
        if (writes > SINKS) return own;
        for (const statement of line < 0 ? [] : module.statements(line)) {
          const names = new Names(this.program, module, module.scopeOf(line, statement));
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
        for (const statement of module.statements(line)) {
          const names = new Names(this.program, module, module.scopeOf(line, statement));
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
      if (fetched) note(folders, fetched, keysOf(folder.node, folder.names));
    }
    for (const line of commands) {
      const match = UNPACKING.exec(line.replace(/["']/g, ''));
      const [fetched] = files.get(plainPath(match?.[1] ?? match?.[3] ?? '')) ?? [];
      const folder = plainPath(match?.[2] ?? match?.[4] ?? '');
      if (fetched && folder) note(folders, fetched, [folder]);
    }
    return found;
  }
}

function note(found: Map<string, Fetched[]>, fetched: Fetched, keys = fetched.keys): void {
  for (const key of keys) {
    const known = found.get(key);
    if (known) known.push(fetched);
    else found.set(key, [fetched]);
  }
}

/** Calls in some expressions, in no order that means anything. */
function* callsIn(parts: readonly Node[]): Generator<CallNode> {
  const open: Node[] = [...parts];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.kind === 'call') yield node;
    open.push(...childrenOf(node));
  }
}

/** Where something may be put on the disk, by the names of functions and by those that the program gives them. */
function* sinksOf(program: Program, module: PythonModule): Generator<{ index: number; 0: string }> {
  yield* module.text.matchAll(SINK);
  const given = new Set<string>();
  for (const { index } of module.text.matchAll(RENAMED)) {
    if (given.size === RENAMES) break;
    const line = module.lines.at(index);
    for (const statement of line < 0 ? [] : module.statements(line)) {
      for (const { name } of statement.bindings) {
        const names = new Names(program, module, module.scopeOf(line, statement));
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
  for (const name of given) {
    for (const { index } of module.text.matchAll(new RegExp(`\\bpartial\\s{0,9}\\(\\s{0,9}${name}\\b`, 'g'))) {
      const line = module.lines.at(index);
      for (const { bindings } of line < 0 ? [] : module.statements(line))
        for (const { name: made } of bindings) if (/^\w+$/.test(made) && called.size < RENAMES) called.add(made);
    }
  }
  yield* module.text.matchAll(new RegExp(`\\b(?:${[...called].join('|')})\\s{0,9}\\(`, 'g'));
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
  let at: Place | undefined = { node, names };
  for (let step = 0; at && step < STEPS; step += 1) {
    const text = at.names.constant(at.node);
    if (text !== undefined) {
      const path = plainPath(text);
      for (const [folder, fetched] of folders)
        if (!folder.includes('\0') && path.startsWith(`${folder}/`)) return fetched;
    }
    const around: Place | undefined = folderOf(at);
    const keys = around ? keysOf(around.node, around.names) : [];
    for (const key of keys) {
      const fetched = folders.get(key);
      if (fetched) return fetched;
    }
    const { origin } = at.names.value(at.node);
    at = around ?? (origin && { node: origin.node, names: origin.names });
  }
  return undefined;
}

/** What is compared with a known hash is not just anything. */
const VERIFIES =
  /\bhexdigest\s{0,4}\(\s{0,4}\)\s{0,9}(?:!=|==)|\bhexdigest(?<=(?:!=|==)[^\n=]{0,80}hexdigest)\s{0,4}\(|\b(?:known_hash|file_hash|hash_prefix|expected_(?:sha|md5|hash)\w*|sha256sum|check_integrity|compare_digest)\b|\b(?:verify|check)_\w{0,20}(?:hash|checksum|sha\d*|md5|digest)\b|\b(?:\w{1,20}_)?(?:digest|checksum|sha(?:1|256|512)|md5)(?:_\w{1,20})?(?:\s{0,4}\([^()\n]{0,120}\))?\s{0,4}(?:!=|==)/gi;

/**
 * What of all that is fetched is compared with a known hash: what the comparison names, or what is handed to the function
 * that makes it. A comparison of something that is not told may be one of anything.
 */
function checkedOf(program: Program, found: Found): ReadonlySet<Fetched> | 'all' {
  const byKey = new Map<string, Fetched[]>();
  for (const list of [...found.files.values(), ...found.folders.values()])
    for (const fetched of list) for (const key of [...fetched.keys, ...fetched.contents]) note(byKey, fetched, [key]);
  const checked = new Set<Fetched>();
  const functions = new Set<string>();
  let untold = false;
  let looks = 0;
  const look = (module: PythonModule, index: number, isCall: boolean): void => {
    const line = module.lines.at(index);
    if (line < 0) {
      const command = commandAt(module.text, index);
      const before = checked.size;
      if (/^[ \t]*[!%]/.test(lineAt(module.text, index)))
        for (const [key, list] of byKey) if (command.includes(key)) for (const one of list) checked.add(one);
      untold ||= checked.size === before && /^[ \t]*!/.test(lineAt(module.text, index));
      return;
    }
    if (module.lines.isComment(index)) return;
    let told = false;
    for (const statement of module.statements(line)) {
      const names = new Names(program, module, module.scopeOf(line, statement));
      for (const key of mentioned(statement.parts, names)) {
        for (const one of byKey.get(key) ?? []) {
          checked.add(one);
          told = true;
        }
      }
    }
    const scope = module.lines.scope(line);
    const name = scope.kind === 'function' ? module.statements(scope.line)[0]?.bindings[0]?.name : undefined;
    if (told || isCall) return;
    if (name !== undefined && /^\w+$/.test(name)) functions.add(name);
    else if (!module.lines.opened(line)) untold = true;
  };
  for (const module of program.modules) {
    for (const { index } of module.text.matchAll(VERIFIES)) {
      looks += 1;
      if (looks > SINKS) return 'all';
      look(module, index, false);
    }
  }
  if (looks === 0) return checked;
  for (const name of functions) {
    const before = checked.size;
    const call = new RegExp(`(?<!\\bdef\\s{1,9})\\b${name}\\s{0,9}\\(`, 'g');
    for (const module of program.modules) for (const { index } of module.text.matchAll(call)) look(module, index, true);
    untold ||= checked.size === before;
  }
  return untold ? 'all' : checked;
}

/** Expressions that are followed from a comparison to what is compared. */
const MENTIONED = 60;

/** What tells the paths and contents that some expressions name, and those that their names were made of. */
function mentioned(parts: readonly Node[], names: Names): Set<string> {
  const keys = new Set<string>();
  const open: Place[] = parts.map((node) => ({ node, names }));
  const seen = new Set<Node>();
  for (let left = MENTIONED; left > 0; left -= 1) {
    const at = open.pop();
    if (!at) break;
    if (seen.has(at.node)) continue;
    seen.add(at.node);
    const path = pathOf(at.node, at.names);
    for (const key of keysOf(path.node, path.names)) keys.add(key);
    if (at.node.kind === 'name') {
      keys.add(place(at.names, at.node.name));
      const { origin } = at.names.value(at.node);
      if (origin) open.push(origin);
    }
    for (const node of childrenOf(at.node)) open.push({ node, names: at.names });
  }
  return keys;
}

function lineAt(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return text.slice(start, Math.min(start + COMMAND, text.length));
}

interface Place {
  readonly node: Node;
  readonly names: Names;
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

/** The path of a file: what is opened at it, what is read from that, and what has either as its name. */
function pathOf(node: Node, names: Names): Place {
  let at: Place = { node, names };
  for (let step = 0; step < STEPS; step += 1) {
    const { node: one, names: seen } = at;
    if (one.kind === 'group') at = { node: one.inner, names: seen };
    else if (one.kind === 'call') {
      const path = seen.value(one).path ?? '';
      const [first] = positional(one.args);
      const { callee } = one;
      // `Path(p).open()` is opened at what stands in front of it.
      if (OPENS.test(path) && callee.kind === 'member' && (!first || /pathlib\.Path\(\)/.test(path)))
        at = { node: callee.object, names: seen };
      else if (OPENS.test(path) && first) at = { node: first, names: seen };
      else if (callee.kind === 'member' && /^(?:read|read_text|read_bytes|decode)$/.test(callee.property))
        at = { node: callee.object, names: seen };
      else return at;
    } else if (one.kind === 'name') {
      const { origin } = seen.value(one);
      const made = origin?.node;
      // What is opened under a name is opened at the path; the path itself keeps its name.
      const isFile =
        made?.kind === 'call' &&
        (OPENS.test(origin?.names.value(made).path ?? '') || /^(?:read|read_text|read_bytes)$/.test(method(made)));
      if (!isFile || !origin) return at;
      at = origin;
    } else return at;
  }
  return at;
}

const method = ({ callee }: CallNode): string => (callee.kind === 'member' ? callee.property : '');

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

/** What the path begins with that `os.path.join(a, b)`, `a / b`, `a + b`, `f'{a}/b'` or `Path(a)` makes. */
function folderOf({ node, names }: Place): Place | undefined {
  if (node.kind === 'binary') return { node: node.left, names };
  if (node.kind === 'format') {
    const [first] = node.values;
    return first && /^[fF]["']{1,3}\{$/.test(names.module.text.slice(node.start, first.start))
      ? { node: first, names }
      : undefined;
  }
  if (node.kind !== 'call' || !/^(?:os\.path\.join|pathlib\.Path|str)\(\)$/.test(names.value(node).path ?? ''))
    return undefined;
  const [first] = positional(node.args);
  return first && { node: first, names };
}

/** What tells a path from others: its text, where it was made, how it is written. */
function keysOf(node: Node, names: Names): string[] {
  const keys: string[] = [];
  const open: Place[] = [{ node, names }];
  for (let steps = STEPS; steps > 0; steps -= 1) {
    const at = open.pop();
    if (!at) break;
    const { node: one, names: seen } = at;
    const text = seen.constant(one);
    if (text !== undefined) {
      if (text !== '') keys.push(plainPath(text));
      continue;
    }
    if (one.kind === 'group') open.push({ node: one.inner, names: seen });
    else if (one.kind === 'name') {
      const values = seen.alternatives(one);
      let unknown = true;
      for (const { origin } of values) {
        if (!origin) continue;
        unknown = false;
        open.push(origin);
      }
      if (unknown) keys.push(place(seen, one.name));
    } else if (one.kind === 'call') {
      const [first] = positional(one.args);
      const { callee } = one;
      const isText = callee.kind === 'name' && callee.name === 'str';
      if (first && (isText || SAME_PATH.test(seen.value(one).path ?? ''))) open.push({ node: first, names: seen });
      else if (callee.kind === 'member' && /^(?:as_posix|resolve|absolute|expanduser)$/.test(callee.property))
        open.push({ node: callee.object, names: seen });
      else keys.push(written(one, seen));
    } else if (one.kind === 'format' && one.values.length === 1 && /^[fF]["']\{[^{}]*\}["']$/.test(seen.source(one)))
      open.push({ node: one.values[0] as Node, names: seen });
    else if (one.kind !== 'literal' && one.kind !== 'sequence') keys.push(written(one, seen));
  }
  return keys;
}

const place = ({ program, module, scope }: Names, name: string): string =>
  `\0${program.modules.indexOf(module)} ${scope.index} ${name}`;

/** An expression that is written the same way in the same function gives the same path. */
function written(node: Node, names: Names): string {
  const source = names.source(node);
  return place(names, source.length > WRITTEN ? `@${node.start}` : source.replace(/\s+/g, ''));
}

/** A line for a shell from a place on, as a line, in a string, or as a list of arguments. */
function commandAt(text: string, at: number): string {
  const newline = text.indexOf('\n', at);
  return text.slice(at, Math.min(newline < 0 ? text.length : newline, at + COMMAND));
}

const plainPath = (path: string): string => path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');

/** Characters of a command line that are looked at. */
const COMMAND = 500;

/** The file to which a command line downloads something. */
export function fetchedBy(line: string): string | undefined {
  const match = FETCHING.exec(line.slice(0, COMMAND).replace(/["',[\]()\s]+/g, ' '));
  const path = match?.[1] ?? match?.[2] ?? match?.[3];
  return path === undefined || path === '-' ? undefined : path.replace(/^(?:\.\/)+/, '');
}

/** What may stand in front of the file that a command runs. */
const RUNNER = /^\s*(?:(?:sudo\s+)?(?:(?:ba|z|da|k)?sh|python[\d.]*|source|\.)\s+(?:-\w+\s+)*)?["']?(?:\.\/)?/;

/** Whether a line for a shell runs a file in a folder. */
function runsWithin(line: string, folder: string): boolean {
  if (!line.includes(`${folder}/`)) return false;
  return line.split(/[;&|\n]/).some((command) => {
    const start = RUNNER.exec(command)?.[0].length ?? 0;
    return command.startsWith(`${folder}/`, start);
  });
}

/** Whether a line for a shell runs a file: as its own command, or by an interpreter. */
export function runs(line: string, path: string): boolean {
  if (!line.includes(path)) return false;
  return line.split(/[;&|\n]/).some((command) => {
    const start = RUNNER.exec(command)?.[0].length ?? 0;
    return command.startsWith(path, start) && /^["'\s]?$/.test(command.charAt(start + path.length));
  });
}
