import type { Budget } from '../../budget';
import { hazardOf, isTellingImport } from '../marshal/hazards';
import {
  BUILDERS,
  isBuiltInClass,
  isComputationModule,
  isFirstPartyModule,
  isFirstPartyPackage,
  registeredPackage,
} from './catalogue';
import { JsonObject, type JsonValue } from './json';

/** A place inside the configuration: keys and indices from the root, and the nearest enclosing layer. */
export interface Place {
  path: string;
  layer?: string;
  layerClass?: string;
  /** Inside of the compile or training configuration: needed for training, not for inference. */
  training: boolean;
}

/** Bytecode or a function's name that stands where code is expected. */
export interface LambdaSighting {
  place: Place;
  /** The class is Lambda; otherwise a function object hides elsewhere. */
  isLayer: boolean;
  /** Base64 text or raw characters of marshalled code. */
  codes: string[];
  functionName?: string;
  functionModule?: string;
  /** How the class name is spelled when not as Keras does. */
  spelling?: string;
}

export interface LayerSighting {
  name: string;
  className: string;
  path: string;
  config: JsonObject;
}

export interface Injection {
  place: Place;
  module: string;
  name: string;
  kind: 'foreign' | 'download' | 'unsafe-mode' | 'side-effect';
}

export interface CustomObject {
  place: Place;
  className: string;
  module?: string;
  isFunction: boolean;
  /** Found by its registered name alone: no module is imported for it. */
  isRegistered: boolean;
}

/** Everything a configuration shows, before it is judged. */
export interface ConfigSightings {
  lambdas: LambdaSighting[];
  layers: LayerSighting[];
  injections: Injection[];
  customs: CustomObject[];
  torchModules: { place: Place; pickled: string }[];
  savedModelLayers: { place: Place; className: string; target: string }[];
  vocabularies: { place: Place; className: string; path: string }[];
  operators: { place: Place; className: string; name: string }[];
  /** Serialised NodeDefs of TensorFlowOpLayer, as characters below 256. */
  nodeDefs: { place: Place; text: string }[];
  embeddings: { place: Place; rows?: number; columns?: number }[];
  vocabularySizes: { place: Place; size: number }[];
  truncated: boolean;
}

interface Task {
  value: JsonValue;
  place: Place;
  lambda: LambdaSighting | undefined;
  key: string;
}

const MOST = 2000;
const MOST_NODES = 3_000_000;

/** Walks the whole configuration, every value of every key: code hides where nobody expects it. */
export function walkConfig(root: JsonValue, rootPath: string, budget: Budget): ConfigSightings {
  const found: ConfigSightings = {
    lambdas: [],
    layers: [],
    injections: [],
    customs: [],
    torchModules: [],
    savedModelLayers: [],
    vocabularies: [],
    operators: [],
    nodeDefs: [],
    embeddings: [],
    vocabularySizes: [],
    truncated: false,
  };
  const training = /training_config|compile_config|optimizer|^loss$|metrics/.test(rootPath);
  const stack: Task[] = [{ value: root, place: { path: rootPath, training }, lambda: undefined, key: '' }];
  let steps = 0;
  while (stack.length) {
    const task = stack.pop() as Task;
    steps += 1;
    if (steps % 4096 === 0) budget.checkTime();
    if (steps > MOST_NODES) {
      found.truncated = true;
      break;
    }
    const { value, place } = task;
    if (typeof value === 'string') visitText(value, task, found);
    else if (Array.isArray(value)) {
      for (let i = value.length - 1; i >= 0; i -= 1) {
        if (!isTelling(value[i] as JsonValue)) continue;
        stack.push({ ...task, value: value[i] as JsonValue, place: { ...place, path: extend(place.path, String(i)) } });
      }
    } else if (value instanceof JsonObject) {
      const inner = visitObject(value, task, found);
      for (let i = value.entries.length - 1; i >= 0; i -= 1) {
        const [key, child] = value.entries[i] as [string, JsonValue];
        if (!isTelling(child)) continue;
        const trains = inner.place.training || TRAINING_KEYS.has(key);
        stack.push({
          value: child,
          key,
          lambda: inner.lambda,
          place: { ...inner.place, path: extend(inner.place.path, key), training: trains },
        });
      }
    }
  }
  return found;
}

/** Numbers and the like hide nothing. */
function isTelling(value: JsonValue): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

const TRAINING_KEYS = new Set([
  'compile_config',
  'training_config',
  'optimizer',
  'optimizer_config',
  'loss',
  'metrics',
  'weighted_metrics',
]);

function extend(path: string, part: string): string {
  return path.length > 400 ? path : `${path}/${part.length > 60 ? `${part.slice(0, 60)}…` : part}`;
}

/** Marshalled code in base64 begins with type `c` with or without the reference flag: `Yw`, `4w`. */
const BASE64_CODE = /^\s*(?:4[w-z+/]|Y[w-z])[A-Za-z0-9+/_=\s-]{30,}$/;

function visitText(text: string, task: Task, found: ConfigSightings): void {
  if (text.length < 30) return;
  const raw =
    (text.startsWith('\u00e3') || text.startsWith('c\u0000') || /^c.\u0000\u0000\u0000/.test(text)) && isLatin(text);
  if (!raw && !BASE64_CODE.test(text.length > 4096 ? text.slice(0, 4096) : text)) return;
  if (task.lambda) keepCode(task.lambda, text);
  else if (found.lambdas.length < MOST) {
    found.lambdas.push({ place: task.place, isLayer: false, codes: [text] });
  }
}

function isLatin(text: string): boolean {
  for (let i = 0; i < Math.min(text.length, 4096); i += 1) if (text.charCodeAt(i) > 255) return false;
  return true;
}

/** Notes what an object is. @returns the place and Lambda that its children belong to */
function visitObject(
  object: JsonObject,
  task: Task,
  found: ConfigSightings,
): { place: Place; lambda: LambdaSighting | undefined } {
  const names = object.all('class_name').filter((name): name is string => typeof name === 'string');
  if (names.length === 0) return { place: task.place, lambda: task.lambda };
  const config = object.get('config');
  const settings = config instanceof JsonObject ? config : new JsonObject();
  const module = object.text('module') ?? undefined;
  const layerName = settings.text('name') ?? object.text('name');
  const shown = names[names.length - 1] as string;
  const place: Place = layerName
    ? { ...task.place, layer: layerName, layerClass: shown, path: `${task.place.path} (${layerName.slice(0, 80)})` }
    : task.place;
  let lambda = task.lambda;
  for (const name of names) {
    const bare = bareName(name);
    if (bare.toLowerCase() === 'lambda') {
      lambda = {
        place: layerName ? place : { ...place, layer: '', layerClass: name },
        isLayer: true,
        codes: CODE_FIELDS.flatMap((key) => codesOf(settings.get(key))),
        ...namedFunction(settings),
        ...(bare !== 'Lambda' && { spelling: name }),
      };
      if (found.lambdas.length < MOST) found.lambdas.push(lambda);
    } else if (bare === '__lambda__') {
      if (!lambda) {
        lambda = { place, isLayer: false, codes: [] };
        if (found.lambdas.length < MOST) found.lambdas.push(lambda);
      }
      // A text that is no code is kept too: something that cannot be decoded is not harmless.
      for (const key of ['code', 'value']) {
        const value = settings.get(key);
        const code = Array.isArray(value) ? value[0] : value;
        if (typeof code === 'string') keepCode(lambda, code);
      }
    } else {
      visitClass(bare, name, module, object, settings, place, found);
    }
  }
  if (layerName && config instanceof JsonObject && found.layers.length < MOST && !place.training) {
    found.layers.push({ name: layerName, className: shown, path: task.place.path, config: settings });
  }
  return { place, lambda };
}

function keepCode(lambda: LambdaSighting, text: string): void {
  if (lambda.codes.length < 20 && !lambda.codes.includes(text)) lambda.codes.push(text);
}

/** Parts of a Lambda layer that `func_load` makes functions of. */
const CODE_FIELDS = ['function', 'output_shape', 'mask'];

/** Code where code is loaded from: there Python's decoder passes over every character that is none of base64. */
function codesOf(value: JsonValue | undefined): string[] {
  if (Array.isArray(value)) return codesOf(value[0]);
  return typeof value === 'string' && looksLikeCode(value) ? [value] : [];
}

function looksLikeCode(text: string): boolean {
  const head = text.slice(0, 8192);
  return BASE64_CODE.test(head.replace(/[^A-Za-z0-9+/=]/g, '').slice(0, 4096)) || head.startsWith('\u00e3');
}

/** `Custom>Adam` and `package>Lambda` name Adam and Lambda. */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf('>') + 1).trim();
}

function namedFunction(config: JsonObject): { functionName?: string; functionModule?: string } {
  const fn = config.get('function');
  let functionName = typeof fn === 'string' ? fn : undefined;
  let functionModule = config.text('module');
  if (fn instanceof JsonObject && fn.text('class_name') !== '__lambda__') {
    functionName = fn.text('config') ?? fn.text('class_name');
    functionModule = fn.text('module') ?? functionModule;
  }
  if (functionName !== undefined && (functionName.length > 200 || looksLikeCode(functionName)))
    functionName = undefined;
  return {
    ...(functionName !== undefined && { functionName }),
    ...(functionModule !== undefined && { functionModule }),
  };
}

/** Layers, columns and tokenizers that read a file when their vocabulary is a text: `vocabulary`, `merges`, `proto` ... */
const LOOKUPS =
  /^(?:StringLookup|IntegerLookup|IndexLookup|TextVectorization|VocabLookup|VocabularyFileCategoricalColumn|\w*Tokenizer)$/;
const OPERATOR_LAYERS = new Set(['TFOpLambda', 'SlicingOpLambda', 'ClassMethod', 'InstanceMethod', 'InstanceProperty']);

function visitClass(
  bare: string,
  full: string,
  module: string | undefined,
  object: JsonObject,
  config: JsonObject,
  place: Place,
  found: ConfigSightings,
): void {
  const isFunction = bare === 'function' || bare === 'builtin_function_or_method';
  const target =
    bare === '__typespec__'
      ? (object.text('spec_name') ?? '')
      : isFunction
        ? (object.text('config') ?? object.text('registered_name') ?? '')
        : bare;
  if (LOOKUPS.test(bare)) {
    for (const key of ['vocabulary', 'vocabulary_file', 'vocab', 'merges', 'proto']) {
      const vocabulary = config.get(key);
      // A SentencePiece model may stand here itself, as base64.
      if (typeof vocabulary === 'string' && vocabulary !== '' && vocabulary.length < 4096) {
        found.vocabularies.push({ place, className: bare, path: vocabulary });
      } else if (Array.isArray(vocabulary)) found.vocabularySizes.push({ place, size: vocabulary.length });
    }
    const size = config.get('vocabulary_size') ?? config.get('max_tokens');
    if (typeof size === 'number') found.vocabularySizes.push({ place, size });
  } else if (bare === 'TorchModuleWrapper') {
    const pickled = config.get('module');
    const text = pickled instanceof JsonObject ? (pickled.text('config') ?? pickled.text('value')) : pickled;
    found.torchModules.push({ place, pickled: typeof text === 'string' ? text : '' });
    return;
  } else if (bare === 'TFSMLayer' || bare === 'KerasLayer' || bare === 'TorchScriptLayer') {
    const target = config.text('filepath') ?? config.text('handle') ?? '';
    found.savedModelLayers.push({ place, className: bare, target });
    return;
  } else if (OPERATOR_LAYERS.has(bare)) {
    const name =
      config.text('function') ?? config.text('class_symbol') ?? config.text('attr_name') ?? config.text('name') ?? '';
    const method = config.text('method_name');
    found.operators.push({ place, className: bare, name: method ? `${name}.${method}` : name });
  } else if (bare === 'TensorFlowOpLayer') {
    const text = config.text('node_def');
    if (text) found.nodeDefs.push({ place, text });
  } else if (bare === 'Embedding') {
    const rows = config.get('input_dim');
    const columns = config.get('output_dim');
    found.embeddings.push({
      place,
      ...(typeof rows === 'number' && { rows }),
      ...(typeof columns === 'number' && { columns }),
    });
  }
  judgeReference(bare, full, target, module, isFunction, object, place, found);
}

function judgeReference(
  bare: string,
  full: string,
  target: string,
  module: string | undefined,
  isFunction: boolean,
  object: JsonObject,
  place: Place,
  found: ConfigSightings,
): void {
  // A class without a configuration is not something that Keras would build.
  if (!isFunction && object.get('config') === undefined && module === undefined) return;
  const dotted = module ? `${module}.${target}` : target;
  let kind = injectionKind(module, target, dotted);
  // A function in the place of a layer is called while the model is built, with arguments of the file.
  if (!kind && isFunction && module && !isComputationModule(module) && object.get('inbound_nodes') !== undefined)
    kind = 'foreign';
  if (kind) {
    if (found.injections.length < MOST) found.injections.push({ place, module: module ?? '', name: target, kind });
    return;
  }
  if (module && isFunction && (isComputationModule(module) || TENSORFLOW_MATHEMATICS.test(module))) return;
  if (module && isFunction && IMAGE_SCALING.has(target) && isFirstPartyModule(module)) return;
  if (isBuiltInClass(target) && (module === undefined || isFirstPartyModule(module) || module === 'builtins')) return;
  if (full === '__typespec__' || (isFunction && target === '')) return;
  if (module && isFirstPartyModule(module) && !module.startsWith('keras.') && module !== 'keras') return;
  if (module && /^keras\.(?:src|engine|layers|models|legacy|api|saving)\./.test(module)) return;
  if (module === undefined && place.layer === undefined && !object.get('config')) return;
  const registered = [object.text('registered_name'), full, target].find((name) => registeredPackage(name));
  const isImported = module !== undefined && module !== 'builtins';
  if (registered && !isImported && isFirstPartyPackage(registeredPackage(registered) ?? '')) return;
  if (found.customs.length < MOST) {
    const className = registered && !isImported ? registered : (isFunction ? target : full) || bare;
    found.customs.push({
      place,
      className,
      isFunction,
      isRegistered: registered !== undefined && !isImported,
      ...(isImported && { module }),
    });
  }
}

const SIDE_EFFECTS =
  /^(?:load_model|load_weights|save_model|load_img|save_img|image_dataset_from_directory|text_dataset_from_directory|audio_dataset_from_directory|timeseries_dataset_from_array|plot_model|model_to_dot|get_registered_object|get_custom_objects|deserialize_keras_object|model_from_json|model_from_config|model_from_yaml|load_from_saved_model|CSVLogger|ModelCheckpoint|TensorBoard|BackupAndRestore|RemoteMonitor|SwapEMAWeights|LambdaCallback|set_backend|Config|extract_archive|exec|eval)$/;

/** Functions of `keras.applications` that are arithmetic; the others load or download weights. */
const IMAGE_SCALING = new Set(['preprocess_input', 'decode_predictions']);

const SERVICE_MODULES =
  /^(?:keras|tf_keras|keras_core|tensorflow\.keras|tensorflow\.python\.keras)(?:\.(?:src|api|_tf_keras|engine|legacy))*\.(?:utils|saving|config|callbacks|export|datasets|preprocessing|visualization|distribution|wrappers|models|backend_config)(?:\.|$)/;
const TENSORFLOW_MATHEMATICS =
  /^tensorflow\.(?:python\.)?(?:ops\.(?!gen_io|io_ops|script_ops|data_flow)|nn|math|strings|linalg|image|signal|framework|trackable)/;

function injectionKind(module: string | undefined, target: string, dotted: string): Injection['kind'] | undefined {
  const name = target.slice(target.lastIndexOf('.') + 1);
  if (name === 'get_file' || name === '_extract_archive') return 'download';
  if (name === 'enable_unsafe_deserialization') return 'unsafe-mode';
  if (module === undefined || module === '')
    return hazardOf(target, true) && /[.]/.test(target) ? 'foreign' : undefined;
  if (isFirstPartyModule(module)) {
    // A dotted name climbs from what a module of Keras imports to what that imports.
    if (target.includes('.') && !target.includes('>')) return hazardOf(target, true) ? 'foreign' : 'side-effect';
    if (BUILDERS.test(name)) return 'side-effect';
    if (isComputationModule(module)) return undefined;
    if (/\.applications(?:\.|$)/.test(module)) return IMAGE_SCALING.has(name) ? undefined : 'side-effect';
    if (SIDE_EFFECTS.test(name)) return 'side-effect';
    // Models are made of layers and mathematics; what else lies in these packages acts on files or on Keras itself.
    return SERVICE_MODULES.test(module) && !isBuiltInClass(target) ? 'side-effect' : undefined;
  }
  if (module === 'builtins') return hazardOf(target, true) || BUILTINS.has(target) ? 'foreign' : undefined;
  if (hazardOf(dotted, true) || isTellingImport(module) || isStandardLibrary(module)) return 'foreign';
  if (TENSORFLOW_MATHEMATICS.test(module)) return undefined;
  return /^(?:torch|numpy|pandas|tensorflow|tf|jax|scipy|sklearn)(?:\.|$)/.test(module) ? 'foreign' : undefined;
}

const BUILTINS = new Set([
  'getattr',
  'setattr',
  'delattr',
  'vars',
  'globals',
  'locals',
  'memoryview',
  'map',
  'filter',
  'print',
  'input',
  'exit',
  'quit',
  'type',
  'object',
  'super',
  'help',
  'apply',
  'reload',
]);
const STANDARD_LIBRARY = new Set(
  (
    'os sys posix nt io subprocess shutil socket ssl pathlib tempfile glob ctypes types inspect functools operator itertools ' +
    'code codeop runpy importlib pkgutil zipimport imp marshal pickle pickletools copyreg copy shelve dbm sqlite3 json csv ' +
    'logging threading multiprocessing concurrent asyncio signal pty tty platform site sysconfig gc atexit timeit trace ' +
    'cProfile profile pdb bdb unittest doctest webbrowser urllib http ftplib smtplib telnetlib poplib imaplib email xmlrpc ' +
    'socketserver zipfile tarfile gzip bz2 lzma zlib base64 codecs getpass pwd spwd grp resource mmap builtins __builtin__ ' +
    'weakref contextlib contextvars typing ast dis symtable tokenize linecache traceback warnings random uuid antigravity'
  ).split(' '),
);

/** Whether a module is Python's own: whatever it offers acts on the system, not on tensors. */
export function isStandardLibrary(module: string): boolean {
  return STANDARD_LIBRARY.has(module.split('.')[0] as string);
}
