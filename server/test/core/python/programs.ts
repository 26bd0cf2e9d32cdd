/** Random Python programs, the same for the same seed: imports, aliases, scopes, calls in every place an expression can stand. */

/** A small generator of numbers (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const IMPORTS = [
  'import pickle',
  'import pickle as p, os',
  'import torch as t',
  'from pickle import load',
  'from pickle import loads as L',
  'from pickle import *',
  'from os import (system,\n    popen as P)',
  'import subprocess as sp; import yaml',
  'from torch import hub, load as tl',
  'import base64, requests',
  'from requests import get, Session as S',
  'import importlib, functools',
  'try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle',
  'import random, tempfile, tarfile',
  'from numpy import load as nl',
  'import builtins as bi',
  'from builtins import exec as run',
  'from pickle import (  # (load\n    dumps,\n    load,\n)',
  'from os import \\\n    system',
  'from random import choice as c',
  'from sql import execute, raw',
  'import \uff50ickle as q, sys',
];
const NAMES = ['a', 'b', 'f', 'load', 'x', 'L', 'P', 'p', 'token', 'eval', 'system', 'self'];
const CALLEES = [
  ...[
    'pickle.load',
    'p.loads',
    'load',
    'L',
    'os.system',
    'system',
    'P',
    't.load',
    'torch.load',
    'tl',
    'hub.load',
    'eval',
  ],
  ...[
    'exec',
    'sp.run',
    'yaml.load',
    'requests.get',
    'get',
    'S().get',
    'S',
    'base64.b64decode',
    'tempfile.mktemp',
    'nl',
  ],
  ...['f', 'a', 'b', 'x', 'print', 'self.load', 'self.execute', 'db.execute', 're.compile', 'compile', 'random.choice'],
  ...[
    "getattr(os, 'system')",
    "getattr(pickle, 'lo' + 'ads')",
    "__import__('pickle').loads",
    'tarfile.open("a").extractall',
  ],
  ...[
    'functools.partial(pickle.load)',
    "importlib.import_module('torch').load",
    "__builtins__['eval']",
    "vars(os)['system']",
    "getattr(bi, 'exec')",
    'bi.eval',
    'run',
    'map',
    "__builtins__['exec']",
    ...[
      'self.b',
      'self.x',
      'A.load',
      'A().load',
      'B(a).load',
      "a['a']",
      "x.get('b')",
      'b[x]',
      'pickle.Unpickler(f).load',
    ],
  ],
];
/** What says by a text, a name or other letters what is called. */
const DYNAMIC = [
  "n = 'sys' + 'tem'",
  "n, m = 'x', 'loads'",
  "if (n := 'po' 'pen'): pass",
  'n = a',
  'getattr(os, n)(x)',
  'f = getattr(pickle, m, None)',
  "getattr(os, f'sys{a}')(x)",
  "getattr(os, 'system')(x)",
  "f = getattr(pickle,\n    'lo' + 'ads')",
  "sys.modules['o' + 's'].system(x)",
  '__import__(n).load(x)',
  'globals()[m](x)',
  "token = c('ab')",
  'session_id: str = "".join([random.choice("ab") for _ in b])',
  'a = api_key = random.randint(1, 2)',
  "execute('select a from b where c = ' + x)",
  'pickle.\uff4coad(x)',
  'q.load(x)',
  '\uff46 = pickle.load',
  'f(x)',
  'a(  # pickle.load(x)\n    1,\n)',
];
const WORDS = [
  "'a'",
  '"b c"',
  "f'{x} y'",
  "rb'\\\\'",
  '"""doc\n# no comment"""',
  "'SELECT a FROM t WHERE b = ' + x",
  "f'rm {a}'",
];

/** @param decorators whether calls stand in front of definitions too */
export function program(seed: number, decorators = true): string {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const expression = (depth: number): string => {
    const choice = depth <= 0 ? next() * 3 : next() * 18;
    const inner = () => expression(depth - 1);
    if (choice < 1) return pick(NAMES);
    if (choice < 2) return pick(WORDS);
    if (choice < 3) return pick(['1', '2.5e-3', 'True', 'None', '...', '0x1F']);
    if (choice < 9) return call(depth);
    if (choice < 10)
      return `(${inner()} ${pick(['+', '%', '*', '-', 'and', 'or', '==', 'not in', 'is not', '<'])} ${inner()})`;
    if (choice < 11) return `[${inner()}, *${inner()}]`;
    if (choice < 12) return `{${inner()}: ${inner()}, **${pick(NAMES)}}`;
    if (choice < 13) return `(lambda ${pick(['', 'f', 'a, *b, c=1'])}: ${inner()})`;
    if (choice < 14) return `[${inner()} for ${pick(NAMES)} in ${inner()} if ${pick(NAMES)}]`;
    if (choice < 15) return `(${inner()} if ${inner()} else ${inner()})`;
    if (choice < 16) return `${pick(NAMES)}[${inner()}:${inner()}]`;
    if (choice < 17) return `-${pick(NAMES)}.attribute`;
    return `(\n    ${inner()},  # a comment with 'quotes' (\n    ${inner()})`;
  };
  const call = (depth: number): string => {
    const parts = Array.from({ length: Math.floor(next() * 3) }, () => expression(depth - 1));
    if (next() < 0.3)
      parts.push(pick(['weights_only=True', 'shell=True', 'verify=False', 'allow_pickle=True', '*a', '**b']));
    return `${pick(CALLEES)}(${parts.join(', ')})`;
  };
  const lines: string[] = [];
  const block = (indent: string, depth: number): void => {
    for (let count = 1 + Math.floor(next() * 5); count > 0; count -= 1) {
      const choice = next() * 16;
      const put = (text: string) => lines.push(text.replace(/^(?=.)/gm, indent));
      if (choice < 2) put(pick(IMPORTS));
      else if (choice < 5) put(`${pick(NAMES)} = ${expression(2)}`);
      else if (choice < 6) put(`${pick(NAMES)} = ${pick(CALLEES)}`);
      else if (choice < 7) put(`${call(2)}; ${pick(NAMES)} = ${pick(NAMES)}`);
      else if (choice < 8) put(`${pick(NAMES)}, b = ${expression(1)}, ${expression(1)}  # ${pick(CALLEES)}(x)`);
      else if (choice < 8.4) put(`self.${pick(['load', 'b', 'x'])} = ${pick(CALLEES)}`);
      else if (choice < 8.6) put(`${pick(NAMES)} = {'a': ${pick(CALLEES)}, 'b': ${pick(CALLEES)}}`);
      else if (choice < 8.8) put(`if (${pick(NAMES)} := ${pick(CALLEES)}): ${call(1)}`);
      else if (choice < 9) put(`return ${expression(2)}`);
      else if (choice < 11) put(pick(DYNAMIC));
      else if (depth <= 0) put('pass');
      else {
        const head = pick([
          () => `def ${pick(NAMES)}(${pick(['', 'f', 'load', 'a=pickle.load', '*, x: int = 1'])}):`,
          () => `class ${pick(['A', 'load', 'B(a)', 'A(pickle.Unpickler)', 'B(A)'])}:`,
          () => `if ${expression(1)}:`,
          () => `for ${pick(NAMES)} in ${expression(1)}:`,
          () => `with open('f') as ${pick(NAMES)}, ${call(1)}:`,
          () => `${decorators ? `@${call(1)}\n` : ''}def g():`,
          () => 'async def h(self):',
          () => `while ${pick(NAMES)}:`,
        ])();
        put(head);
        block(`${indent}    `, depth - 1);
      }
    }
  };
  for (let i = 0; i < 3; i += 1) lines.push(pick(IMPORTS));
  block('', 3);
  block('', 3);
  return `${lines.join('\n')}\n`;
}
