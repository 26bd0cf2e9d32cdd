import assert from 'node:assert/strict';
import { scanBytes, verdicts } from './scanBytes';
import { concat, field } from './tensorflow/message';

const judge = async (name: string, text: string | Uint8Array) => verdicts(await scanBytes(name, text));
const net = (layers: string) =>
  `name: "net"\ninput: "data"\nlayer { name: "c" type: "Convolution" bottom: "data" top: "c" }\n${layers}`;

describe('Caffe', () => {
  it('a network for inference and its solver are clean', async () => {
    const report = await scanBytes('deploy.prototxt', net('layer { name: "s" type: "Softmax" }'));
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.format, 'caffe-prototxt');
    assert.deepEqual(report.description?.operators, { Convolution: 1, Softmax: 1 });
    const solver = 'net: "models/train.prototxt"\nbase_lr: 0.01\nlr_policy: "step"\nsnapshot_prefix: "snap/x"\n';
    assert.deepEqual(await judge('solver.prototxt', solver), []);
  });

  it('Python layers, in both spellings of a layer', async () => {
    const layer = (module: string, body = 'layer') =>
      `${body} { name: "p" type: "Python" python_param { module: "${module}" layer: "X" param_str: "{}" } }`;
    assert.deepEqual(await judge('a.prototxt', net(layer('rpn.proposal_layer'))), ['medium caffe/python-layer']);
    assert.deepEqual(await judge('a.prototxt', net(layer('subprocess'))), ['high caffe/python-layer']);
    assert.deepEqual(await judge('a.prototxt', net(layer('os', 'layers'))), ['high caffe/python-layer']);
    assert.deepEqual(await judge('a.prototxt', net(layer('\\x6fs'))), ['high caffe/python-layer']);
    assert.deepEqual(await judge('a.txt', net(layer('os'))), ['high caffe/python-layer']);
    const inSolver = `net_param { ${layer('os')} }\nnet: "a"\nbase_lr: 1\n`;
    assert.deepEqual(await judge('solver.prototxt', inSolver), ['high caffe/python-layer']);
  });

  it('paths: of the machine it was written on, and such that reach out', async () => {
    const data = (source: string) => net(`layer { name: "d" type: "Data" data_param { source: "${source}" } }`);
    assert.deepEqual(await judge('t.prototxt', data('train_lmdb')), []);
    assert.deepEqual(await judge('t.prototxt', data('/data/imagenet/train_lmdb')), ['low caffe/path-outside']);
    assert.deepEqual(await judge('t.prototxt', data('../../etc/passwd')), ['medium caffe/path-outside']);
    assert.deepEqual(await judge('t.prototxt', data('\\\\\\\\host\\\\share')), ['medium caffe/path-outside']);
  });

  it('the binary form', async () => {
    const layer = (...parts: Uint8Array[]) => field(100, field(1, 'p'), ...parts);
    const python = field(130, field(1, 'os'), field(2, 'system'));
    const whole = concat(field(1, 'net'), layer(field(2, 'ReLU')), layer(field(2, 'Python'), python));
    assert.deepEqual(await judge('m.caffemodel', concat(field(1, 'net'), layer(field(2, 'ReLU')))), []);
    assert.deepEqual(await judge('m.caffemodel', whole), ['high caffe/python-layer']);
    const cut = await scanBytes(
      'm.caffemodel',
      concat(whole, field(100, new Uint8Array(40))).subarray(0, whole.length + 9),
    );
    assert.deepEqual(verdicts(cut), ['high caffe/python-layer', 'medium caffe/malformed']);
    assert.equal(cut.status, 'partial');
  });

  it('graphs of TensorFlow and configurations of servers are none', async () => {
    const graph = 'node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } }';
    assert.ok(!(await scanBytes('g.prototxt', graph)).format.includes('caffe'));
  });
});
