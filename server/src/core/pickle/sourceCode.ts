/**
 * Judges Python source that a model brings along and that loading runs: the code of a `torch.fx.GraphModule`, the modules of a
 * torch.package. Word by word and default-deny: only what is known to compute is let be. Nothing is resolved that Python
 * would have to run, so a name that leads anywhere is judged where it stands, whether it is called or not.
 */
import { judgeName } from './policy';
import { dangerousFamily, exactDanger, OTHER_STDLIB } from './policyDanger';
import { LIBRARIES } from './policySafe';
import type { ArgumentRule, Capability } from './policyTypes';

export interface SourceRemark {
  capability: Capability;
  /** The name as it stands in the source, such as `os.system`. */
  name: string;
  /** 1-based. */
  line: number;
  /** True outside of every function: it runs when the source is imported. */
  atOnce: boolean;
}

export interface SourceVerdict {
  dangerous: readonly SourceRemark[];
  /** Modules and functions that nothing is known of; empty together with `dangerous` when the source only computes. */
  unknown: readonly string[];
}

interface Token {
  kind: 'name' | 'string' | 'other';
  text: string;
  line: number;
  /** Columns before the first token of the line; of the line the token stands on. */
  indent: number;
}

/** Built-in functions by which source reaches what it does not name, or acts. */
const BUILTIN_DANGER = new Map<string, Capability>([
  ['exec', 'code'],
  ['eval', 'code'],
  ['compile', 'code'],
  ['execfile', 'code'],
  ['breakpoint', 'code'],
  ['__import__', 'import'],
  ['__builtins__', 'attribute'],
  ['__loader__', 'import'],
  ['__spec__', 'import'],
  ['open', 'file'],
  ['globals', 'attribute'],
  ['locals', 'attribute'],
  ['vars', 'attribute'],
  ['getattr', 'attribute'],
  ['setattr', 'attribute'],
  ['delattr', 'attribute'],
]);

/** Attributes that lead from any object to the interpreter or to another module. */
const INNER_ATTRIBUTE =
  /^(?:__(?!init__$|name__$|class__$|len__$|call__$|file__$|all__$|version__$|doc__$|iter__$|getitem__$|setitem__$|repr__$|str__$|eq__$|hash__$|enter__$|exit__$|post_init__$|slots__$|constants__$|annotations__$|future__$|torch_function__$)\w*__|gi_frame|cr_frame|tb_frame|f_globals|f_locals|f_builtins|func_globals)$/;

/** Modules by which any module that imports them is a way to the system. */
const GATES = new Set(
  'os posix nt sys subprocess builtins importlib ctypes socket shutil pickle _pickle marshal runpy pty multiprocessing cffi'.split(
    ' ',
  ),
);

/** What callables do that a pickle's judge looks at the arguments of: in a source these are not followed. */
const REACHING = new Map<ArgumentRule, Capability>([
  ['getattr', 'attribute'],
  ['attribute-getter', 'attribute'],
  ['ufunc', 'import'],
  ['load-from-bytes', 'unpickle'],
  ['sympify', 'code'],
  ['dill-type', 'code'],
  ['dill-repr', 'code'],
]);

/** Methods of arrays and paths that write or read a file. */
const FILE_METHODS = new Set(
  'tofile dump savetxt write_text write_bytes read_text read_bytes unlink rmdir rmtree extractall'.split(' '),
);

/** An attribute that leads to the interpreter, or to another module under its own name or as `_os`. */
function isInner(name: string): boolean {
  return INNER_ATTRIBUTE.test(name) || GATES.has(name.replace(/^_+/, ''));
}

/** What the code generator of torch.fx writes, beside plain operators (`torch/fx/graph.py`). */
const GRAPH_NAMES =
  /^(?:torch\.fx\.(?:_pytree|wrap|_symbolic_trace\.wrap|GraphModule|proxy|node|immutable_collections)|torch\.jit\.(?:script|ignore|unused|export|is_scripting|is_tracing|Final|annotate|script_method)|torch\.(?:_assert|_C\._nn|_C\._special|_C\._linalg|_C\._fft|utils\.checkpoint|distributed\.is_available|distributed\.is_initialized)|torch\._jit_internal\.[\w.]+)\b/;
const FILE_OPERATORS =
  /\.(?:save|from_file|_from_file|read_file|write_file|load|encode_jpeg_file|load_audio_file|save_audio_file|load_library|_load_for_lite_interpreter)(?:\.\w+)?$/;

/** What of the system's modules tells about the place a program runs in and changes nothing. */
const LOOKS_ABOUT =
  /^(?:os\.(?:environ|path|getcwd|getenv|sep|linesep|name|getpid|cpu_count|fspath|PathLike|curdir)|sys\.(?:version|version_info|platform|maxsize|stdout|stderr|argv|byteorder|float_info)|platform\.(?:system|machine|python_version)|inspect\.(?:signature|isclass|isfunction|ismethod|Parameter|getfullargspec)|io\.(?:BytesIO|StringIO)|pathlib\.\w+|logging\.(?:getLogger|Logger|INFO|DEBUG|WARNING|ERROR|info|debug|warning|error)|copy\.(?:copy|deepcopy)|functools\.\w+|itertools\.\w+|contextlib\.\w+|weakref\.\w+|dataclasses\.(?:dataclass|field|fields|asdict|replace|is_dataclass|InitVar|astuple|MISSING)|typing\.(?!get_type_hints|ForwardRef|evaluate|_)\w+|enum\.\w+|abc\.\w+|warnings\.(?:warn|filterwarnings|simplefilter|catch_warnings)|threading\.(?:Lock|RLock|local)|multiprocessing\.cpu_count|numpy\.testing\.assert_allclose)\b/;

const STRING_START = /[rRbBuUfFtT]{0,2}(?:"""|'''|"|')/y;
const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy;
const REMARKS = 50;
/** Sign of a format string that ends inside of a field. */
const OPEN_FIELD = 'f{';
/** PEP 263; of these encodings every character of a program is its own byte. */
const CODING = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;
const PLAIN_CODING = /^(?:utf[-_]?8(?:[-_]sig)?|latin[-_]?1|iso[-_]?8859[-_]?1|(?:us[-_]?)?ascii)$/i;
/** Attributes in a row; models have a few. */
const LONGEST_CHAIN = 64;
const LONGEST_PATH = 1000;

/** Words, strings and signs, with their lines. What is put into a format string is read as source. */
function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let indent = 0;
  let lineStart = true;
  for (let i = 0; i < source.length; ) {
    const c = source[i] as string;
    if (c === '\n') {
      line += 1;
      i += 1;
      indent = 0;
      lineStart = true;
      continue;
    }
    if (c === ' ' || c === '\t') {
      if (lineStart) indent += 1;
      i += 1;
      continue;
    }
    if (c === '\\' && source[i + 1] === '\n') {
      // A line that goes on.
      line += 1;
      i += 2;
      continue;
    }
    if (c === '#') {
      const end = source.indexOf('\n', i);
      i = end < 0 ? source.length : end;
      continue;
    }
    lineStart = false;
    STRING_START.lastIndex = i;
    const quote = STRING_START.exec(source);
    if (quote) {
      const mark = quote[0].replace(/^[A-Za-z]+/, '');
      const from = i + quote[0].length;
      let end = from;
      for (; end < source.length; end += 1) {
        if (source[end] === '\\') end += 1;
        else if (source.startsWith(mark, end)) break;
        else if (mark.length === 1 && source[end] === '\n') break;
      }
      const text = source.slice(from, end);
      tokens.push({ kind: 'string', text, line, indent });
      if (/[ft]/i.test(quote[0].slice(0, -mark.length)) && text.includes('{')) {
        const { code, open } = replacementsOf(text);
        // Since Python 3.12 a field may hold the quotes of its string: what follows is not what it looks like.
        if (open) tokens.push({ kind: 'other', text: OPEN_FIELD, line, indent });
        for (const inner of tokensOf(code)) tokens.push({ ...inner, line, indent });
      }
      for (const inner of text) if (inner === '\n') line += 1;
      i = end + mark.length;
      continue;
    }
    NAME.lastIndex = i;
    const name = NAME.exec(source);
    if (name) {
      // The compiler normalises identifiers (PEP 3131).
      tokens.push({ kind: 'name', text: name[0].normalize('NFKC'), line, indent });
      i += name[0].length;
    } else {
      tokens.push({ kind: 'other', text: c, line, indent });
      i += 1;
    }
  }
  return tokens;
}

/** What stands in the braces of a format string; the text around it becomes spaces. */
function replacementsOf(text: string): { code: string; open: boolean } {
  const out: string[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i] as string;
    if (c === '{' && depth === 0 && text[i + 1] === '{') {
      i += 1;
      continue;
    }
    if (c === '{') depth += 1;
    else if (c === '}' && depth > 0) depth -= 1;
    out.push(depth > 0 ? (c === '{' ? ' ' : c) : ' ');
  }
  return { code: out.join(''), open: depth > 0 };
}

const isSign = (token: Token | undefined, text: string): boolean => token?.kind === 'other' && token.text === text;
const isWord = (token: Token | undefined, text: string): boolean => token?.kind === 'name' && token.text === text;

/** @param ownModules whether imports of modules that nothing is known of are the archive's own, which are judged themselves */
export function judgeSource(source: string, ownModules: (module: string) => boolean = () => false): SourceVerdict {
  // The compiler takes a carriage return for the end of a line as well.
  const tokens = tokensOf(source.replace(/\r\n?/g, '\n'));
  const dangerous: SourceRemark[] = [];
  const unknown = new Set<string>();
  /** What the names of imports stand for. */
  const imported = new Map<string, string>();
  /** Names that stand for a module, not for a member of one. */
  const modules = new Set<string>();
  const functions = functionLines(tokens);
  const remark = (capability: Capability, name: string, token: Token): void => {
    if (dangerous.length < REMARKS) {
      dangerous.push({ capability, name, line: token.line, atOnce: !functions.has(token.line) });
    }
  };

  const judgePath = (path: string, token: Token): void => {
    if (GRAPH_NAMES.test(path)) return;
    if (modules.has(path)) {
      // A module as a value leads to anything in it.
      unknown.add(path);
      return;
    }
    if (LOOKS_ABOUT.test(path)) {
      if (!/^(?:functools|itertools|typing|abc|enum|dataclasses|contextlib|copy)\./.test(path)) unknown.add(path);
      return;
    }
    if (path.startsWith('torch.ops.') && !FILE_OPERATORS.test(path)) return;
    const dot = path.lastIndexOf('.');
    const verdict = dot < 0 ? undefined : judgeName(path.slice(0, dot), path.slice(dot + 1));
    const capability = exactDanger(path) ?? dangerousFamily(path)?.capability;
    // A function named for what it does is no proof; a family or an entry is.
    const known =
      capability ?? (verdict?.tier === 'dangerous' && verdict.by !== 'word' ? verdict.capability : undefined);
    const reaching = verdict?.argument && path !== 'operator.itemgetter' ? REACHING.get(verdict.argument) : undefined;
    if (known && known !== 'callback') remark(known, path, token);
    else if (reaching) remark(reaching, path, token);
    else if (verdict?.tier === 'dangerous' && verdict.by === 'word' && !path.startsWith('torch.')) unknown.add(path);
    const root = path.split('.')[0] as string;
    if (!LIBRARIES.has(root) && !OTHER_STDLIB.has(root) && !HARMLESS_MODULES.has(root) && !ownModules(path)) {
      if (!known && unknown.size < REMARKS) unknown.add(path);
    }
  };

  for (const [index, line] of source.split('\n', 2).entries()) {
    const coding = CODING.exec(line)?.[1];
    if (coding && !PLAIN_CODING.test(coding)) {
      dangerous.push({ capability: 'code', name: `coding: ${coding}`, line: index + 1, atOnce: true });
    }
  }
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] as Token;
    if (token.text === OPEN_FIELD) remark('code', 'f"{', token);
    if (token.kind !== 'name') continue;
    const starts =
      i === 0 ||
      (tokens[i - 1] as Token).line !== token.line ||
      isSign(tokens[i - 1], ';') ||
      isSign(tokens[i - 1], ':');
    if (starts && (token.text === 'import' || token.text === 'from')) {
      const plain = token.text === 'import';
      i = readImport(tokens, i, (imports, alias, at) => {
        const path = imports.slice(0, LONGEST_PATH);
        imported.set(alias, path);
        if (plain) modules.add(path);
        // Whatever is imported is judged where it is used; a module nothing is known of runs at once.
        const root = path.split('.')[0] as string;
        if (alias === '*') judgePath(`${path}.*`, at);
        else if (dangerousFamily(path) && !LOOKS_ABOUT.test(path) && !GRAPH_NAMES.test(path) && plain === false) {
          unknown.add(path);
        } else if (
          !LIBRARIES.has(root) &&
          !OTHER_STDLIB.has(root) &&
          !HARMLESS_MODULES.has(root) &&
          !ownModules(path)
        ) {
          if (!dangerousFamily(path)) unknown.add(path);
        }
      });
      continue;
    }
    if (isSign(tokens[i - 1], '.')) {
      // An attribute of what a call or an index gives.
      if (isInner(token.text)) remark('attribute', token.text, token);
      else if (FILE_METHODS.has(token.text)) remark('file', token.text, token);
      continue;
    }
    const chain = [token.text];
    let last = i;
    while (isSign(tokens[last + 1], '.') && tokens[last + 2]?.kind === 'name') {
      last += 2;
      chain.push((tokens[last] as Token).text);
    }
    if (chain.length > LONGEST_CHAIN) {
      remark('attribute', `${chain.slice(0, 3).join('.')}...`, token);
      i = last;
      continue;
    }
    const path = imported.get(chain[0] as string);
    const keyword = isSign(tokens[last + 1], '=') && !isSign(tokens[last + 2], '=') && chain.length === 1;
    const defines = isWord(tokens[i - 1], 'def') || isWord(tokens[i - 1], 'class');
    if (path !== undefined && !defines) {
      const full = [path, ...chain.slice(1)].join('.');
      const target = tokens[i - 2];
      const ends = tokens[last + 1]?.line !== token.line;
      // `nn = torch.nn`: another name for the same.
      if (isSign(tokens[i - 1], '=') && target?.kind === 'name' && tokens[i - 3]?.line !== target.line && ends) {
        imported.set(target.text, full);
        if (modules.has(full)) continue;
      }
      judgePath(full, token);
    } else if (!keyword && !defines) {
      const capability = BUILTIN_DANGER.get(chain[0] as string);
      if (capability && !(chain[0] === 'getattr' && isPlainGetattr(tokens, i, imported)))
        remark(capability, chain[0] as string, token);
    }
    const parts = path === undefined && chain.length > 1 && !isSign(tokens[i - 1], '.') ? chain : chain.slice(1);
    if (parts.some((part, index) => isInner(part) && !(index === 0 && parts === chain && !GATES.has(part)))) {
      remark('attribute', chain.join('.'), token);
    } else if (chain.slice(1).some((part) => FILE_METHODS.has(part))) remark('file', chain.join('.'), token);
    i = last;
  }
  return { dangerous, unknown: [...unknown] };
}

/** Modules of the standard library that models import for what they compute or describe. */
const HARMLESS_MODULES = new Set(
  `abc typing typing_extensions functools itertools contextlib copy logging weakref types pathlib dataclasses tqdm einops packaging
   __torch__ timeit threading`
    .trim()
    .split(/\s+/),
);

/** `getattr(self, "0")`, `getattr(self.layer, "weight")`: how torch.fx takes a submodule whose name is no identifier. */
function isPlainGetattr(tokens: readonly Token[], at: number, imported: ReadonlyMap<string, string>): boolean {
  let i = at + 1;
  const owner = tokens[i + 1];
  if (!isSign(tokens[i], '(') || owner?.kind !== 'name' || imported.has(owner.text)) return false;
  i += 2;
  while (isSign(tokens[i], '.') && tokens[i + 1]?.kind === 'name') i += 2;
  const name = tokens[i + 1];
  return (
    isSign(tokens[i], ',') &&
    name?.kind === 'string' &&
    /^(?!__)\w+$/.test(name.text) &&
    !isInner(name.text) &&
    !FILE_METHODS.has(name.text) &&
    (isSign(tokens[i + 2], ')') || isSign(tokens[i + 2], ','))
  );
}

/** Reads `import a.b as c, d` and `from a import (b as c, d)`. @returns index of the last token of the statement */
function readImport(
  tokens: readonly Token[],
  at: number,
  found: (path: string, alias: string, at: Token) => void,
): number {
  const first = tokens[at] as Token;
  let i = at + 1;
  const dotted = (): string => {
    let path = '';
    while (isSign(tokens[i], '.') || (tokens[i]?.kind === 'name' && (path === '' || path.endsWith('.')))) {
      if (path !== '' && tokens[i]?.kind === 'name' && !path.endsWith('.')) break;
      if (isWord(tokens[i], 'import')) break;
      path += (tokens[i] as Token).text;
      i += 1;
    }
    return path;
  };
  const alias = (fallback: string): string => {
    if (!isWord(tokens[i], 'as')) return fallback;
    const name = tokens[i + 1]?.text ?? fallback;
    i += 2;
    return name;
  };
  if (first.text === 'import') {
    do {
      if (isSign(tokens[i], ',')) i += 1;
      const path = dotted();
      const name = alias('');
      // Without an alias the name is bound to the outermost package.
      if (path) found(name ? path : path, name || (path.split('.')[0] as string), first);
      if (path && !name && path.includes('.')) found(path.split('.')[0] as string, path.split('.')[0] as string, first);
    } while (isSign(tokens[i], ','));
    return i - 1;
  }
  const module = dotted();
  if (!isWord(tokens[i], 'import')) return i - 1;
  i += 1;
  const bracket = isSign(tokens[i], '(');
  if (bracket) i += 1;
  for (; i < tokens.length; ) {
    const token = tokens[i] as Token;
    if (isSign(token, '*')) {
      found(module, '*', first);
      return i;
    }
    if (token.kind !== 'name' || (!bracket && token.line !== first.line && !isSign(tokens[i - 1], ','))) break;
    i += 1;
    const name = alias(token.text);
    if (!module.startsWith('.')) found(`${module}.${token.text}`, name, first);
    if (!isSign(tokens[i], ',')) break;
    i += 1;
  }
  return bracket && isSign(tokens[i], ')') ? i : i - 1;
}

/** Lines that stand inside of a function: deeper than its `def`, which decorators and default values are not. */
function functionLines(tokens: readonly Token[]): Set<number> {
  const inside = new Set<number>();
  let body = Number.POSITIVE_INFINITY;
  let line = 0;
  let headerEnds = 0;
  for (const [i, token] of tokens.entries()) {
    const first = token.line !== line;
    line = token.line;
    if (first && token.indent <= body && line > headerEnds) body = Number.POSITIVE_INFINITY;
    if (first && body === Number.POSITIVE_INFINITY) {
      const at = isWord(token, 'async') ? i + 1 : i;
      if (isWord(tokens[at], 'def')) {
        body = token.indent;
        let found = false;
        let depth = 0;
        for (let k = at; k < tokens.length; k += 1) {
          const sign = tokens[k] as Token;
          if (sign.kind !== 'other') continue;
          if ('([{'.includes(sign.text)) depth += 1;
          else if (')]}'.includes(sign.text)) depth -= 1;
          else if (sign.text === ':' && depth === 0) {
            headerEnds = sign.line;
            found = true;
            break;
          }
        }
        // A header without an end takes the rest of the text with it.
        if (!found) return inside;
        continue;
      }
    }
    if (body !== Number.POSITIVE_INFINITY && line > headerEnds) inside.add(line);
  }
  return inside;
}
