import assert from 'node:assert/strict';
import type { ModelDescription, TensorDescription } from '../../../../src/core/description';
import type { ArtifactReport } from '../../../../src/core/finding';
import { GROUP_FORMATS } from '../../../../src/core/formats';
import { groupFiles, groupReport, memberName, type PlannedGroup } from '../../../../src/core/group';
import { cardFacts, licenseOfText } from '../../../../src/core/models/snapshot/facts';
import { fileOf, placeInMember } from '../../../../src/core/place';
import { allReports } from '../../../../src/core/reports/bundle';
import type { GroupMember } from '../../../../src/core/scanner';
import { DEFAULT_SETTINGS } from '../../../../src/core/settings';
import { ignoreFileSuppressor } from '../../../../src/core/suppress/ignoreFile';
import { applySuppressions } from '../../../../src/core/suppress/suppressor';
import { scanBytes } from '../scanBytes';
import { llama, safetensors } from './files';

const TRANSFORMERS = { model_type: 'bert', architectures: ['BertModel'] };

type Tree = Record<string, unknown>;

/** Groups of a tree of files; the values of JSON files are their content, of all others only their names count. */
async function groupsOf(tree: Tree): Promise<PlannedGroup[]> {
  const plan = Object.keys(tree).map((path) => ({ kind: 'file' as const, path, size: 1 }));
  const units = await groupFiles(plan, GROUP_FORMATS, async (path) => {
    const content = tree[path];
    return content === undefined ? undefined : typeof content === 'string' ? content : JSON.stringify(content);
  });
  return units.flatMap((unit) => (unit.kind === 'group' ? [unit] : []));
}

async function told(tree: Tree): Promise<string[]> {
  return (await groupsOf(tree)).map(
    (group) => `${group.path} ${group.formatId}: ${group.files.map((file) => memberName(group, file)).join(' ')}`,
  );
}

/** A member with a description, as its own scan would have left it. */
function member(name: string, shapes: Record<string, number[]>, own: Partial<ModelDescription> = {}): GroupMember {
  const tensors: TensorDescription[] = Object.entries(shapes).map(([tensor, shape]) => ({
    name: tensor,
    dtype: 'F32',
    shape,
  }));
  const parameters = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const report: ArtifactReport = {
    path: name,
    kind: 'model',
    format: name.endsWith('.bin') ? 'pytorch-zip' : 'safetensors',
    status: 'scanned',
    bytes: 10,
    bytesRead: 5,
    findings: [],
    description: { format: 'x', tensors, tensorCount: tensors.length, parameters, ...own },
  };
  return { name, bytes: 10, report };
}

const snapshot = (members: readonly GroupMember[]) => {
  const format = GROUP_FORMATS.find(({ id }) => id === 'huggingface-snapshot');
  assert.ok(format);
  return groupReport({ path: 'm', format, facts: {} }, members, DEFAULT_SETTINGS);
};

describe('Hugging Face snapshots', () => {
  it('are one artifact with what loaders read, and leave code, cards and notebooks what they are', async () => {
    const tree = {
      'm/config.json': TRANSFORMERS,
      'm/generation_config.json': {},
      'm/model-00001-of-00002.safetensors': '',
      'm/model-00002-of-00002.safetensors': '',
      'm/model.safetensors.index.json': '',
      'm/pytorch_model.bin': '',
      'm/onnx/model_quantized.onnx': '',
      'm/tokenizer.json': '',
      'm/modeling_x.py': '',
      'm/README.md': '',
      'm/demo.ipynb': '',
      'm/requirements.txt': '',
      'm/checkpoint-5/config.json': TRANSFORMERS,
      'm/checkpoint-5/model.safetensors': '',
      'm/checkpoint-5/optimizer.pt': '',
    };
    assert.deepEqual(await told(tree), [
      'm huggingface-snapshot: config.json generation_config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json onnx/model_quantized.onnx pytorch_model.bin tokenizer.json',
      'm/checkpoint-5 huggingface-snapshot: config.json model.safetensors optimizer.pt',
    ]);
  });

  it('may be the root of what is scanned', async () => {
    assert.deepEqual(await told({ 'config.json': TRANSFORMERS, 'model.safetensors': '', 'src/a.py': '' }), [
      '. huggingface-snapshot: config.json model.safetensors',
    ]);
  });

  it('are none when the configuration is not that of a model, or nothing is configured', async () => {
    for (const config of [
      { port: 80 },
      [TRANSFORMERS],
      '{"model_type": "x", }',
      { models: TRANSFORMERS },
      'null',
      { architectures: [] },
    ])
      assert.deepEqual(await told({ 'config.json': config, 'model.safetensors': '' }), [], JSON.stringify(config));
    assert.deepEqual(await told({ 'config.json': TRANSFORMERS, 'tokenizer.json': '', 'README.md': '' }), []);
    assert.deepEqual(await told({ 'model.safetensors': '', 'tokenizer.json': '' }), []);
  });

  it('are not asked for by reading where no name is that of weights', async () => {
    const asked: string[] = [];
    const plan = [
      'a/config.json',
      'a/index.js',
      'b/config.json',
      'b/yolo.pt',
      'b/README.md',
      'c/config.json',
      'c/model.safetensors',
    ];
    await groupFiles(
      plan.map((path) => ({ kind: 'file' as const, path, size: 1 })),
      GROUP_FORMATS,
      async (path) => {
        asked.push(path);
        return '{"port": 80}';
      },
    );
    assert.deepEqual(asked, ['c/config.json']);
  });

  it('leave another model in the same folder alone', async () => {
    assert.deepEqual(
      await told({
        'config.json': TRANSFORMERS,
        'model.safetensors': '',
        'yolo.pt': '',
        'other.safetensors': '',
        'resnet-00001-of-00002.safetensors': '',
        'mistral-7b.Q4_K_M.gguf': '',
        'classifier.onnx': '',
      }),
      ['. huggingface-snapshot: config.json model.safetensors'],
    );
    assert.deepEqual(await told({ 'config.json': TRANSFORMERS, 'llama.Q4_K_M.gguf': '', 'mistral.Q8_0.gguf': '' }), []);
    assert.deepEqual(
      await told({
        'config.json': TRANSFORMERS,
        'llama-7b.Q4_K_M.gguf': '',
        'llama-7b-F16.gguf': '',
        'llama-7b.IQ2_XS.gguf': '',
      }),
      ['. huggingface-snapshot: config.json llama-7b-F16.gguf llama-7b.IQ2_XS.gguf llama-7b.Q4_K_M.gguf'].map(
        (line) => {
          const [head, members = ''] = line.split(': ');
          return `${head}: ${members.split(' ').sort().join(' ')}`;
        },
      ),
    );
  });

  it('take in what an index names, and weights of any name when there are no others', async () => {
    const index = { weight_map: { a: 'part-a.safetensors', b: 'part-b.safetensors', c: '../x.safetensors', d: 7 } };
    assert.deepEqual(
      await told({
        'config.json': TRANSFORMERS,
        'model.safetensors.index.json': index,
        'part-a.safetensors': '',
        'part-b.safetensors': '',
        'part-c.safetensors': '',
      }),
      ['. huggingface-snapshot: config.json model.safetensors.index.json part-a.safetensors part-b.safetensors'],
    );
    assert.deepEqual(await told({ 'config.json': TRANSFORMERS, 'gptq_model-4bit-128g.safetensors': '' }), [
      '. huggingface-snapshot: config.json gptq_model-4bit-128g.safetensors',
    ]);
    assert.deepEqual(await told({ 'config.json': TRANSFORMERS, 'a.safetensors': '', 'b.safetensors': '' }), []);
  });

  it('take in the parts of a pipeline and of sentence-transformers, and only those that are named', async () => {
    assert.deepEqual(
      await told({
        'sd/model_index.json': {
          _class_name: 'P',
          unet: ['diffusers', 'UNet'],
          '../x': ['a', 'b'],
          tokenizer: ['t', 'T'],
        },
        'sd/unet/config.json': { _class_name: 'UNet' },
        'sd/unet/diffusion_pytorch_model.fp16.safetensors': '',
        'sd/tokenizer/vocab.json': '',
        'sd/lora/model.safetensors': '',
        'sd/v1-5-pruned.ckpt': '',
      }),
      [
        'sd huggingface-snapshot: model_index.json tokenizer/vocab.json unet/config.json unet/diffusion_pytorch_model.fp16.safetensors',
      ],
    );
    const modules = [
      { idx: 0, path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, path: '1_Dense', type: 'sentence_transformers.models.Dense' },
    ];
    assert.deepEqual(
      await told({
        'st/modules.json': modules,
        'st/config.json': TRANSFORMERS,
        'st/model.safetensors': '',
        'st/1_Dense/config.json': {},
        'st/1_Dense/model.safetensors': '',
        'st/2_Other/model.safetensors': '',
      }),
      [
        'st huggingface-snapshot: 1_Dense/config.json 1_Dense/model.safetensors config.json model.safetensors modules.json',
      ],
    );
    const adapter = { peft_type: 'LORA', base_model_name_or_path: 'acme/base' };
    const [group] = await groupsOf({ 'a/adapter_config.json': adapter, 'a/adapter_model.safetensors': '' });
    assert.deepEqual([group?.facts.framework, group?.facts.properties?.baseModel], ['peft', 'acme/base']);
  });

  it('of shards alone there is one when they are of one checkpoint', async () => {
    const shards = { 's/my-00001-of-00002.safetensors': '', 's/my-00002-of-00002.safetensors': '' };
    assert.deepEqual(await told({ ...shards, 's/my.safetensors.index.json': '', 's/yolo.pt': '' }), [
      's sharded-checkpoint: my-00001-of-00002.safetensors my-00002-of-00002.safetensors my.safetensors.index.json',
    ]);
    assert.deepEqual(await told({ ...shards, 's/your-00001-of-00001.safetensors': '' }), []);
    assert.deepEqual(await told({ 'd/train-00000-of-00002.parquet': '', 'd/train-00001-of-00002.parquet': '' }), []);
    assert.deepEqual(await told({ 's/my-00001-of-00002.safetensors': '' }), [], 'one file is told as that file');
  });

  it('never give a file to two', async () => {
    const tree = {
      'model_index.json': { _class_name: 'P', unet: ['diffusers', 'UNet'] },
      'unet/config.json': { _class_name: 'UNet' },
      'unet/diffusion_pytorch_model.safetensors': '',
    };
    const groups = await groupsOf(tree);
    assert.equal(groups.length, 1);
    assert.equal(groups[0]?.files.length, 3);
  });
});

describe('what is said of a snapshot', () => {
  it('its card, its licence and its framework', async () => {
    const [group] = await groupsOf(llama());
    const { shards, ...facts } = group?.facts ?? {};
    assert.deepEqual(
      Object.entries(shards ?? {}).map(([shard, { index, tensors }]) => [shard, index, tensors]),
      [
        ['model-00001-of-00002.safetensors', 'model.safetensors.index.json', 2],
        ['model-00002-of-00002.safetensors', 'model.safetensors.index.json', 1],
      ],
    );
    assert.deepEqual(facts, {
      framework: 'transformers',
      frameworkVersion: '4.44.0',
      license: 'apache-2.0',
      properties: { modelType: 'llama', architectures: 'LlamaForCausalLM', baseModel: 'acme/base' },
    });
    assert.deepEqual(cardFacts('---\nlicense: other\nlicense_name: "llama3"\nbase_model: [a/b, c/d]\n---\n'), {
      license: 'llama3',
      baseModel: 'a/b, c/d',
    });
    assert.deepEqual(cardFacts('# license: mit\n'), {}, 'no front matter');
    assert.deepEqual(cardFacts('---\nlicense: mit # free\r\n---'), { license: 'mit' });
    assert.equal(
      licenseOfText('                 Apache License\n           Version 2.0, January 2004\n'),
      'apache-2.0',
    );
    assert.equal(licenseOfText('MIT License\n\nCopyright'), 'mit');
    assert.equal(licenseOfText('\n# LLAMA 3 COMMUNITY LICENSE AGREEMENT\n...'), 'LLAMA 3 COMMUNITY LICENSE AGREEMENT');
  });

  it('parameters of one form of the weights, over all shards and parts', () => {
    const counted = (...members: GroupMember[]) => snapshot(members).description?.parameters;
    const shards = [
      member('model-00001-of-00002.safetensors', { a: [10] }),
      member('model-00002-of-00002.safetensors', { b: [20] }),
    ];
    assert.equal(counted(...shards), 30);
    const others = [
      member('pytorch_model.bin', { a: [10], b: [20] }),
      member('model.fp16.safetensors', { a: [10], b: [20] }),
      member('consolidated.00.pth', { a: [30] }),
      member('onnx/model.onnx', { a: [30] }),
      member('optimizer.pt', { a: [60] }),
    ];
    assert.equal(counted(...shards, ...others), 30);
    assert.equal(counted(...others), 30, 'a variant counts when there is nothing else');
    assert.equal(
      counted(
        member('unet/diffusion_pytorch_model.safetensors', { a: [7] }),
        member('vae/diffusion_pytorch_model.bin', { b: [5] }),
      ),
      12,
    );
    assert.equal(counted(member('part-a.safetensors', { a: [3] }), member('part-b.safetensors', { b: [4] })), 7);
    const { description } = snapshot([...shards, ...others]);
    assert.deepEqual(
      description?.tensors?.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.equal(description?.members?.length, 7);
  });

  it('weights that disagree, and nothing of tied tensors, buffers and prefixes', () => {
    const found = (safe: Record<string, number[]>, pickle: Record<string, number[]>, own?: Partial<ModelDescription>) =>
      snapshot([member('model.safetensors', safe), member('pytorch_model.bin', pickle, own)]).findings.map(
        ({ severity, ruleId, message, location }) => `${severity} ${ruleId} ${location.member} ${message.slice(0, 60)}`,
      );
    assert.deepEqual(found({ a: [4], b: [2, 2] }, { a: [4], b: [2, 2], tied: [4], position_ids: [1, 9] }), []);
    assert.deepEqual(found({ a: [4], b: [2] }, { 'module.a': [4], 'module.b': [2] }), []);
    assert.deepEqual(found({ a: [4], b: [2] }, { a: [5], b: [2] }, { truncated: ['tensors'] }), []);
    assert.deepEqual(found({ a: [4], b: [2, 2] }, { a: [5], b: [2, 2] }), [
      'low config/weights-disagree model.safetensors 1 tensors of model.safetensors have another shape in pytorch',
    ]);
    assert.deepEqual(found({ a: [4], b: [2], door: [3, 3] }, { a: [4], b: [2] }), [
      'low config/weights-disagree model.safetensors 1 tensors of model.safetensors are not in pytorch_model.bin ',
    ]);
  });
});

describe('the report of a group', () => {
  async function scanned(): Promise<{ report: ArtifactReport; alone: ArtifactReport }> {
    const tree = llama();
    const [group] = await groupsOf(tree);
    assert.ok(group);
    const members = await Promise.all(
      group.files.map(async (file) => {
        const content = tree[file.path] as Uint8Array | string;
        const report = await scanBytes(`m/${file.path}`, content);
        return { name: file.path, bytes: content.length, report };
      }),
    );
    const format = GROUP_FORMATS.find(({ id }) => id === group.formatId);
    assert.ok(format);
    const alone = members.find(({ name }) => name === 'tokenizer_config.json')?.report;
    assert.ok(alone);
    return { report: groupReport({ ...group, path: 'm', format }, members, DEFAULT_SETTINGS), alone };
  }

  it('has the findings of its files with their places, and with the fingerprints that they have alone', async () => {
    const { report, alone } = await scanned();
    const [own] = alone.findings.filter(({ ruleId }) => ruleId === 'template/code-execution');
    const [same] = report.findings.filter(({ ruleId }) => ruleId === 'template/code-execution');
    assert.equal(own?.fingerprint, same?.fingerprint);
    assert.deepEqual(same?.location, { ...own?.location, member: 'tokenizer_config.json' });
    assert.equal(fileOf(report, same?.location ?? {}), 'm/tokenizer_config.json');
    assert.equal(report.status, 'scanned');
  });

  it('is partial with the member when one of its files is', async () => {
    const broken = await scanBytes('m/model.safetensors', safetensors({ a: [9] }).subarray(0, 40));
    const report = snapshot([
      { name: 'model.safetensors', bytes: 40, report: broken },
      member('pytorch_model.bin', { a: [9] }),
    ]);
    assert.equal(report.status, 'partial');
    assert.match(report.reason ?? '', /^model\.safetensors: /);
  });

  it('stands in SARIF at the files, with their lines', async () => {
    const { report: artifact } = await scanned();
    const report = {
      schema: 'watchtower-scan/1' as const,
      tool: { name: 'watchtower' as const, version: '0' },
      advisories: { asOf: '', source: '', count: 0 },
      target: '.',
      notScanned: [],
      artifacts: [artifact, { ...artifact, path: '.' }],
    };
    const sarif = allReports(report, { pathPrefix: 'sub' }).find(({ name }) => name.endsWith('.sarif'));
    const { results } = JSON.parse(sarif?.content ?? '').runs[0];
    const places = (results as { ruleId: string; locations: { physicalLocation: unknown }[] }[])
      .filter(({ ruleId }) => ruleId === 'template/code-execution')
      .map(
        ({ locations }) =>
          locations[0]?.physicalLocation as { artifactLocation: { uri: string }; region: { startLine: number } },
      );
    assert.deepEqual(
      places.map(({ artifactLocation, region }) => `${artifactLocation.uri}:${region.startLine}`),
      ['sub/m/tokenizer_config.json:2', 'sub/tokenizer_config.json:2'],
    );
  });

  it('is hidden in part by lists that name files', async () => {
    const { report } = await scanned();
    const rest = (text: string) =>
      applySuppressions(report, [ignoreFileSuppressor(text, true)]).findings.map(({ ruleId }) => ruleId);
    const all = report.findings.map(({ ruleId }) => ruleId);
    assert.ok(all.includes('template/code-execution') && all.includes('config/remote-code'));
    assert.deepEqual(rest('m/tokenizer_config.json'), ['config/remote-code']);
    assert.deepEqual(rest('template/*:m/'), ['config/remote-code']);
    assert.deepEqual(rest('m/'), []);
    assert.deepEqual(rest('n/'), all);
  });

  it('finds the file of a member whose name has the sign for what is inside', () => {
    const members = ['a!b.bin', 'a'];
    assert.deepEqual(placeInMember(members, { member: 'a!b.bin!data.pkl', offset: 3 }), {
      file: 'a!b.bin',
      location: { member: 'data.pkl', offset: 3 },
    });
    assert.deepEqual(placeInMember(members, { member: 'a', line: 2 }), { file: 'a', location: { line: 2 } });
    assert.deepEqual(placeInMember(undefined, { member: 'x' }), { file: undefined, location: { member: 'x' } });
  });
});
