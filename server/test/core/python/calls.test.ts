import assert from 'node:assert/strict';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import type { PYTHON_RULES } from '../../../src/core/python/rules';
import { judge } from '../pii/judge';

/** Code that has to be reported, and code as like it as can be that must not. */
interface Case {
  rule: keyof typeof PYTHON_RULES;
  severity: string;
  bad: readonly string[];
  honest: readonly string[];
}

const CASES: readonly Case[] = [
  {
    rule: 'pickle-load',
    severity: 'medium',
    bad: [
      'import pickle\npickle.load(f)',
      'import pickle as p\np.loads(b)',
      'from pickle import load as L\nL(f)',
      'from pickle import *\nload(f)',
      'from dill import Unpickler\nUnpickler(f).load()',
      "import pickle\ngetattr(pickle, 'lo' + 'ad')(f)",
      "import pickle\nname = 'loads'\ngetattr(pickle, name)(b)",
      "m = __import__('pick' + 'le')\nm.loads(b)",
      "import importlib\nimportlib.import_module('pickle').load(f)",
      'import functools, pickle\nload = functools.partial(pickle.load, encoding="latin1")\nload(f)',
      'import pickle\ndef read(f, loader=pickle.load):\n    return loader(f)',
      'try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle\npickle.load(f)',
      'try:\n    import dill as pickle\nexcept ImportError:\n    pickle = None\npickle.load(f)',
      'import pickle\ndef f():\n    return a(b)\na = pickle.load\na(g)',
      'import pickle\nclass A:\n    def load(self): ...\nfrom pickle import load\nload(f)',
      'import pickle\nx = [pickle.loads(r) for r in rows]',
      'import pickle\nobjects = list(map(pickle.loads, rows))',
      'import pickle\nread, write = pickle.load, pickle.dump\nread(f)',
      'def f():\n    return pickle_.load(g)\nimport pickle as pickle_',
      'import pandas as pd\npd.read_pickle("a.pkl")',
      'import skops.io as sio\nsio.load("a.skops", trusted=True)',
      'import skops.io as sio\nsio.load("a", trusted=sio.get_untrusted_types(file="a"))',
      'ｐｉｃｋｌｅ.ｌｏａｄ(f)',
      'import pickle\nclass A:\n    def __init__(self):\n        self.read = pickle.load\n    def go(self, f):\n        return self.read(f)',
      'import pickle\nclass A:\n    read = staticmethod(pickle.load)\n    def go(self, f):\n        return self.read(f)',
      'import pickle\nclass A:\n    read = pickle.load\nA.read(f)',
      'import pickle\nclass A:\n    read = staticmethod(pickle.load)\nclass B(A):\n    pass\nB().read(f)',
      'import pickle\nclass U(pickle.Unpickler):\n    def persistent_load(self, pid):\n        return pid\nU(f).load()',
      "import pickle\nclass U(pickle.Unpickler):\n    def find_class(self, module, name):\n        return super().find_class(module.replace('a', 'b'), name)\nu = U(f)\nu.load()",
      "import json, pickle\nREADERS = {'json': json.load, 'pkl': pickle.load}\nREADERS[suffix](f)",
      "import pickle\nREADERS = {'pkl': pickle.load}\nREADERS.get('pkl')(f)",
      'import pickle\nreaders = [pickle.loads]\nreaders[0](b)',
      'import pickle\nfor read in (pickle.loads, bytes):\n    read(b)',
      'import pickle\nif (read := pickle.loads):\n    read(b)',
      "from fastai.vision.all import *\nlearn = load_learner('export.pkl')",
      "import pytorch_lightning as pl\nclass Net(pl.LightningModule):\n    pass\nNet.load_from_checkpoint('a.ckpt')",
      "from stable_baselines3 import PPO\nPPO.load('m.zip')",
      "import gensim\ngensim.models.Word2Vec.load('w2v')",
      "import nltk\nnltk.data.load('tokenizers/punkt/english.pickle')",
      "import statsmodels.api as sm\nsm.load('fit.pickle')",
    ],
    honest: [
      '# pickle.load(f)\nx = "pickle.load(f)"\n"""pickle.load(f)"""',
      'import json\njson.load(f)',
      'from mylib import pickle\npickle.load(f)',
      'from . import pickle\npickle.load(f)',
      'import pickle\nclass A:\n    def load(self): ...\n    def go(self):\n        self.load()',
      'def load(f): ...\nload(f)',
      'load = lambda pickle: pickle.load(f)',
      '[pickle.load(f) for pickle in loaders]',
      'import pickle\npickle.dump(m, f)',
      'import skops.io as sio\nsio.load("a.skops", trusted=["numpy.ndarray"])',
      'import pickle\ncopy = pickle.loads(pickle.dumps(x))',
      'import json, pickle\nclass A:\n    def __init__(self):\n        self.read = json.load\n        self.write = pickle.dump\n    def go(self, f):\n        return self.read(f)',
      'import pickle\nclass A:\n    def __init__(self):\n        self.read = pickle.load\nclass B:\n    def go(self, f):\n        return self.read(f)',
      'import pickle\nclass A:\n    def read(self, f):\n        return f\nA().read(f)\nREAD = pickle.HIGHEST_PROTOCOL',
      'import pickle\nclass U(pickle.Unpickler):\n    def find_class(self, module, name):\n        if name not in SAFE:\n            raise pickle.UnpicklingError(name)\n        return super().find_class(module, name)\nU(f).load()',
      'import pickle\nclass U(pickle.Unpickler):\n    def load(self):\n        return None\nU(f).load()',
      "import json, pickle\nREADERS = {'json': json.load, 'pkl': pickle.load}\nREADERS['json'](f)",
      'import pickle\nwriters = [pickle.dump]\nwriters[0](x, f)',
      "import nltk\nnltk.data.load('grammars/a.cfg')",
      'import statsmodels.api as sm\ndata = sm.datasets.longley.load()',
      "import gensim\ngensim.models.KeyedVectors.load_word2vec_format('w.txt')",
    ],
  },
  {
    rule: 'pickle-load',
    severity: 'high',
    bad: [
      'import zmq\nsocket.recv_pyobj()',
      'import pickle, urllib.request\npickle.load(urllib.request.urlopen(u))',
      'import pickle, requests\nr = requests.get(u)\ndata = r.content\npickle.loads(data)',
    ],
    honest: ['socket.recv_json()'],
  },
  {
    rule: 'torch-load',
    severity: 'medium',
    bad: [
      "import torch\ntorch.load('m.pt')",
      "from torch import load\nload('m.pt', map_location='cpu')",
      "import os\nos.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'",
      "import torch\ntorch.load('m.pt', **{'map_location': 'cpu'})",
      "Model.load_from_checkpoint('a.ckpt', weights_only=False)",
    ],
    honest: [
      "import torch\ntorch.load('m.pt', weights_only=True)",
      "import torch, functools\nload = functools.partial(torch.load, weights_only=True)\nload('m.pt')",
      "import os\nos.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '0'",
      "import torch\noptions = {}\nif new:\n    options['weights_only'] = True\ntorch.load('m.pt', **options)",
      "import torch\noptions = dict(weights_only=True)\ntorch.load('m.pt', **options)",
      'torch.save(m, f)\ntorch.load_state_dict(x)',
    ],
  },
  {
    rule: 'numpy-allow-pickle',
    severity: 'medium',
    bad: [
      "import numpy as np\nnp.load('a.npy', allow_pickle=True)",
      "import numpy as np\nnp.load('a.npy', None, True)",
      "import numpy as np\noptions = dict(allow_pickle=True)\nnp.load('a.npy', **options)",
      'import numpy as np\nold = np.load\nnp.load = lambda *a, **k: old(*a, allow_pickle=True, **k)',
    ],
    honest: [
      "import numpy as np\nnp.savez('a', x, allow_pickle=True)\nnp.load('a', allow_pickle=False)",
      "import numpy as np\noptions = {'allow_pickle': False}\nnp.load('a.npy', **options)",
    ],
  },
  {
    rule: 'keras-unsafe-load',
    severity: 'high',
    bad: [
      "import tensorflow as tf\ntf.keras.models.load_model('m.keras', safe_mode=False)",
      "from keras.saving import load_model\nload_model('m.keras', safe_mode=False)",
      'import keras\nkeras.config.enable_unsafe_deserialization()',
    ],
    honest: ["import tensorflow as tf\ntf.keras.models.load_model('m.keras', safe_mode=True)", 'run(safe_mode=False)'],
  },
  {
    rule: 'yaml-load',
    severity: 'high',
    bad: [
      'import yaml\nyaml.load(f, Loader=yaml.UnsafeLoader)',
      'from yaml import load, Loader\nload(f, Loader)',
      'import yaml\nyaml.unsafe_load(f)',
      "from ruamel.yaml import YAML\ny = YAML(typ='unsafe')",
      'import ruamel.yaml\nruamel.yaml.load(f)',
    ],
    honest: [
      'import yaml\nyaml.load(f, Loader=yaml.SafeLoader)\nyaml.safe_load(f)',
      'from yaml import load, CSafeLoader as Loader\nload(f, Loader=Loader)',
      "from ruamel.yaml import YAML\ny = YAML(typ='safe')\ny.load(f)",
    ],
  },
  {
    rule: 'trust-remote-code',
    severity: 'medium',
    bad: [
      "from datasets import load_dataset\nload_dataset('o/d', trust_remote_code=True)",
      "from llama_index.embeddings.huggingface import HuggingFaceEmbedding\nHuggingFaceEmbedding('o/m', trust_remote_code=True)",
      "x = anything.from_pretrained('o/m', trust_remote_code=True)",
      "from transformers import AutoModel\noptions = {'trust_remote_code': True}\nAutoModel.from_pretrained('o/m', **options)",
      "import diffusers\ndiffusers.DiffusionPipeline.from_pretrained('o/m', custom_pipeline='o/pipe')",
      'from langchain_huggingface import HuggingFaceEmbeddings\nHuggingFaceEmbeddings(model_kwargs={"device": "cpu", "trust_remote_code": True})',
      "import os\nos.environ['HF_DATASETS_TRUST_REMOTE_CODE'] = '1'",
    ],
    honest: [
      "x = anything.from_pretrained('o/m', trust_remote_code=False)",
      "f('./model', trust_remote_code=True)",
      "import diffusers\ndiffusers.DiffusionPipeline.from_pretrained('o/m', custom_pipeline='./pipe')",
      'f(kwargs={"trust_remote_code": False, "x": True})',
    ],
  },
  {
    rule: 'dynamic-code',
    severity: 'medium',
    bad: [
      "df['tags'] = df['tags'].apply(eval)",
      'values = list(map(eval, lines))',
      'exec("a = " + b)',
      'import builtins\nbuiltins.exec(f"x = {y}")',
      "__builtins__['exec'](f'x = {y}')",
    ],
    honest: [
      'model.eval()\ndf.eval("a + b")\nre.compile(x)\nsession.exec(select(Hero))',
      "df['a'].apply(len)\nmap(int, lines)",
      'import ast\nast.literal_eval(x)',
      'eval("1 + 1")\nX = "2"\neval(X)',
      "b = eval(repr(a), {'A': A})\nc = eval('numpy.' + repr(a))",
    ],
  },
  {
    rule: 'dynamic-code',
    severity: 'low',
    bad: ['code = compile(source, name, "exec")\nexec(code, namespace)', 'exec(compile(source, name, "exec"))'],
    honest: ['code = compile("1 + 1", "a", "eval")'],
  },
  {
    rule: 'dynamic-code',
    severity: 'high',
    bad: [
      'eval(input())',
      'import pandas as pd\npd.eval(input())',
      'import sympy\nsympy.sympify(input("f(x) = "))',
      'import requests\nexec(requests.get(u).text)',
    ],
    honest: ['import pandas as pd\npd.eval("a + b")', 'import sympy\nsympy.sympify("x**2")'],
  },
  {
    rule: 'shell-injection',
    severity: 'medium',
    bad: [
      "import os\nos.system('rm ' + path)",
      "import os\ncommand = f'rm {path}'\nos.system(command)",
      "import subprocess\nsubprocess.run('rm {}'.format(path), shell=True)",
      "import subprocess\nsubprocess.run(['bash', '-c', f'rm {path}'])",
      "client.exec_command(f'ls {folder}')",
      "from functools import partial\nimport subprocess\nsh = partial(subprocess.check_call, shell=True)\nsh(f'rm {path}')",
    ],
    honest: [
      "import subprocess\nsubprocess.run(['rm', path])\nsubprocess.run(f'rm {path}')",
      "import os\nos.system('ls')\nplatform.system()",
      "client.exec_command('ls')",
      "import subprocess\nsubprocess.run(['bash', '-c', 'ls'])",
    ],
  },
  {
    rule: 'runtime-install',
    severity: 'info',
    bad: [
      "import os\nos.system('pip install x')",
      "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', name])",
      "import pip\npip.main(['install', 'x'])",
    ],
    honest: ["import os\nos.system('pip --version')", "import subprocess\nsubprocess.run(['pip', 'list'])"],
  },
  {
    rule: 'sql-injection',
    severity: 'medium',
    bad: [
      'cur.execute("SELECT a FROM t WHERE b = \'%s\'" % c)',
      'q = f"SELECT a FROM t WHERE b = \'{c}\'"\ncur.execute(q)',
      'import pandas as pd\npd.read_sql(f"SELECT a FROM t WHERE b = {c}", con)',
    ],
    honest: [
      'cur.execute("SELECT a FROM t WHERE b = %s", (c,))',
      'log.execute(f"select one from {c}".upper)',
      'df.query(f"a == {b}")',
    ],
  },
  {
    rule: 'tls-verification-disabled',
    severity: 'medium',
    bad: [
      'import requests\nrequests.get(u, verify=False)',
      'import httpx\nwith httpx.Client(verify=False) as c: ...',
      'import urllib3\nurllib3.PoolManager(cert_reqs="CERT_NONE")',
      "import os\nos.environ['CURL_CA_BUNDLE'] = ''",
      'import ssl\nctx = ssl.create_default_context()\nctx.verify_mode = ssl.CERT_NONE',
      'import pymongo\npymongo.MongoClient(u, tlsAllowInvalidCertificates=True)',
    ],
    honest: [
      "import requests\nrequests.get(u, verify='/etc/ca.pem')",
      "import os\nos.environ['CURL_CA_BUNDLE'] = '/etc/ca.pem'",
      'model.get(x, verify=False)',
      'import ssl\nctx.verify_mode = ssl.CERT_REQUIRED',
      'import ssl\nclass A:\n    def __init__(self):\n        self.mode = ssl.CERT_NONE\n    def wrap(self, s):\n        options = {"cert_reqs": self.mode}\n        return ssl.wrap_socket(s, **options)',
    ],
  },
  {
    rule: 'bind-all-interfaces',
    severity: 'low',
    bad: [
      "import uvicorn\nuvicorn.run(app, host='0.0.0.0')",
      "from http.server import HTTPServer\nHTTPServer(('', 80), H)",
      "server.add_insecure_port('[::]:50051')",
    ],
    honest: [
      "import uvicorn\nuvicorn.run(app, host='127.0.0.1')",
      "from http.server import HTTPServer\nHTTPServer(('localhost', 80), H)",
      "x = '0.0.0.0'",
    ],
  },
  {
    rule: 'bind-all-interfaces',
    severity: 'medium',
    bad: ["import ray\nray.init(dashboard_host='0.0.0.0')"],
    honest: ['import ray\nray.init()'],
  },
  {
    rule: 'template-injection',
    severity: 'medium',
    bad: ['from flask import render_template_string\nrender_template_string(f"<b>{name}</b>")'],
    honest: [
      'from flask import render_template_string\nrender_template_string("<b>{{ name }}</b>", name=name)',
      'from jinja2 import Template\nTemplate(chat_template)',
    ],
  },
  {
    rule: 'agent-code-execution',
    severity: 'medium',
    bad: [
      'from langchain.agents import load_tools\nload_tools(["python_repl"])',
      'from langchain_community.tools import ShellTool\nShellTool()',
      'from interpreter import interpreter\ninterpreter.auto_run = True',
    ],
    honest: ['from langchain.agents import load_tools\nload_tools(["llm-math"])'],
  },
  {
    rule: 'native-library',
    severity: 'low',
    bad: ["import torch\ntorch.ops.load_library('ops.so')", "options.register_custom_ops_library('ops.so')"],
    honest: [
      'from onnxruntime_extensions import get_library_path\noptions.register_custom_ops_library(get_library_path())',
    ],
  },
  {
    rule: 'xml-entities',
    severity: 'medium',
    bad: ['from lxml import etree\netree.XMLParser(resolve_entities=True)'],
    honest: ['from lxml import etree\netree.XMLParser()\netree.XMLParser(resolve_entities=False)'],
  },
  {
    rule: 'loose-permissions',
    severity: 'low',
    bad: ['import os\nos.chmod(p, 0o777)', 'import os\nos.chmod(p, 0o666)'],
    honest: ['import os\nos.chmod(p, 0o755)\nos.chmod(p, 0o644)\nos.chmod(p, mode)'],
  },
  {
    rule: 'archive-extraction',
    severity: 'low',
    bad: ["import tarfile\ntarfile.open('a').extractall()", "import shutil\nshutil.unpack_archive('a.tar.gz', 'd')"],
    honest: [
      "import tarfile\ntarfile.open('a').extractall(filter='data')",
      "import zipfile\nzipfile.ZipFile('a').extractall()",
      "import shutil\nshutil.unpack_archive('a.zip')",
    ],
  },
  {
    rule: 'no-authentication',
    severity: 'high',
    bad: ['import os\nos.system("jupyter lab --ip=0.0.0.0 --NotebookApp.token=\'\'")'],
    honest: ["import os\nos.system('jupyter lab --NotebookApp.token=abc')"],
  },
];

const told = (text: string): string[] =>
  judge({ name: 'a.py', text: `${text}\n` }, PYTHON_ANALYSER).map(
    ({ rule, severity }) => `${rule.id.slice('python/'.length)} ${severity ?? rule.severity}`,
  );

describe('rules about calls', () => {
  for (const { rule, severity, bad, honest } of CASES) {
    it(`${rule}, ${severity}`, () => {
      for (const text of bad) assert.ok(told(text).includes(`${rule} ${severity}`), `${text}\ngave ${told(text)}`);
      for (const text of honest) {
        assert.ok(!told(text).some((one) => one.startsWith(`${rule} `)), `${text}\ngave ${told(text)}`);
        assert.ok(!told(text).some((one) => /(?:medium|high|critical)$/.test(one)), `${text}\ngave ${told(text)}`);
      }
    });
  }
});
