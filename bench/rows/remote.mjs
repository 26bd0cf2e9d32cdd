// What a remote scan transfers of files of a gigabyte, over HTTP on loopback, and whether it finds what a local scan does.
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
/** Slots of the memory that is shared with the server's thread. */
const PORT = 0;
const REQUESTS = 1;
const KILOBYTES = 2;
const LATENCY = 3;
const LATENCY_MS = 50;

if (!isMainThread && workerData?.watchtowerBench) serve(workerData);

/** A hub that serves each file of a folder as a repository `bench/NAME`. In a thread: the bench waits for its programs. */
function serve({ folder, shared }) {
  const slots = new Int32Array(shared);
  const server = createServer(async (request, response) => {
    Atomics.add(slots, REQUESTS, 1);
    if (slots[LATENCY]) await sleep(slots[LATENCY]);
    const [, api, name] = /^\/(api\/models\/)?bench\/([^/]+)\//.exec(request.url) ?? [];
    const file = path.join(folder, name ?? '');
    const { size } = statSync(file);
    if (api) {
      const body = request.url.includes('/revision/')
        ? { sha: COMMIT }
        : [{ type: 'file', path: name, size, oid: COMMIT }];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined) {
      response.writeHead(200, { 'content-length': size, etag: '"1"' });
      createReadStream(file).pipe(response);
      return;
    }
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last));
    Atomics.add(slots, KILOBYTES, Math.ceil((end - start + 1) / 100));
    response.writeHead(206, {
      'content-range': `bytes ${start}-${end}/${size}`,
      'content-length': end - start + 1,
      etag: '"1"',
    });
    createReadStream(file, { start, end }).pipe(response);
  });
  server.listen(0, '127.0.0.1', () => {
    Atomics.store(slots, PORT, server.address().port);
    Atomics.notify(slots, PORT);
  });
}

const u16 = (value) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);

/** Writes pieces one after another; a number is a hole of that many bytes. */
function write(file, pieces) {
  const descriptor = openSync(file, 'w');
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'number') at += piece;
    else at += writeSync(descriptor, piece, 0, piece.length, at);
  }
  ftruncateSync(descriptor, at);
  closeSync(descriptor);
}

const short = (text) => Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(text)), Buffer.from(text)]);

/** The pickle of a state dict as torch.save writes it (protocol 2, memo left out), with a payload at its end. */
function stateDict(count, elements) {
  const pieces = [Buffer.from('\x80\x02}(', 'latin1')];
  for (let i = 0; i < count; i += 1) {
    pieces.push(
      short(`model.layers.${i}.self_attn.q_proj.weight`),
      Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(('),
      short('storage'),
      Buffer.from('ctorch\nFloatStorage\n'),
      short(String(i)),
      short('cpu'),
      Buffer.concat([Buffer.from('J'), u32(elements), Buffer.from('tQK\0')]),
      Buffer.concat([
        Buffer.from('J'),
        u32(elements),
        Buffer.from('\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR', 'latin1'),
      ]),
    );
  }
  pieces.push(short('x'), Buffer.from('cposix\nsystem\n'), short('true'), Buffer.from('\x85Ru.', 'latin1'));
  return Buffer.concat(pieces);
}

/** Stored zip with holes for members, zip64 where the format needs it. */
function zipPieces(members) {
  const pieces = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of members) {
    const size = typeof content === 'number' ? content : content.length;
    const title = Buffer.from(name);
    const common = [u16(0), u16(0), u16(0), u16(0), u32(0), u32(size), u32(size), u16(title.length), u16(0)];
    const head = Buffer.concat([u32(0x04034b50), u16(20), ...common, title]);
    pieces.push(head, content);
    directory.push(u32(0x02014b50), u16(20), u16(20), ...common, u16(0), u16(0), u16(0), u32(0), u32(offset), title);
    offset += head.length + size;
  }
  const central = Buffer.concat(directory);
  const end64 = Buffer.concat([
    u32(0x06064b50),
    u64(44),
    u16(45),
    u16(45),
    u32(0),
    u32(0),
    u64(members.length),
    u64(members.length),
    u64(central.length),
    u64(offset),
    u32(0x07064b50),
    u32(0),
    u64(offset + central.length),
    u32(1),
  ]);
  const end = Buffer.concat([
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(0xffff),
    u16(0xffff),
    u32(0xffffffff),
    u32(0xffffffff),
    u16(0),
  ]);
  return [...pieces, central, end64, end];
}

function torch(file) {
  const each = 3_480_000;
  write(
    file,
    zipPieces([
      ['archive/data.pkl', stateDict(300, each / 4)],
      ...Array.from({ length: 300 }, (_, i) => [`archive/data/${i}`, each]),
      ['archive/version', Buffer.from('3\n')],
    ]),
  );
}

function joblib(file) {
  const pieces = [Buffer.from('\x80\x04](', 'latin1')];
  for (let i = 0; i < 50; i += 1) pieces.push(Buffer.concat([Buffer.from([0x8e]), u64(4_000_000)]), 4_000_000);
  pieces.push(Buffer.from('cbuiltins\neval\n'), short('1'), Buffer.from('\x85Re.', 'latin1'));
  write(file, pieces);
}

function safetensors(file) {
  const header = {};
  const each = 3_480_000;
  for (let i = 0; i < 300; i += 1) {
    header[`model.layers.${i}.self_attn.q_proj.weight`] = {
      dtype: 'F32',
      shape: [each / 4],
      data_offsets: [i * each, (i + 1) * each],
    };
  }
  const json = Buffer.from(JSON.stringify(header));
  write(file, [u64(json.length), json, 300 * each]);
}

function gguf(file) {
  const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
  const strings = (count, make) =>
    Buffer.concat([u32(9), u32(8), u64(count), ...Array.from({ length: count }, (_, i) => text(make(i)))]);
  const entries = [
    [text('general.architecture'), u32(8), text('llama')],
    [text('tokenizer.ggml.tokens'), strings(128_000, (i) => `tok${i}`)],
    [text('tokenizer.ggml.merges'), strings(256_000, (i) => `a${i % 1000}`)],
    [text('tokenizer.chat_template'), u32(8), text('{% for m in messages %}{{ m.content }}{% endfor %}')],
  ].map((parts) => Buffer.concat(parts));
  const tensors = Array.from({ length: 290 }, (_, i) =>
    Buffer.concat([text(`blk.${i}.attn_q.weight`), u32(1), u64(2_340_000), u32(0), u64(i * 9_360_000)]),
  );
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(entries.length),
    ...entries,
    ...tensors,
  ]);
  write(file, [head, (32 - (head.length % 32)) % 32, 290 * 9_360_000]);
}

function varint(value) {
  const out = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest % 128) | 128);
  }
}

const field = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);

function onnx(file) {
  const each = 4_194_304;
  const pieces = [];
  let size = 0;
  const add = (piece) => {
    pieces.push(piece);
    size += typeof piece === 'number' ? piece : piece.length;
  };
  add(field(1, Buffer.concat([field(1, Buffer.from('x')), field(2, Buffer.from('y')), field(4, Buffer.from('Relu'))])));
  for (let i = 0; i < 150; i += 1) {
    const head = Buffer.concat([
      varint(8),
      varint(each / 4),
      varint(16),
      varint(1),
      field(8, Buffer.from(`layers.${i}.weight`)),
      varint(74),
      varint(each),
    ]);
    add(Buffer.concat([varint(42), varint(head.length + each), head]));
    add(each);
  }
  add(field(2, Buffer.from('graph')));
  write(file, [
    Buffer.concat([varint(8), varint(8), varint(58), varint(size)]),
    ...pieces,
    field(8, Buffer.concat([varint(16), varint(17)])),
  ]);
}

/** A Keras model in HDF5 as h5py writes one, made with the library itself. */
async function hdf5(file, datasets = 15) {
  const h5wasm = await import('h5wasm/node');
  await h5wasm.ready;
  const model = new h5wasm.File(file, 'w');
  const layers = Array.from({ length: 300 }, (_, i) => ({
    class_name: 'Dense',
    config: { name: `dense_${i}`, units: 1024, activation: 'relu' },
  }));
  model.create_attribute('keras_version', '2.15.0');
  model.create_attribute('backend', 'tensorflow');
  model.create_attribute('model_config', JSON.stringify({ class_name: 'Sequential', config: { name: 'm', layers } }));
  const weights = model.create_group('model_weights');
  const data = new Float32Array(10_500_000);
  for (let i = 0; i < datasets; i += 1) {
    const group = weights.create_group(`dense_${i}`);
    group.create_dataset({ name: 'kernel:0', data, shape: [data.length] });
  }
  model.close();
}

/** A Keras 3 model: the same weights as a stored member of a zip archive. */
async function keras(file) {
  const weights = `${file}.h5`;
  await hdf5(weights, 5);
  const layer = { module: 'keras.layers', class_name: 'Dense', config: { name: 'dense', units: 1024 } };
  const config = { module: 'keras', class_name: 'Sequential', config: { name: 'm', layers: [layer] } };
  write(
    file,
    zipPieces([
      ['metadata.json', Buffer.from(JSON.stringify({ keras_version: '3.5.0' }))],
      ['config.json', Buffer.from(JSON.stringify(config))],
      ['model.weights.h5', readFileSync(weights)],
    ]),
  );
  rmSync(weights);
}

/** Aims in bytes; undefined where there is none. */
const FILES = [
  ['PyTorch', 'model.pt', torch, 200_000],
  ['joblib-like pickle', 'model.joblib', joblib],
  ['safetensors', 'model.safetensors', safetensors, 70_000],
  ['GGUF', 'model.gguf', gguf, 7_000_000],
  ['ONNX', 'model.onnx', onnx, 1_000_000],
  ['HDF5', 'model.h5', (file) => hdf5(file), 300_000],
  ['Keras archive', 'model.keras', keras, 300_000],
];

function essence(report) {
  return JSON.stringify(
    report.artifacts.map(({ format, status, findings }) => [
      format,
      status,
      findings.map(({ ruleId, severity, message, location }) => [ruleId, severity, message, location]),
    ]),
  );
}

export const rows = FILES.map(([title, name, make, aim]) => ({
  name: `remote ${title}`,
  async run({ temporary, scan, bytes }) {
    const folder = path.join(temporary, 'remote');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, name);
    await make(file);
    const shared = new SharedArrayBuffer(16);
    const slots = new Int32Array(shared);
    const server = new Worker(fileURLToPath(import.meta.url), {
      workerData: { watchtowerBench: true, folder, shared },
    });
    await Atomics.waitAsync(slots, PORT, 0).value;
    const before = process.env.HF_ENDPOINT;
    process.env.HF_ENDPOINT = `http://127.0.0.1:${slots[PORT]}`;
    try {
      const measure = (latency) => {
        slots[REQUESTS] = 0;
        slots[KILOBYTES] = 0;
        slots[LATENCY] = latency;
        const result = scan(`hf:bench/${name}`);
        // Two requests are for the revision and the listing.
        return { ...result, requests: slots[REQUESTS] - 2, sent: slots[KILOBYTES] * 100 };
      };
      const least = (latency) =>
        [1, 2, 3].map(() => measure(latency)).reduce((best, one) => (one.seconds < best.seconds ? one : best));
      const near = least(0);
      const far = least(LATENCY_MS);
      const local = scan(file);
      const worst = near.report.artifacts[0]?.findings.map(({ severity }) => severity)[0] ?? 'nothing';
      const same = essence(near.report) === essence(local.report) ? 'as a local scan' : 'NOT as a local scan';
      const goal = aim === undefined ? '' : `, aim ${bytes(aim)}: ${near.sent <= aim ? 'met' : 'MISSED'}`;
      return {
        name: `remote ${title}, ${bytes(statSync(file).size)}`,
        value: `${bytes(near.sent)} in ${near.requests} requests${goal}`,
        note: `${near.report.artifacts[0]?.format}, found: ${worst}, ${same}; with ${LATENCY_MS} ms a request ${(far.seconds / near.seconds).toFixed(1)} times as long, as ${Math.max(0, Math.round(((far.seconds - near.seconds) / LATENCY_MS) * 1000))} round trips one after the other`,
      };
    } finally {
      if (before === undefined) delete process.env.HF_ENDPOINT;
      else process.env.HF_ENDPOINT = before;
      await server.terminate();
      for (const entry of readdirSync(folder)) rmSync(path.join(folder, entry));
    }
  },
}));
