import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { Flatbuffer, MalformedFlatbuffer } from '../tflite/flatbuffer';
import { COMMAND, OnnxScan } from './format';
import { onnxDtype } from './proto';

// Field numbers of onnxruntime/core/flatbuffers/schema/ort.fbs.
const SESSION = { version: 0, model: 1 } as const;
const MODEL = { irVersion: 0, opsets: 1, producer: 2, producerVersion: 3, domain: 4, graph: 7, metadata: 9 } as const;
const OPSET = { domain: 0, version: 1 } as const;
const ENTRY = { key: 0, value: 1 } as const;
const GRAPH = { initializers: 0, nodes: 2, inputs: 5, outputs: 6 } as const;
const NODE = { name: 0, domain: 2, op: 5, attributes: 10 } as const;
const ATTRIBUTE = { graph: 7, graphs: 12 } as const;
const TENSOR = { name: 0, dims: 2, dtype: 3 } as const;
const MOST = 200_000;
const MOST_LISTED = 2000;

/** Walks the model that ONNX Runtime keeps as a FlatBuffer; functions are inlined there, and data has no paths. */
class OrtWalk {
  readonly #seen = new Set<number>();
  #items = 0;

  constructor(
    private readonly buffer: Flatbuffer,
    private readonly scan: OnnxScan,
  ) {}

  #spend(): void {
    this.#items += 1;
    if (this.#items > MOST) throw new MalformedFlatbuffer(`more than ${MOST} parts`);
    if (this.#items % 256 === 0) this.scan.context.budget.checkTime();
  }

  async session(): Promise<void> {
    const { buffer, scan } = this;
    const root = await buffer.root();
    const version = await buffer.text(root, SESSION.version, 60);
    if (version) scan.properties['format version'] = evidenceText(version, 40);
    const model = await buffer.target(root, SESSION.model);
    if (model === undefined) throw new MalformedFlatbuffer('no model');
    const irVersion = await buffer.field(model, MODEL.irVersion);
    if (irVersion !== undefined) scan.properties['ir version'] = await buffer.u64(irVersion);
    const producer = await buffer.text(model, MODEL.producer, 200);
    if (producer) scan.properties.producer = evidenceText(producer, 80);
    await this.#opsets(model);
    // The graph first: of a damaged file the rest may be missing.
    const graph = await buffer.target(model, MODEL.graph);
    if (graph !== undefined) await this.#graph(graph, true);
    const metadata = await buffer.vector(model, MODEL.metadata, 4);
    for (let i = 0; i < Math.min(metadata.count, 200); i += 1) {
      const entry = await buffer.element(metadata, i);
      const key = (await buffer.text(entry, ENTRY.key, 400)) ?? '';
      const value = (await buffer.text(entry, ENTRY.value, 64 * 1024)) ?? '';
      scan.metadata[evidenceText(key, 80)] = evidenceText(value, 300);
      scan.judgeText(value, `metadata_props/${key}`, entry, COMMAND);
    }
  }

  async #opsets(model: number): Promise<void> {
    const { buffer, scan } = this;
    const list = await buffer.vector(model, MODEL.opsets, 4);
    const opsets: string[] = [];
    for (let i = 0; i < Math.min(list.count, 20); i += 1) {
      const entry = await buffer.element(list, i);
      const at = await buffer.field(entry, OPSET.version);
      const domain = (await buffer.text(entry, OPSET.domain, 200)) || 'ai.onnx';
      opsets.push(`${evidenceText(domain, 60)} ${at === undefined ? 0 : await buffer.u64(at)}`);
    }
    if (opsets.length) scan.properties.opsets = opsets.join(', ');
  }

  /** A graph, and those in the attributes of its nodes: each table once, since a hostile file may lead back to one. */
  async #graph(table: number, isMain: boolean): Promise<void> {
    const { buffer, scan } = this;
    if (this.#seen.has(table) || this.#seen.size > 1000) return;
    this.#seen.add(table);
    const nodes = await buffer.vector(table, GRAPH.nodes, 4);
    for (let i = 0; i < nodes.count; i += 1) {
      this.#spend();
      const node = await buffer.element(nodes, i);
      const op = (await buffer.text(node, NODE.op, 400)) ?? '';
      const domain = (await buffer.text(node, NODE.domain, 400)) ?? '';
      scan.noteOperator(op, domain, (await buffer.text(node, NODE.name, 400)) || op, node);
      const attributes = await buffer.vector(node, NODE.attributes, 4);
      for (let a = 0; a < attributes.count; a += 1) {
        this.#spend();
        const attribute = await buffer.element(attributes, a);
        const inner = await buffer.target(attribute, ATTRIBUTE.graph);
        if (inner !== undefined) await this.#graph(inner, false);
        const list = await buffer.vector(attribute, ATTRIBUTE.graphs, 4);
        for (let g = 0; g < list.count; g += 1) await this.#graph(await buffer.element(list, g), false);
      }
    }
    if (isMain) await this.#tensors(table);
  }

  async #tensors(graph: number): Promise<void> {
    const { buffer, scan } = this;
    const list = await buffer.vector(graph, GRAPH.initializers, 4);
    for (let i = 0; i < list.count; i += 1) {
      this.#spend();
      const tensor = await buffer.element(list, i);
      const dims = await buffer.vector(tensor, TENSOR.dims, 8);
      const shape: number[] = [];
      for (let d = 0; d < Math.min(dims.count, 32); d += 1) shape.push(await buffer.u64(dims.at + d * 8));
      const dtype = await buffer.field(tensor, TENSOR.dtype);
      scan.tensorCount += 1;
      scan.parameters += shape.reduce((product, size) => product * size, 1);
      if (scan.tensors.length < MOST_LISTED) {
        const name = evidenceText((await buffer.text(tensor, TENSOR.name, 400)) ?? '', 200);
        scan.tensors.push({ name, dtype: onnxDtype(dtype === undefined ? 0 : await buffer.i32(dtype)), shape });
      }
    }
  }
}

async function scanOrt(input: ScanInput, context: ScanContext): Promise<void> {
  const source = new PagedByteSource(input.source);
  const scan = new OnnxScan(source, context);
  try {
    await new OrtWalk(new Flatbuffer(source), scan).session();
  } catch (error) {
    if (!(error instanceof MalformedFlatbuffer)) throw error;
    scan.damage = error;
  }
  scan.finish('ort', 'ONNX Runtime');
}

/** Models that ONNX Runtime has optimised and keeps in its own format. */
export const ORT_FORMAT: Format = {
  id: 'ort',
  title: 'ONNX Runtime model',
  kind: 'model',
  extensions: ['.ort'],
  identify({ head, extension, size }): Claim | undefined {
    if (head[4] === 0x4f && head[5] === 0x52 && head[6] === 0x54 && head[7] === 0x4d) return 'certain';
    return extension === '.ort' && size > 0 ? 'named' : undefined;
  },
  scan: scanOrt,
};
