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
  /\b(?:urlretrieve|download_url_to_file|download|write|write_bytes|write_text|copyfileobj)\s{0,9}\(|\b(?:wget|curl)\b/g;
/** What stands in front of a method of a stream that is kept in an attribute, and the characters in which that is looked for. */
const KEPT = /(?:^|[^\w.])(?:self|sys)\.[\w.]*$/;
const FRONT = 40;
/** The file of a command line that fetches one; quotes and commas of a list are blanked out before. */
const FETCHING =
  /\bwget\b[^\n;&|]{0,300}?\s(?:-O|--output-document)[\s=]{0,3}([^\s;&|$){}]+)|\bcurl\b[^\n;&|]{0,300}?\s(?:-[a-zA-Z]{0,6}o|--output)[\s=]{0,3}([^\s;&|$(){}]+)|\bwget\s[^\n;&|{}]{0,200}?\bhttps?:\/\/[^\s;&|{}?#]{1,200}\/([\w.-]+)(?=\s|$)/;
/** What is compared with a known hash is not just anything. */
const VERIFIES =
  /\bhexdigest\s{0,4}\(\s{0,4}\)\s{0,9}(?:!=|==)|\bhexdigest(?<=(?:!=|==)[^\n=]{0,80}hexdigest)\s{0,4}\(|\b(?:known_hash|file_hash|hash_prefix|expected_(?:sha|md5|hash)\w*|sha256sum|check_integrity|compare_digest)\b|\b(?:verify|check)_\w{0,20}(?:hash|checksum|sha\d*|md5|digest)\b/i;

/** Places of one document that are looked at. */
const SINKS = 500;
/** Names and calls that are followed from a path to what it is. */
const STEPS = 12;
/** Longest expression that is told by how it is written. */
const WRITTEN = 200;

/** Calls that give the path they are given. */
const SAME_PATH = /^(?:str|os\.fspath|os\.path\.(?:abspath|expanduser|realpath|normpath)|pathlib\.Path)\(\)$/;
const OPENS = /(?:^|\.)open\(\)$/;

export class Downloads {
  #paths: ReadonlySet<string> | undefined;
  #verified: boolean | undefined;

  constructor(private readonly program: Program) {}

  /** Whether what is read is a file that is downloaded: its path, what is opened at it, or what was read from it. */
  gives(node: Node, names: Names): boolean {
    const path = pathOf(node, names);
    return isGiven(path.node, path.names) || this.has(path.node, path.names);
  }

  /** Whether something is downloaded to a path. */
  has(node: Node, names: Names): boolean {
    this.#paths ??= this.#fetched();
    if (this.#paths.size === 0) return false;
    for (const key of keysOf(node, names)) if (this.#paths.has(key)) return !this.#isVerified;
    return false;
  }

  /** Whether a command line names such a file where it is run. */
  isRunBy(line: string): boolean {
    this.#paths ??= this.#fetched();
    for (const path of this.#paths) {
      if (path.length > 2 && !path.includes('\0') && runs(line, path)) return !this.#isVerified;
    }
    return false;
  }

  /** Whether the program compares something with a known hash. */
  get #isVerified(): boolean {
    this.#verified ??= this.program.modules.some(({ text }) => VERIFIES.test(text));
    return this.#verified;
  }

  #fetched(): ReadonlySet<string> {
    const paths = new Set<string>();
    let sinks = 0;
    const { modules } = this.program;
    const fetches =
      FETCHERS.some(this.program.named) ||
      modules.some(({ text }) => FETCHING_WORDS.some((word) => text.includes(word)));
    if (!fetches) return paths;
    for (const module of modules) {
      const seen = new Set<number>();
      for (const { index, 0: word } of module.text.matchAll(SINK)) {
        if (sinks === SINKS) return paths;
        sinks += 1;
        if (word === 'wget' || word === 'curl') {
          commandLine(module.text, index, paths);
          continue;
        }
        // What an object or the system keeps open has no path that is told.
        if (word.startsWith('write') && KEPT.test(module.text.slice(Math.max(0, index - FRONT), index))) continue;
        const line = module.lines.at(index);
        if (line < 0 || seen.has(line)) continue;
        seen.add(line);
        this.#line(module, line, paths);
      }
    }
    return paths;
  }

  #line(module: PythonModule, line: number, paths: Set<string>): void {
    for (const statement of module.statements(line)) {
      const names = new Names(this.program, module, module.scopeOf(line, statement));
      const open: Node[] = [...statement.parts];
      for (let node = open.pop(); node; node = open.pop()) {
        const target = node.kind === 'call' ? targetOf(node, names) : undefined;
        if (target) for (const key of keysOf(target.node, target.names)) paths.add(key);
        open.push(...childrenOf(node));
      }
    }
  }
}

interface Place {
  readonly node: Node;
  readonly names: Names;
}

/** The path to which a call puts something that comes from the network. */
function targetOf(node: CallNode, names: Names): Place | undefined {
  const { callee } = node;
  const path = names.value(callee).path ?? '';
  const args = positional(node.args);
  const fetches = FETCHES_TO.get(path);
  if (fetches) {
    const [position, ...keywords] = fetches;
    const given = args[position] ?? node.args.find(({ name }) => name !== undefined && keywords.includes(name))?.value;
    return given && { node: given, names };
  }
  if (path === 'shutil.copyfileobj') {
    const [from, to] = args;
    return from && to && names.taint(from) === 'network' ? pathOf(to, names) : undefined;
  }
  if (callee.kind !== 'member' || !/^write(?:_bytes|_text)?$/.test(callee.property)) return undefined;
  const [content] = args;
  return content && names.taint(content) === 'network' ? pathOf(callee.object, names) : undefined;
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
      if (text !== '') keys.push(text.replace(/^(?:\.\/)+/, ''));
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

/** Takes the file out of `wget -O file url`, as a line, in a string, or as a list of arguments. */
function commandLine(text: string, at: number, paths: Set<string>): void {
  const newline = text.indexOf('\n', at);
  const path = fetchedBy(text.slice(at, Math.min(newline < 0 ? text.length : newline, at + COMMAND)));
  if (path !== undefined) paths.add(path);
}

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

/** Whether a line for a shell runs a file: as its own command, or by an interpreter. */
export function runs(line: string, path: string): boolean {
  if (!line.includes(path)) return false;
  return line.split(/[;&|\n]/).some((command) => {
    const start = RUNNER.exec(command)?.[0].length ?? 0;
    return command.startsWith(path, start) && /^["'\s]?$/.test(command.charAt(start + path.length));
  });
}
