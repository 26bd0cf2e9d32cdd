import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import {
  bytes,
  call,
  evil,
  MARK,
  type Part,
  POP,
  payload,
  proto,
  RANK,
  REDUCE,
  STOP,
  scan,
  stackGlobal,
  text,
  tuple,
  worst,
} from '../../pickle/assembler';

const { high, medium } = RANK;

const dtype = (code: string) =>
  bytes(stackGlobal('numpy', 'dtype'), tuple(text(code), bytes(0x89), bytes(0x88)), REDUCE);

/** NumpyArrayWrapper and, behind its BUILD, the bytes of the array: what joblib writes. */
function wrapped(code: string, length: number, data: Uint8Array, aligned = false): Uint8Array {
  const state: Part[] = [
    text('subclass'),
    stackGlobal('numpy', 'ndarray'),
    text('shape'),
    tuple(bytes('K', length)),
    text('order'),
    text('C'),
    text('dtype'),
    dtype(code),
    text('allow_mmap'),
    0x88,
  ];
  if (aligned) state.push(text('numpy_array_alignment_bytes'), 'K', 16);
  const padding = aligned ? bytes(3, 0xff, 0xff, 0xff) : bytes();
  return bytes(
    stackGlobal('joblib.numpy_pickle', 'NumpyArrayWrapper'),
    ')',
    0x81,
    '}',
    MARK,
    ...state,
    'u',
    'b',
    padding,
    data,
  );
}

const numbers = Uint8Array.from({ length: 80 }, (_, i) => (i * 91 + 7) % 256);

describe('joblib dumps', () => {
  it('goes on behind the bytes of arrays', async () => {
    for (const aligned of [false, true]) {
      const content = bytes(
        proto(4),
        ']',
        MARK,
        wrapped('f8', 10, numbers, aligned),
        wrapped('f8', 10, numbers, aligned),
        'e',
        STOP,
      );
      const report = await scan(content, 'model.joblib');
      assert.equal(report?.format, 'joblib');
      assert.equal(report?.status, 'scanned');
      assert.deepEqual(report?.findings, []);
      assert.equal(report?.description?.properties?.arrays, 2);
      assert.equal(report?.description?.properties?.pickles, 1);
    }
  });

  it('finds what follows an array', async () => {
    assert.ok((await worst(bytes(proto(4), wrapped('f8', 10, numbers), POP, payload(), STOP), 'model.joblib')) >= high);
  });

  it('reads object arrays as the pickles they are', async () => {
    const content = (inner: Uint8Array) => bytes(proto(4), wrapped('O8', 1, inner), STOP);
    assert.ok((await worst(content(evil()), 'model.joblib')) >= high);
    assert.ok((await worst(content(bytes(proto(4), ']', STOP)), 'model.joblib')) < medium);
  });

  it('finds opcodes among the bytes of an array, which the plain unpickler would run', async () => {
    const hidden = bytes(call(stackGlobal('os', 'system'), text('x')), STOP);
    const data = bytes(hidden, new Uint8Array(80 - hidden.length));
    assert.ok((await worst(bytes(proto(4), wrapped('f8', 10, data), STOP), 'model.joblib')) >= high);
  });

  it('knows it under other names and compressed', async () => {
    const content = bytes(proto(4), wrapped('f8', 10, numbers), POP, payload(), STOP);
    assert.ok((await worst(content, 'model.sav')) >= high);
    assert.ok((await worst(new Uint8Array(deflateSync(content)), 'model.joblib')) >= high);
  });
});
