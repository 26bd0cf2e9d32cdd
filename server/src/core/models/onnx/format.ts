import type { TensorDescription } from '../../description';
import type { ByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { isOutsidePath } from '../filePaths';
import {
  BYTES,
  type Damaged,
  loadMessage,
  MalformedProtobuf,
  mayHold,
  VARINT,
  type WireField,
  wireFields,
} from '../protobuf/wire';
import { isTellingFactor } from '../scaling';
import { providerOf } from './operators';
import { decodeEntry, decodeTensor, decodeValueInfo, type OnnxTensor, onnxDtype, TENSOR_SHAPE } from './proto';
import { ONNX_RULES as RULES } from './rules';

const DEEPEST = 40;
const MOST_LISTED = 2000;
const MOST_KEPT = 100_000;
/** Operators of vendors are facts; hundreds of them say no more. */
const MOST_VENDOR = 300;

const PYTHON_OPERATORS = new Set([
  'PyOp',
  'PyFunc',
  'PythonOp',
  'PythonOpGrad',
  'PyCustomOp',
  'TorchPythonOp',
  'PyLongOp',
]);

interface KeptNode {
  op: string;
  inputs: string[];
}

interface Scope {
  producers: Map<string, KeptNode>;
  constants: Map<string, OnnxTensor>;
  branches: { op: string; condition: string; node: string; offset: number }[];
  outputs: string[];
}

/** What is gathered of a model and said of it, whichever way its graph is stored. */
export class OnnxScan {
  readonly operators = new Map<string, number>();
  readonly domains = new Map<string, { op: string; node: string; count: number; offset: number }>();
  readonly localFunctions = new Set<string>();
  readonly tensors: TensorDescription[] = [];
  readonly inputs: TensorDescription[] = [];
  readonly outputs: TensorDescription[] = [];
  readonly properties: Record<string, string | number | boolean> = {};
  readonly metadata: Record<string, string> = {};
  tensorCount = 0;
  parameters = 0;
  /** Where the file first breaks off; what stands before and beside the damage is judged all the same. */
  damage: Error | undefined;
  #damages = 0;

  constructor(
    readonly source: ByteSource,
    readonly context: ScanContext,
  ) {}

  readonly damaged: Damaged = (error) => {
    this.damage ??= error;
    this.#damages += 1;
  };

  fields(field: { offset: number; length: number }): AsyncGenerator<WireField, void, undefined> {
    return wireFields(this.source, field.offset, field.offset + field.length, this.context.budget, this.damaged);
  }

  async text(field: WireField, limit = 64 * 1024): Promise<string> {
    return new TextDecoder().decode(await this.source.read(field.offset, Math.min(field.length, limit)));
  }

  async model(): Promise<void> {
    const graphs: WireField[] = [];
    const functions: WireField[] = [];
    const opsets: string[] = [];
    for await (const field of this.fields({ offset: 0, length: this.source.size })) {
      if (field.number === 1 && field.wireType === VARINT) this.properties['ir version'] = Number(field.value);
      if (field.number === 5 && field.wireType === VARINT) this.properties['model version'] = Number(field.value);
      if (field.wireType !== BYTES) continue;
      if (field.number === 2) this.properties.producer = evidenceText(await this.text(field), 80);
      else if (field.number === 3) this.properties['producer version'] = evidenceText(await this.text(field), 40);
      else if (field.number === 4) this.properties.domain = evidenceText(await this.text(field), 80);
      else if (field.number === 6) this.judgeText(await this.text(field), 'doc_string', field.offset, SHELL);
      else if (field.number === 7) graphs.push(field);
      else if (field.number === 8) opsets.push(await this.opset(field));
      else if (field.number === 14) await this.metadataEntry(field);
      else if (field.number === 20) await this.training(field);
      else if (field.number === 25) functions.push(field);
    }
    if (opsets.length) this.properties.opsets = opsets.slice(0, 20).join(', ');
    for (const field of functions) await this.declareFunction(field);
    for (const field of functions) await this.scope(field, 'function', 0);
    for (const field of graphs) await this.scope(field, 'graph', 0);
  }

  async opset(field: WireField): Promise<string> {
    let domain = '';
    let version = 0;
    for await (const part of this.fields(field)) {
      if (part.number === 1 && part.wireType === BYTES) domain = await this.text(part, 200);
      else if (part.number === 2 && part.wireType === VARINT) version = Number(part.value);
    }
    return `${evidenceText(domain || 'ai.onnx', 60)} ${version}`;
  }

  async metadataEntry(field: WireField): Promise<void> {
    const { key, value } = decodeEntry(
      await this.source.read(field.offset, Math.min(field.length, 1024 * 1024)),
      this.damaged,
    );
    if (Object.keys(this.metadata).length < 200) this.metadata[`${evidenceText(key, 80)}`] = evidenceText(value, 300);
    this.judgeText(value, `metadata_props/${key}`, field.offset, COMMAND);
  }

  /**
   * Metadata of a node, tensor, value or function: there are thousands, and exporters put stack traces there, so that
   * only what is a command anywhere is told.
   */
  async smallMetadata(field: WireField, place: string): Promise<void> {
    const bytes = await this.source.read(field.offset, Math.min(field.length, 64 * 1024));
    const { key, value } = decodeEntry(bytes, this.damaged);
    this.judgeText(value, `${place}/metadata_props/${key}`, field.offset, SHELL);
  }

  /** ValueInfoProto of a value between nodes, of which only the metadata matters. */
  async valueMetadata(field: WireField): Promise<void> {
    for await (const part of this.fields(field)) {
      if (part.number === 4 && part.wireType === BYTES) await this.smallMetadata(part, 'value_info');
    }
  }

  judgeText(text: string, place: string, offset: number, pattern: RegExp): void {
    if (!pattern.test(text.length > 100_000 ? text.slice(0, 100_000) : text)) return;
    this.context.report({
      rule: RULES['metadata-code'],
      message: `The text at ${evidenceText(place, 80)} reads as a command or code: '${evidenceText(text, 120)}'.`,
      evidence: evidenceText(text, 160),
      anchor: place,
      location: { node: evidenceText(place, 200), offset },
    });
  }

  /** TrainingInfoProto: initialization and algorithm are graphs of their own. */
  async training(field: WireField): Promise<void> {
    for await (const part of this.fields(field)) {
      if ((part.number === 1 || part.number === 2) && part.wireType === BYTES) await this.scope(part, 'graph', 1);
    }
  }

  async declareFunction(field: WireField): Promise<void> {
    let name = '';
    let domain = '';
    for await (const part of this.fields(field)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === 1) name = await this.text(part, 400);
      else if (part.number === 10) domain = await this.text(part, 400);
    }
    this.localFunctions.add(`${domain}\0${name}`);
  }

  /** GraphProto, or FunctionProto whose nodes have number 7. */
  async scope(field: WireField, kind: 'graph' | 'function', depth: number): Promise<void> {
    if (depth > DEEPEST)
      return this.damaged(new MalformedProtobuf(field.offset, `graphs nested deeper than ${DEEPEST} levels`));
    const scope: Scope = { producers: new Map(), constants: new Map(), branches: [], outputs: [] };
    const nodeNumber = kind === 'graph' ? 1 : 7;
    for await (const part of this.fields(field)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === nodeNumber) await this.node(part, scope, depth);
      else if (kind === 'function') {
        if (part.number === 14) await this.smallMetadata(part, 'function');
        else if (part.number === 11) await this.attribute(part, scope, 'attribute_proto', depth);
        else if (part.number === 5) scope.outputs.push(await this.text(part, 400));
      } else if (part.number === 5) await this.tensor(part, 'initializer', scope, depth === 0);
      else if (part.number === 15) await this.sparse(part, 'sparse_initializer', scope);
      else if (part.number === 11 || part.number === 12) await this.valueInfo(part, scope, depth);
      else if (part.number === 13) await this.valueMetadata(part);
      else if (part.number === 16) await this.metadataEntry(part);
    }
    this.judgeScope(scope);
  }

  async valueInfo(field: WireField, scope: Scope, depth: number): Promise<void> {
    const info = decodeValueInfo(await this.source.read(field.offset, Math.min(field.length, 65536)), this.damaged);
    if (field.number === 12) scope.outputs.push(info.name);
    await this.valueMetadata(field);
    if (depth > 0) return;
    const into = field.number === 11 ? this.inputs : this.outputs;
    if (into.length < 100) into.push({ ...info, name: evidenceText(info.name, 120) });
  }

  async node(field: WireField, scope: Scope, depth: number): Promise<void> {
    let op = '';
    let domain = '';
    let name = '';
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes: WireField[] = [];
    const metadata: WireField[] = [];
    const damages = this.#damages;
    for await (const part of this.fields(field)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === 1) {
        if (inputs.length < 64) inputs.push(await this.text(part, 400));
      } else if (part.number === 2) {
        if (outputs.length < 64) outputs.push(await this.text(part, 400));
      } else if (part.number === 3) name = await this.text(part, 400);
      else if (part.number === 9) metadata.push(part);
      else if (part.number === 4) op = await this.text(part, 400);
      else if (part.number === 5) attributes.push(part);
      else if (part.number === 7) domain = await this.text(part, 400);
    }
    const shown = name || outputs[0] || op;
    // Of a node that breaks off, the operator or its domain may be missing or cut.
    if (this.#damages === damages || domain) this.noteOperator(op, domain, shown, field.offset);
    if (scope.producers.size < MOST_KEPT) for (const output of outputs) scope.producers.set(output, { op, inputs });
    if ((op === 'If' || op === 'Where') && inputs[0] && scope.branches.length < 1000) {
      scope.branches.push({ op, condition: inputs[0], node: shown, offset: field.offset });
    }
    for (const entry of metadata) await this.smallMetadata(entry, shown);
    for (const attribute of attributes) {
      await this.attribute(attribute, scope, shown, depth, op === 'Constant' ? outputs[0] : undefined);
      if (op === 'EPContext') await this.compiledContext(attribute, shown);
    }
  }

  /** An EPContext node names the file with the compiled engine of an accelerator, unless it holds the engine itself. */
  async compiledContext(field: WireField, node: string): Promise<void> {
    let name = '';
    let value = '';
    for await (const part of this.fields(field)) {
      if (part.number === 1 && part.wireType === BYTES) name = await this.text(part, 100);
      else if (part.number === 4 && part.wireType === BYTES && part.length < 4096) value = await this.text(part, 4096);
    }
    if (name !== 'ep_cache_context' || !isOutsidePath(value)) return;
    this.context.report({
      rule: RULES['external-data'],
      message: `The node '${evidenceText(node, 80)}' loads the compiled engine '${evidenceText(value, 160)}', outside of the folder of the model.`,
      evidence: evidenceText(value, 160),
      anchor: `${node}\0${value}`,
      location: { node: evidenceText(node, 200), offset: field.offset },
    });
  }

  noteOperator(op: string, domain: string, node: string, offset: number): void {
    const key = domain ? `${domain}::${op}` : op;
    this.operators.set(key, (this.operators.get(key) ?? 0) + 1);
    if (PYTHON_OPERATORS.has(op)) {
      this.context.report({
        rule: RULES['python-operator'],
        message: `The operator ${evidenceText(key, 80)} calls a Python function of the process that runs the model.`,
        evidence: evidenceText(key, 80),
        anchor: key,
        location: { node: evidenceText(node, 200), offset },
      });
      return;
    }
    if (providerOf(domain, op) === 'standard') return;
    const known = this.domains.get(key);
    if (known) known.count += 1;
    else if (this.domains.size < MOST_KEPT) this.domains.set(key, { op, node, count: 1, offset });
  }

  async attribute(field: WireField, scope: Scope, node: string, depth: number, constant?: string): Promise<void> {
    for await (const part of this.fields(field)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === 5 || part.number === 10) await this.tensor(part, `${node}/attribute`, scope, false, constant);
      else if (part.number === 6 || part.number === 11) await this.scope(part, 'graph', depth + 1);
      else if (part.number === 22 || part.number === 23) await this.sparse(part, `${node}/attribute`, scope);
    }
  }

  /** SparseTensorProto: values and indices are tensors. */
  async sparse(field: WireField, place: string, scope: Scope): Promise<void> {
    for await (const part of this.fields(field)) {
      if ((part.number === 1 || part.number === 2) && part.wireType === BYTES)
        await this.tensor(part, place, scope, false);
    }
  }

  async tensor(field: WireField, place: string, scope: Scope, isWeight: boolean, constant?: string): Promise<void> {
    const end = field.offset + field.length;
    // Data follows or precedes the few bytes that describe it; it is left unread unless it is small.
    const bytes =
      field.length <= 512
        ? await this.source.read(field.offset, field.length)
        : await loadMessage(this.source, field.offset, end, TENSOR_SHAPE, this.context.budget, {
            readWhole: 512,
            damaged: this.damaged,
          });
    const tensor = decodeTensor(bytes, this.damaged);
    const name = constant ?? tensor.name;
    if (name && scope.constants.size < MOST_KEPT && (tensor.numbers.length || tensor.strings.length))
      scope.constants.set(name, tensor);
    if (isWeight) {
      this.tensorCount += 1;
      this.parameters += tensor.shape.reduce((product, size) => product * Math.max(0, size), 1);
      if (this.tensors.length < MOST_LISTED) {
        this.tensors.push({
          name: evidenceText(tensor.name, 200),
          dtype: onnxDtype(tensor.dtype),
          shape: tensor.shape,
        });
      }
    }
    this.externalData(tensor, place, field.offset);
    const code = tensor.strings.find((text) => SHELL.test(text.slice(0, 10_000)));
    if (code) this.judgeText(code, `${place}/${name}`, field.offset, SHELL);
    for (const { key, value } of tensor.metadata)
      this.judgeText(value, `${place}/${name}/metadata_props/${key}`, field.offset, SHELL);
  }

  /** Loaders differ on which of several entries of a key counts, and older ones take any key: every entry is judged. */
  externalData(tensor: OnnxTensor, place: string, offset: number): void {
    const node = evidenceText(`${place}/${tensor.name}`, 200);
    const named = evidenceText(tensor.name || place, 80);
    for (const { key, value } of tensor.external) {
      if (key === 'location' || key === 'basepath') {
        if (!isOutsidePath(value)) {
          this.properties['external data'] = true;
          continue;
        }
        const shown = evidenceText(value, 160);
        this.context.report({
          rule: RULES['external-data'],
          message: `The tensor '${named}' takes its data from '${shown}', outside of the folder of the model.`,
          evidence: shown,
          anchor: `${tensor.name}\0${value}`,
          location: { node, offset },
        });
      } else if (key === 'offset' || key === 'length' ? !/^\d{1,15}$/.test(value) : key.startsWith('__')) {
        this.context.report({
          rule: RULES.malformed,
          message: `The external data of the tensor '${named}' has the entry ${evidenceText(`${key} = ${value}`, 100)}, which no exporter writes.`,
          evidence: evidenceText(`${key}=${value}`, 100),
          anchor: `${tensor.name}\0${key}\0${value}`,
          location: { node, offset },
        });
      }
    }
  }

  judgeScope(scope: Scope): void {
    for (const { op, condition, node, offset } of scope.branches) {
      const pattern = comparedPattern(scope, condition);
      if (!pattern) continue;
      const shown = pattern.slice(0, 6).map((value) => Number(value.toPrecision(4)));
      this.context.report({
        rule: RULES['trigger-branch'],
        message: `${op} depends on whether a tensor equals [${shown.join(', ')}${pattern.length > 6 ? ', …' : ''}]: a branch on an exact input pattern.`,
        anchor: `${node}\0${shown.join(',')}`,
        location: { node: evidenceText(node, 200), offset },
      });
    }
    for (const output of scope.outputs) {
      const what = tampering(scope, output);
      if (!what) continue;
      this.context.report({
        rule: RULES['output-tampering'],
        message: `The last step before the output '${evidenceText(output, 80)}' ${what}.`,
        evidence: evidenceText(what),
        anchor: `${output}\0${what}`,
        location: { node: evidenceText(output, 200) },
      });
    }
  }

  /** Reports what only the whole shows, and describes the model. */
  finish(format = 'onnx', framework = 'ONNX'): void {
    if (this.damage) reportDamage(this.context, RULES.malformed, 'file', this.damage);
    let vendors = 0;
    for (const [key, { op, node, count, offset }] of this.domains) {
      const domain = key.includes('::') ? key.slice(0, key.length - op.length - 2) : '';
      if (this.localFunctions.has(`${domain}\0${op}`)) continue;
      const vendor = providerOf(domain, op) === 'vendor';
      vendors += vendor ? 1 : 0;
      if (vendor && vendors > MOST_VENDOR) continue;
      this.context.report({
        rule: vendor ? RULES['vendor-operator'] : RULES['custom-operator'],
        message: vendor
          ? `The operator ${evidenceText(op, 60)} (${count} nodes) is one of ${evidenceText(domain || 'TensorRT', 80)}, not of the ONNX standard.`
          : `The operator ${evidenceText(op, 60)} of the domain '${evidenceText(domain || 'ai.onnx', 80)}' is no standard one: the model needs a native library that registers it.`,
        evidence: evidenceText(key, 120),
        anchor: key,
        location: { node: evidenceText(node, 200), offset },
      });
    }
    const operators = [...this.operators].sort((a, b) => b[1] - a[1]);
    const truncated = [
      ...(this.tensorCount > this.tensors.length ? ['tensors'] : []),
      ...(operators.length > 300 ? ['operators'] : []),
    ];
    this.context.describe({
      format,
      framework,
      properties: this.properties,
      metadata: this.metadata,
      parameters: this.parameters,
      tensorCount: this.tensorCount,
      tensors: this.tensors,
      inputs: this.inputs,
      outputs: this.outputs,
      operators: Object.fromEntries(operators.slice(0, 300).map(([op, count]) => [evidenceText(op, 80), count])),
      ...(truncated.length && { truncated }),
    });
  }
}

/** Shell lines that no description, vocabulary or stack trace has. */
const SHELL =
  /(?:curl|wget)\s+[^|\n]{1,400}\|\s*(?:ba|z)?sh\b|\brm\s+-rf\s+[/~$.*]|\/bin\/(?:ba|z)?sh\s+-[ci]\s|powershell(?:\.exe)?\s+-(?:e|enc|nop|w|c)|\bos\.system\s*\(\s*['"]|__import__\s*\(\s*['"][\w.]+['"]\s*\)\s*\.|\bbase64\s+-d\s*\|/i;
/** In the metadata of a model, which is for people, code of any kind is out of place; a method called `eval` is none. */
export const COMMAND = new RegExp(
  `${SHELL.source}|\\bbash\\s+-[ci]\\s|\\bos\\.system\\s*\\(|\\bsubprocess\\.\\w+\\s*\\(|__import__\\s*\\(|(?<![.\\w])(?:eval|exec)\\s*\\(|\\bnc\\s+-[el]|<script\\b|base64\\s+-d|\\brm\\s+-rf\\s`,
  'i',
);

const TRANSPARENT = new Set([
  'Cast',
  'Identity',
  'Squeeze',
  'Unsqueeze',
  'Reshape',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceMean',
  'And',
  'Not',
  'Flatten',
  'Gather',
]);

/** The pattern of several elements that a condition compares a tensor with, when the result is reduced to one truth value. */
function comparedPattern(scope: Scope, condition: string): number[] | undefined {
  let reduced = false;
  const seen = new Set<string>();
  let layer = [condition];
  for (let step = 0; step < 8 && layer.length; step += 1) {
    const next: string[] = [];
    for (const name of layer) {
      if (seen.has(name) || seen.size > 200) continue;
      seen.add(name);
      const node = scope.producers.get(name);
      if (!node) continue;
      if (node.op.startsWith('Reduce')) reduced = true;
      if (node.op === 'Equal') {
        for (const input of node.inputs) {
          const values = scope.constants.get(input)?.numbers ?? [];
          if (reduced && values.length >= 4 && new Set(values).size > 1) return values;
        }
      } else if (TRANSPARENT.has(node.op) || node.op === 'Greater' || node.op === 'GreaterOrEqual')
        next.push(...node.inputs);
    }
    layer = next;
  }
  return undefined;
}

function tampering(scope: Scope, output: string): string | undefined {
  let name = output;
  for (let hops = 0; hops < 4; hops += 1) {
    const node = scope.producers.get(name);
    if (!node) return undefined;
    if (node.op === 'Identity' || node.op === 'Cast') {
      name = node.inputs[0] ?? '';
      continue;
    }
    if (node.op === 'Mul' || node.op === 'Div') {
      for (const [index, input] of node.inputs.entries()) {
        const constant = scope.constants.get(input);
        const factor = constant?.numbers.length === 1 ? constant.numbers[0] : undefined;
        if (factor === undefined || (node.op === 'Div' && index === 0)) continue;
        const value = Math.abs(factor);
        const scale = node.op === 'Mul' ? value : 1 / value;
        if (isTellingFactor(scale)) return `multiplies it by ${Number(scale.toPrecision(6))}`;
      }
    } else if (node.op === 'Add' || node.op === 'Sub') {
      if (node.inputs.some((input) => /^Random(?:Normal|Uniform)/.test(scope.producers.get(input)?.op ?? ''))) {
        return 'adds random noise to it';
      }
    }
    return undefined;
  }
  return undefined;
}

/** Numbers and wire types of ModelProto's fields. */
const MODEL_FIELDS: ReadonlyMap<number, number> = new Map([
  [1, VARINT],
  [2, BYTES],
  [3, BYTES],
  [4, BYTES],
  [5, VARINT],
  [6, BYTES],
  [7, BYTES],
  [8, BYTES],
  [14, BYTES],
  [20, BYTES],
  [25, BYTES],
  [26, BYTES],
]);
const UNLIMITED = { checkTime: () => undefined } as unknown as ScanContext['budget'];

/**
 * A ModelProto begins with its IR version; its graph or operator sets tell it from other messages that begin so. A file
 * that is cut short is known by what is left of it.
 */
async function claimOf(probe: Probe): Promise<Claim | undefined> {
  const wireType = (probe.head[0] ?? 0) & 7;
  if (wireType !== VARINT && wireType !== BYTES) return undefined;
  if (
    !mayHold(probe.head, probe.size, [
      [1, VARINT],
      [7, BYTES],
    ])
  )
    return undefined;
  const seen = new Set<number>();
  let version = 0n;
  let graph: { offset: number; length: number } | undefined;
  let broken = false;
  let isForeign = false;
  const damaged: Damaged = () => {
    broken = true;
  };
  let count = 0;
  for await (const field of wireFields(probe.source, 0, probe.size, UNLIMITED, damaged)) {
    count += 1;
    if (count >= 24) break;
    const expected = MODEL_FIELDS.get(field.number);
    // Parsers pass over fields that they do not know.
    if (expected === undefined) {
      isForeign = true;
      continue;
    }
    if (expected !== field.wireType) return undefined;
    seen.add(field.number);
    if (field.number === 1) version = field.value;
    if (field.number === 7) {
      graph = field;
      break;
    }
  }
  if (!graph && !seen.has(1)) return undefined;
  if (seen.has(1) && (version < 1n || version > 64n)) return undefined;
  if (graph) {
    const isCut = broken;
    broken = false;
    count = 0;
    for await (const field of wireFields(probe.source, graph.offset, graph.offset + graph.length, UNLIMITED, damaged)) {
      if (field.wireType !== BYTES || ![1, 2, 5, 10, 11, 12, 13, 14, 15, 16].includes(field.number)) return undefined;
      count += 1;
      if (count >= 3) break;
    }
    // Of a file that is cut, or has fields that are none of a model, a node must show itself; of a whole one all is sound.
    const doubtful = isCut || isForeign || !(seen.has(1) || seen.has(8));
    if (doubtful ? !(await holdsNode(probe, graph)) : broken) return undefined;
    // A TensorFlow SavedModel also begins with a small number; it has no field 7.
    return seen.has(1) || seen.has(8) ? 'certain' : 'likely';
  }
  return broken && seen.has(1) && probe.extension === '.onnx' ? 'likely' : undefined;
}

/** Whether the first field of a graph is a node of the standard, as exporters write it. */
async function holdsNode(probe: Probe, graph: { offset: number; length: number }): Promise<boolean> {
  const first = async (start: number, length: number, wanted: number): Promise<WireField | undefined> => {
    for await (const field of wireFields(probe.source, start, start + length, UNLIMITED, () => undefined)) {
      if (field.wireType === BYTES && field.number === wanted) return field;
      if (field.number > 16) return undefined;
    }
    return undefined;
  };
  const node = await first(graph.offset, graph.length, 1);
  const op = node && (await first(node.offset, node.length, 4));
  if (!op || op.length > 100) return false;
  return /^[A-Z][A-Za-z0-9_]+$/.test(new TextDecoder().decode(await probe.source.read(op.offset, op.length)));
}

async function scanOnnx(input: ScanInput, context: ScanContext): Promise<void> {
  const scan = new OnnxScan(new PagedByteSource(input.source), context);
  await scan.model();
  scan.finish();
}

/** https://onnx.ai/onnx/repo-docs/IR.html */
export const ONNX_FORMAT: Format = {
  id: 'onnx',
  title: 'ONNX',
  kind: 'model',
  extensions: ['.onnx'],
  async identify(probe): Promise<Claim | undefined> {
    return (await claimOf(probe)) ?? (probe.extension === '.onnx' && probe.size > 0 ? 'named' : undefined);
  },
  scan: scanOnnx,
};
