import assert from 'node:assert/strict';
import { Budget, DEFAULT_LIMITS } from '../../../src/core/budget';
import { type ByteSource, MemoryByteSource } from '../../../src/core/io/byteSource';
import { isQuiet } from '../../../src/core/pickle/judge';
import { PickleMachine, type PickleTrace, PickleWindow } from '../../../src/core/pickle/machine';
import { render } from '../../../src/core/pickle/render';
import { type PickleGlobal, Use } from '../../../src/core/pickle/values';
import {
  blob,
  bytes,
  call,
  global,
  longText,
  MARK,
  MEMOIZE,
  type Part,
  POP,
  pickle,
  proto,
  REDUCE,
  STOP,
  stackGlobal,
  text,
  tuple,
  u32,
  u64,
} from './assembler';

async function run(content: Uint8Array | ByteSource, loose = false): Promise<PickleTrace> {
  const source = content instanceof Uint8Array ? new MemoryByteSource(content) : content;
  return new PickleMachine(new PickleWindow(source), { budget: new Budget(), quiet: isQuiet, loose }).run(0);
}

async function value(...parts: Part[]): Promise<string> {
  const trace = await run(bytes(...parts, STOP));
  assert.equal(trace.error, undefined);
  return render(trace.machine, trace.result);
}

async function fails(...parts: Part[]): Promise<string> {
  const trace = await run(bytes(...parts));
  assert.ok(trace.error, 'an error was expected');
  return trace.error.reason;
}

const globals = (trace: PickleTrace): string[] => trace.globals.map(({ path }) => path);

describe('pickle machine', () => {
  it('reads every constant', async () => {
    assert.equal(await value('N'), 'None');
    assert.equal(await value(0x88), 'True');
    assert.equal(await value(0x89), 'False');
    assert.equal(await value('I01\n'), 'True');
    assert.equal(await value('I-12\n'), '-12');
    assert.equal(await value('L123L\n'), '123');
    assert.equal(await value('K', 200), '200');
    assert.equal(await value('M', 1, 2), '513');
    assert.equal(await value('J', u32(0xffffffff)), '-1');
    assert.equal(await value(0x8a, 2, 0, 0x80), '-32768');
    assert.equal(await value(0x8a, 0), '0');
    assert.equal(await value(0x8b, u32(1), 7), '7');
    assert.equal(await value('F1.5\n'), '1.5');
    assert.equal(await value('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), '1.5');
    assert.equal(await value("S'a\\x62c'\n"), "'abc'");
    assert.equal(await value('T', u32(2), 'hi'), "'hi'");
    assert.equal(await value('U', 2, 'hi'), "'hi'");
    assert.equal(await value('V\\u0061b\n'), "'ab'");
    assert.equal(await value(text('é')), "'é'");
    assert.equal(await value(longText('xyz')), "'xyz'");
    assert.equal(await value(0x8d, u64(2), 'hi'), "'hi'");
    assert.equal(await value('C', 2, 'hi'), "b'hi'");
    assert.equal(await value(blob(bytes('hi'))), "b'hi'");
    assert.equal(await value(0x8e, u64(2), 'hi'), "b'hi'");
    assert.equal(await value(0x96, u64(2), 'hi'), "b'hi'");
    assert.equal(await value(0x97, 0x98), '…');
  });

  it('builds every container', async () => {
    assert.equal(await value(')'), '()');
    assert.equal(await value('K', 1, 0x85), '(1,)');
    assert.equal(await value('K', 1, 'K', 2, 0x86), '(1, 2)');
    assert.equal(await value('K', 1, 'K', 2, 'K', 3, 0x87), '(1, 2, 3)');
    assert.equal(await value(MARK, 'K', 1, 'K', 2, 't'), '(1, 2)');
    assert.equal(await value(MARK, 'K', 1, 'l'), '[1]');
    assert.equal(await value(']', 'K', 1, 'a'), '[1]');
    assert.equal(await value(']', MARK, 'K', 1, 'K', 2, 'e'), '[1, 2]');
    assert.equal(await value(MARK, 'K', 1, 'K', 2, 'd'), '{1: 2}');
    assert.equal(await value('}', 'K', 1, 'K', 2, 's'), '{1: 2}');
    assert.equal(await value('}', MARK, 'K', 1, 'K', 2, 'u'), '{1: 2}');
    assert.equal(await value(0x8f, MARK, 'K', 1, 0x90), '{1}');
    assert.equal(await value(MARK, 'K', 1, 0x91), 'frozenset({1})');
  });

  it('moves the stack and the memo', async () => {
    assert.equal(await value('K', 1, 'K', 2, POP), '1');
    assert.equal(await value('K', 1, MARK, 'K', 2, '1'), '1');
    assert.equal(await value('K', 1, MARK, POP), '1');
    assert.equal(await value('K', 1, '2', 0x86), '(1, 1)');
    assert.equal(await value('K', 1, 'q', 9, POP, 'h', 9), '1');
    assert.equal(await value('K', 1, 'r', u32(70000), POP, 'j', u32(70000)), '1');
    assert.equal(await value('K', 1, 'p5\n', POP, 'g5\n'), '1');
    assert.equal(await value('K', 7, MEMOIZE, POP, 'h', 0), '7');
    // MEMOIZE takes the number of entries as its index, also after PUT.
    assert.equal(await value('K', 1, 'q', 0, POP, 'K', 2, MEMOIZE, POP, 'h', 1), '2');
  });

  it('imports and calls in every way', async () => {
    const cases: [Uint8Array, string, number][] = [
      [bytes(global('os', 'system'), tuple(text('x')), REDUCE, STOP), 'REDUCE', Use.Called],
      [bytes(stackGlobal('os', 'system'), tuple(text('x')), 0x81, STOP), 'NEWOBJ', Use.Constructed],
      [bytes(stackGlobal('os', 'system'), tuple(text('x')), '}', 0x92, STOP), 'NEWOBJ_EX', Use.Constructed],
      [bytes(MARK, text('x'), 'ios\nsystem\n', STOP), 'INST', Use.Called],
      [bytes(MARK, global('os', 'system'), text('x'), 'o', STOP), 'OBJ', Use.Called],
    ];
    for (const [content, opcode, use] of cases) {
      const trace = await run(content);
      assert.deepEqual(globals(trace), ['os.system'], opcode);
      assert.equal(trace.calls.length, 1, opcode);
      assert.equal(trace.calls[0]?.opcode, opcode);
      assert.ok((trace.globals[0] as PickleGlobal).uses & use, opcode);
      assert.match(await render(trace.machine, trace.result), /^os\.system(?:\.__new__)?\('x'\)$/);
    }
  });

  it('tells overwriting, extension entries and persistent ids', async () => {
    const built = await run(bytes(global('os', 'system'), '}', 'b', STOP));
    assert.ok((built.globals[0] as PickleGlobal).uses & Use.Overwritten);
    const set = await run(bytes(global('pydantic', '_x'), text('a'), text('b'), 's', STOP));
    assert.ok((set.globals[0] as PickleGlobal).uses & Use.Overwritten);
    assert.equal(await value(0x82, 5), 'extension 5');
    assert.equal(await value(0x83, 1, 1), 'extension 257');
    assert.equal(await value(0x84, 1, 0, 0, 0), 'extension 1');
    assert.equal(await value('Pabc\n'), "persistent('abc')");
    assert.equal(await value(text('k'), 'Q'), "persistent('k')");
  });

  it('maps names of Python 2 below protocol 3 only', async () => {
    const names = async (version: number) =>
      globals(await run(bytes(proto(version), global('commands', 'getoutput'), STOP)));
    assert.deepEqual(await names(2), ['subprocess.getoutput']);
    assert.deepEqual(await names(3), ['commands.getoutput']);
    const trace = await run(bytes(global('__builtin__', 'eval'), STOP));
    assert.equal(trace.globals[0]?.path, 'builtins.eval');
    assert.equal(trace.globals[0]?.original, '__builtin__.eval');
  });

  it('evaluates names that are put together', async () => {
    const joined = bytes(text(''), text('ignored'), POP);
    const join = (a: string, b: string) =>
      bytes(stackGlobal('builtins', 'str.join'), text(''), MARK, text(a), text(b), 'l', 0x86, REDUCE);
    assert.deepEqual(globals(await run(pickle(joined, POP, join('o', 's'), join('sys', 'tem'), 0x93))).slice(-1), [
      'os.system',
    ]);
    const rot = call(stackGlobal('codecs', 'decode'), text('flfgrz'), text('rot13'));
    assert.ok(globals(await run(pickle(text('os'), rot, 0x93))).includes('os.system'));
    const got = call(
      stackGlobal('builtins', 'getattr'),
      call(stackGlobal('builtins', '__import__'), text('os')),
      text('system'),
    );
    assert.ok(globals(await run(pickle(got))).includes('os.system'));
    const applied = call(call(stackGlobal('functools', 'partial'), stackGlobal('os', 'system')), text('x'));
    const trace = await run(pickle(applied));
    assert.ok((trace.globals.find(({ path }) => path === 'os.system') as PickleGlobal).uses & Use.Called);
  });

  it('reads a name that lies far behind the window', async () => {
    const filler = new Uint8Array(3 * 2 ** 20).fill(0x4e);
    const pops = new Uint8Array(filler.length).fill(0x30);
    const content = bytes(
      proto(4),
      text('os'),
      MEMOIZE,
      text('system'),
      MEMOIZE,
      filler,
      pops,
      POP,
      POP,
      'h',
      0,
      'h',
      1,
      0x93,
      STOP,
    );
    const trace = await run(content);
    assert.equal(trace.error, undefined);
    assert.deepEqual(globals(trace), ['os.system']);
  });

  it('skips large payloads without reading them', async () => {
    const size = 512 * 2 ** 20;
    const head = bytes(proto(4), 'B', u32(size));
    const tail = bytes(POP, call(stackGlobal('os', 'system'), text('x')), STOP);
    let read = 0;
    const source: ByteSource = {
      size: head.length + size + tail.length,
      read(offset, length) {
        read += length;
        const out = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
        for (let i = 0; i < Math.min(out.length, head.length - offset); i += 1) out[i] = head[offset + i] as number;
        const start = head.length + size;
        for (let i = Math.max(0, start - offset); i < out.length; i += 1) out[i] = tail[offset + i - start] as number;
        return Promise.resolve(out);
      },
    };
    const trace = await run(source);
    assert.equal(trace.complete, true);
    assert.deepEqual(globals(trace), ['os.system']);
    assert.ok(read < 2 ** 20, `${read} bytes were asked for`);
  });

  it('ends with a reason where the unpickler raises', async () => {
    assert.match(await fails('K'), /end inside/);
    assert.match(await fails('K', 1), /no STOP/);
    assert.match(await fails(0xff), /no such opcode/);
    assert.match(await fails(REDUCE), /underflow/);
    assert.match(await fails('h', 3, STOP), /memo/);
    assert.match(await fails('t'), /no MARK/);
    assert.match(await fails('B', u32(99), 'x'), /past the end/);
    assert.match(await fails('Ix1\n'), /INT/);
    assert.match(await fails('gx\n'), /memo index/);
    assert.match(await fails('Fabc\n'), /FLOAT/);
    assert.match(await fails('Sabc\n'), /quotes/);
    assert.match(await fails(proto(9), STOP), /protocol 9/);
    assert.match(await fails(bytes('C', 2, 'os'), text('system'), 0x93), /two strings/);
    // An item below a MARK is out of reach, as in CPython.
    assert.match(await fails('K', 1, MARK, '2'), /underflow/);
  });

  it('reads numbers of protocol 0 as C does, up to a NUL and with white space and underscores', async () => {
    assert.equal(await value('I 1_0 \n'), '10');
    assert.equal(await value('L7\0rest\n'), '7');
    assert.equal(await value('NF1.5\0rest\n', POP), 'None');
    assert.equal(await value('K', 5, 'p3\0junk', 0x93, '\n0g+3\n'), '5');
    assert.match(await fails('I1__0\n'), /INT/);
  });

  it('takes the end of the data for the end of a name, less its last byte', async () => {
    // `readline()[:-1]` of pickle.py; INST calls before the missing STOP is noticed.
    const trace = await run(bytes(MARK, text('x'), 'ios\nsystem!'));
    assert.deepEqual(globals(trace), ['os.system']);
    assert.equal(trace.calls.length, 1);
    assert.match(await fails('cos\n'), /without an end/);
  });

  it('keeps what came before an error and what a budget cuts off', async () => {
    const broken = await run(bytes(proto(4), call(stackGlobal('os', 'system'), text('x')), 0xff));
    assert.equal(broken.calls.length, 1);
    const filler = new Uint8Array(4 * 2 ** 20).fill(0x4e);
    let now = 0;
    const budget = new Budget({ ...DEFAULT_LIMITS, timeMs: 5 }, undefined, () => (now += 1));
    const content = bytes(proto(4), call(stackGlobal('os', 'system'), text('x')), filler, STOP);
    const trace = await new PickleMachine(new PickleWindow(new MemoryByteSource(content)), {
      budget,
      quiet: isQuiet,
    }).run(0);
    assert.equal(trace.interrupted?.kind, 'time');
    assert.equal(trace.calls.length, 1);
  });

  it('notes frames that end inside an opcode, and what multiplies', async () => {
    const inner = bytes(blob(bytes('abcdefgh')), STOP);
    const crossed = await run(bytes(proto(4), 0x95, u64(8), inner));
    assert.deepEqual(
      crossed.anomalies.map(({ kind }) => kind),
      ['frame-crossed'],
    );
    const right = await run(bytes(proto(4), 0x95, u64(inner.length), inner));
    assert.deepEqual(right.anomalies, []);
    const levels: Part[] = [proto(4), ']', 'q', 0];
    for (let i = 0; i < 60; i += 1)
      levels.push(POP, ']', MARK, ...Array.from({ length: 10 }, () => bytes('h', i)), 'e', 'q', i + 1);
    const bomb = await run(bytes(...levels, STOP));
    assert.ok(bomb.anomalies.some(({ kind }) => kind === 'expansion'));
    const huge = await run(bytes('N', 'r', u32(0x7fffffff), STOP));
    assert.ok(huge.anomalies.some(({ kind }) => kind === 'huge-memo-index'));
  });

  it('survives depth, width and a source with less than it says', async () => {
    const deep = await run(
      bytes(proto(4), new Uint8Array(100_000).fill(0x5d), new Uint8Array(99_999).fill(0x61), STOP),
    );
    assert.equal(deep.complete, true);
    await render(deep.machine, deep.result);
    const marks = await run(bytes(new Uint8Array(300_000).fill(0x28)));
    assert.ok(marks.error);
    const short: ByteSource = { size: 1000, read: () => Promise.resolve(bytes('N')) };
    assert.ok((await run(short)).error);
  });

  it('reads opcodes that lie across the end of the window', async () => {
    const body = bytes(
      longText('x'.repeat(300)),
      MEMOIZE,
      POP,
      'L12L\n',
      'J',
      u32(7),
      0x86,
      POP,
      global('os', 'system'),
      tuple(longText('y'.repeat(40))),
      REDUCE,
      STOP,
    );
    const window = 64 * 1024;
    for (let shift = 1; shift <= body.length; shift += 1) {
      const filler = new Uint8Array(window - shift - ((window - shift) % 2)).map((_, i) => (i % 2 ? 0x30 : 0x4e));
      const trace = await run(bytes(filler, body));
      assert.equal(trace.complete, true, `shift ${shift}: ${trace.error?.reason}`);
      assert.deepEqual(globals(trace), ['os.system']);
      assert.equal(trace.calls.length, 1);
    }
  });
});
