/** Which downloads are compared with a known hash. */
import { childrenOf, type Node } from './ast';
import { callsOf } from './characters';
import { COMMAND } from './fetchCommands';
import type { PythonModule } from './module';
import { type Names, type Program, statementsAt } from './names';
import { keysOf, type Place, pathOf, place } from './paths';

/** One thing that is fetched: what tells its path, and the content that is written there. */
export interface Fetched {
  readonly keys: readonly string[];
  readonly contents: readonly string[];
}

/** What is fetched to files, and unpacked into folders. */
export interface Found {
  readonly files: ReadonlyMap<string, readonly Fetched[]>;
  readonly folders: ReadonlyMap<string, readonly Fetched[]>;
}

export function note(found: Map<string, Fetched[]>, fetched: Fetched, keys = fetched.keys): void {
  for (const key of keys) {
    const known = found.get(key);
    if (known) known.push(fetched);
    else found.set(key, [fetched]);
  }
}

/** What is compared with a known hash is not just anything. */
const VERIFIES =
  /\bhexdigest\s{0,4}\(\s{0,4}\)\s{0,9}(?:!=|==)|\bhexdigest(?<=(?:!=|==)[^\n=]{0,80}hexdigest)\s{0,4}\(|\b(?:known_hash|file_hash|hash_prefix|expected_(?:sha|md5|hash)\w*|sha256sum|check_integrity|compare_digest)\b|\b(?:verify|check)_\w{0,20}(?:hash|checksum|sha\d*|md5|digest)\b|\b(?:\w{1,20}_)?(?:digest|checksum|sha(?:1|256|512)|md5)(?:_\w{1,20})?(?:\s{0,4}\([^()\n]{0,120}\))?\s{0,4}(?:!=|==)/gi;

/**
 * What of all that is fetched is compared with a known hash: what the comparison names, or what is handed to the function
 * that makes it. A comparison of something that is not told may be one of anything.
 */
export function checkedOf(program: Program, found: Found): ReadonlySet<Fetched> | 'all' {
  const byKey = new Map<string, Fetched[]>();
  for (const list of [...found.files.values(), ...found.folders.values()])
    for (const fetched of list) for (const key of [...fetched.keys, ...fetched.contents]) note(byKey, fetched, [key]);
  const checked = new Set<Fetched>();
  const functions = new Set<string>();
  let untold = false;
  let looks = 0;
  /** Whether a line tells what it compares. */
  const tells = (module: PythonModule, line: number): boolean => {
    let told = false;
    for (const { statement, names } of statementsAt(program, module, line)) {
      for (const key of mentioned(statement.parts, names)) {
        for (const one of byKey.get(key) ?? []) {
          checked.add(one);
          told = true;
        }
      }
    }
    return told;
  };
  for (const module of program.modules) {
    for (const { index } of module.text.matchAll(VERIFIES)) {
      looks += 1;
      if (looks > COMPARISONS) return 'all';
      const line = module.lines.at(index);
      if (line < 0) untold ||= !tellsCommand(lineAt(module.text, index), byKey, checked);
      else if (!module.lines.isComment(index) && !tells(module, line)) {
        const scope = module.lines.scope(line);
        const name = scope.kind === 'function' ? module.statements(scope.line)[0]?.bindings[0]?.name : undefined;
        if (name !== undefined && /^\w+$/.test(name)) functions.add(name);
        else if (!module.lines.opened(line)) untold = true;
      }
    }
  }
  if (functions.size > FUNCTIONS) return 'all';
  for (const name of functions) {
    let told = false;
    for (const module of program.modules) {
      for (const index of callsOf(module.text, name)) {
        const line = module.lines.at(index);
        looks += 1;
        if (looks > COMPARISONS) return 'all';
        if (line >= 0 && !module.text.startsWith('def', module.lines.start(line)) && tells(module, line)) told = true;
      }
    }
    untold ||= !told;
  }
  return untold ? 'all' : checked;
}

/** Whether a line between those of Python tells what it compares: `!sha256sum -c` does not, a comment compares nothing. */
function tellsCommand(line: string, byKey: ReadonlyMap<string, readonly Fetched[]>, checked: Set<Fetched>): boolean {
  if (!/^[ \t]*[!%]/.test(line)) return true;
  let told = false;
  for (const [key, list] of byKey) {
    if (key.length < 3 || !line.includes(key)) continue;
    told = true;
    for (const one of list) checked.add(one);
  }
  return told;
}

/** Comparisons of one document, and calls of the functions that make them, that are looked at; and such functions. */
const COMPARISONS = 500;
const FUNCTIONS = 16;
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
