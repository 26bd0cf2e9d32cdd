import { MemoryByteSource, readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { type JsonNode, readTolerantJson } from '../configs/tolerantJson';
import { parseTextProto } from '../tensorflow/textProto';
import { COMMAND, OnnxScan } from './format';
import { encodeModel, type PlainMessage } from './schema';
import { readSyntax } from './syntax';

const DEEPEST = 200;

async function textOf(input: ScanInput, context: ScanContext): Promise<string> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 4, 'the text'));
  return new TextDecoder().decode(bytes);
}

/** Offsets of what is judged are those of the bytes that the text became; the names of nodes and tensors stand. */
async function scanEncoded(
  root: PlainMessage,
  isBase64: boolean,
  damage: () => Error | undefined,
  format: string,
  context: ScanContext,
): Promise<void> {
  const bytes = encodeModel(root, isBase64, () => context.budget.checkTime());
  const scan = new OnnxScan(new MemoryByteSource(bytes), {
    ...context,
    report: ({ location, ...draft }) =>
      context.report({ ...draft, ...(location?.node !== undefined && { location: { node: location.node } }) }),
  });
  await scan.model();
  scan.damage ??= damage();
  scan.finish(format);
}

async function scanTextProto(input: ScanInput, context: ScanContext): Promise<void> {
  const { root, error } = parseTextProto(await textOf(input, context), context.budget);
  await scanEncoded(root, false, () => error, 'onnx-textproto', context);
}

/** As json_format reads it: names of fields in both spellings, whole numbers also as strings. */
async function scanJson(input: ScanInput, context: ScanContext): Promise<void> {
  const { roots, damage, truncated } = readTolerantJson(await textOf(input, context), () => context.budget.checkTime());
  const [root] = roots;
  let error = damage && new Error(damage.what);
  if (truncated) error ??= new Error('more values than are looked at');
  const tooDeep = () => {
    error ??= new Error(`messages nested deeper than ${DEEPEST} levels`);
  };
  if (root?.kind !== 'object') error ??= new Error('no JSON object');
  const plain = root?.kind === 'object' ? new JsonMessage(root, 0, tooDeep) : { fields: [] };
  await scanEncoded(plain, true, () => error, 'onnx-json', context);
}

class JsonMessage implements PlainMessage {
  constructor(
    private readonly node: Extract<JsonNode, { kind: 'object' }>,
    private readonly depth: number,
    private readonly tooDeep: () => void,
  ) {}

  get fields(): Iterable<readonly [string, PlainMessage | string]> {
    return this.#fields();
  }

  *#fields(): Generator<readonly [string, PlainMessage | string]> {
    for (const { key, value } of this.node.members) {
      const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      for (const item of value.kind === 'array' ? value.items : [value]) {
        if (item.kind === 'string') yield [name, item.value];
        else if (item.kind === 'literal') yield [name, String(item.value)];
        else if (item.kind === 'object') {
          if (this.depth < DEEPEST) yield [name, new JsonMessage(item, this.depth + 1, this.tooDeep)];
          else this.tooDeep();
        }
      }
    }
  }
}

async function scanSyntax(input: ScanInput, context: ScanContext): Promise<void> {
  const model = readSyntax(await textOf(input, context), () => context.budget.checkTime());
  const scan = new OnnxScan(input.source, context);
  for (const name of model.functions) scan.localFunctions.add(name);
  for (const { domain, op, result, offset } of model.operators) scan.noteOperator(op, domain, result || op, offset);
  for (const { tensor, entries, offset } of model.external) {
    scan.externalData(
      {
        name: tensor,
        dtype: 0,
        shape: [],
        external: entries,
        metadata: [],
        isExternal: true,
        numbers: [],
        strings: [],
      },
      'initializer',
      offset,
    );
  }
  for (const { name, text, offset } of model.strings) scan.judgeText(text, name, offset, COMMAND);
  for (const [key, value] of model.header) scan.properties[evidenceText(key, 40)] = evidenceText(value, 80);
  if (model.stopped) scan.damage = new Error(`${model.stopped.reason} at offset ${model.stopped.offset}`);
  scan.finish('onnx-syntax');
}

/** The beginning without comments, or nothing for what is no text. */
function beginning({ head }: Probe): string {
  if (head.includes(0)) return '';
  return new TextDecoder('latin1').decode(head).replace(/^(?:\ufeff|ï»¿|\s|#[^\n]*(?:\n|$))+/, '');
}

function claims(probe: Probe, isModel: (text: string) => boolean, extensions: RegExp): Claim | undefined {
  if (isModel(beginning(probe))) return 'certain';
  return extensions.test(probe.name) && probe.size > 0 ? 'named' : undefined;
}

/** A ModelProto in the Protocol Buffers text format (`onnx.save(..., format="textproto")`). */
export const ONNX_TEXTPROTO_FORMAT: Format = {
  id: 'onnx-textproto',
  title: 'ONNX (text format)',
  kind: 'model',
  extensions: [],
  identify: (probe) =>
    claims(
      probe,
      (text) =>
        /^(?:ir_version|producer_(?:name|version)|model_version|domain|doc_string)\s*:|^(?:graph|opset_import|functions|metadata_props|training_info)\s*:?\s*[{<[]/.test(
          text,
        ) && /\b(?:op_type\s*:|opset_import\s*:?\s*[{<[]|ir_version\s*:)/.test(text),
      /\.onnx\.(?:textproto|prototxt|pbtxt|txt)$/,
    ),
  scan: scanTextProto,
};

/** A ModelProto as JSON (`format="json"`). */
export const ONNX_JSON_FORMAT: Format = {
  id: 'onnx-json',
  title: 'ONNX (JSON)',
  kind: 'model',
  extensions: ['.onnxjson'],
  identify: (probe) =>
    claims(
      probe,
      (text) =>
        /^\{/.test(text) &&
        (/"(?:irVersion|ir_version|opsetImport|opset_import)"\s*:/.test(text)
          ? /"(?:graph|opsetImport|opset_import|producerName|producer_name|functions)"\s*:/.test(text)
          : /"graph"\s*:\s*\{/.test(text) && /"(?:opType|op_type)"\s*:/.test(text)),
      /\.onnx(?:json|\.json)$/,
    ),
  scan: scanJson,
};

/** A model in ONNX's own syntax (`format="onnxtxt"`). */
export const ONNX_SYNTAX_FORMAT: Format = {
  id: 'onnx-syntax',
  title: 'ONNX (textual syntax)',
  kind: 'model',
  extensions: ['.onnxtxt', '.onnxtext'],
  identify: (probe) =>
    claims(probe, (text) => /^<\s*(?:ir_version\s*:|opset_import\s*:\s*\[)/.test(text), /\.onnxte?xt$/),
  scan: scanSyntax,
};
