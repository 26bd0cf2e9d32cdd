import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { KerasReporter } from '../keras/report';
import { kerasLambdaLayers } from './companions';
import { GraphJudge } from './graph';
import type { AttrValue, NodeDef, TensorSummary } from './proto';
import { describeGraph, reportMalformed } from './savedModel';
import { parseTextProto, type TextMessage } from './textProto';

const KEPT = 64;
const LONGEST_PREFACE = 256 * 1024;

function nodeOf(message: TextMessage): NodeDef {
  const node: NodeDef = {
    name: message.text('name') ?? '',
    op: message.text('op') ?? '',
    inputs: message.texts('input').slice(0, 4096),
    attrs: new Map(),
  };
  for (const attr of message.messages('attr')) {
    const value = attr.message('value');
    if (value) node.attrs.set(attr.text('key') ?? '', attrOf(value));
  }
  return node;
}

function attrOf(value: TextMessage): AttrValue {
  const attr: AttrValue = {};
  const text = value.text('s');
  if (text !== undefined) attr.text = text;
  const tensor = value.message('tensor');
  if (tensor) attr.tensor = tensorOf(tensor);
  const shape = value.message('shape');
  if (shape) attr.shape = shapeOf(shape);
  const func = value.message('func')?.text('name');
  if (func !== undefined) attr.func = func;
  const list = value.message('list');
  if (list) {
    attr.listText = list.texts('s').slice(0, KEPT);
    attr.listFunc = list.messages('func').map((name) => name.text('name') ?? '');
  }
  return attr;
}

function shapeOf(shape: TextMessage): number[] {
  return shape
    .messages('dim')
    .slice(0, 32)
    .map((dim) => Number(dim.text('size') ?? 0));
}

function tensorOf(tensor: TextMessage): TensorSummary {
  const shape = tensor.message('tensor_shape');
  const numbers = ['float_val', 'double_val', 'int_val', 'int64_val', 'half_val'].flatMap((name) => tensor.texts(name));
  return {
    dtype: 0,
    shape: shape ? shapeOf(shape) : [],
    strings: tensor.texts('string_val').slice(0, KEPT),
    numbers: numbers.slice(0, KEPT).map(Number),
  };
}

async function judgeGraph(graph: TextMessage, judge: GraphJudge): Promise<void> {
  judge.beginScope('');
  for (const node of graph.messages('node')) judge.addNode(nodeOf(node));
  judge.endScope([]);
  for (const fn of graph.message('library')?.messages('function') ?? []) {
    const signature = fn.message('signature');
    const parameters = signature?.messages('input_arg').map((argument) => argument.text('name') ?? '');
    judge.beginScope(signature?.text('name') ?? '', parameters);
    for (const node of fn.messages('node_def')) judge.addNode(nodeOf(node));
    judge.endScope(fn.messages('ret').map((ret) => ret.text('value') ?? ''));
  }
}

async function scanText(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 4, 'the text'));
  const { root, error } = parseTextProto(new TextDecoder().decode(bytes), context.budget);
  const judge = new GraphJudge(context.budget);
  const keras = new KerasReporter(context, { tracesFunctions: true });
  const properties: Record<string, string> = {};
  const metaGraphs = [...root.messages('meta_graphs'), ...(root.message('graph_def') ? [root] : [])];
  for (const meta of metaGraphs) {
    const version = meta.message('meta_info_def')?.text('tensorflow_version');
    if (version) properties['tensorflow version'] = evidenceText(version, 40);
    for (const asset of meta.messages('asset_file_def'))
      judge.assets.push({
        filename: asset.text('filename') ?? '',
        tensor: asset.message('tensor_info')?.text('name') ?? '',
      });
    for (const object of meta.message('object_graph_def')?.messages('nodes') ?? []) {
      const metadata = object.message('user_object')?.text('metadata');
      if (metadata?.startsWith('{')) await keras.addText(metadata, 'object_graph_def');
    }
    for (const graph of meta.messages('graph_def')) await judgeGraph(graph, judge);
  }
  if (metaGraphs.length === 0) await judgeGraph(root, judge);
  if (error) reportMalformed(context, error);
  keras.finish();
  judge.report(context, new Set([...keras.lambdaLayers, ...(await kerasLambdaLayers(input, context))]));
  context.describe(describeGraph('tensorflow-text', judge, { properties }));
}

/** A graph or SavedModel in the text format: saved_model.pbtxt, graph.pbtxt. */
export const TENSORFLOW_TEXT_FORMAT: Format = {
  id: 'tensorflow-text',
  title: 'TensorFlow graph (text)',
  kind: 'model',
  extensions: ['.pbtxt', '.prototxt'],
  async identify(probe): Promise<Claim | undefined> {
    const { head } = probe;
    if (head.length === 0 || head.includes(0)) return undefined;
    let text = new TextDecoder('latin1').decode(head);
    // A long comment may come first.
    if (probe.extension === '.pbtxt' && probe.size > head.length && /^\s*#/.test(text))
      text = new TextDecoder('latin1').decode(await probe.source.read(0, LONGEST_PREFACE));
    const body = text.replace(/^(?:\s|#[^\n]*(?:\n|$))+/, '');
    if (/^(?:saved_model_schema_version|meta_graphs|meta_info_def|graph_def)\s*[:{<[]/.test(body)) return 'certain';
    if (/^(?:node|library|versions)\s*:?\s*[{<[]/.test(body) && /\bop\s*:\s*["']/.test(body)) return 'certain';
    return probe.extension === '.pbtxt' && /\bnode\s*:?\s*[{<[]/.test(body) ? 'likely' : undefined;
  },
  scan: scanText,
};
