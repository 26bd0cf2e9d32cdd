import assert from 'node:assert/strict';
import { judgeSource } from '../../../src/core/pickle/sourceCode';
import { bytes, call, findings, longText, MARK, pickle, RANK, stackGlobal, text, worst } from './assembler';

function names(source: string): string[] {
  return judgeSource(source).dangerous.map(({ name }) => name);
}

describe('source code that loading runs', () => {
  it('lets be what only computes', () => {
    const sources = [
      'import torch\nfrom torch import device\nfrom math import inf, nan\nimport torch.fx._pytree as fx_pytree\nNoneType = type(None)\n' +
        'def forward(self, input):\n    _0 = getattr(self, "0")(input);  input = None\n    add = torch.add(_0, 1)\n    return torch.ops.aten.relu(add)\n',
      'import torch.nn as nn\nfrom torch.nn import functional as F\nnn2 = torch.nn if False else nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return F.relu(x) # os.system("x")\n',
      '"""import os; os.system("x")"""\nfrom typing import (\n    List as L,\n    Optional,\n)\nimport math\nx = f"{math.pi} eval"\n',
    ];
    for (const source of [sources[0], sources[2]] as string[]) {
      assert.deepEqual(judgeSource(source), { dangerous: [], unknown: [] }, source);
    }
    assert.deepEqual(judgeSource(sources[1] as string).dangerous, []);
  });

  it('finds what acts, under any name', () => {
    for (const [source, name] of [
      ['import os\nos.system("x")', 'os.system'],
      ['import os as o\nf = o.system\nf("x")', 'os.system'],
      ['from subprocess import (Popen as P,\n  run)\nP(["x"])', 'subprocess.Popen'],
      ['import torch\nm = torch\nm.load("x")', 'torch.load'],
      // What one reader takes for a comment or a string, and the compiler does not.
      ['# nothing\rexec("x")', 'exec'],
      ['import \\\n  os\nos.system("x")', 'os.system'],
      ['x = f"{"a" + exec("1")}"', 'f"{'],
      ['x = t"{exec(1)}"', 'exec'],
      ['# coding: utf-7\n+AGUAeABlAGM-(1)', 'coding: utf-7'],
      ['import random\nrandom._os.system("x")', 'random._os.system'],
      ['os.system("x")', 'os.system'],
      ['import operator\noperator.attrgetter("a")', 'operator.attrgetter'],
      ['import torch\ntorch.storage._load_from_bytes(b"")', 'torch.storage._load_from_bytes'],
      ['getattr(x, "tofile")("y")', 'getattr'],
      ['import torch\ntorch.zeros(3).numpy().tofile("x")', 'tofile'],
      ['import pathlib\npathlib.Path("x").write_text("y")', 'write_text'],
      ['import torch\ntorch.os.system("x")', 'torch.os.system'],
      ['import torch\ngetattr(torch, "load")("x")', 'getattr'],
      ['x = getattr(self, "os")', 'getattr'],
      ['__import__("os")', '__import__'],
      ['f = exec\nf("x")', 'exec'],
      ['ｅｘｅｃ("x")', 'exec'],
      ['x = f"{open(1)}"', 'open'],
      ['().__class__.__base__.__subclasses__()', '__base__'],
      ['def f(a=__builtins__["exec"]):\n    return a', '__builtins__'],
      ['import torch\ntorch.ops.load_library("x.so")', 'torch.ops.load_library'],
      ['@(lambda f: eval("1"))\ndef forward(self):\n    return 1', 'eval'],
      ['if True: import os; os.popen("x")', 'os.popen'],
      ['forward = lambda self: self.l.__globals__', 'self.l.__globals__'],
    ] as const) {
      assert.ok(names(source).includes(name), `${source} -> ${names(source)}`);
    }
  });

  it('names modules that nothing is known of, and modules that are handed on', () => {
    assert.deepEqual(judgeSource('from mypkg.ops import f\nf(1)').unknown, ['mypkg.ops.f']);
    assert.deepEqual(judgeSource('import pandas\npandas.read_csv("x")').unknown, ['pandas.read_csv']);
    assert.deepEqual(judgeSource('from pathlib import Path\nPath("x")').unknown, ['pathlib.Path']);
    assert.deepEqual(judgeSource('import torch\ng(torch)').unknown, ['torch']);
    assert.deepEqual(judgeSource('from mypkg.ops import f\nf(1)', () => true).unknown, []);
  });

  it('tells what runs on import from what a function holds', () => {
    const at = (source: string) => judgeSource(source).dangerous.map(({ atOnce }) => atOnce);
    assert.deepEqual(at('def f(\n    a: int,\n):\n    return open(a)\n'), [false]);
    assert.deepEqual(at('def f(a=open("x")):\n    pass\n'), [true]);
    assert.deepEqual(at('class A:\n    x = open("x")\n    def f(self):\n        pass\n    y = open("y")\n'), [
      true,
      true,
    ]);
    assert.deepEqual(at('async def f():\n    open("x")\nopen("y")\n'), [false, true]);
  });

  it('takes time in proportion to the text', () => {
    for (const piece of ['def f(', '"', 'import a,', 'from a import b\n', '(((', 'x = y\n']) {
      const { dangerous } = judgeSource(piece.repeat(200_000));
      assert.deepEqual(dangerous, [], piece);
    }
    for (const piece of ['a.b.', 'import torch\ntorch.', 'f"{', 'f"{"']) {
      assert.ok(names(`import torch\ntorch.${piece.repeat(200_000)}`).length <= 50, piece);
    }
    assert.deepEqual(names(`import torch\ntorch.${'a.'.repeat(200_000)}b`), ['torch.a.a...']);
  });

  it('judges graph modules by their code', async () => {
    const module = (code: string, imports = 'import torch', more: Uint8Array = bytes()) =>
      pickle(
        call(
          stackGlobal('torch.fx.graph_module', 'reduce_graph_module'),
          bytes('}', MARK, text('training'), 0x88, text('_code'), longText(code), more, 'u'),
          text(imports),
        ),
      );
    const forward = 'def forward(self, x):\n    return torch.relu(x)\n';
    assert.equal(await worst(module(forward)), RANK.info);
    assert.equal(await worst(module(forward, 'from mypkg import f')), RANK.medium);
    assert.equal(await worst(module(`import os\n${forward}`.replace('torch', 'os'))), RANK.critical);
    assert.equal(await worst(module(forward, 'import subprocess\nsubprocess.run("x")')), RANK.critical);
    // Of two sources it is not known which one runs.
    assert.equal(await worst(module(forward, '', bytes(text('_code'), text(forward)))), RANK.critical);
    const [finding] = await findings(module('def forward(self):\n    return __import__("os")\n'));
    assert.match(finding?.message ?? '', /in line 3, __import__ imports a module/);
  });
});
