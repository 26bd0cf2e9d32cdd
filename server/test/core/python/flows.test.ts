import { type Case, tellApart } from './cases';

const BRANCHES: readonly Case[] = [
  {
    rule: 'torch-load',
    severity: 'medium',
    bad: [
      'import torch\ndef f(p, safe):\n    if safe:\n        w = True\n    else:\n        w = False\n    return torch.load(p, weights_only=w)',
      'import torch\ndef f(p, safe):\n    if safe: w = True\n    else: w = False\n    return torch.load(p, weights_only=w)',
      'import torch\nw = True\nif legacy:\n    w = False\ntorch.load(p, weights_only=w)',
      'import torch\nw = True\ntry:\n    import old\n    w = False\nexcept ImportError:\n    pass\ntorch.load(p, weights_only=w)',
      'import torch\nw = True\nfor a in args:\n    w = False\ntorch.load(p, weights_only=w)',
      'import torch\nif a:\n    w = False\nelif b:\n    w = True\nelse:\n    w = flag()\ntorch.load(p, weights_only=w)',
      'import torch\ntorch.load(p, weights_only=False if legacy else True)',
      'import torch\nw = True\nif legacy:\n    w = False\ndef f(p):\n    return torch.load(p, weights_only=w)',
      "import torch\ndef f(p, w=None):\n    if p.startswith('http'):\n        if w is None:\n            w = False\n        return get(p, w)\n    return torch.load(p, weights_only=w)",
    ],
    honest: [
      'import torch\ndef f(p, safe):\n    if safe:\n        w = True\n        return torch.load(p, weights_only=w)\n    else:\n        w = False\n    return w',
      'import torch\nif a:\n    w = False\nelse:\n    w = True\n    torch.load(p, weights_only=w)',
      'import torch\nif a:\n    w = False\nelif b:\n    w = True\n    torch.load(p, weights_only=w)',
      'import torch\nw = False\nif a:\n    pass\nw = True\ntorch.load(p, weights_only=w)',
      'import torch\nw = False\nwith lock:\n    w = True\ntorch.load(p, weights_only=w)',
      'import torch\nw = True\nif a:\n    w = False\n    raise ValueError(w)\ntorch.load(p, weights_only=w)',
      'import torch\nw = True\nfor a in args:\n    if a:\n        w = False\n        continue\n    torch.load(p, weights_only=w)',
    ],
  },
  {
    rule: 'torch-load',
    severity: 'high',
    bad: [
      'import torch\nif a:\n    w = False\nelse:\n    w = False\ntorch.load(p, weights_only=w)',
      'import torch\nif a:\n    w = True\nelse:\n    w = False\n    torch.load(p, weights_only=w)',
      'import torch\nw = True\nwith lock:\n    w = False\ntorch.load(p, weights_only=w)',
    ],
    honest: ['import torch\nif a:\n    w = True\nelse:\n    w = True\ntorch.load(p, weights_only=w)'],
  },
  {
    rule: 'yaml-load',
    severity: 'medium',
    bad: [
      'import yaml\nL = yaml.SafeLoader\nif fast:\n    L = yaml.UnsafeLoader\nyaml.load(f, Loader=L)',
      'import yaml\nyaml.load(f, Loader=yaml.Loader if fast else yaml.SafeLoader)',
    ],
    honest: [
      'import yaml\nL = yaml.SafeLoader\nif fast:\n    L = yaml.CSafeLoader\nyaml.load(f, Loader=L)',
      'import yaml\nyaml.load(f, Loader=yaml.CSafeLoader if fast else yaml.SafeLoader)',
    ],
  },
  {
    rule: 'tls-verification-disabled',
    severity: 'low',
    bad: ['import requests\nverify = True\nif insecure:\n    verify = False\nrequests.get(u, verify=verify)'],
    honest: [
      'import requests\nverify = True\nif ca:\n    verify = ca\nrequests.get(u, verify=verify)',
      'import requests\nif insecure:\n    verify = False\n    log(verify)\nverify = True\nrequests.get(u, verify=verify)',
    ],
  },
  {
    rule: 'trust-remote-code',
    severity: 'low',
    bad: [
      'from transformers import AutoModel\nt = False\nif custom:\n    t = True\nAutoModel.from_pretrained(n, trust_remote_code=t)',
    ],
    honest: [
      'from transformers import AutoModel\nt = False\nif custom:\n    t = False\nAutoModel.from_pretrained(n, trust_remote_code=t)',
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'medium',
    bad: [
      "import os\nif fast:\n    line = 'train ' + name\nelse:\n    line = 'train'\nos.system(line)",
      "import os\nline = 'train'\nif fast:\n    line += f' --name {name}'\nos.system(line)",
    ],
    honest: [
      "import os\nif fast:\n    line = 'train --fast'\nelse:\n    line = 'train'\nos.system(line)",
      "import os\nline = 'train'\nif fast:\n    line += ' --fast'\nos.system(line)",
      "import os\nif slow:\n    line = 'a ' + name\n    raise ValueError(line)\nline = 'train'\nos.system(line)",
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'high',
    bad: ["import os\nif ask:\n    line = input()\nelse:\n    line = 'ls'\nos.system(line)"],
    honest: ["import os\nif ask:\n    line = input()\n    print(line)\n    return\nline = 'ls'\nos.system(line)"],
  },
];

const DOWNLOADS: readonly Case[] = [
  {
    rule: 'torch-load',
    severity: 'high',
    bad: [
      "import requests, torch\nopen('m.pt', 'wb').write(requests.get(u).content)\ntorch.load('m.pt')",
      "import requests, torch\nr = requests.get(u, stream=True)\nwith open(path, 'wb') as f:\n    for chunk in r.iter_content(8192):\n        f.write(chunk)\ntorch.load(path)",
      "import requests, torch\nfrom pathlib import Path\np = Path(d) / 'm.pt'\np.write_bytes(requests.get(u).content)\ntorch.load(p)",
      "import urllib.request, shutil, torch, os\nwith urllib.request.urlopen(u) as r, open(os.path.join(d, 'm.pt'), 'wb') as f:\n    shutil.copyfileobj(r, f)\ntorch.load(os.path.join(d, 'm.pt'))",
      "import torch\nfrom urllib.request import urlretrieve\nclass A:\n    def get(self):\n        path = self.root + '/m.pt'\n        urlretrieve(u, path)\n        return torch.load(str(path))",
      "import os, torch\nos.system('wget -q -O m.pt https://h.io/m.pt')\ntorch.load('m.pt')",
      "import subprocess, torch\nsubprocess.run(['curl', '-L', '-o', 'm.pt', u])\ntorch.load('m.pt')",
      'import torch\nfrom urllib.request import urlretrieve\npath, _ = urlretrieve(u)\ntorch.load(path)',
    ],
    honest: [
      "import requests, torch\nopen('m.pt', 'wb').write(requests.get(u).content)\ntorch.load('m.pt', weights_only=True)",
      "import requests, json\nopen('m.json', 'wb').write(requests.get(u).content)\njson.load(open('m.json'))",
    ],
  },
  {
    rule: 'pickle-load',
    severity: 'high',
    bad: [
      "import requests, pickle\nopen('m.pkl', 'wb').write(requests.get(u).content)\npickle.load(open('m.pkl', 'rb'))",
      "import requests, pickle\nwith open('m.pkl', 'wb') as f:\n    f.write(requests.get(u).content)\nwith open('m.pkl', 'rb') as g:\n    m = pickle.load(g)",
      "import requests, pickle\ndef f(p):\n    with open(p, 'wb') as o:\n        o.write(requests.get(u).content)\n    return pickle.loads(open(p, 'rb').read())",
      "import base64, pickle\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.post('/')\ndef f(payload: str):\n    return pickle.loads(base64.b64decode(payload))",
    ],
    honest: [
      "import requests, pickle\nopen('m.json', 'wb').write(requests.get(u).content)\npickle.dump(m, open('m.pkl', 'wb'))",
    ],
  },
  {
    rule: 'download-and-run',
    severity: 'high',
    bad: [
      'from urllib.request import urlretrieve\nimport subprocess\nurlretrieve(u, p)\nsubprocess.run([p])',
      "from urllib.request import urlretrieve\nimport subprocess\nurlretrieve(u, 'i.sh')\nsubprocess.run(['bash', '-x', 'i.sh'])",
      "import requests, os\np = '/tmp/run'\nopen(p, 'wb').write(requests.get(u).content)\nos.chmod(p, 0o755)\nos.system(p)",
      "import requests, os\np = os.path.join(d, 'run.sh')\nopen(p, 'wb').write(requests.get(u).content)\nos.system(f'bash {p} --all')",
      "import requests, os\np = os.path.join(d, 'run.sh')\nopen(p, 'wb').write(requests.get(u).content)\nos.system('sh ' + p)",
      "import urllib.request\nurllib.request.urlretrieve(u, 'c.py')\nexec(open('c.py').read())",
      "import urllib.request, runpy\nurllib.request.urlretrieve(u, 'c.py')\nrunpy.run_path('c.py')",
      "import requests, importlib.util\nwith open('p.py', 'w') as f:\n    f.write(requests.get(u).text)\ns = importlib.util.spec_from_file_location('p', 'p.py')",
      "import requests, ctypes\nopen('a.so', 'wb').write(requests.get(u).content)\nctypes.CDLL('./a.so')",
      "import requests, os, sys\nopen('a.py', 'wb').write(requests.get(u).content)\nos.execv(sys.executable, ['python', 'a.py'])",
      "import os\nos.system('curl -o get.sh https://h.io/get.sh')\nos.system('bash get.sh')",
    ],
    honest: [
      "from urllib.request import urlretrieve\nimport subprocess\nurlretrieve(u, p)\nsubprocess.run(['tar', 'xf', p])",
      "from urllib.request import urlretrieve\nimport subprocess\nurlretrieve(u, p)\nsubprocess.run(['ls', '-l', q])",
      "import requests, os\nopen('a.jpg', 'wb').write(requests.get(u).content)\nos.system('ls -l a.jpg')",
      "import urllib.request\nurllib.request.urlretrieve(u, 'c.json')\nprint(open('c.json').read())",
      "import requests, hashlib, subprocess\nb = requests.get(u).content\nif hashlib.sha256(b).hexdigest() != KNOWN:\n    raise ValueError\nopen('i.sh', 'wb').write(b)\nsubprocess.run(['bash', 'i.sh'])",
      "import requests, importlib.util\nrequests.get(u)\ns = importlib.util.spec_from_file_location('p', 'p.py')",
    ],
  },
];

const PROCESSES: readonly Case[] = [
  {
    rule: 'shell-injection',
    severity: 'high',
    bad: [
      "import os\nos.execl('/bin/sh', 'sh', '-c', input())",
      "import os\nos.execvp('bash', ['bash', '-c', input('$ ')])",
      "import os\nos.spawnl(os.P_WAIT, '/bin/sh', 'sh', '-c', 'ls ' + input())",
      "import pty\npty.spawn(['/bin/sh', '-c', input()])",
      "import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell('ls ' + input())",
      "import asyncio\nasync def f():\n    await asyncio.create_subprocess_exec('bash', '-lc', input())",
      "import subprocess\nsubprocess.run(['sudo', 'bash', '-c', input()])",
      "import subprocess\ncmd = ['sh', '-c', input()]\nsubprocess.run(cmd)",
      "import subprocess\nsubprocess.run(['cmd', '/c', input()])",
      'import subprocess\nsubprocess.run(input().split())',
      'import subprocess, shlex\nsubprocess.run(shlex.split(input()))',
      "import gradio as gr, os\ndef f(name, fmt):\n    os.system(f'ffmpeg -i {name} o.{fmt}')\ngr.Interface(f, ['text', 'text'], 'file').launch()",
      "import os\nfrom slack_bolt import App\napp = App()\n@app.command('/d')\ndef d(ack, command):\n    os.system('deploy ' + command['text'])",
    ],
    honest: [
      "import os\nos.execl('/usr/bin/python3', 'python3', '-m', 'train', input())",
      "import os\nos.execl('/bin/sh', 'sh', '-c', 'make all')",
      "import os\nos.spawnlp(os.P_NOWAIT, 'tensorboard', 'tensorboard', '--logdir', input())",
      "import pty\npty.spawn(['/bin/sh'])",
      "import asyncio\nasync def f():\n    await asyncio.create_subprocess_exec('ls', input())",
      "import subprocess\nsubprocess.run(['ls', input()])",
      "import subprocess, shlex\nsubprocess.run(shlex.split(f'ls {input()}'))",
      "import subprocess, sys\nsubprocess.run([sys.executable, '-c', f'import {name}'])",
      "import gradio as gr, os\ndef f(name):\n    return name.upper()\ngr.Interface(f, 'text', 'text').launch()",
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'medium',
    bad: [
      "import os\nos.execl('/bin/sh', 'sh', '-c', f'cd {d} && make')",
      "import os\nos.spawnv(os.P_WAIT, '/bin/bash', ['bash', '-c', 'nohup ' + cmd])",
      "import subprocess, sys\nsubprocess.run(['bash', '-c', 'ls ' + sys.argv[1]])",
    ],
    honest: [
      "import os\nos.execv('/bin/ls', ['ls', d])",
      "import os, shlex\nos.execl('/bin/sh', 'sh', '-c', 'ls ' + shlex.quote(d))",
    ],
  },
  {
    rule: 'dynamic-code',
    severity: 'high',
    bad: [
      "import requests, subprocess, sys\nr = requests.get(u)\nsubprocess.run([sys.executable, '-c', r.text])",
      'import requests\nget_ipython().run_cell(requests.get(u).text)',
      "import importlib\nfrom flask import request\nimportlib.import_module(request.args['m'])",
      'import gradio as gr\ndef f(e):\n    return eval(e)\nb.click(fn=f, inputs=x, outputs=y)',
      "import pandas as pd\ndf = pd.read_csv('a')\ndf.query(input())",
      'import pandas as pd\ndef f(df):\n    return df.eval(expr=input())',
      "from flask import Flask, request\nimport numexpr\nnumexpr.evaluate(request.json['e'])",
    ],
    honest: [
      "import requests, subprocess, sys\nr = requests.get(u)\nsubprocess.run([sys.executable, '-c', 'print(1)'], input=r.text)",
      "import importlib\nfrom flask import request\nimportlib.import_module('plugins.' + request.args['m'])",
      "import importlib\nfor m in ('a', 'b'):\n    importlib.import_module(m)",
      "import pandas as pd\ndf = pd.read_csv('a')\nn = int(input())\ndf.query('age > @n')",
      'import pandas as pd\nfrom llama_index.core import VectorStoreIndex\nengine = VectorStoreIndex.from_documents(d).as_query_engine()\nengine.query(input())',
      'import pandas as pd\ncollection.query(query_texts=[input()])',
      'import pandas as pd\ndef f(model):\n    model.eval()',
    ],
  },
  {
    rule: 'dynamic-code',
    severity: 'low',
    bad: [
      "import argparse\nimport pandas as pd\na = argparse.ArgumentParser().parse_args()\npd.read_csv('a').query(a.filter)",
      'import sys, sympy\nsympy.sympify(sys.argv[1])',
      "import os\nimport numexpr as ne\nne.evaluate(os.environ['E'])",
    ],
    honest: [
      "import argparse\nimport pandas as pd\na = argparse.ArgumentParser().parse_args()\npd.read_csv(a.file).query('x > 1')",
      'import sys, runpy\nrunpy.run_path(sys.argv[1])',
    ],
  },
  {
    rule: 'shell-injection',
    severity: 'medium',
    bad: [
      "import os\nfor n in ('getpid', 'system'):\n    getattr(os, n)('ls ' + x)",
      "import os\nNAMES = ['popen']\nfor n in NAMES:\n    getattr(os, n)('ls ' + x)",
      "import os, contextlib\nwith contextlib.nullcontext('system') as n:\n    getattr(os, n)('ls ' + x)",
      "import os\nfirst_of_the_many_names, second_of_the_many_names, n, third_of_the_many_names, fourth_of_the_many_names = 1, 2, 'system', 3, 4\ngetattr(os, n)('ls ' + x)",
    ],
    honest: [
      "import os\nfor n in ('getpid', 'getppid'):\n    getattr(os, n)()",
      "import os, contextlib\nwith contextlib.nullcontext('listdir') as n:\n    getattr(os, n)('a ' + x)",
      "import os\nfor n in names:\n    getattr(os, n)('a ' + x)",
    ],
  },
];

const ARRAYS: readonly Case[] = [
  {
    rule: 'numpy-allow-pickle',
    severity: 'high',
    bad: [
      "import numpy as np\nfrom flask import request\nnp.load(request.files['f'], allow_pickle=True)",
      'import io, numpy as np, requests\nnp.load(io.BytesIO(requests.get(u).content), allow_pickle=True)',
      "import numpy as np\nfrom urllib.request import urlretrieve\nurlretrieve(u, 'a.npy')\nnp.load('a.npy', allow_pickle=True)",
    ],
    honest: ["import numpy as np\nfrom flask import request\nnp.load(request.files['f'], allow_pickle=False)"],
  },
];

describe('what branches decide', () => tellApart(BRANCHES));
describe('files that the program downloads', () => tellApart(DOWNLOADS));
describe('processes', () => tellApart(PROCESSES));
describe('arrays of objects', () => tellApart(ARRAYS));
