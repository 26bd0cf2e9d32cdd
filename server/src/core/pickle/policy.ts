/**
 * Default-deny judgement of what a pickle imports. A callable is harmless because an entry says so and why, a class of a
 * known library is an object of that library, everything else is judged by what its module or its name can do.
 */
import { dangerousClassWord, dangerousFamily, dangerousWord, exactDanger, OTHER_STDLIB } from './policyDanger';
import { LIBRARIES, safeReason } from './policySafe';
import type { ArgumentRule, Capability, Verdict } from './policyTypes';

/** Callables whose harm lies in their arguments. */
const ARGUMENT_RULES = new Map<string, ArgumentRule>([
  ['builtins.getattr', 'getattr'],
  ['operator.attrgetter', 'attribute-getter'],
  ['operator.methodcaller', 'attribute-getter'],
  ['operator.itemgetter', 'attribute-getter'],
  ['functools.partial', 'adapter'],
  ['functools.reduce', 'adapter'],
  ['functools.cmp_to_key', 'adapter'],
  ['functools.partialmethod', 'adapter'],
  ['functools.lru_cache', 'adapter'],
  ['functools.wraps', 'adapter'],
  ['functools.singledispatch', 'adapter'],
  ['builtins.map', 'adapter'],
  ['builtins.filter', 'adapter'],
  ['builtins.sorted', 'adapter'],
  ['builtins.max', 'adapter'],
  ['builtins.min', 'adapter'],
  ['builtins.apply', 'adapter'],
  ['builtins.reduce', 'adapter'],
  ['builtins.next', 'adapter'],
  ['collections.defaultdict', 'adapter'],
  ['_collections.defaultdict', 'adapter'],
  ['itertools.starmap', 'adapter'],
  ['itertools.takewhile', 'adapter'],
  ['itertools.dropwhile', 'adapter'],
  ['itertools.filterfalse', 'adapter'],
  ['itertools.accumulate', 'adapter'],
  ['itertools.groupby', 'adapter'],
  ['types.MethodType', 'adapter'],
  ['types.BuiltinMethodType', 'adapter'],
  ['jax._src.array._reconstruct_array', 'adapter'],
  ['dill._dill._create_array', 'adapter'],
  ['fsspec.spec.make_instance', 'adapter'],
  ['numba.core.serialize._unpickle__CustomPickled', 'load-from-bytes'],
  ['numba.core.serialize._rebuild_reduction', 'adapter'],
  ['dill._dill._load_type', 'dill-type'],
  ['dill._dill._eval_repr', 'dill-repr'],
  ['operator.getitem', 'subscript'],
  ['torch.fx.graph_module.reduce_graph_module', 'graph-source'],
  ['torch._tensor._rebuild_from_type_v2', 'adapter'],
  ['torch._tensor._rebuild_from_type', 'adapter'],
  ['torch.tensor._rebuild_from_type', 'adapter'],
  ['numpy.vectorize', 'adapter'],
  ['sklearn.metrics._scorer.make_scorer', 'adapter'],
  ['matplotlib.cbook._picklable_class_constructor', 'adapter'],
  ['matplotlib.colors._create_empty_object_of_class', 'adapter'],
  ['copyreg._reconstructor', 'reconstructor'],
  ['copyreg.__newobj__', 'reconstructor'],
  ['copyreg.__newobj_ex__', 'reconstructor'],
  ['torch.storage._load_from_bytes', 'load-from-bytes'],
  ['_codecs.encode', 'codec'],
  ['_codecs.decode', 'codec'],
  ['codecs.encode', 'codec'],
  ['codecs.decode', 'codec'],
  ['builtins.type', 'type'],
  ['numpy.core._ufunc_reconstruct', 'ufunc'],
  ['numpy.core._multiarray_umath._ufunc_reconstruct', 'ufunc'],
]);

/** Attributes through which any object leads to everything in the process. */
const INTERNAL = new Set(
  `__globals__ __builtins__ __class__ __bases__ __base__ __mro__ __subclasses__ __getattribute__ __getattr__ __setattr__ __delattr__
   __dict__ __code__ __closure__ __func__ __self__ __reduce__ __reduce_ex__ __import__ __loader__ __spec__ __init_subclass__ __call__
   __get__ __set__ __setstate__ __getitem__ __setitem__ __module__ __wrapped__ __defaults__ __kwdefaults__ __annotations__ f_globals
   f_locals f_builtins gi_frame cr_frame tb_frame func_globals mro`
    .trim()
    .split(/\s+/),
);

/** Lower-case names of classes, whose attributes are methods and no members of a module. */
const LOWER_CLASSES = new Set(
  `str bytes bytearray int float complex bool list tuple dict set frozenset object type range slice memoryview super property
   staticmethod classmethod map filter zip enumerate reversed ndarray dtype generic matrix recarray poly1d array datetime date time
   timedelta timezone tzinfo deque defaultdict socket partial scheduler chain count cycle repeat mmap local netrc`
    .trim()
    .split(/\s+/),
);

/** Modules of the standard library that act as soon as they are imported. */
const RUNS_WHEN_IMPORTED = new Set(['antigravity', 'idlelib.idle', 'test.autotest']);

/** Families of submodules where a library keeps its plain functions on data; referring to or calling them is what models do. */
const NUMERIC =
  /^(?:torch\.nn\.functional|scipy\.(?:special|linalg|stats|optimize|spatial|sparse|interpolate|signal|ndimage|fft|integrate|cluster))(?:\.|$)/;

/** Where the extension module of torch keeps its operators as functions. */
const TENSOR_NAMESPACE = /^torch\._C\.(?:_VariableFunctions(?:Class)?|_nn|_special|_linalg|_fft|_?TensorBase|_sparse)$/;

function canonicalModule(module: string): string {
  if (module === '_operator') return 'operator';
  if (module === '_functools') return 'functools';
  if (module === '__builtin__') return 'builtins';
  if (module === 'numpy._core' || module.startsWith('numpy._core.')) return `numpy.core${module.slice(11)}`;
  return module;
}

/** `Estimator`, `_BaseThing`, `SVC`, also `csr_matrix`, `norm_gen` and other names that their library gives to classes. */
export function isClassName(module: string, name: string): boolean {
  if (/^_*[A-Z]/.test(name))
    return !/^_*[A-Z][A-Z0-9_]*$/.test(name) || /^[A-Z0-9]{2,}$/.test(name) || name.length === 1;
  if (module.startsWith('scipy.'))
    return /_(?:matrix|array|gen|frozen|base|kde)$|^(?:interp1d|interp2d|gaussian_kde|rv_[a-z_]+|cKDTree|ufunc)$/.test(
      name,
    );
  // Cython's classes for float, double and complex numbers: `dStatespace`.
  if (module.startsWith('statsmodels.')) return /^[sdcz][A-Z][a-z]\w+$/.test(name);
  if (module.startsWith('numpy.')) return LOWER_CLASSES.has(name);
  return false;
}

function dangerous(capability: Capability, why: string, by: Verdict['by']): Verdict {
  return { tier: 'dangerous', capability, why, by };
}

/**
 * Judges a name that a pickle imports, apart from what is done with it.
 * @param module as the unpickler imports it (Python 2 names already mapped)
 * @param qualname may be dotted; '' stands for the module itself
 */
export function judgeName(rawModule: string, qualname: string): Verdict {
  const module = canonicalModule(rawModule);
  const path = qualname ? `${module}.${qualname}` : module;
  const rule = ARGUMENT_RULES.get(path);
  if (rule) return { tier: 'safe', argument: rule, why: 'as good or bad as its arguments', by: 'exact' };
  const safe = safeReason(module, qualname);
  if (safe) return { tier: 'safe', why: safe, by: 'exact' };
  const exact = exactDanger(path);
  if (exact) return dangerous(exact, 'known for it', 'exact');
  const root = module.slice(0, module.indexOf('.') < 0 ? undefined : module.indexOf('.'));
  const parts = qualname.split('.');
  if (TENSOR_NAMESPACE.test(parts.length > 1 ? `${module}.${parts[0]}` : module) && parts.length <= 2) {
    const word = dangerousWord(parts[parts.length - 1] as string, false);
    if (word) return dangerous(word.capability, `an operator named for "${word.word}"`, 'word');
    return { tier: 'library', why: 'an operator on tensors', by: 'shape' };
  }
  if (module === 'signal' && /^(?:SIG[A-Z0-9]+|Signals|Handlers|Sigmasks)(?:\.[A-Z0-9_]+)?$/.test(qualname)) {
    return { tier: 'safe', why: 'the number of a signal', by: 'shape' };
  }
  if (module.endsWith('.__main__') || RUNS_WHEN_IMPORTED.has(module)) {
    return dangerous('code', `importing ${module} runs a program`, 'shape');
  }
  const internal = [...module.split('.'), ...parts].find((part) => INTERNAL.has(part));
  if (internal && root !== '__torch__') {
    return dangerous('attribute', `it goes through ${internal}`, 'shape');
  }
  if (root === '__torch__') return { tier: 'library', why: 'a TorchScript class, resolved by torch.jit', by: 'class' };
  if (!qualname) {
    const family = dangerousFamily(module);
    return family
      ? dangerous(family.capability, `the module ${family.family}`, 'family')
      : { tier: 'unknown', why: 'a module', by: 'default' };
  }
  if (parts.length > 1) return judgeDotted(module, root, parts, path);
  if (qualname.startsWith('__pyx_unpickle_') && LIBRARIES.has(root)) {
    return { tier: 'safe', why: 'what Cython generates to restore an object of the library', by: 'shape' };
  }
  const library = LIBRARIES.has(root);
  const className = isClassName(module, qualname);
  const family = dangerousFamily(path);
  if (family) {
    // A library's own classes keep their state in pickles even where its functions are dangerous; how they are made decides.
    if (library && className && family.family !== path && !CODE_CLASSES.has(family.family)) {
      return { tier: 'library', capability: family.capability, why: `a class of ${family.family}`, by: 'family' };
    }
    return dangerous(family.capability, `it belongs to ${family.family}`, 'family');
  }
  if (root === 'builtins')
    return { tier: 'unknown', why: 'a built-in that pickles of data do not call', by: 'default' };
  if (OTHER_STDLIB.has(root)) {
    if (className && (module === 'ast' || module === '_ast') && !/Visitor|Transformer|Unparser/.test(qualname)) {
      return { tier: 'safe', why: 'a node of a syntax tree, which nothing compiles', by: 'class' };
    }
    if (className) return { tier: 'unknown', why: 'a class of the standard library', by: 'class' };
    return {
      tier: 'unknown',
      why: 'a function of the standard library that pickles of data do not call',
      by: 'default',
    };
  }
  if (library) {
    if (className) {
      const word = dangerousClassWord(qualname);
      return word
        ? {
            tier: 'library',
            capability: word.capability,
            why: `a class of ${root} named for "${word.word}"`,
            by: 'word',
          }
        : {
            tier: 'library',
            why: `a class of ${root}`,
            by: 'class',
            ...(root === 'sympy' && !SYMPY_NAMED.has(qualname) && { argument: 'sympify' as const }),
          };
    }
    const word = NUMERIC.test(module) ? dangerousWord(qualname, true) : dangerousWord(qualname, false);
    if (word) return dangerous(word.capability, `a function of ${root} named for "${word.word}"`, 'word');
    return {
      tier: 'unknown',
      why: `a function of ${root} that no entry knows`,
      by: 'default',
      // SymPy has classes in lower case, such as `sin`.
      ...(root === 'sympy' && { argument: 'sympify' as const }),
    };
  }
  const word = className ? undefined : dangerousWord(qualname, true);
  if (word) return dangerous(word.capability, `its name says "${word.word}"`, 'word');
  return { tier: 'unknown', why: `nothing is known of ${root}`, by: 'default' };
}

/** Classes of SymPy that take their text for a name; all others parse it as an expression, which is evaluated. */
const SYMPY_NAMED = new Set(['Symbol', 'Dummy', 'Wild', 'Str', 'UndefinedFunction', 'Quantity', 'Float', 'Integer']);

/** Families whose classes run code merely by being there or by their state. */
const CODE_CLASSES = new Set([
  'dill._dill',
  'dill',
  'cloudpickle',
  'torch.package',
  'joblib.externals.cloudpickle',
  'ray.cloudpickle',
  'numba.cloudpickle',
  'torch.utils.data.datapipes',
]);

/** `Class.method` of a known class, or a chain of attributes that starts at a module. */
function judgeDotted(module: string, root: string, parts: readonly string[], path: string): Verdict {
  const [first = ''] = parts;
  const last = parts[parts.length - 1] as string;
  // The chain may end in a module of its own: `random._os.system` is os.system.
  for (let i = 0; i < parts.length; i += 1) {
    const tail = parts
      .slice(i)
      .map((part, index) => (index === 0 && i + 1 < parts.length ? part.replace(/^_+(?=[a-z])/, '') : part));
    const name = tail.join('.');
    if (i > 0 || !isClassLike(module, first)) {
      const hit =
        exactDanger(name) ?? (tail.length > 1 && tail[0] !== root ? dangerousFamily(name)?.capability : undefined);
      if (hit) return dangerous(hit, `it reaches ${name} through ${module}`, 'shape');
    }
  }
  const family = dangerousFamily(path);
  // A member of an enumeration or a nested class of something known by an exact entry.
  if (safeReason(module, first) && parts.length === 2 && /^[A-Za-z][A-Za-z0-9_]*$/.test(last) && isConstantName(last)) {
    return { tier: 'safe', why: `a member of ${first}`, by: 'shape' };
  }
  // `whichmodule` of CPython finds torch's descriptors under any module that imports torch.
  if (safeReason(parts.slice(0, -1).join('.'), last)) {
    return { tier: 'unknown', why: `${parts.join('.')}, reached through ${module}`, by: 'shape' };
  }
  if (!isClassLike(module, first)) {
    return dangerous(family?.capability ?? 'attribute', `a chain of attributes through the module ${module}`, 'shape');
  }
  if (parts.slice(0, -1).every((part) => isClassLike(module, part)) && isClassName(module, last)) {
    // A class inside a class.
    if (family) return dangerous(family.capability, `it belongs to ${family.family}`, 'family');
    return LIBRARIES.has(root)
      ? { tier: 'library', why: `a class of ${root}`, by: 'class' }
      : { tier: 'unknown', why: `nothing is known of ${root}`, by: 'default' };
  }
  if (root === 'keras' && last === '_unpickle_model') {
    return { tier: 'safe', why: 'a model whose archive in these bytes is scanned as one', by: 'shape' };
  }
  if (family && !(family.capability === 'callback')) {
    return dangerous(family.capability, `a method of ${family.family}`, 'family');
  }
  if (PURE_METHODS.test(`${module}.${parts.join('.')}`)) {
    return { tier: 'safe', why: 'a pure method of a built-in type', by: 'exact' };
  }
  const word = dangerousWord(last, false);
  if (word) return dangerous(word.capability, `a method named for "${word.word}"`, 'word');
  return { tier: 'unknown', why: 'a method, not a class or function', by: 'default' };
}

function isConstantName(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}

function isClassLike(module: string, name: string): boolean {
  return LOWER_CLASSES.has(name) || isClassName(module, name) || /^_*[A-Z]/.test(name);
}

const PURE_METHODS =
  /^builtins\.(?:dict\.fromkeys|int\.from_bytes|float\.fromhex|bytes\.fromhex|bytearray\.fromhex|str\.maketrans|bytes\.maketrans|frozenset\.copy)$|^_?datetime\.(?:datetime|date|time)\.(?:fromisoformat|fromtimestamp|fromordinal|strptime|utcfromtimestamp)$|^itertools\.chain\.from_iterable$|^torch\.(?:Tensor|nn\.parameter\.Parameter)\.[a-z]\w*$|^numpy\.ndarray\.(?:sum|mean|std|min|max|reshape|astype|copy)$/;
