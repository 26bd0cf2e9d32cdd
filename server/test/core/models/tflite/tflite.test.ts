import assert from 'node:assert/strict';
import JSZip from 'jszip';
import { scanBytes, verdicts } from '../scanBytes';
import { concat } from '../tensorflow/message';
import { Builder } from './builder';

function model(customs: string[], description = 'test', values: Uint8Array = new Uint8Array(48)): Uint8Array {
  const b = new Builder();
  b.u32(0);
  b.bytes.push(...new TextEncoder().encode('TFL3'));
  const root = b.table([3, 0, 0, 0, 0]);
  b.patch(0, root.at);
  const codes = b.vector(customs.length);
  b.point(root.fields[1] as number, codes.at);
  for (const [i, custom] of customs.entries()) {
    const code = b.table([undefined, 0, undefined, 32]);
    b.point(codes.items[i] as number, code.at);
    b.point(code.fields[1] as number, b.text(custom));
  }
  const graphs = b.vector(1);
  b.point(root.fields[2] as number, graphs.at);
  const graph = b.table([0, 0, undefined, 0]);
  b.point(graphs.items[0] as number, graph.at);
  const tensors = b.vector(1);
  b.point(graph.fields[0] as number, tensors.at);
  const tensor = b.table([0, undefined, 1, 0]);
  b.point(tensors.items[0] as number, tensor.at);
  const shape = b.u32(2);
  b.u32(3);
  b.u32(4);
  b.point(tensor.fields[0] as number, shape);
  b.point(tensor.fields[3] as number, b.text('weights'));
  b.point(graph.fields[1] as number, b.u32(1));
  b.u32(0);
  const operators = b.vector(2);
  b.point(graph.fields[3] as number, operators.at);
  for (const item of operators.items) b.point(item, b.table([0]).at);
  b.point(root.fields[3] as number, b.text(description));
  const buffers = b.vector(2);
  b.point(root.fields[4] as number, buffers.at);
  b.point(buffers.items[0] as number, b.table([]).at);
  const data = b.table([0]);
  b.point(buffers.items[1] as number, data.at);
  b.point(data.fields[0] as number, b.u32(values.length));
  b.bytes.push(...values);
  return Uint8Array.from(b.bytes);
}

describe('TensorFlow Lite', () => {
  it('an ordinary model is clean and described', async () => {
    const report = await scanBytes('m.tflite', model(['TFLite_Detection_PostProcess', 'FlexAddV2']));
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.description?.tensors, [{ name: 'weights', dtype: 'float32', shape: [3, 4] }]);
    assert.equal(report.description?.parameters, 12);
    assert.equal(report.description?.properties?.description, 'test');
    assert.deepEqual(report.description?.operators, { TFLite_Detection_PostProcess: 2 });
    assert.deepEqual(report.description?.inputs, report.description?.tensors);
  });

  it('Flex operators are judged as those of TensorFlow', async () => {
    assert.deepEqual(verdicts(await scanBytes('m', model(['FlexPyFunc']))), ['high tflite/flex-operator']);
    assert.deepEqual(verdicts(await scanBytes('m', model(['FlexReadFile']))), ['high tflite/flex-operator']);
    assert.deepEqual(verdicts(await scanBytes('m', model(['FlexNobodysOp']))), ['medium tflite/custom-operator']);
  });

  it('custom operators are told once each', async () => {
    const report = await scanBytes('m.tflite', model(['Mine', 'Mine', 'Other']));
    assert.equal(verdicts(report).filter((v) => v === 'medium tflite/custom-operator').length, report.findings.length);
    assert.deepEqual([...new Set(report.findings.map((f) => f.evidence))].sort(), ['Mine', 'Other']);
  });

  it('offsets that point outside are told', async () => {
    const bytes = model(['Mine']);
    bytes.set([0xff, 0xff, 0xff, 0x7f], 0);
    const damaged = ['medium tflite/malformed'];
    assert.deepEqual(verdicts(await scanBytes('m.tflite', bytes)), damaged);
    const cut = await scanBytes('m.tflite', model([]).subarray(0, 40));
    assert.deepEqual(verdicts(cut), damaged);
    assert.equal(cut.status, 'partial');
  });

  it('buffers that are no numbers, and programs behind the model', async () => {
    const pickle = new TextEncoder().encode("cos\nsystem\n(S'id'\ntR.");
    assert.deepEqual(verdicts(await scanBytes('m.tflite', model([], 'test', pickle))), [
      'critical pickle/dangerous-call',
      'medium torch/storage-is-pickle',
    ]);
    const elf = concat(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), new Uint8Array(120));
    assert.ok(
      verdicts(await scanBytes('m.tflite', model([], 'test', elf))).some((v) => v.endsWith('native/native-code')),
      'a library in a buffer',
    );
    for (const padding of [0, 1, 4096]) {
      const report = await scanBytes('m.tflite', concat(model([]), new Uint8Array(padding), elf));
      assert.ok(verdicts(report).includes('high tflite/hidden-data'), String(padding));
    }
    let state = 5;
    const noise = Uint8Array.from({ length: 200_000 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
    assert.deepEqual(verdicts(await scanBytes('m.tflite', concat(model([]), noise))), []);
  });

  it('labels are appended as an archive, and its members are looked at', async () => {
    const appended = async (name: string, content: string) => {
      const zip = new JSZip();
      zip.file(name, content);
      return scanBytes('m.tflite', concat(model(['FlexAddV2']), await zip.generateAsync({ type: 'uint8array' })));
    };
    assert.deepEqual(verdicts(await appended('labels.txt', 'cat\ndog\n')), []);
    const report = await appended('labels.txt', "cos\nsystem\n(S'id'\ntR.");
    assert.deepEqual(verdicts(report), ['critical pickle/dangerous-call']);
    assert.equal(report.findings[0]?.location.member, 'labels.txt');
  });
});
