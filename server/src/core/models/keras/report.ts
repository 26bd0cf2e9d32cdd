import type { LayerDescription, ModelDescription } from '../../description';
import type { Severity } from '../../finding';
import { MemoryByteSource } from '../../io/byteSource';
import { scanPickle } from '../../pickle/scan';
import { evidenceText, hashSecret } from '../../redact';
import type { FindingDraft, ScanContext } from '../../scanner';
import { isOutsidePath } from '../filePaths';
import { type Behaviour, describeMarshal, type Hazard } from '../marshal/behaviour';
import { HAZARD_WORDS, hazardOf } from '../marshal/hazards';
import { isTellingFactor } from '../scaling';
import { operatorRisk } from '../tensorflow/ops';
import { decodeNode } from '../tensorflow/proto';
import { BUILDERS, isBuiltInClass, isComputationModule, isFirstPartyModule, isLayerModule } from './catalogue';
import { JsonObject, type JsonValue, type ParsedJson, parseJson } from './json';
import { KERAS_RULES as RULES } from './rules';
import { type ConfigSightings, isStandardLibrary, type LambdaSighting, type Place, walkConfig } from './walker';

const DEEPEST = 400;
const MOST_LISTED = 500;

/** Objects with a name that are no layers. */
const NO_LAYER = /(?:^|>)\w*Policy(?:V1|Map)?$/;

/** Kinds of hazard that make loaded code an attack rather than a risk. */
const GRAVE: readonly Hazard['kind'][] = ['process', 'code', 'native', 'network', 'traversal', 'file'];

/**
 * Judges the configurations of one file and reports each defect once, however often the file repeats it: SavedModel
 * metadata tells every layer three times.
 */
export class KerasReporter {
  readonly #seen = new Set<string>();
  readonly #layers: LayerDescription[] = [];
  readonly #embeddings: { place: Place; rows?: number; columns?: number }[] = [];
  readonly #vocabularies: { place: Place; size: number }[] = [];
  readonly #lambdaNames = new Set<string>();
  #metadata: Record<string, string> = {};

  constructor(
    private readonly context: ScanContext,
    /** The file is a SavedModel: objects without known code are rebuilt from the functions that were traced of them. */
    private readonly options: { tracesFunctions?: boolean } = {},
  ) {}

  /** Names of the Lambda layers met. */
  get lambdaLayers(): ReadonlySet<string> {
    return this.#lambdaNames;
  }

  get layers(): readonly LayerDescription[] {
    return this.#layers;
  }

  get embeddings(): readonly { place: Place; rows?: number; columns?: number }[] {
    return this.#embeddings;
  }

  /** Reads a JSON text and judges all of it. @param root what the paths in findings begin with */
  async addText(text: string, root: string): Promise<ParsedJson> {
    const parsed = parseJson(text, this.context.budget);
    if (parsed.error) {
      this.#report({
        rule: RULES['config-damaged'],
        message: `The configuration ${root} is damaged: ${evidenceText(parsed.error, 80)}; what comes after could not be judged.`,
        anchor: `error\0${root}`,
        location: { node: root },
      });
    }
    if (parsed.truncated) this.context.incomplete(`the configuration ${root} has more values than are read`);
    const telling = parsed.duplicates.filter((key) =>
      /^(?:class_name|module|config|function|code|layers|registered_name)$/.test(key),
    );
    if (telling.length) {
      this.#report({
        rule: RULES['config-damaged'],
        message: `The configuration ${root} holds the key '${evidenceText(telling[0] as string, 40)}' twice in one object: readers disagree on which counts.`,
        anchor: `duplicate\0${telling[0]}`,
        location: { node: root },
      });
    }
    if (parsed.depth > DEEPEST) {
      this.#report({
        rule: RULES['config-damaged'],
        message: `The configuration ${root} is nested ${parsed.depth} levels deep: readers that recurse crash on it.`,
        anchor: `depth\0${root}`,
        location: { node: root },
      });
    }
    await this.addValue(parsed.value, root);
    return parsed;
  }

  async addValue(value: JsonValue, root: string): Promise<void> {
    const sightings = walkConfig(value, root, this.context.budget);
    if (sightings.truncated) this.context.incomplete(`the configuration ${root} has too many values`);
    this.#noteMetadata(value);
    this.#noteLayers(sightings);
    for (const lambda of sightings.lambdas) this.#lambda(lambda);
    for (const injection of sightings.injections) this.#injection(injection);
    for (const wrapper of sightings.torchModules) await this.#torchModule(wrapper);
    for (const { place, className, target } of sightings.savedModelLayers) {
      this.#report({
        rule: RULES['saved-model-layer'],
        // What a hub layer loads stands on the public hub, under a publisher's name and over TLS.
        ...(className === 'KerasLayer' && isPublicHub(target) && { severity: 'low' as const }),
        message: `The ${this.#what(className, place)} loads a SavedModel${target ? ` from '${evidenceText(target, 120)}'` : ''}, with every operator in it.`,
        ...(target && { evidence: evidenceText(target, 120) }),
        anchor: `${className}\0${place.layer ?? ''}\0${target}`,
        location: { node: place.path },
      });
    }
    for (const { place, className, path } of sightings.vocabularies) this.#vocabulary(place, className, path);
    for (const operator of sightings.operators) this.#operator(operator);
    for (const { place, text } of sightings.nodeDefs) this.#nodeDef(place, text);
    for (const custom of sightings.customs) this.#custom(custom);
    this.#embeddings.push(...sightings.embeddings.slice(0, MOST_LISTED));
    this.#vocabularies.push(...sightings.vocabularySizes.slice(0, MOST_LISTED));
  }

  /** Reports what only the whole shows: embeddings against vocabularies and, where known, against the stored rows. */
  finish(rowsOf?: (layer: string) => number | undefined): void {
    const told = new Set<string>();
    for (const { place, rows, columns } of this.#embeddings) {
      const layer = place.layer ?? 'embedding';
      if (told.has(layer) || told.size >= 20) continue;
      told.add(layer);
      const stored = rowsOf?.(layer);
      if (stored !== undefined && rows !== undefined && stored !== rows) {
        this.#report({
          rule: RULES['embedding-layer'],
          severity: 'medium',
          message: `The embedding '${evidenceText(layer, 80)}' stores ${stored} rows where its configuration has ${rows}: ${Math.abs(stored - rows)} rows were ${stored > rows ? 'appended' : 'removed'} after the model was built.`,
          anchor: layer,
          location: { node: place.path },
        });
        continue;
      }
      const vocabulary = this.#vocabularies.length === 1 ? this.#vocabularies[0]?.size : undefined;
      const surplus = rows !== undefined && vocabulary !== undefined && rows > vocabulary + 16 ? rows - vocabulary : 0;
      const size = rows === undefined ? '' : ` of ${rows} rows${columns === undefined ? '' : ` by ${columns}`}`;
      this.#report({
        rule: RULES['embedding-layer'],
        message: `The embedding '${evidenceText(layer, 80)}'${size} ${
          vocabulary === undefined
            ? 'comes without its vocabulary, so rows cannot be told from tokens.'
            : `serves a vocabulary of ${vocabulary}${surplus ? `: ${surplus} rows belong to no token.` : '.'}`
        }`,
        anchor: layer,
        location: { node: place.path },
      });
    }
  }

  describe(): Partial<ModelDescription> {
    const { keras_version: version, backend } = this.#metadata;
    return {
      framework: 'Keras',
      ...(version && { frameworkVersion: version }),
      ...(this.#layers.length && { layers: this.#layers.slice(0, MOST_LISTED) }),
      ...(backend && { properties: { backend } }),
      ...(this.#layers.length > MOST_LISTED && { truncated: ['layers'] }),
    };
  }

  #report(draft: FindingDraft): void {
    const key = `${draft.rule.id}\0${draft.anchor ?? draft.message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.context.report(draft);
  }

  #what(className: string, place: Place): string {
    return place.layer
      ? `${evidenceText(className, 60)} layer '${evidenceText(place.layer, 80)}'`
      : `${evidenceText(className, 60)} object`;
  }

  #noteMetadata(value: JsonValue): void {
    if (!(value instanceof JsonObject)) return;
    for (const key of ['keras_version', 'backend']) {
      const text = value.text(key);
      if (text) this.#metadata[key] = evidenceText(text, 40);
    }
  }

  #noteLayers(sightings: ConfigSightings): void {
    const known = new Set(this.#layers.map((layer) => `${layer.name}\0${layer.className}`));
    for (const { name, className, path } of sightings.layers) {
      if (NO_LAYER.test(className)) continue;
      if (this.#layers.length > MOST_LISTED) return;
      const layer = {
        name: evidenceText(name, 120),
        className: evidenceText(className, 120),
        path: evidenceText(path, 200),
      };
      const key = `${layer.name}\0${layer.className}`;
      if (known.has(key)) continue;
      known.add(key);
      this.#layers.push(layer);
    }
  }

  #lambda(lambda: LambdaSighting): void {
    const { place } = lambda;
    if (lambda.isLayer && place.layer) this.#lambdaNames.add(place.layer);
    const decoded: Behaviour[] = [];
    let undecodable = 0;
    for (const code of lambda.codes) {
      const behaviour = this.#decode(code);
      if (behaviour) decoded.push(behaviour);
      else undecodable += 1;
    }
    const hazards = decoded.flatMap((behaviour) => behaviour.hazards);
    const grave = GRAVE.flatMap((kind) => hazards.filter((hazard) => hazard.kind === kind));
    const worst = grave.find((hazard) => hazard.called) ?? grave[0];
    let severity: Severity = worst ? 'critical' : 'high';
    const where = lambda.isLayer
      ? place.layer
        ? `The Lambda layer '${evidenceText(place.layer, 80)}'`
        : 'A Lambda layer'
      : `A function object${place.layer ? ` in layer '${evidenceText(place.layer, 80)}'` : ` at ${evidenceText(place.path, 120)}`}`;
    const effects = [...new Set(decoded.flatMap((behaviour) => behaviour.effects))];
    const tampers = effects.length > 0 && decoded.some(isTampering);
    const named = lambda.functionName;
    let message: string;
    if (worst) {
      const calls = [...new Set(grave.filter((hazard) => hazard.called).map((hazard) => hazard.text))].slice(0, 3);
      const imports = [...new Set(decoded.flatMap((behaviour) => behaviour.imports))].slice(0, 5);
      message = `${where} carries Python bytecode that ${HAZARD_WORDS[worst.kind]}: ${imports.length ? `imports ${evidenceText(imports.join(', '), 80)}; ` : ''}${
        calls.length ? `calls ${evidenceText(calls.join('; '), 300)}` : `uses ${evidenceText(worst.text, 120)}`
      }.`;
    } else if (decoded.length) {
      const first = decoded[0] as Behaviour;
      const returned = first.returns[0];
      message = `${where} carries Python bytecode, run when the model is loaded or called${
        returned
          ? `: returns ${evidenceText(returned, 160)}`
          : first.calls.length
            ? `: calls ${evidenceText(first.calls.slice(0, 3).join(', '), 160)}`
            : ''
      }${effects.length ? ` (${effects.join(', ')}${tampers ? ': the output is tampered with' : ''})` : ''}.`;
    } else if (undecodable) {
      message = `${where} carries what should be Python bytecode and cannot be decoded; loading it rebuilds a function from it.`;
    } else if (named) {
      const module = lambda.functionModule === 'builtins' ? undefined : lambda.functionModule;
      const dotted = module ? `${module}.${named}` : named;
      const kind = hazardOf(named, true) ?? hazardOf(dotted, true);
      if (kind) severity = 'critical';
      // A function of Keras itself is found there; nobody has to bring code for it.
      else if (module ? isMathematics(module, named) : isBuiltInClass(named)) severity = 'low';
      message = `${where} calls the ${severity === 'low' ? 'Keras' : 'Python'} function ${evidenceText(dotted, 120)}${severity === 'low' ? '' : ' of the program that loads it'}${kind ? `, which ${HAZARD_WORDS[kind]}` : ''}.`;
    } else {
      message = `${where} runs Python code that is not in this file.`;
    }
    if (lambda.spelling)
      message = `${message.slice(0, -1)} (its class is spelled '${evidenceText(lambda.spelling, 40)}').`;
    const identity = lambda.codes.length
      ? hashSecret(lambda.codes.join('\0').replace(/\s+/g, ''))
      : (named ?? place.path);
    const first = decoded[0];
    const evidence = worst?.text ?? first?.returns[0] ?? named;
    this.#report({
      rule: RULES['lambda-layer'],
      severity,
      message,
      ...(evidence && { evidence: evidenceText(evidence, 300) }),
      anchor: `${place.layer ?? place.layerClass ?? ''}\0${identity}`,
      location: { node: place.path },
      ...(tampers && !worst && { risk: 'backdoor' as const }),
      ...(first && {
        data: {
          python: first.python,
          function: evidenceText(first.name, 120),
          file: evidenceText(first.fileName, 200),
          line: first.firstLine,
          imports: first.imports.slice(0, 20).map((text) => evidenceText(text, 120)),
          calls: first.calls.slice(0, 30).map((text) => evidenceText(text, 240)),
          strings: first.strings.slice(0, 30).map((text) => evidenceText(text, 240)),
          ...(effects.length && { effects }),
        },
      }),
    });
  }

  #decode(code: string): Behaviour | undefined {
    for (const read of MARSHAL_READERS) {
      try {
        const bytes = read(code);
        if (!bytes) continue;
        this.context.budget.checkMemory(bytes.length, 'marshalled code');
        return describeMarshal(bytes, this.context.budget);
      } catch (error) {
        if (error instanceof Error && error.name === 'BudgetExceeded') throw error;
      }
    }
    return undefined;
  }

  #injection({ place, module, name, kind }: ConfigSightings['injections'][number]): void {
    const dotted = evidenceText(module ? `${module}.${name}` : name, 160);
    const capability =
      hazardOf(module ? `${module}.${name}` : name, true) ?? (module === 'builtins' ? hazardOf(name, true) : undefined);
    const rules = {
      foreign: RULES['module-injection'],
      download: RULES['file-download'],
      'unsafe-mode': RULES['disables-safe-mode'],
      'side-effect': RULES['keras-function'],
    } as const;
    const what = {
      foreign: `makes Keras import ${dotted} and call it${capability ? `, which ${HAZARD_WORDS[capability]}` : ''}`,
      download: `makes Keras call ${dotted}, which downloads and unpacks a file`,
      'unsafe-mode': `makes Keras call ${dotted}, which switches safe mode off`,
      'side-effect': `names ${dotted}, which reads or writes files when it is built`,
    } as const;
    const isSystem = capability !== undefined || isStandardLibrary(module);
    this.#report({
      rule: rules[kind],
      ...(kind === 'foreign' && !isSystem && { severity: 'high' as const }),
      message: `The configuration ${what[kind]}.`,
      evidence: dotted,
      anchor: `${dotted}\0${place.layer ?? ''}`,
      location: { node: place.path },
    });
  }

  async #torchModule({ place, pickled }: ConfigSightings['torchModules'][number]): Promise<void> {
    const calls: string[] = [];
    const bytes = base64Bytes(pickled);
    const isArchive = bytes?.[0] === 0x50 && bytes[1] === 0x4b;
    if (bytes && bytes.length > 1 && !isArchive) {
      // What the pickle does is told with the layer: it is one defect.
      const collector: ScanContext = {
        ...this.context,
        report: (draft) => {
          if (draft.evidence && calls.length < 3) calls.push(draft.evidence);
        },
      };
      await scanPickle(new MemoryByteSource(bytes), collector);
    }
    // Keras 3 writes what torch.save gives: an archive, judged as the file it is.
    if (bytes && isArchive) {
      await this.context.scan({ name: `${place.layer ?? 'module'}.pt`, source: new MemoryByteSource(bytes) });
    }
    this.#report({
      rule: RULES['torch-module-wrapper'],
      message: `The ${this.#what('TorchModuleWrapper', place)} holds a pickled module, which loading unpickles${calls.length ? `: it calls ${calls.join('; ')}` : ''}.`,
      ...(calls.length && { evidence: evidenceText(calls.join('; '), 300) }),
      anchor: `${place.layer ?? place.path}`,
      location: { node: place.path },
    });
  }

  #vocabulary(place: Place, className: string, path: string): void {
    const outside = isOutsidePath(path);
    this.#report({
      rule: RULES['vocabulary-file'],
      severity: outside ? 'high' : 'medium',
      message: `The ${this.#what(className, place)} reads its vocabulary from '${evidenceText(path, 120)}' when the model is loaded.`,
      evidence: evidenceText(path, 120),
      anchor: `${place.layer ?? ''}\0${path}`,
      location: { node: place.path },
    });
  }

  #operator({ place, className, name }: ConfigSightings['operators'][number]): void {
    const risk = operatorHazard(name);
    if (!risk) return;
    this.#report({
      rule: RULES['operator-layer'],
      message: `The ${this.#what(className, place)} calls tf.${evidenceText(name, 80)}, which ${risk}.`,
      evidence: evidenceText(name, 80),
      anchor: `${name}\0${place.layer ?? ''}`,
      location: { node: place.path },
    });
  }

  #nodeDef(place: Place, text: string): void {
    let op = '';
    try {
      op = decodeNode(latinBytes(text)).op;
    } catch {
      return;
    }
    const risk = operatorRisk(op);
    if (!risk) return;
    this.#report({
      rule: RULES['operator-layer'],
      severity: risk.severity,
      message: `The ${this.#what('TensorFlowOpLayer', place)} holds the operator ${evidenceText(op, 80)}, which ${risk.what}.`,
      evidence: evidenceText(op, 80),
      anchor: `${op}\0${place.layer ?? ''}`,
      location: { node: place.path },
    });
  }

  #custom({ place, className, module, isFunction, isRegistered }: ConfigSightings['customs'][number]): void {
    const name = evidenceText(module ? `${module}.${className}` : className, 120);
    // `Custom>Adam` is what Keras 2 calls its own optimizer once it is registered.
    if (isBuiltInClass(className.slice(className.lastIndexOf('>') + 1)) && !module) return;
    const known = !isFunction && module !== undefined && isLayerModule(module);
    const what = isFunction
      ? `function ${name}`
      : place.layer
        ? `class ${name} of layer '${evidenceText(place.layer, 80)}'`
        : `class ${name}`;
    this.#report({
      rule: RULES['custom-object'],
      // Without the training part a model predicts all the same, so nobody needs to bring that code; and for what is
      // registered no module is imported.
      ...((place.training || isRegistered || known) && { severity: 'low' as const }),
      ...(this.options.tracesFunctions && { severity: 'info' as const }),
      message: this.options.tracesFunctions
        ? `The ${what} is not part of Keras: without its code it is rebuilt from the functions that were traced of it.`
        : `The ${what} is not part of Keras: loading needs and runs code that is not in this file.`,
      evidence: name,
      anchor: `${className}\0${module ?? ''}\0${place.layer ?? ''}`,
      location: { node: place.path },
    });
  }
}

function isPublicHub(handle: string): boolean {
  return /^https:\/\/(?:tfhub\.dev|(?:www\.)?kaggle\.com\/models)\/[\w./-]+$/.test(handle) && !handle.includes('..');
}

/** Whether a function named by its module is arithmetic of Keras. */
function isMathematics(module: string, name: string): boolean {
  return (
    (isComputationModule(module) && !BUILDERS.test(name)) || (isFirstPartyModule(module) && name === 'preprocess_input')
  );
}

/** Noise, or a factor that no normalisation uses. */
function isTampering({ effects }: Behaviour): boolean {
  return effects.some((effect) => {
    const factor = /^multiplies by (\S+)$/.exec(effect)?.[1];
    return factor === undefined || isTellingFactor(Number(factor)) || Number(factor) === 0;
  });
}

/** What a function of the tf namespace can do beyond arithmetic, for layers that wrap one by its name. */
function operatorHazard(name: string): string | undefined {
  const bare = name.replace(/^(?:(?:tf|tensorflow)\.)?(?:compat\.v[12]\.)?/, '');
  const raw = /^raw_ops\.(\w+)$/.exec(bare)?.[1];
  if (raw) return operatorRisk(raw)?.what;
  const kind = hazardOf(`tf.${bare}`, true);
  if (kind) return HAZARD_WORDS[kind];
  if (/^(?:py_function|numpy_function|py_func|compat\.v1\.py_func)$/.test(bare)) return 'calls a Python function';
  if (
    /^(?:gfile\.|io\.(?:read_file|write_file|matching_files|gfile\b.*|write_graph|decode_and_read.*)|read_file|write_file|matching_files|train\.(?:load_checkpoint|Checkpoint|Saver)|saved_model\..*|data\.(?:TFRecordDataset|TextLineDataset|FixedLengthRecordDataset|Dataset\.(?:list_files|save|load)|experimental\..*)|summary\..*|load_op_library|load_library|print|debugging\.experimental\..*|keras\.(?:models\.load_model|utils\.get_file)|lookup\.TextFileInitializer)$/.test(
      bare,
    )
  ) {
    return bare === 'print' ? 'prints or writes tensors' : 'reads, writes or loads files';
  }
  return undefined;
}

/**
 * How the bytes of marshalled code are got from a configuration, as `func_load` of Keras does: base64 that passes over
 * every other character, then one character a byte; and the URL-safe alphabet, which other writers use.
 */
const MARSHAL_READERS: readonly ((text: string) => Uint8Array | undefined)[] = [
  (text) => (/^(?:\u00e3|c\0)/.test(text) ? latinBytes(text) : undefined),
  base64Bytes,
  (text) => base64Bytes(text.replace(/-/g, '+').replace(/_/g, '/')),
  latinBytes,
];

function latinBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** As Python's `binascii.a2b_base64` decodes: other characters are passed over and padding ends it. */
function base64Bytes(text: string): Uint8Array | undefined {
  const digits = text.replace(/[^A-Za-z0-9+/=]+/g, '').replace(/=.*$/s, '');
  if (digits.length % 4 === 1) return undefined;
  try {
    return latinBytes(atob(digits));
  } catch {
    return undefined;
  }
}
