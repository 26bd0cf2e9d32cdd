import assert from 'node:assert/strict';
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { analysePython, PYTHON_ANALYSER } from '../../../src/core/python/analyser';
import { type CallNode, childrenOf, type Node } from '../../../src/core/python/ast';
import { PythonModule } from '../../../src/core/python/module';
import type { TextAnalyser } from '../../../src/core/text/document';
import { judge, notebook, segment } from '../pii/judge';
import { program } from './programs';

/** Looks at every line, whatever words it holds. */
const THOROUGH: TextAnalyser = {
  ...PYTHON_ANALYSER,
  analyse: (document, context) => analysePython(document, context, true),
};

const PROGRAMS = 600;

describe('reading only the lines that matter', function () {
  this.timeout(120_000);

  it('finds what reading every line finds, at the same places', () => {
    let findings = 0;
    for (let seed = 1; seed <= PROGRAMS; seed += 1) {
      const file = { name: 'a.py', text: program(seed) };
      const all = judge(file, THOROUGH);
      findings += all.length;
      assert.deepEqual(judge(file, PYTHON_ANALYSER), all, file.text);
    }
    assert.ok(findings > PROGRAMS, 'the programs hold enough to find');
  });

  it('does so over the cells of a notebook', () => {
    for (let seed = 1; seed <= 120; seed += 1) {
      const cells = [0, 1, 2].map((cell) => segment(program(seed * 3 + cell), 'code', 'python', { cell }));
      assert.deepEqual(judge(notebook(...cells), PYTHON_ANALYSER), judge(notebook(...cells), THOROUGH));
    }
  });
});

interface Seen {
  call: string;
  callee: string;
  arguments: string[];
}

/** Calls of a text as the parser of an editor reads them. */
function callsByLezer(text: string): Seen[] {
  const found: Seen[] = [];
  const of = (node: SyntaxNode): string => text.slice(node.from, node.to);
  parser.parse(text).iterate({
    enter({ node }) {
      if (node.name !== 'CallExpression' || node.lastChild?.name !== 'ArgList' || !node.firstChild) return;
      const given: string[] = [];
      for (let child = node.lastChild.firstChild; child; child = child.nextSibling) {
        if (/^(?:[(),]|\*\*?|Comment|AssignOp)$/.test(child.name)) continue;
        if (child.name === 'VariableName' && child.nextSibling?.name === 'AssignOp') continue;
        given.push(of(child));
      }
      found.push({ call: of(node), callee: of(node.firstChild), arguments: given });
    },
  });
  return found;
}

function callsOfOurs(text: string): Seen[] {
  const found: Seen[] = [];
  const module = new PythonModule(text);
  const seen = (node: CallNode): Seen => ({
    call: text.slice(node.start, node.end),
    callee: text.slice(node.callee.start, node.callee.end),
    arguments: node.args.map(({ value }) => text.slice(value.start, value.end)),
  });
  const visit = (node: Node): void => {
    if (node.kind === 'call') found.push(seen(node));
    for (const child of childrenOf(node)) visit(child);
  };
  for (let line = 0; line < module.lines.count; line += 1) {
    for (const { parts } of module.statements(line)) for (const part of parts) visit(part);
  }
  return found;
}

const sorted = (calls: Seen[]): string[] => calls.map((call) => JSON.stringify(call)).sort();

describe('the reader of Python', function () {
  this.timeout(120_000);

  it('sees the calls and arguments that another parser sees', () => {
    let calls = 0;
    for (let seed = 1; seed <= 250; seed += 1) {
      // The other one keeps no calls of decorators.
      const text = program(seed, false);
      const ours = callsOfOurs(text);
      calls += ours.length;
      assert.deepEqual(sorted(ours), sorted(callsByLezer(text)), text);
    }
    assert.ok(calls > 2500);
  });
});
