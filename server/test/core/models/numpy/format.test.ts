import assert from 'node:assert/strict';
import { describeDType, NotALiteral, parseLiteral, shapeOf } from '../../../../src/core/models/numpy/header';
import { bytes, evil, pickle, RANK, scan, u32, worst, zip } from '../../pickle/assembler';

const { high, medium, low } = RANK;

function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const padded = `${header}\n`;
  const length = version === 1 ? bytes(padded.length & 255, padded.length >> 8) : u32(padded.length);
  return bytes(0x93, 'NUMPY', version, 0, length, padded, data);
}

const header = (descr: string, shape: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;

describe('NumPy files', () => {
  it('describes arrays and finds nothing in numbers', async () => {
    for (const version of [1, 2, 3]) {
      const report = await scan(npy(header("'<f4'", '(2, 3)'), new Uint8Array(24), version), 'a.npy');
      assert.equal(report?.format, 'npy');
      assert.deepEqual(report?.findings, []);
      assert.deepEqual(report?.description?.tensors, [{ name: 'array', dtype: '<f4', shape: [2, 3], bytes: 24 }]);
    }
    const structured = await scan(
      npy(header("[('a', '<i4'), ('b', '<f8', (2,))]", '(1,)'), new Uint8Array(20)),
      'a.npy',
    );
    assert.deepEqual(structured?.findings, []);
  });

  it('reads the pickle of an object array, also in a structured type and under another name', async () => {
    for (const descr of ["'|O'", "[('x', '<i4'), ('y', '|O')]", "[('x', [('z', 'O')])]"]) {
      assert.ok((await worst(npy(header(descr, '(1,)'), evil()), 'data.bin')) >= high, descr);
    }
    assert.ok((await worst(npy(header("'|O'", '(1,)'), pickle(']')), 'a.npy')) <= low);
    assert.ok((await worst(evil(), 'a.npy')) >= high);
  });

  it('does not believe a header', async () => {
    const lies = [
      header("'<f8'", '(1000000, 1000000, 1000000)'),
      header("'<f8'", '(-1,)'),
      header("'zz'", '(1,)'),
      "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,)}",
      '[1, 2]',
      "{'descr': '<f8', 'shape': (1,)}",
      header("'<f8'", '(4,)'),
    ];
    for (const lie of lies) assert.ok((await worst(npy(lie, new Uint8Array(8)), 'a.npy')) >= medium, lie);
    assert.ok((await worst(bytes(0x93, 'NUMPY', 1, 0, 255, 255, 'x'), 'a.npy')) >= medium);
    assert.ok((await worst(npy(lies[3] as string, evil()), 'a.npy')) >= high);
  });

  it('looks behind the array', async () => {
    assert.ok((await worst(npy(header("'<f4'", '(1,)'), bytes(new Uint8Array(4), evil())), 'a.npy')) >= high);
  });

  it('judges the members of .npz', async () => {
    const plain = npy(header("'<f4'", '(1,)'), new Uint8Array(4));
    const honest = await scan(
      zip([
        ['a.npy', plain],
        ['b.npy', plain],
      ]),
      'a.npz',
    );
    assert.equal(honest?.format, 'npz');
    assert.deepEqual(honest?.findings, []);
    assert.equal(honest?.description?.tensorCount, 2);
    assert.ok((await worst(zip([['a.npy', npy(header("'|O'", '(1,)'), evil())]]), 'a.npz')) >= high);
    assert.ok(
      (await worst(
        zip([
          ['a.npy', plain],
          ['x.pkl', evil()],
        ]),
        'a.npz',
      )) >= high,
    );
  });
});

describe('Python literals of array headers', () => {
  it('reads what numpy writes and nothing else', () => {
    assert.deepEqual(parseLiteral("{'a': (1, -2,), \"b\": [True, None, 'x\\'y']}"), {
      dict: [
        ['a', { tuple: [1, -2] }],
        ['b', [true, null, "x'y"]],
      ],
    });
    assert.equal(parseLiteral('(5)'), 5);
    assert.deepEqual(parseLiteral('(5L,)'), { tuple: [5] });
    for (const bad of ['', '{', "{'a' 1}", '1+1', "f('x')", '[1 2]', '(,)', "'open", '['.repeat(100)]) {
      assert.throws(() => parseLiteral(bad), NotALiteral, bad);
    }
  });

  it('measures types and shapes', () => {
    assert.equal(describeDType('<U5')?.size, 20);
    assert.equal(describeDType('<M8[ns]')?.size, 8);
    assert.equal(describeDType('|V12')?.size, 12);
    assert.equal(describeDType('|O')?.hasObjects, true);
    assert.equal(describeDType('nonsense!'), undefined);
    assert.deepEqual(shapeOf({ tuple: [1, 2] }), [1, 2]);
    assert.equal(shapeOf(3), undefined);
  });
});
