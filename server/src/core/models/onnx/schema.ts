/**
 * A ModelProto that is written as text (Protocol Buffers text format or JSON) as the same bytes that `.onnx` has, so that
 * both are judged by the same code. Names and numbers of the fields from onnx/onnx.proto.
 */

/** Fields of one kind of message by name: number, and what it holds. */
interface Message {
  readonly [name: string]: readonly [number: number, type: Scalar | (() => Message)];
}
type Scalar = 'int' | 'text' | 'bytes' | 'float' | 'double' | 'location';

const ENTRY: Message = { key: [1, 'text'], value: [2, 'text'] };
const OPSET: Message = { domain: [1, 'text'], version: [2, 'int'] };
const DIMENSION: Message = { dim_value: [1, 'int'], dim_param: [2, 'text'] };
const SHAPE: Message = { dim: [1, () => DIMENSION] };
const TENSOR_TYPE: Message = { elem_type: [1, 'int'], shape: [2, () => SHAPE] };
const TYPE: Message = { tensor_type: [1, () => TENSOR_TYPE], sparse_tensor_type: [8, () => TENSOR_TYPE] };
const VALUE_INFO: Message = {
  name: [1, 'text'],
  type: [2, () => TYPE],
  doc_string: [3, 'text'],
  metadata_props: [4, () => ENTRY],
};
const TENSOR: Message = {
  dims: [1, 'int'],
  data_type: [2, 'int'],
  float_data: [4, 'float'],
  int32_data: [5, 'int'],
  string_data: [6, 'bytes'],
  int64_data: [7, 'int'],
  name: [8, 'text'],
  raw_data: [9, 'bytes'],
  double_data: [10, 'double'],
  uint64_data: [11, 'int'],
  doc_string: [12, 'text'],
  external_data: [13, () => ENTRY],
  data_location: [14, 'location'],
  metadata_props: [16, () => ENTRY],
};
const SPARSE: Message = { values: [1, () => TENSOR], indices: [2, () => TENSOR], dims: [3, 'int'] };
const ATTRIBUTE: Message = {
  name: [1, 'text'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'bytes'],
  t: [5, () => TENSOR],
  g: [6, () => GRAPH],
  floats: [7, 'float'],
  ints: [8, 'int'],
  strings: [9, 'bytes'],
  tensors: [10, () => TENSOR],
  graphs: [11, () => GRAPH],
  doc_string: [13, 'text'],
  ref_attr_name: [21, 'text'],
  sparse_tensor: [22, () => SPARSE],
  sparse_tensors: [23, () => SPARSE],
};
const NODE: Message = {
  input: [1, 'text'],
  output: [2, 'text'],
  name: [3, 'text'],
  op_type: [4, 'text'],
  attribute: [5, () => ATTRIBUTE],
  doc_string: [6, 'text'],
  domain: [7, 'text'],
  overload: [8, 'text'],
  metadata_props: [9, () => ENTRY],
};
const GRAPH: Message = {
  node: [1, () => NODE],
  name: [2, 'text'],
  initializer: [5, () => TENSOR],
  doc_string: [10, 'text'],
  input: [11, () => VALUE_INFO],
  output: [12, () => VALUE_INFO],
  value_info: [13, () => VALUE_INFO],
  sparse_initializer: [15, () => SPARSE],
  metadata_props: [16, () => ENTRY],
};
const FUNCTION: Message = {
  name: [1, 'text'],
  input: [4, 'text'],
  output: [5, 'text'],
  attribute: [6, 'text'],
  node: [7, () => NODE],
  doc_string: [8, 'text'],
  opset_import: [9, () => OPSET],
  domain: [10, 'text'],
  attribute_proto: [11, () => ATTRIBUTE],
  overload: [13, 'text'],
  metadata_props: [14, () => ENTRY],
};
const TRAINING: Message = { initialization: [1, () => GRAPH], algorithm: [2, () => GRAPH] };
const MODEL: Message = {
  ir_version: [1, 'int'],
  producer_name: [2, 'text'],
  producer_version: [3, 'text'],
  domain: [4, 'text'],
  model_version: [5, 'int'],
  doc_string: [6, 'text'],
  graph: [7, () => GRAPH],
  opset_import: [8, () => OPSET],
  metadata_props: [14, () => ENTRY],
  training_info: [20, () => TRAINING],
  functions: [25, () => FUNCTION],
};

/** A message as a parser of text gives it: fields in their order, a repeated one several times. */
export interface PlainMessage {
  readonly fields: Iterable<readonly [name: string, value: PlainMessage | string]>;
}

/**
 * @param isBase64 how the values of byte fields are written: by base64 in JSON, by escapes in the text format
 * @param checkTime called now and then
 */
export function encodeModel(root: PlainMessage, isBase64: boolean, checkTime: () => void): Uint8Array {
  const encoder = new Encoder(isBase64, checkTime);
  encoder.message(root, MODEL);
  return encoder.bytes();
}

const UTF8 = new TextEncoder();

class Encoder {
  #out = new Uint8Array(64 * 1024);
  #size = 0;
  #fields = 0;

  constructor(
    private readonly isBase64: boolean,
    private readonly checkTime: () => void,
  ) {}

  bytes(): Uint8Array {
    return this.#out.subarray(0, this.#size);
  }

  message({ fields }: PlainMessage, schema: Message): void {
    for (const [name, value] of fields) {
      this.#fields += 1;
      if (this.#fields % 4096 === 0) this.checkTime();
      const known = Object.hasOwn(schema, name) ? schema[name] : undefined;
      if (!known) continue;
      const [number, type] = known;
      if (typeof type === 'function') {
        if (typeof value !== 'string') this.#nested(number, value, type());
      } else if (typeof value === 'string') this.#scalar(number, type, value);
    }
  }

  /** The length of what is inside is known afterwards; five bytes are kept for it. */
  #nested(number: number, value: PlainMessage, schema: Message): void {
    this.#varint(BigInt(number * 8 + 2));
    const start = this.#size + 5;
    this.#room(5);
    this.#size = start;
    this.message(value, schema);
    let length = this.#size - start;
    for (let i = 0; i < 5; i += 1) {
      this.#out[start - 5 + i] = (length & 0x7f) | (i < 4 ? 0x80 : 0);
      length = Math.floor(length / 128);
    }
  }

  #scalar(number: number, type: Scalar, text: string): void {
    if (type === 'text' || type === 'bytes') {
      const bytes = type === 'text' ? UTF8.encode(text) : this.#octets(text);
      this.#varint(BigInt(number * 8 + 2));
      this.#varint(BigInt(bytes.length));
      this.#room(bytes.length);
      this.#out.set(bytes, this.#size);
      this.#size += bytes.length;
    } else if (type === 'int' || type === 'location') {
      this.#varint(BigInt(number * 8));
      this.#varint(type === 'location' ? BigInt(/^(?:EXTERNAL|1)$/.test(text) ? 1 : 0) : wholeNumber(text));
    } else {
      const width = type === 'float' ? 4 : 8;
      this.#varint(BigInt(number * 8 + (type === 'float' ? 5 : 1)));
      this.#room(width);
      const view = new DataView(this.#out.buffer, this.#size, width);
      if (type === 'float') view.setFloat32(0, floating(text), true);
      else view.setFloat64(0, floating(text), true);
      this.#size += width;
    }
  }

  #octets(text: string): Uint8Array {
    if (this.isBase64) return latin1(base64Text(text));
    // Escapes give octets; what is written as it is may be any character.
    return /^[\0-\xff]*$/.test(text) ? latin1(text) : UTF8.encode(text);
  }

  #varint(value: bigint): void {
    this.#room(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#out[this.#size] = Number(rest & 0x7fn) | 0x80;
      this.#size += 1;
      rest >>= 7n;
    }
    this.#out[this.#size] = Number(rest);
    this.#size += 1;
  }

  #room(bytes: number): void {
    if (this.#size + bytes <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(this.#out.length * 2, this.#size + bytes));
    larger.set(this.#out.subarray(0, this.#size));
    this.#out = larger;
  }
}

/** Decimal, hexadecimal or octal; what is none counts as 0. */
function wholeNumber(text: string): bigint {
  const parts = /^(-?)(0[xX][\da-fA-F]{1,16}|0[0-7]{1,22}|\d{1,20})$/.exec(text.trim());
  if (!parts) return 0n;
  const digits = parts[2] as string;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return parts[1] ? -value : value;
}

function floating(text: string): number {
  const word = text.trim().toLowerCase().replace(/f$/, '');
  if (/^-?inf/.test(text.trim().toLowerCase())) return word.startsWith('-') ? -Infinity : Infinity;
  return Number(word);
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** As the most forgiving reader has it: both alphabets of RFC 4648, with or without padding, other characters left out. */
function base64Text(text: string): string {
  const digits = (text.split('=', 1)[0] as string)
    .replace(/-/g, '+')
    .replace(/_/g, '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  return atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits);
}
