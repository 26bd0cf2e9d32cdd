import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Budget } from '../../../src/core/budget';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { isQuiet } from '../../../src/core/pickle/judge';
import { PickleMachine, PickleWindow } from '../../../src/core/pickle/machine';
import { OPCODES } from '../../../src/core/pickle/opcodes';

const PROGRAM = `
import sys, json, base64, pickle, pickletools, datetime, collections, decimal, uuid, enum, re, fractions
class Colour(enum.Enum):
    RED = 1
class Thing:
    def __init__(self, v): self.v = v
    def __getnewargs_ex__(self): return (self.v,), {}
    def __new__(cls, v=0): return object.__new__(cls)
def walk(data):
    out = []
    try:
        for op, arg, pos in pickletools.genops(data): out.append([op.name, pos])
    except Exception as e:
        return out, True
    return out, False
shared = [1, 2]
values = [None, True, 1, -1, 255, 256, 65535, 65536, 2**31, -2**31, 2**70, -2**70, 1.5, float('inf'), 'abc', 'e\\u00e9\\u20ac\\U0001f600', 'x'*300, 'y'*70000,
  b'', b'ab', b'x'*300, bytearray(b'ab'), (), (1,), (1,2), (1,2,3), (1,2,3,4), [], list(range(3000)), {}, {i: str(i) for i in range(2500)}, {1,2}, frozenset([1]),
  [shared, shared], Colour.RED, Thing(3), datetime.datetime(2020,1,1), collections.OrderedDict(a=1), decimal.Decimal('1.1'), uuid.UUID(int=3), re.compile('a'),
  fractions.Fraction(1,3), collections.defaultdict(list, a=[1]), 1j, slice(1,2), len, int, ValueError('x'), 'a\\nb\\\\c\\'d"']
rows = []
for value in values:
    for protocol in range(6):
        data = pickle.dumps(value, protocol)
        rows.append([base64.b64encode(data).decode(), walk(data)[0]])
for name in json.loads(sys.stdin.read()):
    data = open(name, 'rb').read()
    ops, failed = walk(data)
    rows.append([name, ops, failed])
print(json.dumps({'table': [[ord(o.code), o.name, o.proto] for o in pickletools.opcodes], 'rows': rows}))
`;

interface Answer {
  table: [number, string, number][];
  rows: [string, [string, number][], boolean?][];
}

describe('pickle machine beside pickletools', function () {
  this.timeout(120_000);
  let answer: Answer | undefined;
  let corpusRows = 0;

  before(function () {
    const corpus = path.resolve(__dirname, '../../../../../shared/corpus/models');
    let files: string[] = [];
    if (existsSync(path.join(corpus, 'labels.json'))) {
      const labels = JSON.parse(readFileSync(path.join(corpus, 'labels.json'), 'utf8')) as {
        path: string;
        size: number;
      }[];
      files = labels
        .filter(({ path: p, size }) => /\.(?:pkl|pickle|dill)$/.test(p) && size < 2_000_000)
        .map(({ path: p }) => path.join(corpus, p));
    }
    corpusRows = files.length;
    const run = spawnSync('python3', ['-c', PROGRAM], {
      input: JSON.stringify(files),
      maxBuffer: 2 ** 30,
      encoding: 'utf8',
    });
    if (run.error || run.status !== 0) {
      console.log('      (no Python here: the comparison with pickletools is left out)');
      this.skip();
    }
    answer = JSON.parse(run.stdout) as Answer;
  });

  it('has the same table of opcodes', () => {
    const own = OPCODES.filter((o) => o !== undefined).map(({ code, name, protocol }) => [code, name, protocol]);
    const theirs = [...(answer as Answer).table].sort((a, b) => a[0] - b[0]);
    assert.deepEqual(own, theirs);
  });

  it('walks the same opcodes at the same offsets', async () => {
    let compared = 0;
    for (const [name, expected, failed] of (answer as Answer).rows) {
      const content =
        failed === undefined ? Uint8Array.from(Buffer.from(name, 'base64')) : new Uint8Array(readFileSync(name));
      const walked: [string, number][] = [];
      const trace = await new PickleMachine(new PickleWindow(new MemoryByteSource(content)), {
        budget: new Budget(),
        quiet: isQuiet,
        onOpcode: (code, offset) => walked.push([OPCODES[code]?.name ?? '?', offset]),
      }).run(0);
      // The machine stops where the unpickler would raise, pickletools where it cannot read on; up to the earlier of both they agree.
      const length = trace.complete && !failed ? expected.length : Math.min(walked.length, expected.length);
      // joblib's arrays lie in the stream, where pickletools takes them for opcodes.
      const until = trace.machine.arrays[0]?.from ?? Number.POSITIVE_INFINITY;
      const cut = expected.slice(0, length).filter(([, offset]) => offset < until);
      assert.deepEqual(walked.slice(0, cut.length), cut, name.slice(0, 100));
      if (failed === undefined) assert.equal(trace.complete, true, name.slice(0, 100));
      compared += 1;
    }
    assert.ok(compared >= 200 + corpusRows);
  });
});
