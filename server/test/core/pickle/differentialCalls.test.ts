import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Budget } from '../../../src/core/budget';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { PickleMachine, PickleWindow } from '../../../src/core/pickle/machine';
import { PickleCall, PickleExtension, PickleGlobal, type PickleObject } from '../../../src/core/pickle/values';

/**
 * Random programs of opcodes, run by CPython's own unpickler. Every import gives a class that only writes down that it was
 * called or constructed. Argument: number of programs.
 */
const PROGRAM = String.raw`
import base64, copyreg, io, json, pickle, random, struct, sys
MODULES = ['m0', 'm1', 'm2']
NAMES = ['f0', 'f1', 'f2', 'C.x']
for code, (module, name) in enumerate([('m0', 'e1'), ('m1', 'e2')]):
    copyreg.add_extension(module, name, code + 1)

def probe(events, label):
    class Meta(type):
        def __call__(cls, *a, **k):
            events.append(['call', label])
            return object.__new__(cls)
    class Probe(metaclass=Meta):
        def __new__(cls, *a, **k):
            events.append(['new', label])
            return object.__new__(cls)
        def __call__(self, *a, **k):
            events.append(['call', 'result'])
            return object.__new__(Probe)
        def __setitem__(self, k, v): pass
        def append(self, v): pass
        def extend(self, v): pass
        def add(self, v): pass
        def __setstate__(self, s): pass
        def __hash__(self): return 1
    return Probe

class Unpickler(pickle.Unpickler):
    def __init__(self, file, events):
        super().__init__(file, buffers=[b'x', b'y', b'z'])
        self.events = events
        self.cache = {}
    def find_class(self, module, name):
        self.events.append(['import', module + '.' + name])
        if (module, name) not in self.cache:
            self.cache[module, name] = probe(self.events, module + '.' + name)
        return self.cache[module, name]
    def persistent_load(self, pid):
        return ('pid', pid)

def word(s): return b'\x8c' + bytes([len(s)]) + s.encode()

def push(r):
    w = r.choice(MODULES + NAMES + ['1', 'x' * 20])
    e = w.encode()
    glob = b'c' + r.choice(MODULES).encode() + b'\n' + r.choice(NAMES).encode() + b'\n'
    return r.choice([
        b'N', b'\x88', b'K' + bytes([r.randrange(256)]), b'M' + struct.pack('<H', r.randrange(65536)), b'J' + struct.pack('<i', r.randrange(-9, 9)),
        b'I' + r.choice([b'01', b'00', b'7', b' 8 ', b'0x1f', b'1_0', b'-3', b'9' * 30]) + b'\n', b'L' + r.choice([b'5L', b'6', b' 7L', b'-8L']) + b'\n',
        b'F' + r.choice([b'1.5', b'nan', b'1e5', b'inf']) + b'\n', b'G' + struct.pack('>d', 1.5), word(w), b'X' + struct.pack('<I', len(e)) + e,
        b'\x8d' + struct.pack('<Q', len(e)) + e, b'V' + e + b'\n', b"S'" + e + b"'\n", b'U' + bytes([len(e)]) + e, b'T' + struct.pack('<i', len(e)) + e,
        b'C\x02m0', b'B' + struct.pack('<I', 3) + b'abc', b'\x8e' + struct.pack('<Q', 2) + b'm1', b'\x96' + struct.pack('<Q', 2) + b'f1', b'\x97',
        b']', b'}', b')', b'\x8f', b'\x82' + bytes([r.choice([1, 2, 1, 2, 9])]), b'\x83\x01\x00', b'\x84\x02\0\0\0', b'Ppid\n', b'\x8a\x01\x05',
        b'\x8b\x01\0\0\0\x07', glob, glob, word(r.choice(MODULES)) + word(r.choice(NAMES)) + b'\x93'])

def program(r):
    o = bytearray()
    depth, marks, memo = 0, [], 0
    protocol = r.choice([None, 0, 1, 2, 3, 4, 5, 2, 4, 5])
    if protocol is not None: o += b'\x80' + bytes([protocol])
    simple = lambda: b'c' + r.choice(MODULES).encode() + b'\n' + r.choice(NAMES[:3]).encode() + b'\n'
    for _ in range(r.randrange(4, 60)):
        available = depth - (marks[-1] if marks else 0)
        c = r.random()
        if c < 0.33 or depth == 0: o += push(r); depth += 1
        elif c < 0.40: o += b'('; marks.append(depth)
        elif c < 0.47 and memo:
            i = r.choice([r.randrange(memo + 1), r.randrange(memo + 1), 300, 70000])
            o += r.choice([b'h' + bytes([i % 256]), b'j' + struct.pack('<I', i), b'g%d\n' % i]); depth += 1
        elif c < 0.55 and available > 0:
            i = r.choice([r.randrange(6), r.randrange(6), r.randrange(256), 300, 70000])
            o += r.choice([b'\x94', b'q' + bytes([i % 256]), b'r' + struct.pack('<I', i), b'p%d\n' % i]); memo = max(memo, min(i, 8)) + 1
        elif c < 0.60 and available > 0: o += b'2'; depth += 1
        elif c < 0.64 and available > 0: o += b'0'; depth -= 1
        else:
            op = r.choice(['R', 'R', 'R', 'o', 'i', '\x81', '\x92', 't', 'l', 'd', '\x85', '\x86', '\x87', 'e', 'a', 's', 'u', '\x90', '\x91', 'b', '1', '\x93', 'Q', '\x98', 'mark', 'new'])
            need = {'R': 2, '\x81': 2, 'Q': 1, '\x98': 1, '\x85': 1, 'b': 2, 'a': 2, '\x86': 2, 's': 3, '\x87': 3, '\x92': 3, '\x93': 2}.get(op)
            if need:
                if available < need and r.random() < 0.95: continue
                if op in 'R\x81' and r.random() < 0.8: o += b'0)'
                if op == '\x92' and r.random() < 0.8: o += b'00)}'
                if op == '\x92' and r.random() < 0.2: o += b'(\x8c\x01kNu'
                if op == 'b' and r.random() < 0.4: o += b'0N}\x86'
                o += op.encode('latin1'); depth = max(1, depth - need + 1)
            elif op == 'new': o += simple() + r.choice([b')R', b')\x81', b')}\x92', b'(NtR', b'N\x85R']); depth += 1
            elif op == 'mark': o += b'(0'
            else:
                if not marks and r.random() < 0.9: continue
                at = marks.pop() if marks else 0
                if op == 'o' and r.random() < 0.7: o += b'1(' + simple() + r.choice([b'', b'N', b'NN'])
                o += op.encode('latin1')
                if op == 'i': o += r.choice(MODULES).encode() + b'\n' + r.choice(NAMES[:3]).encode() + b'\n'
                depth = at + (1 if op in ('o', 'i', 't', 'l', 'd', '\x91') else 0)
    if r.random() < 0.8: o += b'.'
    return bytes(o)

rows = []
for seed in range(int(sys.argv[1])):
    data, events = program(random.Random(seed)), []
    copyreg.clear_extension_cache()
    try:
        Unpickler(io.BytesIO(data), events).load()
        done = True
    except Exception:
        done = False
    rows.append([base64.b64encode(data).decode(), events, done])
json.dump(rows, sys.stdout)
`;

type Event = ['import' | 'call' | 'new', string];

const EXTENSIONS = new Map([
  [1, 'm0.e1'],
  [2, 'm1.e2'],
]);

function nameOf(object: PickleObject | undefined): string {
  if (object instanceof PickleGlobal) return object.path;
  if (object instanceof PickleExtension) return EXTENSIONS.get(object.code) ?? '?';
  return object instanceof PickleCall ? 'result' : '-';
}

describe('pickle machine beside the unpickler of CPython', function () {
  this.timeout(120_000);

  it('sees every import and every call that runs, in their order', async function () {
    const run = spawnSync('python3', ['-c', PROGRAM, '3000'], { maxBuffer: 2 ** 28, encoding: 'utf8' });
    if (run.error || run.status !== 0) {
      console.log('      (no Python here: the comparison with the unpickler is left out)');
      this.skip();
    }
    const rows = JSON.parse(run.stdout) as [string, Event[], boolean][];
    let calls = 0;
    for (const [encoded, events, done] of rows) {
      const content = Uint8Array.from(Buffer.from(encoded, 'base64'));
      const trace = await new PickleMachine(new PickleWindow(new MemoryByteSource(content)), {
        budget: new Budget(),
        quiet: () => false,
      }).run(0);
      // The machine may go on where the unpickler raises, and never stops before it.
      if (done) assert.equal(trace.complete, true, encoded);
      const seen = new Set(trace.globals.map(({ path }) => path));
      const ran = events.filter(([kind]) => kind !== 'import');
      for (const [kind, name] of events) {
        if (kind === 'import' && ![...EXTENSIONS.values()].includes(name))
          assert.ok(seen.has(name), `${name} ${encoded}`);
      }
      assert.deepEqual(
        trace.calls.slice(0, ran.length).map(({ fn }) => nameOf(trace.machine.object(fn))),
        ran.map(([, name]) => name),
        encoded,
      );
      calls += ran.length;
    }
    assert.ok(rows.length === 3000 && calls > 500, `${calls} calls`);
  });
});
