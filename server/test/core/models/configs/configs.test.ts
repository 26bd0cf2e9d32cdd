import assert from 'node:assert/strict';
import { MemoryByteSource } from '../../../../src/core/io/byteSource';
import { duplicateKeys } from '../../../../src/core/models/configs/duplicateKeys';
import { JINJA_FORMAT } from '../../../../src/core/models/configs/jinjaFile';
import { CONFIG_JSON_FORMAT } from '../../../../src/core/models/configs/json';
import { LFS_POINTER_FORMAT } from '../../../../src/core/models/configs/lfsPointer';
import { judgeTarget } from '../../../../src/core/models/configs/target';
import { CONFIG_YAML_FORMAT } from '../../../../src/core/models/configs/yaml';
import type { Companions } from '../../../../src/core/scanner';
import { HONEST_TEMPLATES } from '../jinja/honestTemplates';
import { bytesOf, integer, scanBytes, verdicts } from '../scanBytes';

const FORMATS = [CONFIG_JSON_FORMAT, CONFIG_YAML_FORMAT, JINJA_FORMAT, LFS_POINTER_FORMAT];

function companions(...names: string[]): Companions {
  return {
    list: async () => names,
    open: async (path) => (names.includes(path) ? new MemoryByteSource(new Uint8Array(0)) : undefined),
  };
}

const json = (name: string, value: unknown, beside?: Companions) =>
  scanBytes(name, typeof value === 'string' ? value : JSON.stringify(value, null, 2), {
    formats: FORMATS,
    ...(beside && { companions: beside }),
  });
const yaml = (text: string) => scanBytes('config.yaml', text, { formats: FORMATS });

describe('configurations', () => {
  it('claims nothing that has nothing to say', async () => {
    await assert.rejects(
      json('config.json', { model_type: 'bert', _name_or_path: 'bert-base-uncased' }),
      /no format claims/,
    );
    await assert.rejects(json('data.json', [1, 2, 3]), /no format claims/);
    await assert.rejects(yaml('model: x\nlr: 0.1\n'), /no format claims/);
  });

  it('names the code that auto_map imports, and whether it is there', async () => {
    const config = {
      auto_map: { AutoModel: 'modeling_x.Model', AutoTokenizer: ['other/repo--tok.Slow', null] },
      _name_or_path: 'gpt2',
    };
    const report = await json('config.json', config, companions('config.json', 'modeling_x.py'));
    assert.deepEqual(verdicts(report), ['medium config/remote-code']);
    const [finding] = report.findings;
    assert.match(finding?.message ?? '', /modeling_x\.py \(beside it\), code of the repository other\/repo/);
    assert.deepEqual([finding?.location.line, finding?.location.column], [2, 3]);
    assert.match((await json('config.json', config)).findings[0]?.message ?? '', /not in this folder/);
  });

  it('knows the other ways to have code imported', async () => {
    const cases: [string, unknown][] = [
      ['config.json', { custom_pipelines: { x: { impl: 'pipe.Pipe', pt: ['AutoModel'] } } }],
      ['adapter_config.json', { auto_mapping: { parent_library: 'evil.module', base_model_class: 'X' } }],
      ['config.json', { _attn_implementation: 'someone/kernel' }],
      ['modules.json', [{ idx: 0, name: '0', path: '', type: 'evil.Module' }]],
    ];
    for (const [name, value] of cases)
      assert.deepEqual(verdicts(await json(name, value)), ['medium config/remote-code'], name);
    const pipeline = { _class_name: 'X', unet: ['my_unet', 'Unet'], vae: ['diffusers', 'AutoencoderKL'] };
    assert.deepEqual(verdicts(await json('model_index.json', pipeline, companions('my_unet.py'))), [
      'medium config/remote-code',
    ]);
    assert.deepEqual(verdicts(await json('model_index.json', pipeline, companions())), []);
    const honest = [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }];
    assert.deepEqual(verdicts(await json('modules.json', honest)), []);
    assert.deepEqual(verdicts(await json('config.json', { trust_remote_code: true })), [
      'low config/trusts-remote-code',
    ]);
  });

  it('judges chat templates as a string, a list and an object, and honest ones are clean', async () => {
    const evil = '{{ x.__globals__ }}';
    const expected = ['critical template/code-execution'];
    assert.deepEqual(verdicts(await json('tokenizer_config.json', { chat_template: evil })), expected);
    assert.deepEqual(
      verdicts(
        await json('tokenizer_config.json', {
          chat_template: [
            { name: 'default', template: 'x' },
            { name: 'rag', template: evil },
          ],
        }),
      ),
      expected,
    );
    assert.deepEqual(verdicts(await json('chat_template.json', { chat_template: { a: evil } })), expected);
    for (const [name, template] of Object.entries(HONEST_TEMPLATES)) {
      assert.deepEqual(verdicts(await json('tokenizer_config.json', { chat_template: template })), [], name);
      assert.deepEqual(verdicts(await scanBytes('chat_template.jinja', template, { formats: FORMATS })), [], name);
    }
  });

  it('places a finding in a template file to the character', async () => {
    const report = await scanBytes('chat_template.jinja', 'line one\n  {{ x.__class__ }}\n', { formats: FORMATS });
    const { line, column } = report.findings[0]?.location ?? {};
    assert.deepEqual([line, column], [2, 8]);
  });

  it('templates that are no chat templates may include others', async () => {
    assert.deepEqual(
      verdicts(
        await scanBytes(
          'page.j2',
          '{% extends "base.html" %}{{ config.TITLE }}{{ os.name }}{{ x.__class__.__name__ }}',
          { formats: FORMATS },
        ),
      ),
      [],
    );
    assert.deepEqual(verdicts(await scanBytes('page.j2', '{{ x.__subclasses__() }}', { formats: FORMATS })), [
      'critical template/code-execution',
    ]);
  });

  it('shards outside the folder', async () => {
    const report = await json('model.safetensors.index.json', {
      weight_map: { a: 'model-1.safetensors', b: '../../other/x.bin' },
    });
    assert.deepEqual(verdicts(report), ['high config/path-escape']);
  });

  it('compares the index of a sharded checkpoint with the shards beside it', async () => {
    const shard = (...tensors: string[]) => {
      const header = JSON.stringify({
        __metadata__: { format: 'pt' },
        ...Object.fromEntries(tensors.map((name) => [name, { dtype: 'F32', shape: [0], data_offsets: [0, 0] }])),
      });
      return bytesOf(integer(header.length, 8), header);
    };
    const beside = (files: Record<string, Uint8Array>): Companions => ({
      list: async () => Object.keys(files),
      open: async (path) => (files[path] ? new MemoryByteSource(files[path]) : undefined),
    });
    const index = { weight_map: { a: 'm-1.safetensors', b: 'm-1.safetensors', c: 'm-2.safetensors' } };
    const found = async (files: Record<string, Uint8Array>) => {
      const report = await json('model.safetensors.index.json', index, beside(files));
      return report.findings.map((f) => `${f.severity} ${f.ruleId}: ${f.message}`).sort();
    };
    assert.deepEqual(await found({ 'm-1.safetensors': shard('a', 'b'), 'm-2.safetensors': shard('c') }), []);
    const [missing, ...others] = await found({ 'm-1.safetensors': shard('a', 'b') });
    assert.deepEqual(others, []);
    assert.match(missing ?? '', /^info config\/missing-shard: 1 of 2 shards .*\(m-2\.safetensors\)/);
    const [absent, extra] = await found({ 'm-1.safetensors': shard('a', 'x'), 'm-2.safetensors': shard('c') });
    assert.match(absent ?? '', /^low config\/shard-mismatch: 1 tensors of the shards .*x in m-1/);
    assert.match(extra ?? '', /^low config\/shard-mismatch: 1 tensors that the index names .*b in m-1/);
    assert.deepEqual(await found({ 'm-1.safetensors': new Uint8Array(4), 'm-2.safetensors': shard('c') }), []);
    const whole = { 'm-1.safetensors': shard('a', 'b'), 'm-2.safetensors': shard('c') };
    const [stray, ...rest] = await found({
      ...whole,
      'model-00001-of-00003.safetensors': shard('z'),
      'other-00001-of-00002.safetensors': shard('z'),
    });
    assert.deepEqual(rest, []);
    assert.match(stray ?? '', /^low config\/shard-mismatch: 1 shards .*\(model-00001-of-00003\.safetensors\)/);
  });

  it('jsonpickle', async () => {
    assert.deepEqual(verdicts(await json('x.json', { 'py/reduce': [{ 'py/type': 'os.system' }, ['id']] })), [
      'high config/json-pickle',
    ]);
    assert.deepEqual(verdicts(await json('x.json', { 'py/object': 'my.Thing' })), ['low config/json-pickle']);
  });

  it("judges Hydra's targets", async () => {
    const target = (path: string) => `model:\n  _target_: ${path}\n`;
    assert.deepEqual(verdicts(await yaml(target('os.system'))), ['high config/dangerous-target']);
    assert.deepEqual(verdicts(await yaml(target('subprocess.Popen'))), ['high config/dangerous-target']);
    assert.deepEqual(verdicts(await yaml(target('builtins.eval'))), ['high config/dangerous-target']);
    for (const path of [
      'torch.optim.Adam',
      'src.models.net.Net',
      'pytorch_lightning.loggers.WandbLogger',
      'hydra._internal.core_plugins.basic_launcher.BasicLauncher',
    ]) {
      assert.deepEqual(verdicts(await yaml(target(path))), ['info config/call-target'], path);
    }
    assert.deepEqual(verdicts(await json('conf.json', { a: [{ _target_: 'os.popen' }] })), [
      'high config/dangerous-target',
    ]);
    assert.equal(judgeTarget('shutil.rmtree').dangerous, true);
    const report = await yaml(target('os.system'));
    assert.deepEqual([report.findings[0]?.location.line, report.findings[0]?.location.column], [2, 13]);
  });

  it("judges PyYAML's tags in every spelling", async () => {
    const worst: string[] = [
      'a: !!python/object/apply:os.system ["id"]',
      'a: !!python/object/new:os.system ["id"]',
      '%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system ["id"]',
      'a: !<tag:yaml.org,2002:python/object/apply:os.system> ["id"]',
      '- - ? !!python/object/apply:os.system ["id"]\n    : 1',
      'a: &x !!python/object/apply:os.system ["id"]\nb: *x',
      'a: {b: [!!python/object/apply:subprocess.check_output [["id"]]]}',
    ];
    for (const text of worst) assert.deepEqual(verdicts(await yaml(text)), ['critical config/python-tag'], text);
    for (const text of ['a: !!python/name:os.system', 'a: !!python/module:os'])
      assert.deepEqual(verdicts(await yaml(text)), ['high config/python-tag'], text);
    assert.deepEqual(verdicts(await yaml('a: !!%70ython/object%2Fapply:os.system ["id"]')), [
      'critical config/python-tag',
    ]);
    const utf16 = Buffer.from('a: !!python/object/apply:os.system ["id"]', 'utf16le');
    assert.deepEqual(verdicts(await scanBytes('c.yml', new Uint8Array(utf16), { formats: FORMATS })), [
      'critical config/python-tag',
    ]);
    assert.deepEqual(verdicts(await yaml('a: !!javax.script.ScriptEngineManager [x]')), ['high config/python-tag']);
    const broken = 'a: [!!python/object/apply:os.system ["id"]\nb: }{';
    assert.ok(verdicts(await yaml(broken)).includes('critical config/python-tag'));
  });

  it('tags of plain values and of hyperparameter objects are no alarm', async () => {
    const honest = [
      'a: !!python/tuple [1, 2]',
      'a: !!python/unicode "x"',
      'a: "!!python/object/apply:os.system"',
      '# !!python/object/apply:os.system\na: b',
      'a: !!python/object:argparse.Namespace {lr: 0.1}',
      'a: !!python/object/apply:collections.OrderedDict [[]]',
      'a: !!python/object/apply:pathlib.PosixPath [data]',
      'a: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}',
      'a: !!python/name:pymdownx.superfences.fence_code_format',
    ];
    for (const text of honest) {
      const found = verdicts(await yaml(text)).filter((v) => !/^(?:low|info)/.test(v));
      assert.deepEqual(found, [], text);
    }
  });

  describe('JSON that not every reader accepts', () => {
    const evil = '{{ x.__globals__ }}';
    const good = JSON.stringify({ chat_template: evil, bos_token: '<s>' });
    const escaped = (text: string) =>
      [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const utf16 = (text: string, mark: string, swap: boolean): Uint8Array => {
      const bytes = Buffer.from(mark + text, 'utf16le');
      return new Uint8Array(swap ? bytes.swap16() : bytes);
    };
    const spellings: Record<string, string | Uint8Array> = {
      'cut off behind the template': good.slice(0, -8),
      'cut off inside a later string': `{"chat_template": ${JSON.stringify(evil)}, "a": "b`,
      'a byte order mark': `\ufeff${good}`,
      'UTF-16': utf16(good, '\ufeff', false),
      'UTF-16, big-endian': utf16(good, '\ufeff', true),
      'UTF-16 without a mark': utf16(good, '', false),
      'a trailing comma': `{"a": 1,, "chat_template": ${JSON.stringify(evil)},}`,
      comments: `// x\n{"chat_template": /* y */ ${JSON.stringify(evil)} # z\n}`,
      'a repeated key, the last harmless': `{"chat_template": ${JSON.stringify(evil)}, "chat_template": "x"}`,
      'a repeated key, the first harmless': `{"chat_template": "x", "chat_template": ${JSON.stringify(evil)}}`,
      'an escaped key': `{"${escaped('chat_template')}": ${JSON.stringify(evil)}}`,
      'a value of escapes': `{"chat_template": "${escaped(evil)}"}`,
      'single quotes': `{'chat_template': '${evil}'}`,
      'a bare key': `{chat_template: ${JSON.stringify(evil)}}`,
      'a raw line end in a string': `{"a": "b\nc", "chat_template": ${JSON.stringify(evil)}}`,
      'text behind the value': `[1] ${good}`,
      'brackets without partner': `[1]]${good}]}`,
    };
    for (const [name, text] of Object.entries(spellings)) {
      it(`is judged all the same: ${name}`, async () => {
        const found = verdicts(await scanBytes('tokenizer_config.json', text, { formats: FORMATS }));
        assert.ok(found.includes('critical template/code-execution'), found.join());
      });
    }

    it('is said to be damaged when it is, and not when it is only lenient', async () => {
      const status = async (text: string) => (await json('tokenizer_config.json', text)).status;
      assert.equal(await status('{"chat_template": "x", "a": [1'), 'partial');
      assert.equal(await status('{"chat_template": "x", // a\n}'), 'scanned');
    });

    it('tells the very place of the value that counts', async () => {
      const report = await json('tokenizer_config.json', `{"chat_template": "x",\n "chat_template": "${evil}"}`);
      assert.deepEqual([report.findings[0]?.location.line, report.findings[0]?.location.column], [2, 19]);
    });

    it('auto_map as a list and in an inner configuration', async () => {
      for (const value of [{ auto_map: ['t.Slow', null] }, { vision_config: { auto_map: { AutoConfig: 'a/b--c.C' } } }])
        assert.deepEqual(verdicts(await json('config.json', value)), ['medium config/remote-code']);
    });

    it('paths out of the model: shards, modules, network shares', async () => {
      const index = (file: string) => json('m.index.json', { weight_map: { a: file } });
      for (const file of ['/etc/passwd', '..\\..\\x.bin', 'https://host.example/x.bin', 'C:\\x.bin'])
        assert.deepEqual(verdicts(await index(file)), ['high config/path-escape'], file);
      const module = { idx: 0, name: '0', path: '../../x', type: 'sentence_transformers.models.Transformer' };
      assert.deepEqual(verdicts(await json('modules.json', [module])), ['high config/path-escape']);
      const adapter = { base_model_name_or_path: '\\\\host\\share\\model' };
      assert.deepEqual(verdicts(await json('adapter_config.json', adapter)), ['medium config/path-escape']);
      for (const path of ['/data/llama', '../llama', '~/llama', 'D:\\llama'])
        assert.deepEqual(
          verdicts(await json('adapter_config.json', { base_model_name_or_path: path })),
          ['info config/base-model-path'],
          path,
        );
      assert.deepEqual(verdicts(await json('adapter_config.json', { base_model_name_or_path: 'owner/llama' })), []);
    });
  });

  it('judges targets by the policy for pickles', () => {
    const high = [
      'pickle.loads',
      'torch.load',
      'joblib.load',
      'urllib.request.urlretrieve',
      'requests.get',
      'random._os.system',
      'torch.serialization.os.system',
      'collections._sys.modules.get',
      'logging.os.popen',
      'builtins.open',
      'pathlib.Path.write_text',
      'eval',
      'os:system',
    ];
    for (const path of high) assert.equal(judgeTarget(path).severity, 'high', path);
    const quiet = [
      'os.path.join',
      'os.environ.get',
      'pathlib.Path',
      'datetime.datetime.now',
      'functools.partial',
      'torch.compile',
      'torch.jit.script',
      'hydra.utils.get_method',
      'requests.Session',
      'project.pickle.PickleDataset',
      'my.data.read_csv',
      'src.utils.exec_fn',
    ];
    for (const path of quiet) assert.equal(judgeTarget(path).severity, 'info', path);
    for (const path of ['huggingface_hub.hf_hub_download', 'datasets.load_dataset', 'numpy.load'])
      assert.equal(judgeTarget(path).severity, 'low', path);
  });

  it('finds targets under the keys of other frameworks, by alias and put together', async () => {
    const hidden = [
      'm:\n  class_path: os.system\n  init_args: {command: id}\n',
      'm:\n  target: os.system\n  params: {}\n',
      'h:\n  (): subprocess.check_output\n',
      'm:\n  type: torch.hub._os.popen\n',
      'x: &t os.system\n_target_: *t\n',
      `f: os.system\n_target_: \${f}\n`,
      `a: {f: os}\n_target_: \${a.f}.system\n`,
      '_target_: >-\n  os.system\n',
      '? _target_\n: "os\\x2esystem"\n',
    ];
    for (const text of hidden) assert.deepEqual(verdicts(await yaml(text)), ['high config/dangerous-target'], text);
    const gadget = 'a: {_target_: hydra.utils.get_method, path: os.system}';
    assert.deepEqual(verdicts(await yaml(gadget)), ['high config/dangerous-target', 'info config/call-target']);
    const honest = [
      'matrix: {type: pickle.PickleDataset, path: code.run, method: os.name, class: logging.FileHandler}\n_target_: a.B\n',
      `model: {target: ldm.models.diffusion.ddpm.LatentDiffusion}\n_target_: \${oc.env:TARGET}\n`,
    ];
    for (const text of honest) {
      assert.deepEqual(
        verdicts(await yaml(text)).filter((v) => !v.startsWith('info')),
        [],
        text,
      );
    }
  });

  it('hostile YAML and JSON end with a report', async () => {
    await yaml(`a: ${'['.repeat(20_000)}\n_target_: os.system`);
    await yaml(`a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n_target_: os.system`);
    await json('config.json', `{"auto_map": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    await json('config.json', '{"auto_map": {"__proto__": 1, "a": "x.Y"');
    await json('config.json', `["${'a.'.repeat(1_000_000)}", "auto_map", {"class_path": "x.Y"}]`);
    await json('config.json', `{"class_path": ${'{['.repeat(100_000)}${'}'.repeat(200_000)}`);
    await yaml(`_target_: \${a}\n${`a: \${a}\${a}\n`.repeat(5000)}`);
  });

  it('a Git LFS pointer is said to be one, whatever its name', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
    for (const name of ['model.bin', 'model.safetensors', 'model.pt']) {
      const report = await scanBytes(name, pointer);
      assert.deepEqual(verdicts(report), ['info coverage/lfs-pointer'], name);
      assert.match(report.findings[0]?.message ?? '', /12345 bytes/);
    }
  });
});

describe('duplicate keys of JSON', () => {
  it('are found at every depth, also when spelled by escapes, and only within one object', () => {
    assert.deepEqual(duplicateKeys('{"a":1,"a":2}'), [{ key: 'a', at: 7 }]);
    assert.deepEqual(
      duplicateKeys('{"a":{"b":1,"\\u0062":2}}').map((d) => d.key),
      ['b'],
    );
    assert.deepEqual(duplicateKeys('{"a":{"a":1},"b":[{"a":1},{"a":"a\\"a"}],"c":"a"}'), []);
    assert.deepEqual(duplicateKeys('["a","a",{"x":["a","a"]}]'), []);
  });
});
