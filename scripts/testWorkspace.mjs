// Writes the small workspace that the editor's tests work on. Secrets are put together here, so that no scanner of
// repositories takes this file for a leak.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A token in the format of a real one: `ghp_`, 30 characters and their CRC-32 in base 62. */
export function githubToken(body = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5') {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let crc = 0xffffffff;
  for (const char of body) {
    crc ^= char.charCodeAt(0);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let value = (crc ^ 0xffffffff) >>> 0;
  let checksum = '';
  for (let i = 0; i < 6; i += 1) {
    checksum = digits[value % 62] + checksum;
    value = Math.floor(value / 62);
  }
  return ['ghp', body + checksum].join('_');
}

/** A pickle that would run a command: protocol 0, `os.system("echo watchtower")`. */
export function dangerousPickle() {
  return Buffer.from(["cos\nsystem\n(S'echo watchtower'\ntR."].join(''), 'latin1');
}

/** A pickle of `{"a": 1}`. */
export function harmlessPickle() {
  return Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x58, 1, 0, 0, 0, 0x61, 0x71, 1, 0x4b, 1, 0x73, 0x2e]);
}

/** A model as transformers saves one, in two shards, with a chat template that reaches for Python's internals. */
function snapshot(folder) {
  const json = (value) => JSON.stringify(value, null, 2);
  const shard = (tensor) => {
    const header = json({ [tensor]: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(16)]);
  };
  const shards = [1, 2].map((number) => `model-0000${number}-of-00002.safetensors`);
  return {
    [`${folder}/config.json`]: json({ model_type: 'llama', architectures: ['LlamaForCausalLM'] }),
    [`${folder}/README.md`]: '---\nlicense: apache-2.0\n---\n# Tiny\n',
    [`${folder}/tokenizer_config.json`]: json({ chat_template: "{{ ''.__class__.__mro__ }}" }),
    [`${folder}/${shards[0]}`]: shard('a'),
    [`${folder}/${shards[1]}`]: shard('b'),
    [`${folder}/model.safetensors.index.json`]: json({ weight_map: { a: shards[0], b: shards[1] } }),
  };
}

const cell = (type, source, extra = {}) => ({
  cell_type: type,
  metadata: {},
  source: source.split(/(?<=\n)/),
  ...(type === 'code' ? { execution_count: null, outputs: [] } : {}),
  ...extra,
});

export function notebook(cells) {
  return JSON.stringify(
    {
      cells,
      metadata: {
        kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
        language_info: { name: 'python' },
      },
      nbformat: 4,
      nbformat_minor: 4,
    },
    null,
    1,
  );
}

/** @returns the folder, made anew below the system's temporary folder unless one is given */
export async function writeTestWorkspace(folder) {
  const root = folder ?? (await mkdtemp(path.join(tmpdir(), 'watchtower-workspace-')));
  const token = githubToken();
  const files = {
    'train.py': [
      'import pickle',
      '',
      'with open("model.pkl", "rb") as file:',
      '    model = pickle.load(file)',
      '',
      `github_token = "${token}"`,
      'print(model)',
      '',
    ].join('\n'),
    'clean.py': 'def add(a, b):\n    return a + b\n',
    'requirements.txt': '--trusted-host packages.internal\ndjango==3.2.0\n',
    'analysis.ipynb': notebook([
      cell('markdown', '# Analysis\n'),
      cell('code', 'import pandas as pd\n'),
      cell('code', `frame = pd.DataFrame()\ntoken = "${token}"\n`),
      cell('code', 'frame.head()\n', {
        execution_count: 1,
        outputs: [
          {
            output_type: 'stream',
            name: 'stdout',
            text: [`token: ${githubToken('Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5')}\n`],
          },
        ],
      }),
    ]),
    'models/dangerous.pkl': dangerousPickle(),
    'models/harmless.pkl': harmlessPickle(),
    'models/truncated.pkl': dangerousPickle().subarray(0, 9),
    ...snapshot('models/tiny'),
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return root;
}
