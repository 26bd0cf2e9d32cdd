import assert from 'node:assert/strict';
import type { Group, File as H5File } from 'h5wasm';
import { Budget } from '../../../../src/core/budget';
import { MemoryByteSource } from '../../../../src/core/io/byteSource';
import { Hdf5File } from '../../../../src/core/models/hdf5/file';
import { HDF5_FORMAT } from '../../../../src/core/models/hdf5/format';
import { loadLibrary } from '../../../../src/core/models/hdf5/library';
import { base64, systemCall } from '../marshal/assemble';
import { scanBytes, verdicts } from '../scanBytes';

type Library = typeof import('h5wasm');
let serial = 0;

/** Bytes of a file that the HDF5 library writes, as old or as new as `bounds` says. */
async function hdf5(fill: (file: H5File) => void, bounds?: 'earliest' | 'v108' | 'v114'): Promise<Uint8Array> {
  const library: Library = await import('h5wasm');
  const { FS } = await library.ready;
  serial += 1;
  const name = `test-${serial}.h5`;
  const file = bounds ? new library.File(name, 'w', { libver: [bounds, 'latest'] }) : new library.File(name, 'w');
  fill(file);
  file.flush();
  file.close();
  const bytes = FS.readFile(name);
  FS.unlink(name);
  return bytes;
}

const config = (layers: unknown[]) => JSON.stringify({ class_name: 'Sequential', config: { name: 's', layers } });
const dense = { class_name: 'Dense', config: { name: 'd', units: 2, activation: 'relu' } };
const lambda = {
  class_name: 'Lambda',
  config: { name: 'lam', function: [base64(systemCall('3.8', 'echo hello')), null, null], function_type: 'lambda' },
};
const keras = (layers: unknown[]) => (file: H5File) => {
  file.create_attribute('model_config', config(layers));
  file.create_attribute('keras_version', '2.15.0');
  file.create_group('model_weights').create_dataset({ name: 'kernel:0', data: new Float32Array(12), shape: [3, 4] });
};
const encode = (text: string) => new TextEncoder().encode(text);
/** Protocol 4: a dict with one text in it; calls nothing. */
const quietPickle = (text: string) =>
  Uint8Array.from([0x80, 4, 0x7d, 0x94, 0x8c, 1, 0x6b, 0x94, 0x8c, text.length, ...encode(text), 0x94, 0x73, 0x2e]);

describe('HDF5', () => {
  for (const bounds of ['earliest', 'v108', 'v114'] as const) {
    it(`a Keras model written as ${bounds} is clean and described`, async () => {
      const report = await scanBytes('m.h5', await hdf5(keras([dense]), bounds));
      assert.deepEqual(report.findings, []);
      assert.equal(report.status, 'scanned');
      assert.equal(report.description?.framework, 'Keras');
      assert.equal(report.description?.frameworkVersion, '2.15.0');
      assert.deepEqual(
        report.description?.tensors?.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
        [{ name: 'model_weights/kernel:0', dtype: 'float32', shape: [3, 4] }],
      );
    });

    it(`a Lambda in a model written as ${bounds} is found, under any name`, async () => {
      const report = await scanBytes('weights', await hdf5(keras([dense, lambda]), bounds));
      assert.deepEqual(verdicts(report), ['critical keras/lambda-layer']);
      assert.match(report.findings[0]?.location.node ?? '', /model_config .*layers\/1 \(lam\)/);
    });

    it(`reads the same structure as the library does, written as ${bounds}`, async () => {
      const bytes = await hdf5((file) => {
        for (let i = 0; i < 40; i += 1) file.create_attribute(`attribute ${i}`, `value ${i}`);
        const group = file.create_group('many');
        for (let i = 0; i < 300; i += 1) group.create_dataset({ name: `set ${i}`, data: new Int32Array([i, i]) });
        file
          .create_group('a')
          .create_group('b')
          .create_dataset({ name: 'c', data: new Float64Array(6), shape: [2, 3], chunks: [1, 3], compression: 4 });
      }, bounds);
      const library = await (await loadLibrary()).readWithLibrary(bytes);
      const own = await structureOf(bytes);
      assert.deepEqual(own.datasets.sort(), library.datasets.map(({ path }) => path).sort());
      assert.deepEqual(
        own.attributes.sort(),
        library.attributes.map(({ path, name, value }) => `${path}@${name}=${value}`).sort(),
      );
      assert.equal(own.datasets.length, 301);
      assert.equal(own.attributes.length, 40);
    });
  }

  it('a pickle that only holds a command is one finding, high, and said to execute nothing', async () => {
    const bytes = await hdf5((file) => {
      keras([dense])(file);
      file.create_dataset({ name: 'extra', data: quietPickle("os.system('rm -rf /')") });
    });
    const report = await scanBytes('m.h5', bytes);
    assert.deepEqual(verdicts(report), ['high hdf5/embedded-pickle']);
    assert.match(
      report.findings[0]?.message ?? '',
      /'extra' is a pickle of \d+ bytes that holds the text .*rm -rf.*executes nothing/,
    );
    assert.equal(report.findings[0]?.location.node, 'extra');
    const at = report.findings[0]?.location.offset as number;
    assert.deepEqual([...bytes.subarray(at, at + 2)], [0x80, 4]);
  });

  it('a pickle that calls is judged as a pickle, at its data set', async () => {
    const report = await scanBytes(
      'm.h5',
      await hdf5((file) => file.create_dataset({ name: 'p', data: encode("cos\nsystem\n(S'id'\ntR.") })),
    );
    assert.deepEqual(verdicts(report), ['critical pickle/dangerous-call']);
    assert.equal(report.findings[0]?.location.member, 'p');
  });

  it('compressed byte data sets are looked into as well', async () => {
    const data = encode(`cos\nsystem\n(S'${'x'.repeat(200)}'\ntR.`);
    const bytes = await hdf5((file) => file.create_dataset({ name: 'p', data, chunks: [64], compression: 4 }));
    assert.deepEqual(verdicts(await scanBytes('m.h5', bytes)), ['critical pickle/dangerous-call']);
  });

  it('chance bytes of a pickle in ordinary data are none', async () => {
    const data = new Uint8Array(4096).fill(7);
    data.set([0x80, 5], 0);
    assert.deepEqual(
      verdicts(await scanBytes('m.h5', await hdf5((f) => f.create_dataset({ name: 'image', data })))),
      [],
    );
  });

  it('links to other files are told by where they lead', async () => {
    const outside = await hdf5((file) => file.create_external_link('/etc/secret.h5', '/x', 'link'));
    assert.deepEqual(verdicts(await scanBytes('m.h5', outside)), ['high hdf5/external-link']);
    // Instruments write master files that link to the files of one run; Keras never does.
    const beside = await hdf5((file) => file.create_external_link('part2.h5', '/x', 'link'));
    assert.deepEqual(verdicts(await scanBytes('m.h5', beside)), ['low hdf5/external-link']);
    for (const group of ['layers', 'model_weights', 'vars']) {
      const weights = await hdf5((file) => {
        file.create_group(group);
        file.create_external_link('part2.h5', '/x', 'link');
      });
      assert.deepEqual(verdicts(await scanBytes('m.h5', weights)), ['medium hdf5/external-link'], group);
    }
    const soft = await hdf5((file) => file.create_soft_link('/nowhere', 'link'));
    assert.deepEqual(verdicts(await scanBytes('m.h5', soft)), []);
  });

  it('rows of an embedding that are unlike all others are told, by either generation of Keras', async () => {
    const values = (factor: number) =>
      Float32Array.from({ length: 160 }, (_, i) => Math.sin(i * 7) * (Math.floor(i / 4) === 38 ? factor : 1));
    const build = (factor: number, group: string, name: string, dtype?: string) =>
      hdf5((file) => {
        let at: Group = file;
        for (const part of group.split('/')) at = at.create_group(part);
        at.create_dataset({ name, data: values(factor), shape: [40, 4], ...(dtype && { dtype }) });
      });
    for (const [group, name] of [
      ['model_weights/emb', 'embeddings:0'],
      ['layers/embedding/vars', '0'],
    ] as const) {
      assert.deepEqual(verdicts(await scanBytes('m.h5', await build(1, group, name))), []);
      const report = await scanBytes('m.h5', await build(70, group, name));
      assert.deepEqual(verdicts(report), ['info embedding/outlying-rows']);
      assert.match(report.findings[0]?.message ?? '', /row 38 \(/);
    }
    assert.deepEqual(verdicts(await scanBytes('m.h5', await build(70, 'model_weights/emb', 'embeddings:0', '<f8'))), [
      'info embedding/outlying-rows',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.h5', await build(70, 'model_weights/dense', 'kernel:0'))), []);
  });

  it('rows that an embedding has beyond its configuration are told', async () => {
    const build = (rows: number) =>
      hdf5((file) => {
        file.create_attribute(
          'model_config',
          config([{ class_name: 'Embedding', config: { name: 'emb', input_dim: 10, output_dim: 2 } }]),
        );
        file
          .create_group('model_weights')
          .create_group('emb')
          .create_dataset({ name: 'embeddings:0', data: new Float32Array(rows * 2), shape: [rows, 2] });
      });
    assert.deepEqual(verdicts(await scanBytes('m.h5', await build(10))), ['info keras/embedding-layer']);
    const report = await scanBytes('m.h5', await build(12));
    assert.deepEqual(verdicts(report), ['medium keras/embedding-layer']);
    assert.match(report.findings[0]?.message ?? '', /stores 12 rows where its configuration has 10/);
  });

  it('a block of the user before the signature is skipped', async () => {
    const bytes = await hdf5(keras([lambda]));
    for (const [name, size] of [
      ['m.h5', 512],
      ['m.h5', 8192],
      ['weights.bin', 8192],
    ] as const) {
      const shifted = new Uint8Array(bytes.length + size);
      shifted.set(bytes, size);
      assert.deepEqual(verdicts(await scanBytes(name, shifted)), ['critical keras/lambda-layer'], `${name} ${size}`);
    }
  });

  it('byte data sets too large to be held are judged by how they begin, filtered or not', async () => {
    const data = new Uint8Array(6 * 1024 * 1024).map((_, i) => (i * i * 31) >> 3);
    data.set(encode("cos\nsystem\n(S'id'\ntR."));
    const plain = await hdf5((file) => file.create_dataset({ name: 'p', data }));
    assert.deepEqual(verdicts(await scanBytes('m.h5', plain)), ['critical pickle/dangerous-call']);
    const packed = await hdf5((file) => file.create_dataset({ name: 'p', data, chunks: [65536], compression: 1 }));
    assert.deepEqual(verdicts(await scanBytes('m.h5', packed)), ['critical pickle/dangerous-call']);
    data.fill(9, 0, 64);
    const image = await hdf5((file) => file.create_dataset({ name: 'p', data, chunks: [65536], compression: 1 }));
    assert.deepEqual((await scanBytes('m.h5', image)).status, 'scanned');
  });

  it('what cannot be searched is said', async () => {
    // The chunk index of newer files is not followed here, and the data set is too large for the library.
    const data = new Uint8Array(6 * 1024 * 1024);
    const report = await scanBytes(
      'm.h5',
      await hdf5((file) => file.create_dataset({ name: 'p', data, chunks: [65536], compression: 1 }), 'v114'),
    );
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /1 byte data sets were not searched/);
  });

  it('weights that declare a shape beyond all measure are told, a large sparse data set of science is not', async () => {
    const bomb = (group: string) =>
      hdf5((file) => {
        file
          .create_group(group)
          .create_dataset({
            name: 'kernel',
            data: new Float32Array(4),
            shape: [2, 2],
            maxshape: [null, null],
            chunks: [2, 2],
          })
          ?.resize([1 << 20, 1 << 20]);
      });
    assert.deepEqual(verdicts(await scanBytes('m.weights.h5', await bomb('layers'))), [
      'medium hdf5/oversized-dataset',
    ]);
    assert.deepEqual(verdicts(await scanBytes('m.h5', await bomb('entry'))), []);
  });

  it('groups that hold each other, and one group under many names, end', async () => {
    const hostile = await hdf5((file) => {
      keras([lambda])(file);
      for (let i = 0; i < 3000; i += 1) file.create_hard_link('/model_weights', `name ${i}`);
    }, 'v108');
    assert.deepEqual(verdicts(await scanBytes('m.h5', hostile)), ['critical keras/lambda-layer']);
  });

  it('a damaged file fails, and is never clean', async () => {
    const bytes = await hdf5(keras([dense]));
    for (const cut of [100, 600, 1000]) {
      const report = await scanBytes('m.h5', bytes.subarray(0, cut));
      assert.equal(report.status, 'failed', `cut at ${cut}`);
    }
    assert.equal((await scanBytes('m.h5', 'no HDF5 at all', { formats: [HDF5_FORMAT] })).status, 'failed');
  });

  it('the library follows groups that hold each other a few turns only, and says so', async () => {
    const bytes = await hdf5((file) => {
      file.create_group('a');
      for (const name of ['b', 'c', 'd']) file.create_hard_link('/a', `a/${name}`);
    });
    const content = await (await loadLibrary()).readWithLibrary(bytes);
    assert.ok(content.unreadable.some((path) => path.endsWith('other groups with the same links')));
  });

  it('a part that is used over and over is not read over and over', async () => {
    // A root group whose object header has thousands of attributes, each with its value in one large heap object.
    const bytes = await hdf5((file) => file.create_attribute('model_config', config([dense])), 'v108');
    const file = await Hdf5File.open(new MemoryByteSource(bytes), 0, new Budget());
    const limit = 64 * 1024 * 1024 + 4 * bytes.length;
    let read = 0;
    await assert.rejects(
      async () => {
        for (;;) {
          await file.readLarge(0, bytes.length);
          read += bytes.length;
          assert.ok(read <= limit);
        }
      },
      { name: 'ExcessiveHdf5' },
    );
  });

  it('bytes changed at random neither hang nor crash it', async () => {
    const bytes = await hdf5((file) => {
      keras([lambda])(file);
      for (let i = 0; i < 30; i += 1) file.create_attribute(`a${i}`, `v${i}`);
    }, 'v108');
    let seed = 11;
    for (let round = 0; round < 150; round += 1) {
      const copy = bytes.slice();
      for (let i = 0; i < 4; i += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        copy[8 + (seed % (copy.length - 8))] = seed >> 8;
      }
      const source = new MemoryByteSource(copy);
      try {
        const file = await Hdf5File.open(source, 0, new Budget());
        await file.header(file.root);
      } catch (error) {
        assert.ok(error instanceof Error && /Hdf5|Budget/.test(error.name), String(error));
      }
    }
  });
});

async function structureOf(bytes: Uint8Array): Promise<{ datasets: string[]; attributes: string[] }> {
  const file = await Hdf5File.open(new MemoryByteSource(bytes), 0, new Budget());
  const datasets: string[] = [];
  const attributes: string[] = [];
  const pending = [{ path: '', address: file.root }];
  while (pending.length) {
    const { path, address } = pending.pop() as { path: string; address: number };
    const header = await file.header(address);
    if (header.layout) datasets.push(path);
    for (const attribute of header.attributes)
      attributes.push(`${path}@${attribute.name}=${await file.attributeText(attribute)}`);
    for (const link of header.links) {
      if (link.address !== undefined) pending.push({ path: `${path}/${link.name}`, address: link.address });
    }
  }
  return { datasets, attributes };
}
