import type { Severity } from '../../finding';
import { isClassName, judgeName } from '../../pickle/policy';
import { exactDanger } from '../../pickle/policyDanger';
import { CAPABILITY_TEXT, type Capability, type Verdict } from '../../pickle/policyTypes';

/** How a callable that a configuration names by its dotted path is judged. */
export interface TargetVerdict {
  severity: Severity;
  /** What it can do, for a sentence. */
  why: string;
  dangerous: boolean;
}

/** Modules through which a process is commanded, whoever imports them: `random._os.system` is `os.system`. */
const COMMANDING =
  /^(?:os|posix|nt|subprocess|_posixsubprocess|pty|ctypes|_ctypes|importlib|runpy|builtins|__builtin__|__builtins__|socket|shutil|sys|marshal|pickle|_pickle)$/;
/** Modules of which classes are as dangerous as functions. */
const ALWAYS =
  /^(?:os|posix|nt|subprocess|pty|ctypes|_ctypes|importlib|runpy|code|codeop|builtins|socket|shutil|sys|multiprocessing)(?:\.|$)/;
/** What runs code or commands, at once or by what it reads. */
const RUNS: ReadonlySet<Capability> = new Set([
  'process',
  'code',
  'import',
  'native',
  'install',
  'tamper',
  'attribute',
  'unpickle',
]);
/**
 * Names that a pickle has no business with and a configuration has: they ask the system something, make a plain folder
 * or compile a model that is already there.
 */
const ORDINARY =
  /^(?:os\.(?:path\.\w+|environ\.get|environ|getenv|getcwd|getpid|cpu_count|sep|makedirs|mkdir|uname|urandom|fspath|listdir|scandir|walk)|pathlib\.(?:\w*Path)(?:\.(?:cwd|home|expanduser|resolve|joinpath|exists))?|time\.\w+|tempfile\.\w+|logging\.(?:\w+\.)?\w*Handler|sys\.(?:stdout|stderr|maxsize|version)|yaml\.(?:safe_load|CSafeLoader|SafeLoader|dump|safe_dump)|torch\.(?:compile|jit\.(?:script|trace|freeze))|ray\.tune\.\w+|multiprocessing\.cpu_count|builtins\.\w*(?:Error|Exception))$/;
/** Python's own modules whose functions compute and nothing else. */
const COMPUTING =
  /^(?:math|cmath|random|statistics|time|datetime|uuid|json|copy|re|itertools|functools|operator|collections|string|logging|typing|decimal|fractions|hashlib|base64|enum|dataclasses|pprint|textwrap|calendar|bisect|heapq|numbers|types|abc|contextlib|fnmatch|csv|builtins|threading|queue|secrets|locale|argparse|struct|array|warnings|weakref|inspect|traceback|hmac|zlib|html|unicodedata|difflib|colorsys|ipaddress)(?:\.|$)/;
/** Plain clients of the network, which fetch from or send to whatever address the configuration gives. */
const RAW_NETWORK =
  /^(?:urllib|urllib2|urllib3|http|httplib|httpx|requests|aiohttp|ftplib|smtplib|telnetlib|poplib|imaplib|nntplib|xmlrpc|paramiko|pycurl|wget|webbrowser|socketserver|asyncore)(?:\.|$)/;
/** Objects of those clients that do nothing until they are used. */
const IDLE_CLIENT =
  /\.(?:Session|Client|AsyncClient|ClientSession|Request|PoolManager|HTTPAdapter|Retry|Timeout|\w+Error|\w+Exception)$/;
/** Readers of models and tables of which the default does not unpickle, or that fetch what the libraries' users fetch all day. */
const MILD =
  /^(?:numpy\.(?:load|loadtxt|genfromtxt|fromfile|memmap)|torch\.jit\.load|spacy\.load|torch\.hub\.load_state_dict_from_url|huggingface_hub\.\w+|datasets\.\w+|wandb\.\w+|mlflow\.(?:start_run|set_\w+|log_\w+)|gdown\.\w+|fsspec\.\w+|sqlalchemy\.\w+|pandas\.read_(?!pickle)\w+|polars\.\w+|torchvision\.datasets\.utils\.\w+|pathlib\.\w*Path\.(?:glob|rglob|iterdir|read_text|read_bytes|stat|is_file|is_dir|mkdir|touch))$/;
/** Callables that import or call what another key of the configuration names: that name is judged in their place. */
const BY_ARGUMENT = /^hydra\.utils\.(?:get_method|get_class|get_object|instantiate|call)$/;

const HARMLESS = (why: string): TargetVerdict => ({ severity: 'info', why, dangerous: false });

/**
 * Judges a dotted path as what is called with arguments from the file, by the policy for pickles. Names of third parties
 * are only told to be unknown: an honest configuration names classes of its own project.
 * @param path `package.module.name`, also `package.module:name`
 */
export function judgeTarget(path: string): TargetVerdict {
  const clean = path.trim().replace(/:/g, '.');
  const inner = commandingTail(clean);
  if (inner !== undefined) return { severity: 'high', why: `it reaches ${inner}`, dangerous: true };
  if (ORDINARY.test(clean)) return HARMLESS('a known name');
  // hubconf.py of a repository is code that is fetched and run: as bad as auto_map, and as usual.
  if (clean === 'torch.hub.load') return { severity: 'medium', why: CAPABILITY_TEXT.code, dangerous: true };
  if (BY_ARGUMENT.test(clean)) return HARMLESS('what it imports is named beside it');
  const dot = clean.lastIndexOf('.');
  const module = dot < 0 ? 'builtins' : clean.slice(0, dot);
  const name = dot < 0 ? clean : clean.slice(dot + 1);
  const verdict: Verdict = judgeName(module, name);
  const root = clean.slice(0, clean.indexOf('.') < 0 ? undefined : clean.indexOf('.'));
  if (verdict.argument === 'load-from-bytes') return dangerous('high', 'unpickle');
  if (verdict.argument === 'getattr' || verdict.argument === 'attribute-getter') {
    // `operator.itemgetter` takes items; the others reach any attribute of whatever they are given.
    return clean.endsWith('itemgetter') ? HARMLESS('a known name') : dangerous('medium', 'attribute');
  }
  if (verdict.tier === 'dangerous') return judgeDangerous(clean, module, name, verdict);
  if (verdict.tier === 'unknown' && verdict.by === 'default' && /standard library|built-in/.test(verdict.why)) {
    if (COMPUTING.test(module) || (dot < 0 && root === clean)) return HARMLESS(verdict.why);
    return { severity: 'medium', why: verdict.why, dangerous: true };
  }
  return HARMLESS(verdict.tier === 'safe' || verdict.tier === 'library' ? 'a known name' : verdict.why);
}

function dangerous(severity: Severity, capability: Capability): TargetVerdict {
  return { severity, why: CAPABILITY_TEXT[capability], dangerous: true };
}

function judgeDangerous(clean: string, module: string, name: string, verdict: Verdict): TargetVerdict {
  const { capability } = verdict;
  if (verdict.by === 'word') return HARMLESS(verdict.why);
  const isClass = isClassName(module, name);
  if (RAW_NETWORK.test(clean) && capability === 'network') {
    return IDLE_CLIENT.test(clean) ? HARMLESS(verdict.why) : dangerous('high', 'network');
  }
  if (verdict.by === 'family' && isClass && !ALWAYS.test(clean)) {
    return capability === 'native' && /^(?:cffi|_cffi_backend|ctypes)/.test(clean)
      ? dangerous('high', 'native')
      : HARMLESS(verdict.why);
  }
  // `a.b.Class.method` is a chain of attributes to a pickle, an ordinary target to a configuration.
  if (verdict.by === 'shape' && capability === 'attribute' && !/__\w+__/.test(clean)) return HARMLESS(verdict.why);
  if (capability === undefined) return { severity: 'medium', why: verdict.why, dangerous: true };
  if (capability === 'side-effect') return HARMLESS(verdict.why);
  if (MILD.test(clean)) return { severity: 'low', why: CAPABILITY_TEXT[capability], dangerous: true };
  if (capability === 'terminate') return dangerous('medium', capability);
  const writes = capability === 'file' && /^(?:builtins|io|os|shutil|pathlib|posix|nt|codecs)\./.test(clean);
  return dangerous(RUNS.has(capability) || writes || ALWAYS.test(clean) ? 'high' : 'medium', capability);
}

/** The part of a path from a commanding module on, when it lies inside another: `torch.serialization.os.system`. */
function commandingTail(path: string): string | undefined {
  const parts = path.split('.');
  for (let i = 1; i < parts.length; i += 1) {
    const module = (parts[i] as string).replace(/^_+(?=[a-z])/, '');
    if (!COMMANDING.test(module) && !COMMANDING.test(parts[i] as string)) continue;
    const tail = [module, ...parts.slice(i + 1)].join('.');
    if (ORDINARY.test(tail)) continue;
    if (exactDanger(tail)) return tail;
    const last = parts.at(-1) as string;
    // `project.pickle.PickleDataset` is a class of a project; a function behind the name of such a module is the module's.
    const isFunction = i + 1 < parts.length && /^_*[a-z]/.test(last);
    if (module === 'sys' && parts[i + 1] === 'modules') return tail;
    const standard = /^(?:os|posix|nt|subprocess|_?posixsubprocess|builtins|ctypes)$/.test(module);
    if (standard && isFunction && judgeName(module, parts.slice(i + 1).join('.')).tier === 'dangerous') return tail;
  }
  return undefined;
}

/** Keys under which frameworks name a callable, besides Hydra's own and `class_path` of Lightning. */
export const LOOSE_KEY =
  /^(?:target|type|class|class_name|factory|\(\)|func|function|fn|callable|py_function|entry_?point|loader|path|method|object_to_import|_type_|_class_|_fn_|cls|ref)$/;

/** Functions that are known to run or destroy something, where their module as a whole is more than that. */
const COMMAND =
  /^(?:(?:os|posix|nt)\.(?:system|popen\d?|spawn\w*|exec\w*|posix_spawnp?|fork(?:pty)?|startfile|remove|unlink|rmdir|removedirs|rename|replace|kill\w*|putenv)|subprocess\.(?:Popen|run|call|check_\w+|get(?:status)?output)|pty\.spawn|(?:builtins|__builtin__)\.(?:eval|exec|execfile|compile|__import__|open)|importlib\.(?:import_module|reload|__import__)|runpy\.\w+|shutil\.(?:rmtree|move|copy\w*|unpack_archive)|(?:pickle|_pickle|cPickle|marshal|dill|cloudpickle)\.loads?|joblib\.load|torch\.load|ctypes\.(?:CDLL|PyDLL|WinDLL|cdll\.LoadLibrary)|code\.(?:interact|InteractiveInterpreter)|urllib\.request\.(?:urlretrieve|urlopen))$/;

/** True for a path that nobody names by accident: a callable that runs commands or code, known by its exact name. */
export function isCommand(path: string): boolean {
  const clean = path.trim().replace(/:/g, '.');
  return isDottedPath(clean) && (COMMAND.test(clean) || commandingTail(clean) !== undefined);
}

/** True for a dotted path of Python names. */
export function isDottedPath(text: string): boolean {
  return text.length <= 300 && /^[A-Za-z_][\w]*(?:[.:][A-Za-z_][\w]*)*$/.test(text.trim());
}
