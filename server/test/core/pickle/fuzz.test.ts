import assert from 'node:assert/strict';
import {
  blob,
  bytes,
  call,
  evil,
  global,
  longText,
  MARK,
  MEMOIZE,
  pickle,
  scan,
  stackGlobal,
  text,
  tuple,
  u64,
} from './assembler';

/** Repeatable noise (xorshift). */
function noise(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const seeds = [
  evil(),
  pickle(
    0x95,
    u64(40),
    longText('name'),
    MEMOIZE,
    blob(evil()),
    call(stackGlobal('functools', 'partial'), stackGlobal('os', 'system')),
  ),
  bytes(
    '(dp0\n',
    "S'a'\np1\n",
    'I1\ns',
    global('copy_reg', '_reconstructor'),
    tuple(global('a', 'B'), global('__builtin__', 'object'), bytes('N')),
    'R(dp2\nb.',
  ),
  pickle(
    ']',
    MARK,
    'K',
    1,
    'F1.5\n',
    'L12L\n',
    bytes(0x8a, 2, 1, 2),
    'e',
    '}',
    MARK,
    text('a'),
    ')',
    'u',
    0x86,
    0x8f,
    MARK,
    'N',
    0x90,
    '0',
  ),
];

describe('pickle scanner on damaged input', () => {
  it('neither throws nor hangs on mutations', async () => {
    const next = noise(20240229);
    for (let round = 0; round < 1500; round += 1) {
      const content = Uint8Array.from(seeds[round % seeds.length] as Uint8Array);
      for (let k = next() % 6; k >= 0; k -= 1) content[next() % content.length] = next() % 256;
      const cut = next() % 4 === 0 ? content.subarray(0, next() % content.length) : content;
      const report = await scan(cut, 'model.pkl');
      assert.ok(report, `round ${round}`);
      // What fails says that it is no pickle; a programming error would show as another message.
      if (report.status === 'failed') assert.match(report.reason ?? '', /no pickle|empty/);
    }
  });

  it('takes linear time on input made to be slow', async () => {
    const repeat = (unit: Uint8Array, times: number) => {
      const out = new Uint8Array(unit.length * times);
      for (let i = 0; i < times; i += 1) out.set(unit, i * unit.length);
      return out;
    };
    const inputs = [
      repeat(Uint8Array.of(0x80, 2, 0x4e, 0xff), 20_000),
      repeat(bytes('cab\ncd\n'), 20_000),
      repeat(bytes('S"'), 50_000),
      repeat(Uint8Array.of(0x80, 4), 100_000),
      bytes(evil(), repeat(bytes('I1'), 100_000)),
      bytes(MARK, repeat(bytes(')'), 200_000)),
      bytes(0x80, 4, ']', MEMOIZE, repeat(bytes('h', 0, 'a'), 100_000), '.'),
      repeat(bytes(0x8c, 3, 'abc', 0x8c, 3, 'def'), 20_000),
    ];
    for (const [index, input] of inputs.entries()) assert.ok(await scan(input, 'model.pkl'), `input ${index}`);
  });
});
