/** Loaders whose files can hold code. */
import type { Node } from '../ast';
import type { Names } from '../names';
import {
  addArgument,
  always,
  argument,
  type Call,
  type CallRule,
  type Check,
  certainty,
  FALSE,
  type FixMaker,
  flag,
  isForeign,
  type Judgement,
  origin,
  TRUE,
  turnOff,
  weighed,
} from './call';
import { remoteModel } from './remote';

const pickleLoad =
  (what: string): Check =>
  (call, names, facts) => {
    const subject = call.args[0];
    const inner = subject ? names.value(subject).path : undefined;
    // `pickle.loads(pickle.dumps(x))` copies an object.
    if (inner && /\.dumps\(\)$/.test(inner)) return undefined;
    const { severity, text } = origin(call, names, facts);
    return { rule: 'pickle-load', severity, message: `${what} unpickles ${text}: it runs any code the data holds.` };
  };

const torchLoad: Check = (call, names, facts) => {
  const weightsOnly = call.keywords.get('weights_only');
  // None asks for what the installed version does by itself.
  if (weightsOnly && flag(call, 'weights_only', names) !== 'None') {
    const sure = certainty(weightsOnly, FALSE, names);
    if (!sure) return undefined;
    const { severity, text } = origin(call, names, facts);
    const judged: Judgement = {
      rule: 'torch-load',
      // What a parameter is by default, callers can change.
      severity: severity === 'low' || names.value(weightsOnly.value).standard ? 'medium' : 'high',
      message: `torch.load with weights_only=False unpickles ${text}: it runs any code the checkpoint holds.`,
      evidence: '(…, weights_only=False)',
      fix: (fixes) => fixes.replace(weightsOnly.value.start, weightsOnly.value.end, 'True', 'Load weights only', true),
    };
    return weighed(judged, sure);
  }
  if (call.spread) return undefined;
  const { severity, text } = origin(call, names, facts);
  return {
    rule: 'torch-load',
    severity,
    message: `torch.load without weights_only=True unpickles ${text} in PyTorch before 2.6: it runs any code the checkpoint holds.`,
    ...(weightsOnly
      ? {
          fix: (fixes) =>
            fixes.replace(weightsOnly.value.start, weightsOnly.value.end, 'True', 'Load weights only', true),
        }
      : // A pickle module of one's own is refused together with it.
        call.args.length > 0 &&
        !call.keywords.has('pickle_module') &&
        addArgument(call, 'weights_only=True', 'Add weights_only=True', true)),
  };
};

/** PyTables keeps what it has no type for as pickles. Tables of numbers are the rule, so this is worth a hint only. */
const hdfLoad: Check = (call, names, facts) => {
  const { severity, text } = origin(call, names, facts);
  if (call.path.endsWith('HDFStore') && severity !== 'high') return undefined;
  return {
    rule: 'pickle-load',
    severity: severity === 'high' ? 'medium' : 'info',
    message: `${call.path} reads ${text}: columns of objects in it are pickles.`,
  };
};

const torchScript: Check = (call, names, facts) => ({
  rule: 'torchscript-load',
  severity: origin(call, names, facts).severity === 'high' ? 'medium' : 'info',
  message: 'A TorchScript file is a program: loading it from elsewhere means running it.',
});

const numpyLoad: Check = (call, names, facts) => {
  // numpy.load(file, mmap_mode, allow_pickle), read_array(fp, allow_pickle)
  const given = argument(call, call.path.endsWith('read_array') ? 1 : 2, 'allow_pickle');
  const sure = certainty(given, TRUE, names);
  if (!sure) return undefined;
  const { severity, text } = origin(call, names, facts);
  const judged: Judgement = {
    rule: 'numpy-allow-pickle',
    severity: severity === 'high' ? 'high' : 'medium',
    message: `allow_pickle=True unpickles the object arrays of ${text}: they run any code they hold.`,
    evidence: '(…, allow_pickle=True)',
    ...turnOff(call, 'allow_pickle', 'Set allow_pickle to False'),
  };
  return weighed(judged, sure);
};

/** It refuses calls, and attributes since 5.4; what it still builds are objects of Python's own types. */
const fullLoad = (call: Call, names: Names, loader: Node | undefined): Judgement => {
  const taint = call.args[0] && names.taint(call.args[0]);
  return {
    rule: 'yaml-load',
    severity: isForeign(taint) ? 'medium' : 'low',
    message:
      'FullLoader has been broken out of before (CVE-2020-14343, PyYAML before 5.4): use SafeLoader for files of others.',
    ...safeLoader(call, loader),
  };
};

/** Puts SafeLoader in the place of `yaml.Loader` where that stands in the call. */
function safeLoader(call: Call, loader: Node | undefined) {
  if (loader?.kind !== 'member' || !call.node.args.some(({ value }) => value === loader)) return {};
  const { propertyStart, end } = loader;
  return { fix: (fixes: FixMaker) => fixes.replace(propertyStart, end, 'SafeLoader', 'Use SafeLoader', false) };
}

/** Loaders that build what a document names. */
const UNSAFE_LOADER = /^(?:Unsafe|C?Unsafe)?Loader$|^CLoader$/;

const yamlLoad: Check = (call, names) => {
  const loader = argument(call, 1, 'Loader');
  const given = loader ? names.paths(loader).map((path) => path?.split('.').pop() ?? names.source(loader)) : [];
  const unsafe = given.filter((one) => UNSAFE_LOADER.test(one));
  const name = unsafe[0] ?? given[0];
  if (name === 'FullLoader') return fullLoad(call, names, loader);
  if (loader && unsafe.length === 0) return undefined;
  if (call.spread && !loader) return undefined;
  const subject = call.args[0];
  const taint = subject && names.taint(subject);
  const { callee } = call.node;
  const judged: Judgement = {
    rule: 'yaml-load',
    severity: loader || (taint && taint !== 'operator') ? 'high' : 'medium',
    message: loader
      ? `yaml.load with ${name === 'CLoader' ? 'CLoader' : name === 'UnsafeLoader' ? 'UnsafeLoader' : 'Loader'} builds any Python object the document names.`
      : 'yaml.load without a loader builds any Python object the document names in PyYAML before 6.',
    ...safeLoader(call, loader),
    ...(!loader &&
      callee.kind === 'member' && {
        fix: (fixes) =>
          fixes.replace(
            callee.propertyStart,
            callee.end,
            callee.property === 'load_all' ? 'safe_load_all' : 'safe_load',
            'Use yaml.safe_load',
            true,
          ),
      }),
  };
  return weighed(judged, unsafe.length < given.length ? 'possible' : 'sure');
};

const keras: Check = (call, names, facts) => {
  const given = call.keywords.get('safe_mode');
  const sure = certainty(given, FALSE, names);
  if (!given || !sure) return remoteModel(call, names, facts);
  return weighed(
    {
      rule: 'keras-unsafe-load',
      message: 'safe_mode=False lets the model bring Python bytecode and run it.',
      evidence: '(…, safe_mode=False)',
      fix: (fixes) => fixes.replace(given.value.start, given.value.end, 'True', 'Keep safe mode', false),
    },
    sure,
  );
};

/** skops asks which types may be built; the answer "all of them" is no answer. */
const skopsLoad: Check = (call, names, facts) => {
  const trusted = argument(call, 1, 'trusted');
  const all =
    trusted &&
    (names.literal(trusted) === 'True' || /(?:^|\.)get_untrusted_types\(\)$/.test(names.value(trusted).path ?? ''));
  if (!all) return remoteModel(call, names, facts);
  return {
    rule: 'pickle-load',
    severity: 'medium',
    message: `${call.path} trusts every type the file names: it can build objects that run code.`,
    evidence: '(…, trusted=…)',
  };
};

/** ruamel.yaml's old functions build any object, and so does its class when it is asked to. */
const ruamel: Check = (call, names) => {
  if (call.path.endsWith('.YAML')) {
    const kind = argument(call, 0, 'typ');
    if (!kind || names.constant(kind) !== 'unsafe') return undefined;
    return {
      rule: 'yaml-load',
      message: "YAML(typ='unsafe') builds any Python object the document names.",
      fix: (fixes) => fixes.replace(kind.start, kind.end, "'safe'", "Use typ='safe'", true),
    };
  }
  const loader = argument(call, 1, 'Loader');
  if (call.spread || (loader && !/(?:^|\.)(?:Unsafe)?Loader$/.test(names.value(loader).path ?? names.source(loader))))
    return undefined;
  return { rule: 'yaml-load', message: 'ruamel.yaml.load builds any Python object the document names.' };
};

/** weights_only=False given to whatever reads a checkpoint, such as a trainer. */
const anyCheckpoint: Check = (call, names) => {
  const sure = certainty(call.keywords.get('weights_only'), FALSE, names);
  return (
    sure &&
    weighed(
      {
        rule: 'torch-load',
        severity: 'medium',
        message: 'weights_only=False lets the checkpoint be unpickled: it runs any code it holds.',
        evidence: '(…, weights_only=False)',
      },
      sure,
    )
  );
};

const anySafeMode: Check = (call, names) => {
  const sure = certainty(call.keywords.get('safe_mode'), FALSE, names);
  if (!sure || !/(?:keras|^tensorflow\.)/.test(call.path)) return undefined;
  return weighed(
    {
      rule: 'keras-unsafe-load',
      message: 'safe_mode=False lets the model bring Python bytecode and run it.',
      evidence: '(…, safe_mode=False)',
    },
    sure,
  );
};

const PICKLES = [
  'pickle',
  '_pickle',
  'cPickle',
  'dill',
  'cloudpickle',
  'torch.package.pickle',
  'pickle5',
  'six.moves.cPickle',
  'ray.cloudpickle',
];

/** Libraries whose own format is a pickle, or a checkpoint that is unpickled unless the caller forbids it. */
const OWN_FORMAT: readonly (readonly [last: string, pattern: RegExp, ...modules: string[]])[] = [
  ['load_learner', /^fastai\.[\w.]*load_learner$/, 'fastai'],
  [
    'load_from_checkpoint',
    /^(?:pytorch_lightning|lightning)\..*\.load_from_checkpoint$/,
    'pytorch_lightning',
    'lightning',
  ],
  ['load', /^gensim\.(?:models|utils|corpora|similarities)\..*\.load$/, 'gensim'],
  ['load', /^(?:stable_baselines3|sb3_contrib)\.(?:\w+\.){1,3}load$/, 'stable_baselines3', 'sb3_contrib'],
  ['load', /^statsmodels\.api\.load$/, 'statsmodels'],
  ['load', /^(?:surprise\.dump\.load|darts\.models\.[\w.]*\.load)$/, 'surprise', 'darts'],
  ['load_model', /^pycaret\.\w+\.load_model$/, 'pycaret'],
  ['load', /^autogluon\.[\w.]*(?:Predictor|Learner)\.load$/, 'autogluon'],
  ['load_pickle', /^statsmodels\.(?:api|iolib\.\w+)\.load_pickle$/, 'statsmodels'],
];

/** Objects that stand for the code they run: a checkpoint that may build one runs it. */
const CALLABLE =
  /^(?:eval|exec|compile|__import__|getattr|open|input|os\.\w+|posix\.\w+|subprocess\.\w+|builtins\.\w+|importlib\.\w+|shutil\.\w+|pty\.\w+|runpy\.\w+|ctypes\.\w+|functools\.partial|operator\.\w+)$/;

/** What `weights_only=True` may build besides tensors. */
const safeGlobals: Check = (call, names) => {
  const list = argument(call, 0, 'safe_globals');
  if (list?.kind !== 'sequence') return undefined;
  const found = list.items
    .map((item) => names.value(item.kind === 'sequence' ? (item.items[0] ?? item) : item).path)
    .find((path) => path !== undefined && CALLABLE.test(path));
  return found === undefined
    ? undefined
    : {
        rule: 'torch-load',
        severity: 'high',
        message: `weights_only=True no longer protects: a checkpoint may call ${found}.`,
        evidence: `([${found}, …])`,
      };
};

/** flair's own models have names, those of others are files. */
const flairLoad: Check = (call, names, facts) => {
  const subject = argument(call, 0, 'model_path', 'model');
  const text = subject && names.constant(subject);
  return text !== undefined && /\.(?:pt|bin|pkl)$/.test(text) ? pickleLoad(call.path)(call, names, facts) : undefined;
};

/** Messages of Celery that are pickles: whoever reaches the broker runs code in the workers. */
export const acceptsPickle = (node: Node, names: Names): Judgement | undefined =>
  node.kind === 'sequence' &&
  node.items.some((item) => /^(?:pickle|application\/x-python-serialize)$/.test(names.constant(item) ?? ''))
    ? {
        rule: 'pickle-load',
        message: 'Workers unpickle the messages they get: whoever reaches the broker runs code in them.',
      }
    : undefined;

/** `nltk.data.load` reads many formats; which one, the name of the file says. */
const nltkLoad: Check = (call, names, facts) =>
  /\.(?:pickle|pkl)$/.test((call.args[0] && names.constant(call.args[0])) ?? '')
    ? pickleLoad(call.path)(call, names, facts)
    : undefined;

export const DESERIALIZATION: readonly CallRule[] = [
  ...PICKLES.flatMap((module): CallRule[] => [
    { paths: [`${module}.load`], check: pickleLoad(`${module}.load`) },
    { paths: [`${module}.loads`], check: pickleLoad(`${module}.loads`) },
    { paths: [`${module}.Unpickler().load`], check: pickleLoad(`${module}.Unpickler`) },
  ]),
  { paths: ['dill.load_session', 'dill.load_module'], check: pickleLoad('dill.load_session') },
  {
    paths: ['joblib.load', 'sklearn.externals.joblib.load', 'sklearn.utils._joblib.load'],
    check: pickleLoad('joblib.load'),
  },
  { paths: ['marshal.load'], check: pickleLoad('marshal.load') },
  { paths: ['marshal.loads'], check: pickleLoad('marshal.loads') },
  { paths: ['shelve.open'], check: pickleLoad('shelve.open') },
  {
    paths: ['pandas.read_pickle', 'geopandas.read_pickle', 'pandas.io.pickle.read_pickle', 'pandas.io.api.read_pickle'],
    check: pickleLoad('pandas.read_pickle'),
  },
  { paths: ['srsly.read_pickle', 'srsly.pickle_loads'], check: pickleLoad('srsly') },
  { paths: ['nltk.data.load'], check: nltkLoad },
  { pattern: /^flair\.(?:models|nn|embeddings)\..*load$/, last: ['load'], modules: ['flair'], check: flairLoad },
  { paths: ['torch.serialization.add_safe_globals', 'torch.serialization.safe_globals'], check: safeGlobals },
  {
    keywords: ['accept_content'],
    check: (call, names) => {
      const given = call.keywords.get('accept_content');
      return given && acceptsPickle(given.value, names);
    },
  },
  ...[
    'paddle.load',
    'hickle.load',
    'gensim.utils.unpickle',
    'networkx.read_gpickle',
    'bentoml.picklable_model.load_model',
    'pandas.compat.pickle_compat.load',
    'pyod.utils.persistence.load',
    'multiprocessing.connection.Client().recv',
    'multiprocessing.connection.Listener().accept().recv',
  ].map((path): CallRule => ({ paths: [path], check: pickleLoad(path.replaceAll('()', '')) })),
  { methods: ['pickleFile'], check: pickleLoad('pickleFile') },
  {
    // What torch.export writes holds pickles beside the tensors, and expressions that are evaluated.
    paths: ['torch.export.load'],
    check: (call, names, facts) => ({
      rule: 'torch-load',
      severity: origin(call, names, facts).severity === 'high' ? 'high' : 'low',
      message: 'torch.export.load unpickles parts of the program it reads: load only what you exported yourself.',
    }),
  },
  ...OWN_FORMAT.map(
    ([last, pattern, ...modules]): CallRule => ({
      pattern,
      last: [last],
      modules,
      check: (call, names, facts) =>
        call.keywords.get('weights_only')
          ? anyCheckpoint(call, names, facts)
          : pickleLoad(call.path)(call, names, facts),
    }),
  ),
  { paths: ['compress_pickle.load', 'compress_pickle.loads'], check: pickleLoad('compress_pickle.load') },
  { paths: ['torch.multiprocessing.reductions.ForkingPickler.loads'], check: pickleLoad('torch.multiprocessing') },
  {
    paths: ['jsonpickle.decode', 'jsonpickle.loads', 'jsonpickle.unpickler.decode'],
    check: always('jsonpickle-decode', 'jsonpickle rebuilds any object the JSON names: the data decides what runs.'),
  },
  { paths: ['pickle._loads', 'pickle._load', 'pickle._Unpickler().load'], check: pickleLoad('pickle.load') },
  { paths: ['joblib.numpy_pickle.load', 'joblib.load_temporary_memmap'], check: pickleLoad('joblib.load') },
  { paths: ['shelve.DbfilenameShelf', 'shelve.Shelf', 'shelve.BsdDbShelf'], check: pickleLoad('shelve') },
  { paths: ['pandas.read_hdf', 'pandas.HDFStore'], check: hdfLoad },
  {
    methods: ['recv_pyobj'],
    check: always(
      'pickle-load',
      'recv_pyobj unpickles what comes over the network: it runs any code the data holds.',
      'high',
    ),
  },
  { paths: ['skops.io.load', 'skops.io.loads'], check: skopsLoad },
  { paths: ['torch.load', 'torch.serialization.load'], check: torchLoad },
  {
    paths: ['torch.package.PackageImporter'],
    check: always(
      'torchscript-load',
      'A torch.package archive holds Python modules: importing from it runs them.',
      'medium',
    ),
  },
  { paths: ['ruamel.yaml.load', 'ruamel.yaml.load_all', 'ruamel.yaml.YAML', 'ruamel_yaml.load'], check: ruamel },
  { keywords: ['weights_only'], check: anyCheckpoint },
  { keywords: ['safe_mode'], check: anySafeMode },
  { paths: ['torch.jit.load'], check: torchScript },
  {
    paths: [
      ...['numpy.load', 'numpy.lib.npyio.NpzFile', 'numpy.lib.format.read_array'],
      ...['cupy.load', 'jax.numpy.load'],
    ],
    check: numpyLoad,
  },
  {
    paths: [
      'keras.models.load_model',
      'keras.saving.load_model',
      'tensorflow.keras.models.load_model',
      'tensorflow.keras.saving.load_model',
      'keras.layers.deserialize',
      'keras.saving.deserialize_keras_object',
      'keras.models.model_from_json',
      'tensorflow.keras.models.model_from_json',
      'tensorflow.python.keras.models.load_model',
      'tf_keras.models.load_model',
      'keras.models.clone_model',
      'keras.Model.from_config',
      'tensorflow.keras.utils.deserialize_keras_object',
    ],
    check: keras,
  },
  {
    paths: [
      'keras.config.enable_unsafe_deserialization',
      'tensorflow.keras.config.enable_unsafe_deserialization',
      'keras.saving.enable_unsafe_deserialization',
      'keras.src.saving.serialization_lib.enable_unsafe_deserialization',
    ],
    check: always(
      'keras-unsafe-load',
      'enable_unsafe_deserialization() switches Keras’ safe mode off for everything that follows.',
    ),
  },
  { paths: ['yaml.load', 'yaml.load_all'], check: yamlLoad },
  {
    paths: ['yaml.unsafe_load', 'yaml.unsafe_load_all'],
    check: (call) => {
      const { callee } = call.node;
      return {
        rule: 'yaml-load',
        message: 'yaml.unsafe_load builds any Python object the document names.',
        ...(callee.kind === 'member' && {
          fix: (fixes) =>
            fixes.replace(
              callee.propertyStart,
              callee.end,
              callee.property.replace('unsafe', 'safe'),
              'Use yaml.safe_load',
              false,
            ),
        }),
      };
    },
  },
  {
    paths: ['yaml.full_load', 'yaml.full_load_all'],
    check: (call, names) => fullLoad(call, names, undefined),
  },
];
