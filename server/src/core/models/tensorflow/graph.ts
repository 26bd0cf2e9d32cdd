import type { Budget } from '../../budget';
import type { Severity } from '../../finding';
import { evidenceText, type Redacted } from '../../redact';
import type { Rule } from '../../rule';
import type { ScanContext } from '../../scanner';
import { isOutsidePath } from '../filePaths';
import { isTellingFactor } from '../scaling';
import { argumentMark, type Call, callsOf, FunctionArguments, hasArgument, withoutMarks } from './arguments';
import {
  type Capability,
  CHECKPOINT_OPERATORS,
  isKnownOperator,
  LOOKUP_INITIALIZERS,
  operatorRisk,
  PATH_ATTRIBUTES,
} from './ops';
import type { NodeDef } from './proto';
import { TENSORFLOW_RULES as RULES } from './rules';

const RULE_OF: Record<Capability, Rule> = {
  python: RULES['python-operator'],
  'file-read': RULES['file-operator'],
  'file-write': RULES['file-operator'],
  network: RULES['network-operator'],
  native: RULES['native-operator'],
  dataset: RULES['data-operator'],
  output: RULES['side-effect-operator'],
  process: RULES['side-effect-operator'],
};

/** What is kept of a node for the analysis of its neighbourhood. */
interface KeptNode {
  op: string;
  inputs: string[];
  numbers?: number[];
  strings?: string[];
  /** What StringJoin puts between its inputs. */
  separator?: string;
  elements: number;
}

interface Sighting {
  op: string;
  node: string;
  scope: string;
  offset?: number;
  count: number;
  /** Literal that decides what the operator does: a path, an address, a token. */
  literal?: string;
}

/** Nodes of one graph or function whose names see each other. */
interface Scope {
  name: string;
  nodes: Map<string, KeptNode>;
  pending: { node: NodeDef; offset?: number }[];
  /** How many nodes of an operator are pending: one operator must not crowd out another. */
  counts: Map<string, number>;
  /** What is known of the text that a node gives. */
  texts: Map<string, string | undefined>;
  /** Arguments of the function, by name. */
  parameters: ReadonlyMap<string, number>;
  calls: Call[];
}

const emptyScope = (name: string, parameters: readonly string[] = []): Scope => ({
  name,
  parameters: new Map(parameters.map((parameter, index) => [parameter, index])),
  calls: [],
  nodes: new Map(),
  pending: [],
  counts: new Map(),
  texts: new Map(),
});

const KEPT_NODES = 100_000;
const MOST_PENDING = 20_000;
const MOST_OPERATORS = 20_000;
/** Different arguments of one operator that are told. */
const MOST_TOLD = 50;
/** Arguments of a call that are followed: traced functions take all variables of a model, behind what is given to them. */
const MOST_ARGUMENTS = 256;
const LONGEST_TEXT = 4096;

/**
 * Judges a graph and its function library node by node, and what their connections show. Feed it scope by scope:
 * the main graph first or last, each function on its own.
 */
export class GraphJudge {
  readonly operators = new Map<string, number>();
  readonly functions = new Set<string>();
  /** Functions by name whose traced layer is of Keras, as the layer's name. */
  readonly lambdaLayers = new Map<string, string>();
  readonly #risky = new Map<string, Sighting>();
  readonly #unknown = new Map<string, Sighting>();
  readonly #told = new Map<string, number>();
  readonly #checkpoints = new Map<string, Sighting>();
  readonly #tables: { sighting: Sighting; path?: string }[] = [];
  /** Which functions a scope calls. */
  readonly #calls = new Map<string, Set<string>>();
  readonly #tampering: { scope: string; node: string; what: string }[] = [];
  readonly #triggers: { scope: string; node: string; what: string }[] = [];
  readonly #arguments = new FunctionArguments();
  #scope = emptyScope('');
  /** Nodes that were not judged because there are too many of their operator. */
  #dropped = 0;
  /** What the MetaGraph declares as assets: the file's name, and the tensor that gets its path when the model is loaded. */
  readonly assets: { filename: string; tensor: string }[] = [];
  nodes = 0;

  constructor(private readonly budget: Budget) {}

  /**
   * Starts a graph (`''`) or a function of the library.
   * @param parameters names of the function's arguments, in their order
   */
  beginScope(name: string, parameters: readonly string[] = []): void {
    this.#scope = emptyScope(name, parameters);
    if (name) {
      this.functions.add(name);
      const layer = layerOfFunction(name);
      if (layer && /lambda/i.test(layer)) this.lambdaLayers.set(name, layer);
    }
  }

  addNode(node: NodeDef, offset?: number): void {
    this.nodes += 1;
    // A damaged node may have lost its operator.
    if (node.op === '') return;
    if (this.nodes % 1000 === 0) this.budget.checkTime();
    this.operators.set(node.op, (this.operators.get(node.op) ?? 0) + 1);
    const scope = this.#scope;
    if (scope.nodes.size < KEPT_NODES) {
      const tensor = node.attrs.get('value')?.tensor;
      scope.nodes.set(node.name, {
        op: node.op,
        inputs: node.inputs.slice(0, 16).map(producerOf),
        elements: tensor ? tensor.shape.reduce((product, size) => product * size, 1) : 0,
        ...(tensor?.numbers.length && { numbers: tensor.numbers }),
        ...(tensor?.strings.length && { strings: tensor.strings }),
        ...(node.op === 'StringJoin' && { separator: node.attrs.get('separator')?.text ?? '' }),
      });
    }
    this.#noteCalls(node);
    if (
      operatorRisk(node.op) ||
      LOOKUP_INITIALIZERS.has(node.op) ||
      CHECKPOINT_OPERATORS.has(node.op) ||
      !isKnownOperator(node.op)
    ) {
      const count = scope.counts.get(node.op) ?? 0;
      if (count < MOST_PENDING && (count > 0 || scope.counts.size < MOST_OPERATORS)) {
        scope.counts.set(node.op, count + 1);
        scope.pending.push({ node, ...(offset !== undefined && { offset }) });
      } else this.#dropped += 1;
    }
    // The descriptor of protocol buffers comes from the running program, from the graph itself, or from a file.
    if (node.op === 'DecodeProtoV2' || node.op === 'EncodeProto') {
      const source = node.attrs.get('descriptor_source')?.text ?? '';
      if (source && !source.startsWith('local://') && !source.startsWith('bytes://')) {
        this.#sight(this.#risky, { node, ...(offset !== undefined && { offset }) }, source);
      }
    }
  }

  #noteCalls(node: NodeDef): void {
    let calls = this.#calls.get(this.#scope.name);
    if (!calls) {
      calls = new Set();
      this.#calls.set(this.#scope.name, calls);
    }
    // Graphs of the first generation call a function by using its name as the operator.
    const direct = !isKnownOperator(node.op);
    if (direct) calls.add(node.op);
    if (this.#scope.calls.length < MOST_PENDING) this.#scope.calls.push(...callsOf(node, direct));
    for (const attr of node.attrs.values()) {
      if (attr.func) calls.add(attr.func);
      for (const name of attr.listFunc ?? []) calls.add(name);
    }
  }

  /** Scopes that run when the graph itself runs; training steps and other traces of a library do not. */
  #reachable(): Set<string> {
    const reached = new Set(['']);
    const pending = [''];
    while (pending.length) {
      for (const callee of this.#calls.get(pending.pop() as string) ?? []) {
        if (reached.has(callee)) continue;
        reached.add(callee);
        pending.push(callee);
      }
    }
    return reached;
  }

  /** @param outputs producers of what the scope returns; for the main graph unknown */
  endScope(outputs: readonly string[]): void {
    const scope = this.#scope;
    for (const { callee, inputs } of scope.calls) {
      this.#arguments.note(
        callee,
        scope.name,
        inputs.slice(0, MOST_ARGUMENTS).map((input) => this.#text(input)),
      );
    }
    for (const pending of scope.pending) {
      const { node } = pending;
      const literal = this.#literal(node);
      if (LOOKUP_INITIALIZERS.has(node.op)) {
        const sighting = sightingOf(pending, scope.name);
        if (this.#isAsset(node.inputs[1])) continue;
        const path = this.#text(node.inputs[1]);
        this.#tables.push({ sighting, ...(path !== undefined && { path }) });
      } else if (CHECKPOINT_OPERATORS.has(node.op)) this.#judgeCheckpoint(pending);
      else if (operatorRisk(node.op)) {
        if (!isWithoutFile(node.op, literal)) this.#sight(this.#risky, pending, literal || undefined);
      } else this.#sight(this.#unknown, pending, undefined);
    }
    const results = outputs.length ? outputs.map(producerOf) : this.#sinks();
    for (const output of results) this.#judgeOutput(output);
    this.#findTriggers();
    this.#scope = emptyScope('');
  }

  #sight(into: Map<string, Sighting>, pending: { node: NodeDef; offset?: number }, literal: string | undefined): void {
    const { op } = pending.node;
    // An argument means something else in every function.
    const where = literal !== undefined && hasArgument(literal) ? `\0${this.#scope.name}` : '';
    const key = `${op}\0${literal ?? ''}${where}`;
    const known = into.get(key);
    if (known) {
      known.count += 1;
      return;
    }
    const told = this.#told.get(op) ?? 0;
    if (told >= MOST_TOLD || (told === 0 && this.#told.size >= MOST_OPERATORS)) {
      this.#dropped += 1;
      return;
    }
    this.#told.set(op, told + 1);
    into.set(key, {
      ...sightingOf(pending, this.#scope.name),
      ...(literal !== undefined && { literal }),
    });
  }

  /** The text that an input is known to be, as far as it stands in the graph: `*` for the rest of a join. */
  #text(input: string | undefined, depth = 0): string | undefined {
    if (input === undefined || depth > 16) return undefined;
    const name = producerOf(input);
    const { texts } = this.#scope;
    if (texts.has(name)) return texts.get(name);
    // A graph may lead back to a node; what is known of it meanwhile is nothing.
    texts.set(name, undefined);
    const node = this.#scope.nodes.get(name);
    const parameter = node ? undefined : this.#scope.parameters.get(name);
    const text = parameter === undefined ? this.#textOf(node, depth)?.slice(0, LONGEST_TEXT) : argumentMark(parameter);
    texts.set(name, text);
    return text;
  }

  #textOf(node: KeptNode | undefined, depth: number): string | undefined {
    switch (node?.op) {
      case 'Const':
        return (
          withoutMarks(node.strings?.find((value) => value !== '') ?? node.strings?.[0] ?? '') || node.strings?.[0]
        );
      case 'Identity':
      case 'PlaceholderWithDefault':
      case 'ShardedFilename':
      case 'ShardedFilespec':
      case 'ExpandDims':
      case 'Reshape':
      case 'Pack':
        return this.#text(node.inputs[0], depth + 1);
      case 'Select':
      case 'SelectV2':
        return this.#text(node.inputs[1], depth + 1) ?? this.#text(node.inputs[2], depth + 1);
      case 'StringJoin':
      case 'Add':
      case 'AddV2': {
        const parts = node.inputs.map((part) => this.#text(part, depth + 1));
        return parts[0] === undefined ? undefined : parts.map((part) => part ?? '*').join(node.separator ?? '');
      }
      default:
        return undefined;
    }
  }

  #isAsset(input: string | undefined): boolean {
    let name = input === undefined ? '' : producerOf(input);
    for (let hops = 0; hops < 8; hops += 1) {
      if (this.assets.some(({ tensor }) => tensor !== '' && producerOf(tensor) === name)) return true;
      const node = this.#scope.nodes.get(name);
      if (node?.op !== 'Identity' && node?.op !== 'PlaceholderWithDefault') return false;
      name = node.inputs[0] ?? '';
    }
    return false;
  }

  #judgeCheckpoint(pending: { node: NodeDef; offset?: number }): void {
    const { node } = pending;
    const path = this.#text(node.inputs[CHECKPOINT_OPERATORS.get(node.op)?.path ?? 0]);
    if (path !== undefined && (hasArgument(path) || isOutsidePath(path))) {
      this.#sight(this.#checkpoints, pending, path);
    }
  }

  #literal(node: NodeDef): string | undefined {
    const attrs = node.attrs;
    const direct =
      attrs.get('token')?.text ??
      attrs.get('memory_region_name')?.text ??
      attrs.get('tfdbg_run_id')?.text ??
      attrs.get('debug_urls')?.listText?.[0] ??
      attrs.get('output_stream')?.text ??
      attrs.get('call_target_name')?.text ??
      attrs.get(PATH_ATTRIBUTES.get(node.op) ?? '')?.text;
    if (direct) return direct;
    let known: string | undefined;
    for (const input of node.inputs.slice(0, 6)) {
      const text = this.#text(input);
      if (text) return text;
      known ??= text;
    }
    return known;
  }

  #sinks(): string[] {
    const used = new Set<string>();
    for (const node of this.#scope.nodes.values()) for (const input of node.inputs) used.add(input);
    const sinks: string[] = [];
    for (const name of this.#scope.nodes.keys()) if (!used.has(name) && sinks.length < 64) sinks.push(name);
    return sinks;
  }

  #constant(name: string): KeptNode | undefined {
    let at = name;
    for (let hops = 0; hops < 4; hops += 1) {
      const node = this.#scope.nodes.get(at);
      if (!node || node.op === 'Const') return node;
      if (node.op !== 'Identity' && node.op !== 'Cast') return undefined;
      at = node.inputs[0] ?? '';
    }
    return undefined;
  }

  #reaches(from: string, wanted: (node: KeptNode) => boolean, steps: number): boolean {
    const seen = new Set<string>();
    let layer = [from];
    for (let step = 0; step <= steps && layer.length; step += 1) {
      const next: string[] = [];
      for (const name of layer) {
        if (seen.has(name) || seen.size > 256) continue;
        seen.add(name);
        const node = this.#scope.nodes.get(name);
        if (!node) continue;
        if (wanted(node)) return true;
        next.push(...node.inputs);
      }
      layer = next;
    }
    return false;
  }

  /** The last arithmetic step before an output. */
  #judgeOutput(output: string): void {
    let name = output;
    for (let hops = 0; hops < 8; hops += 1) {
      const node = this.#scope.nodes.get(name);
      if (!node) return;
      if (node.op === 'Identity' || node.op === 'IdentityN' || node.op === 'StopGradient') {
        name = node.inputs[0] ?? '';
        continue;
      }
      const what = this.#tamperingOf(node);
      if (what && this.#tampering.length < 20) this.#tampering.push({ scope: this.#scope.name, node: name, what });
      return;
    }
  }

  #tamperingOf(node: KeptNode): string | undefined {
    if (node.op === 'Mul' || node.op === 'RealDiv' || node.op === 'Div') {
      const index = node.op === 'Mul' && this.#constant(node.inputs[0] ?? '') ? 0 : 1;
      const constant = this.#constant(node.inputs[index] ?? '');
      const factor = constant && constant.elements <= 1 ? constant.numbers?.[0] : undefined;
      if (factor === undefined) return undefined;
      const scale = node.op === 'Mul' ? Math.abs(factor) : 1 / Math.abs(factor);
      if (isTellingFactor(scale)) return `multiplies its input by ${Number(scale.toPrecision(6))}`;
    } else if (node.op === 'Add' || node.op === 'AddV2' || node.op === 'Sub') {
      if (node.inputs.some((input) => this.#isPlainNoise(input, 0))) return 'adds random noise to its input';
    }
    return undefined;
  }

  /** Random numbers shaped by constants alone. A sampler (of a variational model, a policy) scales them by what it computed. */
  #isPlainNoise(name: string, depth: number): boolean {
    const node = this.#scope.nodes.get(name);
    if (!node || depth > 6) return false;
    if (/^(?:Stateless|Stateful)?(?:Random|Standard|Truncated|Uniform)/.test(node.op)) return true;
    if (node.op === 'Identity' || node.op === 'Cast') return this.#isPlainNoise(node.inputs[0] ?? '', depth + 1);
    if (!/^(?:Mul|Add|AddV2|Sub)$/.test(node.op)) return false;
    const [a = '', b = ''] = node.inputs;
    const isConstant = (input: string): boolean => this.#constant(input)?.op === 'Const';
    return (isConstant(b) && this.#isPlainNoise(a, depth + 1)) || (isConstant(a) && this.#isPlainNoise(b, depth + 1));
  }

  /** Equality with a stored pattern of several elements, reduced to one truth value, that decides a branch. */
  #findTriggers(): void {
    for (const [name, node] of this.#scope.nodes) {
      if (!BRANCHES.has(node.op)) continue;
      const condition = node.op === 'Switch' ? node.inputs[1] : node.inputs[0];
      if (!condition) continue;
      let pattern: number[] | string[] | undefined;
      const reduced = this.#reaches(condition, (kept) => kept.op === 'All', 4);
      if (!reduced) continue;
      this.#reaches(
        condition,
        (kept) => {
          if (kept.op !== 'Equal') return false;
          for (const input of kept.inputs) {
            const constant = this.#constant(input);
            if (!constant || constant.elements < 4) continue;
            const values = constant.numbers ?? constant.strings;
            if (values && new Set<unknown>(values).size > 1) pattern = values;
          }
          return pattern !== undefined;
        },
        6,
      );
      if (pattern && this.#triggers.length < 20) {
        const shown = pattern
          .slice(0, 6)
          .map((value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value));
        this.#triggers.push({
          scope: this.#scope.name,
          node: name,
          what: `${node.op} depends on whether a tensor equals [${shown.join(', ')}${pattern.length > 6 ? ', …' : ''}]`,
        });
      }
    }
  }

  /**
   * Reports what was seen.
   * @param toldLambdas names of Lambda layers that the Keras metadata beside the graph already tells of
   */
  report(context: ScanContext, toldLambdas: ReadonlySet<string>): void {
    if (this.#dropped) context.incomplete(`${this.#dropped} nodes of operators with too many others are not told`);
    for (const sighting of this.#resolved(this.#risky)) {
      if (!isWithoutFile(sighting.op, sighting.literal)) this.#reportRisk(context, sighting);
    }
    for (const sighting of this.#resolved(this.#checkpoints)) {
      if (isOutsidePath(sighting.literal ?? '')) this.#reportCheckpoint(context, sighting);
    }
    for (const { sighting, path } of this.#tables) {
      const paths = path === undefined ? [path] : this.#arguments.resolve(path, sighting.scope);
      for (const resolved of paths) this.#reportTable(context, sighting, resolved);
    }
    for (const sighting of this.#unknown.values()) {
      if (this.functions.has(sighting.op)) continue;
      const op = evidenceText(sighting.op, 80);
      context.report({
        rule: RULES['unknown-operator'],
        message: `The operator ${op} is not part of TensorFlow: the model needs a native library that registers it.`,
        evidence: op,
        anchor: sighting.op,
        location: place(sighting),
        data: { operator: op, count: sighting.count },
      });
    }
    // Wrappers call each other and all end in the same step: it is told once, of the layer when one is named.
    const told = new Set<string>();
    const tamperedLayers = new Set<string>();
    const reachable = this.#reachable();
    const byLayer = this.#tampering.map((step) => ({
      ...step,
      layer: layerOfFunction(step.scope) ?? layerOfNode(step.node, toldLambdas),
      runs: reachable.has(step.scope),
    }));
    byLayer.sort((x, y) => Number(y.runs) - Number(x.runs) || Number(!x.layer) - Number(!y.layer));
    for (const { scope, node, what, layer, runs } of byLayer) {
      if (layer) tamperedLayers.add(layer);
      if (told.has(what)) continue;
      told.add(what);
      if (layer && toldLambdas.has(layer)) continue;
      context.report({
        rule: RULES['output-tampering'],
        // Layers that disturb their input while they are trained have such a trace that no signature calls.
        ...(!runs && { severity: 'low' as const }),
        message: `${layer ? `The last step of the layer '${evidenceText(layer, 80)}'` : 'The last step before an output'} ${what}: outputs are tampered with.`,
        evidence: evidenceText(what),
        anchor: `${layer ?? scope}\0${what}`,
        location: { node: [scope, node].filter(Boolean).join('/') },
      });
    }
    for (const layer of new Set(this.lambdaLayers.values())) {
      if (toldLambdas.has(layer) || tamperedLayers.has(layer)) continue;
      context.report({
        rule: RULES['lambda-function'],
        message: `The function library holds the trace of the Keras Lambda layer ${evidenceText(layer, 80)}; its Python code is not in the file.`,
        anchor: layer,
        location: { node: layer },
      });
    }
    for (const { scope, node, what } of this.#triggers) {
      context.report({
        rule: RULES['trigger-branch'],
        message: `${evidenceText(what, 160)}: a branch on an exact input pattern.`,
        anchor: what,
        location: { node: [scope, node].filter(Boolean).join('/') },
      });
    }
  }

  /** What was seen in functions, with what their callers give them put in its place. */
  *#resolved(sightings: ReadonlyMap<string, Sighting>): Generator<Sighting> {
    const merged = new Map<string, Sighting>();
    for (const { literal: text, ...rest } of sightings.values()) {
      const literals = text === undefined ? [text] : this.#arguments.resolve(text, rest.scope);
      for (const literal of literals) {
        const key = `${rest.op}\0${literal ?? ''}`;
        const known = merged.get(key);
        if (known) known.count += rest.count;
        else merged.set(key, { ...rest, ...(literal !== undefined && { literal }) });
      }
    }
    yield* merged.values();
  }

  #reportRisk(context: ScanContext, sighting: Sighting): void {
    const risk = operatorRisk(sighting.op);
    const literal = sighting.literal === undefined ? undefined : evidenceText(sighting.literal, 120);
    const what = risk?.what ?? 'reads a descriptor file at a path that the graph chooses';
    const rule = risk ? RULE_OF[risk.capability] : RULES['data-operator'];
    let severity: Severity = risk?.severity ?? 'medium';
    if (risk?.capability === 'output' && sighting.literal?.startsWith('file:')) severity = 'high';
    // Summaries have names of their own: below the working directory they overwrite nothing.
    if (/^CreateSummary/.test(sighting.op) && sighting.literal !== undefined && !isOutsidePath(sighting.literal))
      severity = 'medium';
    const times = sighting.count > 1 ? ` (${sighting.count} nodes)` : '';
    context.report({
      rule,
      severity,
      message: `The operator ${evidenceText(sighting.op, 80)}${times} ${what}${literal ? `: '${literal}'` : ''}.`,
      evidence: evidenceText(literal ? `${sighting.op}('${literal}')` : sighting.op) as Redacted,
      anchor: `${sighting.op}\0${sighting.literal ?? ''}`,
      location: place(sighting),
      data: { operator: sighting.op, count: sighting.count, ...(literal && { argument: literal }) },
    });
  }

  #reportCheckpoint(context: ScanContext, sighting: Sighting): void {
    const { op, literal = '', count } = sighting;
    const writes = CHECKPOINT_OPERATORS.get(op)?.writes ?? false;
    const shown = evidenceText(literal, 120);
    context.report({
      rule: writes ? RULES['file-operator'] : RULES['checkpoint-path'],
      // Graphs that were trained from a checkpoint keep its path on the machine that trained them.
      severity: writes ? 'high' : 'low',
      message: `The operator ${evidenceText(op, 80)} ${writes ? 'writes tensors to' : 'reads tensors from'} '${shown}', a path that stands in the graph.`,
      evidence: evidenceText(`${op}('${literal}')`, 200),
      anchor: `${op}\0${literal}`,
      location: place(sighting),
      data: { operator: op, count, argument: shown },
    });
  }

  #reportTable(context: ScanContext, sighting: Sighting, path: string | undefined): void {
    const outside = path !== undefined && isOutsidePath(path);
    if (!outside && this.assets.length > 0) return;
    const shown = path === undefined ? undefined : evidenceText(path, 120);
    context.report({
      rule: RULES['table-file'],
      message: shown
        ? `A lookup table is filled from the file '${shown}', which is no asset of the model.`
        : 'A lookup table is filled from a text file, while the model declares no assets: the path comes from elsewhere.',
      ...(shown && { evidence: shown }),
      anchor: `${sighting.op}\0${path ?? ''}`,
      location: place(sighting),
    });
  }
}

/** Some operators touch a file only when they are given a path: an empty one keeps a cache in memory. */
function isWithoutFile(op: string, literal: string | undefined): boolean {
  if (/^CacheDataset(?:V2)?$/.test(op)) return literal === '';
  return PATH_ATTRIBUTES.has(op) && !literal;
}

const BRANCHES = new Set(['If', 'StatelessIf', 'Select', 'SelectV2', 'Switch', 'RefSwitch', 'Case', 'StatelessCase']);

function sightingOf(pending: { node: NodeDef; offset?: number }, scope: string): Sighting {
  const { node, offset } = pending;
  return { op: node.op, node: node.name, scope, count: 1, ...(offset !== undefined && { offset }) };
}

function place(sighting: Sighting): { node: string; offset?: number } {
  return {
    node: [sighting.scope, sighting.node].filter(Boolean).join('/'),
    ...(sighting.offset !== undefined && { offset: sighting.offset }),
  };
}

/** `^control`, `node:1` and `node:output:0` name the node `node`. */
function producerOf(input: string): string {
  const name = input.startsWith('^') ? input.slice(1) : input;
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(0, colon);
}

/** Name of the Keras layer whose call a function of the library traces. */
function layerOfFunction(functionName: string): string | undefined {
  const match = /^__inference_(.+?)_layer_call(?:_and_return_conditional_losses|_fn)?_\d+$/i.exec(functionName);
  return match?.[1];
}

/** Keras names nodes `model/layer/step`: the layer is the scope before the last step. */
function layerOfNode(node: string, told: ReadonlySet<string>): string | undefined {
  const scopes = node.split('/');
  return scopes.slice(0, -1).find((scope) => told.has(scope) || /lambda/i.test(scope));
}
