import assert from 'node:assert/strict';
import { parser } from '@lezer/python';
import { PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import { judge } from '../pii/judge';
import { applied } from '../text/applied';

const TORCH = 'import torch\n';
const GET = 'import requests\n';
const YAML = 'import yaml\n';

/** What a program is after the fix of its only finding that has one. */
const CASES: [label: string, before: string, after: string | undefined][] = [
  ['an argument more', `${TORCH}torch.load(p)\n`, `${TORCH}torch.load(p, weights_only=True)\n`],
  [
    'behind the last argument, in front of a comma',
    `${TORCH}torch.load(p,)\n`,
    `${TORCH}torch.load(p, weights_only=True,)\n`,
  ],
  [
    'in front of a comment and its comma',
    `${TORCH}torch.load(\n    p,  # a, b\n)\n`,
    `${TORCH}torch.load(\n    p, weights_only=True,  # a, b\n)\n`,
  ],
  [
    'in front of a comment without a comma',
    `${TORCH}torch.load(\n    p  # a\n)\n`,
    `${TORCH}torch.load(\n    p, weights_only=True  # a\n)\n`,
  ],
  [
    'within a format string',
    `${TORCH}print(f"{torch.load('a.pt')}")\n`,
    `${TORCH}print(f"{torch.load('a.pt', weights_only=True)}")\n`,
  ],
  [
    'behind a lambda',
    `${TORCH}torch.load(p, lambda s, l: s)\n`,
    `${TORCH}torch.load(p, lambda s, l: s, weights_only=True)\n`,
  ],
  ['not what torch would refuse', `${TORCH}torch.load(p, pickle_module=dill)\n`, undefined],
  ['not behind a generator', `${TORCH}torch.load(x for x in y)\n`, undefined],
  ['not where the bracket is missing', `${TORCH}torch.load(p\n`, undefined],
  [
    'the flag of a partial',
    `from functools import partial\n${TORCH}load = partial(torch.load, weights_only=False)\nload(p)\n`,
    `from functools import partial\n${TORCH}load = partial(torch.load, weights_only=True)\nload(p)\n`,
  ],
  ['an argument less', `${GET}requests.get(u, verify=False, timeout=3)\n`, `${GET}requests.get(u, timeout=3)\n`],
  ['the first of several', `${GET}requests.get(verify=False, url=u)\n`, `${GET}requests.get(url=u)\n`],
  ['the last of a call', `${GET}requests.get(url=f(a, b), verify = False)\n`, `${GET}requests.get(url=f(a, b))\n`],
  [
    'behind a comment with a comma',
    `${GET}requests.get(url=u  # it, is\n  , verify=False)\n`,
    `${GET}requests.get(url=u  # it, is\n  )\n`,
  ],
  ['not where branches decide', `${GET}requests.get(u, verify=False if x else True)\n`, undefined],
  ['the safe function', `${YAML}yaml.load_all(f)\n`, `${YAML}yaml.safe_load_all(f)\n`],
  [
    'the safe loader',
    `${YAML}yaml.load(f, Loader=yaml.UnsafeLoader)\n`,
    `${YAML}yaml.load(f, Loader=yaml.SafeLoader)\n`,
  ],
  ['not a loader that would have to be imported', 'from yaml import load, Loader\nload(f, Loader=Loader)\n', undefined],
];

function parses(text: string): boolean {
  let ok = true;
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) ok = false;
    },
  });
  return ok;
}

describe('fixes of unsafe calls', () => {
  for (const [label, before, after] of CASES) {
    it(label, () => {
      const drafts = judge({ name: 'a.py', text: before }, PYTHON_ANALYSER);
      assert.ok(drafts.length > 0, 'a finding');
      const [fix] = drafts.flatMap(({ fixes = [] }) => fixes);
      assert.equal(fix && applied(before, fix), after);
      if (after !== undefined) assert.ok(parses(after), after);
    });
  }
});
