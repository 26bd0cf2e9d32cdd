import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { buildZip } from '../archives/builders';
import { u64 } from '../pickle/assembler';
import { bytesOf, integer, scanBytes, verdicts } from './scanBytes';
import { field, number } from './tensorflow/message';
import { flatbuffer, int, type Node, scalar, table, text, vector } from './tflite/nodes';

const PICKLE = new TextEncoder().encode("cos\nsystem\n(S'id'\ntR.");
const judge = async (name: string, bytes: Uint8Array) => verdicts(await scanBytes(name, bytes));

describe('ExecuTorch data', () => {
  const data = (blobs: Record<string, { bytes: Uint8Array; tensor?: boolean }>, behind = new Uint8Array(0)) => {
    const values = Object.values(blobs);
    let offset = 0;
    const places = values.map(({ bytes }) => {
      const at = offset;
      offset += Math.ceil(bytes.length / 16) * 16;
      return table(scalar(u64(at)), scalar(u64(bytes.length)));
    });
    const named = Object.entries(blobs).map(([key, { tensor }], i) =>
      table(text(key), int(i), ...(tensor ? [table(int(6))] : [])),
    );
    const root = table(int(0), vector(...places), vector(...named));
    const header = (size: number, base: number) =>
      bytesOf('FH01', integer(40, 4), u64(0), u64(size), u64(base), u64(offset));
    const size = flatbuffer('FT01', root, header(0, 0)).length;
    const base = Math.ceil(size / 16) * 16;
    const body = new Uint8Array(offset);
    let at = 0;
    for (const { bytes } of values) {
      body.set(bytes, at);
      at += Math.ceil(bytes.length / 16) * 16;
    }
    return bytesOf(flatbuffer('FT01', root, header(size, base)), new Uint8Array(base - size), body, behind);
  };

  it('tensors and blobs are clean, pickles and libraries under their names are not', async () => {
    const honest = await scanBytes(
      'w.ptd',
      data({ w: { bytes: new Uint8Array(64), tensor: true }, b: { bytes: new Uint8Array(40) } }),
    );
    assert.deepEqual(honest.findings, []);
    assert.equal(honest.format, 'executorch-data');
    assert.deepEqual(await judge('w.ptd', data({ w: { bytes: PICKLE, tensor: true } })), [
      'critical pickle/dangerous-call',
      'medium torch/storage-is-pickle',
    ]);
    assert.deepEqual(await judge('x.bin', data({ b: { bytes: PICKLE } })), ['critical pickle/dangerous-call']);
    const elf = bytesOf([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0], new Uint8Array(80));
    assert.ok((await judge('w.ptd', data({ b: { bytes: elf } }))).includes('high executorch/native-library'));
    assert.deepEqual(await judge('w.ptd', data({ w: { bytes: new Uint8Array(16), tensor: true } }, PICKLE)), [
      'critical pickle/dangerous-call',
      'low executorch/hidden-data',
    ]);
  });

  it('segments past the end are told', async () => {
    const whole = data({ w: { bytes: new Uint8Array(64), tensor: true } });
    const cut = await scanBytes('w.ptd', whole.subarray(0, whole.length - 32));
    assert.deepEqual(verdicts(cut), ['medium executorch/malformed']);
    assert.equal(cut.status, 'partial');
  });
});

describe('LiteRT-LM bundles', () => {
  const bundle = (sections: Uint8Array[], { lie = 0, gap = new Uint8Array(0) } = {}) => {
    const block = 16 * 1024;
    const base = block;
    let offset = base;
    const places = sections.map((section) => {
      const begin = offset;
      offset = Math.ceil((begin + section.length) / block) * block;
      return { begin, end: begin + section.length };
    });
    const objects: Node[] = places.map(({ begin, end }) =>
      table(undefined, scalar(u64(begin)), scalar(u64(end + lie))),
    );
    const header = flatbuffer('', table(undefined, table(vector(...objects))));
    const out = new Uint8Array(offset);
    out.set(
      bytesOf('LITERTLM', integer(1, 4), integer(4, 4), integer(0, 4), integer(0, 4), u64(32 + header.length), header),
    );
    out.set(gap, 32 + header.length + 100);
    for (const [i, section] of sections.entries()) out.set(section, places[i]?.begin);
    return out.subarray(0, lie ? places.at(-1)?.end : undefined);
  };
  const tokenizer = bytesOf(
    u64(1000),
    new Uint8Array(deflateSync(new TextEncoder().encode('{"model": {"vocab": {}}}'))),
  );

  it('every section is judged as the file it is', async () => {
    const honest = await scanBytes('m.litertlm', bundle([new Uint8Array(500).fill(3), tokenizer]));
    assert.deepEqual(verdicts(honest), []);
    assert.equal(honest.format, 'litertlm');
    assert.equal(honest.description?.members?.length, 2);
    assert.deepEqual(await judge('m.litertlm', bundle([new Uint8Array(500).fill(3), PICKLE])), [
      'critical pickle/dangerous-call',
    ]);
    const zip = buildZip([{ name: 'm.pkl', data: PICKLE }]);
    assert.deepEqual(await judge('model.bin', bundle([zip])), ['critical pickle/dangerous-call']);
  });

  it('what no section has, and sections outside of the file', async () => {
    assert.deepEqual(await judge('m.litertlm', bundle([new Uint8Array(500)], { gap: PICKLE })), [
      'medium litert/hidden-data',
    ]);
    const outside = await scanBytes('m.litertlm', bundle([new Uint8Array(500)], { lie: 2 ** 30 }));
    assert.deepEqual(verdicts(outside), ['medium litert/malformed']);
    assert.equal(outside.status, 'partial');
  });
});

describe('SentencePiece', () => {
  const piece = (text: string, score: number, type?: number) =>
    field(
      1,
      field(1, text),
      bytesOf(0x15, new Uint8Array(new Float32Array([score]).buffer)),
      type ? number(3, type) : new Uint8Array(0),
    );
  const model = (...more: Uint8Array[]) =>
    bytesOf(
      piece('<unk>', 0, 2),
      piece('<s>', 0, 3),
      piece('\u2581the', -3.2),
      piece('eval(x)', -9),
      field(2, field(1, 'corpus.txt'), number(3, 2)),
      field(3, field(1, 'nmt_nfkc'), field(2, new Uint8Array(64))),
      ...more,
    );

  it('is known by its pieces and described', async () => {
    for (const name of ['tokenizer.model', 'spiece', 'x.bin']) {
      const report = await scanBytes(name, model());
      assert.deepEqual(verdicts(report), []);
      assert.equal(report.format, 'sentencepiece');
      assert.deepEqual(report.description?.properties, { type: 'BPE', normalizer: 'nmt_nfkc', 'vocabulary size': 4 });
    }
  });

  it('content that no tokenizer reads, and damage', async () => {
    assert.deepEqual(await judge('tokenizer.model', model(field(200, PICKLE))), [
      'critical pickle/dangerous-call',
      'medium sentencepiece/foreign-content',
    ]);
    assert.deepEqual(await judge('tokenizer.model', model(field(200, 'a note of the author'))), []);
    const cut = await scanBytes('tokenizer.model', model().subarray(0, model().length - 20));
    assert.deepEqual(verdicts(cut), ['medium sentencepiece/malformed']);
    assert.equal(cut.status, 'partial');
  });
});

describe('CTranslate2', () => {
  const name = (value: string) => bytesOf(integer(value.length + 1, 2), value, 0);
  const variable = (shape: number[], type: number, data: number, told = data) =>
    bytesOf(
      name('encoder/w'),
      shape.length,
      ...shape.map((n) => integer(n, 4)),
      type,
      integer(told, 4),
      new Uint8Array(data),
    );
  const model = (variables: Uint8Array[], behind = new Uint8Array(0), count = variables.length) =>
    bytesOf(
      integer(6, 4),
      name('TransformerSpec'),
      integer(7, 4),
      integer(count, 4),
      ...variables,
      integer(1, 4),
      name('a'),
      name('b'),
      behind,
    );

  it('is read to its end and described', async () => {
    const report = await scanBytes(
      'model.bin',
      model([variable([2, 3], 0, 24), variable([], 3, 4), variable([4], 4, 8)]),
    );
    assert.deepEqual(report.findings, []);
    assert.equal(report.format, 'ctranslate2');
    assert.deepEqual(report.description?.tensors?.[0], {
      name: 'encoder/w',
      dtype: 'float32',
      shape: [2, 3],
      bytes: 24,
    });
    assert.equal(report.description?.parameters, 11);
  });

  it('more bytes than a variable has room for are written past it', async () => {
    assert.deepEqual(await judge('model.bin', model([variable([2], 0, 64)])), ['high ctranslate2/size-mismatch']);
    assert.deepEqual(await judge('model.bin', model([variable([0xffff, 0], 1, 64)])), [
      'high ctranslate2/size-mismatch',
    ]);
  });

  it('what breaks off, and what follows', async () => {
    const malformed = ['medium ctranslate2/malformed'];
    assert.deepEqual(await judge('model.bin', model([variable([600], 0, 24, 2400)])), malformed);
    assert.deepEqual(await judge('model.bin', model([], new Uint8Array(0), 0x7fffffff)), malformed);
    assert.deepEqual(await judge('model.bin', model([variable([2], 99, 8)])), malformed);
    assert.deepEqual(await judge('model.bin', model([variable([2], 0, 8)], PICKLE)), [
      'critical pickle/dangerous-call',
    ]);
  });
});
