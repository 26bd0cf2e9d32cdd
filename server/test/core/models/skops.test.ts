import assert from 'node:assert/strict';
import JSZip from 'jszip';
import { scanBytes, verdicts } from './scanBytes';

async function archive(files: Record<string, string>): Promise<Uint8Array> {
  const zip = new JSZip();
  for (const [name, content] of Object.entries(files)) zip.file(name, content);
  return zip.generateAsync({ type: 'uint8array' });
}

const skops = async (root: unknown, more: Record<string, string> = {}) =>
  verdicts(await scanBytes('m.skops', await archive({ 'schema.json': JSON.stringify(root), ...more }))).filter(
    (v) => !v.startsWith('info'),
  );

const node = (module: string, name: string, loader = 'ObjectNode', content: unknown = {}) => ({
  __module__: module,
  __class__: name,
  __loader__: loader,
  content,
});

describe('skops', () => {
  it('an honest estimator is clean', async () => {
    const root = {
      ...node('sklearn.linear_model._logistic', 'LogisticRegression', 'ObjectNode', {
        C: node('builtins', 'float', 'JsonNode'),
        coef_: node('numpy', 'ndarray', 'NdArrayNode'),
        kind: node('collections', 'OrderedDict', 'DictNode'),
      }),
      protocol: 2,
      _skops_version: '0.13',
    };
    assert.deepEqual(await skops(root), []);
  });

  it('judges every node, however deep', async () => {
    assert.deepEqual(
      await skops(node('sklearn.pipeline', 'Pipeline', 'ObjectNode', { a: [[node('os', 'system', 'FunctionNode')]] })),
      ['high skops/dangerous-type'],
    );
    assert.deepEqual(await skops(node('mycompany.models', 'Thing')), ['medium skops/untrusted-type']);
  });

  it('methods bound by name and operators that are none', async () => {
    const method = (func: string, module: string) =>
      node('types', 'method', 'MethodNode', { func, obj: node(module, 'SVC') });
    assert.ok((await skops(method('system', 'os'))).includes('high skops/dangerous-type'));
    assert.ok((await skops(method('__globals__', 'sklearn.base'))).includes('high skops/dangerous-type'));
    assert.deepEqual(await skops(method('predict', 'sklearn.svm._classes')), ['medium skops/method-node']);
    assert.deepEqual(await skops(node('operator', 'call', 'OperatorFuncNode')), ['high skops/dangerous-type']);
  });

  it('a pickle has no place in it', async () => {
    assert.ok((await skops({}, { 'model.pkl': '' })).includes('medium skops/pickle-member'));
  });
});

describe('TorchServe model archives', () => {
  const mar = async (model: unknown, more: Record<string, string> = {}) =>
    verdicts(await scanBytes('m.mar', await archive({ 'MAR-INF/MANIFEST.json': JSON.stringify({ model }), ...more })));

  it('an honest archive with a built-in handler is clean', async () => {
    assert.deepEqual(await mar({ modelName: 'm', handler: 'image_classifier', serializedFile: 'm.pt' }), []);
  });

  it('paths and addresses outside the archive, and handlers of its own', async () => {
    for (const handler of ['../../x.py:run', 'https://example.org/x.py'])
      assert.deepEqual(await mar({ handler }), ['high torchserve/manifest-path', 'info torchserve/handler']);
    const own = await mar({ handler: 'handler.py' }, { 'handler.py': 'def handle(data, context):\n    return data\n' });
    assert.deepEqual(own, ['info torchserve/handler']);
  });
});
