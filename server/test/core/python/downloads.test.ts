import { type Case, tellApart } from './cases';

const FETCH = 'import hashlib, subprocess\nfrom urllib.request import urlretrieve\n';
const RUN = "subprocess.run(['bash', 'b.sh'])";
const BOTH = `${FETCH}urlretrieve(u, 'a.json')\nurlretrieve(v, 'b.sh')\n`;
const SUM = "hashlib.sha256(open('a.json', 'rb').read()).hexdigest()";

const CHECKS: readonly Case[] = [
  {
    rule: 'download-and-run',
    severity: 'high',
    bad: [
      `${BOTH}assert ${SUM} == H\n${RUN}`,
      `${BOTH}if ${SUM} != H:\n    raise SystemExit\n${RUN}`,
      `${BOTH}digest = ${SUM}\nassert digest == H\n${RUN}`,
      `${BOTH}def check_sha(path, h):\n    assert hashlib.sha256(open(path, 'rb').read()).hexdigest() == h\ncheck_sha('a.json', H)\n${RUN}`,
      `${BOTH}def ok(path, h):\n    return hashlib.md5(open(path, 'rb').read()).hexdigest() == h\nif ok('a.json', H):\n    ${RUN}`,
      `${BOTH}# the checksum is verified: hexdigest() == h\n${RUN}`,
      `import hashlib, requests, subprocess\na = requests.get(u).content\nassert hashlib.sha256(a).hexdigest() == H\nb = requests.get(v).content\nopen('a.json', 'wb').write(a)\nopen('b.sh', 'wb').write(b)\n${RUN}`,
    ],
    honest: [
      `${BOTH}assert ${SUM.replace('a.json', 'b.sh')} == H\n${RUN}`,
      `${BOTH}assert ${SUM} == G\ndigest = ${SUM.replace('a.json', 'b.sh')}\nif digest != H:\n    raise SystemExit\n${RUN}`,
      `${BOTH}def check_sha(path, h):\n    assert hashlib.sha256(open(path, 'rb').read()).hexdigest() == h\nfor p, h in WANTED.items():\n    check_sha(p, h)\n${RUN}`,
      `${FETCH}def get(u, p, h):\n    urlretrieve(u, p)\n    if file_sha256(p) != h:\n        raise SystemExit\n    subprocess.run(['bash', p])`,
      `${FETCH}urlretrieve(v, 'b.sh')\nh = hashlib.sha256()\nwith open('b.sh', 'rb') as f:\n    h.update(f.read())\nassert h.hexdigest() == H\n${RUN}`,
      `import hashlib, requests, subprocess\nb = requests.get(v).content\nassert hashlib.sha256(b).hexdigest() == H\nopen('b.sh', 'wb').write(b)\n${RUN}`,
    ],
  },
];

const NAMES: readonly Case[] = [
  {
    rule: 'download-and-run',
    severity: 'high',
    bad: [
      `import subprocess\nfrom urllib.request import urlretrieve as fetch\nfetch(u, 'b.sh')\n${RUN}`,
      `import subprocess, urllib.request\nget = urllib.request.urlretrieve\nget(u, filename='b.sh')\n${RUN}`,
      `import subprocess\nfrom functools import partial\nfrom urllib.request import urlretrieve\nget = partial(urlretrieve, u)\nget('b.sh')\n${RUN}`,
      `import subprocess\nfrom functools import partial\nfrom urllib.request import urlretrieve as fetch\nget = partial(fetch, u)\nget('b.sh')\n${RUN}`,
    ],
    honest: [
      `import subprocess\nfrom urllib.request import urlretrieve as fetch\nfetch(u, 'a.json')\n${RUN}`,
      `import subprocess\nfrom urllib.request import urlretrieve as fetch\nstore.fetch(u, 'b.sh')\n${RUN}`,
    ],
  },
];

const GET =
  'import urllib.request, zipfile, tarfile, shutil, io, os, requests, subprocess, sys\nfrom pathlib import Path\n';
const ZIP = `${GET}urllib.request.urlretrieve(u, 'a.zip')\n`;
const UNPACKED: readonly Case[] = [
  {
    rule: 'download-and-run',
    severity: 'high',
    bad: [
      `${ZIP}with zipfile.ZipFile('a.zip') as z:\n    z.extractall('w')\nsubprocess.run(['python', 'w/run.py'])`,
      `${ZIP}zipfile.ZipFile('a.zip').extractall(path='./w/')\nos.system('bash w/setup.sh')`,
      `${ZIP}shutil.unpack_archive('a.zip', 'w')\nsubprocess.run([sys.executable, os.path.join('w', 'run.py')])`,
      `${GET}zipfile.ZipFile(io.BytesIO(requests.get(u).content)).extractall('w')\nexec(open('w/a.py').read())`,
      `${GET}def f(d):\n    p = os.path.join(d, 'a.tgz')\n    urllib.request.urlretrieve(u, p)\n    with tarfile.open(p) as t:\n        t.extractall(os.path.join(d, 'w'), filter='data')\n    subprocess.run([os.path.join(d, 'w', 'bin', 'tool')])`,
      `${GET}d = Path(x)\nurllib.request.urlretrieve(u, d / 'a.zip')\nshutil.unpack_archive(d / 'a.zip', d / 'w')\nsubprocess.run(['bash', d / 'w' / 'run.sh'])`,
    ],
    honest: [
      `${ZIP}zipfile.ZipFile('a.zip').extractall('w')\nsubprocess.run(['python', 'run.py'])`,
      `${ZIP}zipfile.ZipFile('b.zip').extractall('w')\nsubprocess.run(['python', 'w/run.py'])`,
      `${ZIP}zipfile.ZipFile('a.zip').extractall('w')\nsubprocess.run(['python', 'wide/run.py'])`,
      `${ZIP}assert check_integrity('a.zip', H)\nzipfile.ZipFile('a.zip').extractall('w')\nsubprocess.run(['python', 'w/run.py'])`,
      `${ZIP}zipfile.ZipFile('a.zip').extractall('w')\nsubprocess.run(['wc', '-l', 'w/a.txt'])`,
    ],
  },
  {
    rule: 'download-and-run',
    severity: 'medium',
    bad: [
      `${ZIP}zipfile.ZipFile('a.zip').extractall('w')\nsys.path.insert(0, 'w')\nimport plugin`,
      `${ZIP}shutil.unpack_archive('a.zip', 'w')\nsys.path.append('w/src')\nimport plugin`,
    ],
    honest: [
      `${ZIP}zipfile.ZipFile('a.zip').extractall('w')\nsys.path.insert(0, 'src')\nimport plugin`,
      `${ZIP}zipfile.ZipFile('b.zip').extractall('w')\nsys.path.insert(0, 'w')\nimport plugin`,
    ],
  },
  {
    rule: 'pickle-load',
    severity: 'high',
    bad: [`${ZIP}import pickle\nshutil.unpack_archive('a.zip', 'w')\npickle.load(open('w/a.pkl', 'rb'))`],
    honest: [`${ZIP}import json\nshutil.unpack_archive('a.zip', 'w')\njson.load(open('w/a.json'))`],
  },
  {
    rule: 'pickle-load',
    severity: 'medium',
    bad: [
      `${ZIP}import joblib\nshutil.unpack_archive('a.zip', d)\np = os.path.join(d, 'c.joblib')\njoblib.dump(x, p)\njoblib.load(p)`,
    ],
    honest: [],
  },
];

const FLAGS: readonly Case[] = [
  {
    rule: 'trust-remote-code',
    severity: 'medium',
    bad: [
      'x or True',
      'True or x',
      'not False',
      'not None',
      'x and False or True',
      'bool(1)',
      '(x or (y or True))',
    ].map((flag) => `from transformers import AutoModel\nAutoModel.from_pretrained(m, trust_remote_code=${flag})`),
    honest: ['x and False', 'not True', 'x or False', 'x', 'bool(0)', 'x and True', 'not x', 'False and True'].map(
      (flag) => `from transformers import AutoModel\nAutoModel.from_pretrained(m, trust_remote_code=${flag})`,
    ),
  },
  {
    rule: 'tls-verification-disabled',
    severity: 'medium',
    bad: [
      'import requests\nrequests.get(u, verify=x and False)',
      'import requests\nVERIFY = False\ns = requests.Session()\ns.verify = VERIFY',
      'import requests\ns = requests.Session()\ns.verify = not True',
    ],
    honest: [
      'import requests\nrequests.get(u, verify=x or True)',
      "import requests\nCA = '/etc/ca.pem'\ns = requests.Session()\ns.verify = CA",
      'import requests\ns = requests.Session()\ns.verify = verify',
    ],
  },
];

const OTHERS: readonly Case[] = [
  {
    rule: 'unverified-token',
    severity: 'medium',
    bad: [
      "import jwt\njwt.decode(t, k, options={'verify_signature': False})",
      "import jwt\nOPTIONS = {'verify_signature': False}\njwt.decode(t, options=OPTIONS)",
      'import jwt\njwt.decode(t, verify=False)',
      "from jose import jwt\njwt.decode(t, k, options={'verify_signature': False})",
    ],
    honest: [
      "import jwt\njwt.decode(t, k, algorithms=['HS256'], options={'verify_exp': False})",
      'import jwt\njwt.get_unverified_header(t)',
      "codec.decode(t, k, options={'verify_signature': False})",
    ],
  },
  {
    rule: 'agent-code-execution',
    severity: 'medium',
    bad: [
      "import ollama, sqlite3\nsql = ollama.chat(model='m', messages=[])['message']['content']\nsqlite3.connect(p).execute(sql)",
    ],
    honest: [
      "import ollama, sqlite3\nname = ollama.chat(model='m', messages=[])['message']['content']\nsqlite3.connect(p).execute('select * from t where n = ?', (name,))",
    ],
  },
  {
    rule: 'sql-injection',
    severity: 'medium',
    bad: ["import sqlite3\nfrom flask import request\nsqlite3.connect(p).execute(request.args['q'])"],
    honest: [
      "import sqlite3\nfrom flask import request\nsqlite3.connect(p).execute('select ?', (request.args['q'],))",
      "from flask import request\nworkflow.execute(request.json['task'])",
      "import pandas as pd\nfrom flask import request\nTABLES = {'a': 'select * from a'}\npd.read_sql(TABLES[request.args['t']], con)",
    ],
  },
  {
    rule: 'torch-load',
    severity: 'medium',
    bad: ['import torch\nlist(map(torch.load, paths))'],
    honest: ['import torch\nlist(map(torch.tensor, paths))'],
  },
  {
    rule: 'weak-password-hash',
    severity: 'medium',
    bad: ['import hashlib\nhashlib.sha1(pw.encode()).hexdigest()'],
    honest: ['import hashlib\nhashlib.sha1(power.encode()).hexdigest()'],
  },
];

describe('a hash check speaks for what it checks', () => tellApart(CHECKS));
describe('functions that fetch, under other names', () => tellApart(NAMES));
describe('what is unpacked from a download', () => tellApart(UNPACKED));
describe('flags that are put together', () => tellApart(FLAGS));
describe('other unsafe calls', () => tellApart(OTHERS));
