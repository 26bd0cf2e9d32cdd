import assert from 'node:assert/strict';
import {
  bytes,
  call,
  evil,
  findings,
  global,
  pickle,
  proto,
  RANK,
  REDUCE,
  STOP,
  scan,
  stackGlobal,
  text,
  tuple,
  u64,
  worst,
} from './assembler';

const { high, medium } = RANK;
const benign = () => pickle('}', text('a'), 'K', 1, 's');
const zeros = (length: number) => new Uint8Array(length);

describe('pickles in a file', () => {
  it('finds each of several pickles, with nothing, junk or an error between', async () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) % 256);
    for (const between of [zeros(0), bytes('\n'), zeros(16), zeros(4096), zeros(1 << 20), noise]) {
      assert.ok((await worst(bytes(benign(), between, evil()))) >= high, `${between.length} bytes between`);
    }
    assert.ok((await worst(bytes(...Array.from({ length: 12 }, benign), evil()))) >= high);
    assert.ok((await worst(bytes(proto(4), '}', 0xff, zeros(100), evil()))) >= high);
  });

  it('starts each pickle with an empty memo', async () => {
    const first = pickle(text('collections'), 'q', 0, text('OrderedDict'), 'q', 1, '0');
    const second = pickle(
      text('os'),
      'q',
      0,
      text('system'),
      'q',
      1,
      '0',
      '0',
      'h',
      0,
      'h',
      1,
      0x93,
      tuple(text('x')),
      REDUCE,
    );
    assert.ok((await worst(bytes(first, second))) >= high);
  });

  it('counts what runs before the defect', async () => {
    const run = call(stackGlobal('os', 'system'), text('x'));
    for (const defect of [
      bytes(),
      bytes(0xff),
      bytes('h', 99),
      bytes('Ix\n'),
      bytes('B', 255, 255, 255, 127, 'x'),
      bytes('Sx\n'),
      bytes(REDUCE),
    ]) {
      const list = await findings(bytes(proto(4), run, defect));
      assert.ok(list.some(({ severity }) => severity === 'critical'));
      assert.ok(list.some(({ ruleId }) => ruleId === 'pickle/malformed'));
    }
  });

  it('reads what a frame that is too short hides in a payload', async () => {
    const hidden = bytes(call(global('os', 'system'), text('x')), STOP);
    const payload = bytes('AAAA', hidden);
    // The frame ends after the header of BINBYTES and the four letters.
    const content = bytes(proto(4), 0x95, u64(9), 'B', payload.length, 0, 0, 0, payload, '0N', STOP);
    const list = await findings(content);
    assert.ok(list.some(({ ruleId }) => ruleId === 'pickle/frame-mismatch'));
    assert.ok(list.some(({ severity, ruleId }) => severity === 'critical' && ruleId === 'pickle/dangerous-call'));
  });

  it('knows a pickle under any name', async () => {
    for (const name of ['model.PKL', 'weights', 'data.json', 'a.h5', 'x.txt', 'm.gguf', 'photo.jpg']) {
      assert.ok((await worst(evil(), name)) >= high, name);
    }
    const old = bytes(global('os', 'system'), '(', "S'echo'\n", 't', REDUCE, STOP);
    for (const name of ['model.bin', 'model.pt', 'notes.txt', 'noextension'])
      assert.ok((await worst(old, name)) >= high, name);
    assert.ok((await worst(bytes('(', "S'echo'\n", 'ios\nsystem\n', STOP), 'model.bin')) >= high);
    assert.ok(
      (await worst(bytes('(lp0\n', global('os', 'system'), '(', "S'x'\n", 't', REDUCE, 'a', STOP), 'model.bin')) >=
        high,
    );
  });

  it('takes no ordinary text for a pickle', async () => {
    const texts = [
      '',
      '.',
      'N.',
      '{}',
      '{"a": [1, 2, 3]}',
      '[]',
      '(1, 2)',
      'import os\nos.system("x")\n',
      'class Model:\n    pass\n',
      'cats\ndogs\nRabbits\n',
      'colour\nred\nblue.\n',
      'Import os\nfrom x import y\n',
      'I am a line\nand another.\n',
      'P = 3\nQ = 4\n',
      'Sample text.\n',
      'V1\nV2.\n',
      '}{',
      'gcc\nmake\n',
      'p0\n',
      '(a b)\n',
      '# title\n\ntext.\n',
      'id,name\n1,a\n',
      'F1 score\n',
      'x'.repeat(5000),
      '0'.repeat(5000),
      '(((((((((',
      '2222',
      '1\n2\n3\n',
    ];
    for (const content of texts) {
      const report = await scan(bytes(content), 'notes.txt');
      assert.ok(!report?.format.includes('pickle'), JSON.stringify(content.slice(0, 30)));
      assert.ok((await worst(bytes(content), 'notes.txt')) < medium, JSON.stringify(content.slice(0, 30)));
    }
  });

  it('claims no zip archive, image or empty file', async () => {
    for (const head of [
      [0x50, 0x4b, 3, 4],
      [0x89, 0x50, 0x4e, 0x47],
      [0x80, 0x02, 0xff],
      [0x80, 0x80],
    ]) {
      const report = await scan(bytes(Uint8Array.from(head), zeros(200)), 'file.bin');
      assert.ok(!report?.format.includes('pickle'));
    }
    const empty = await scan(zeros(0), 'model.pkl');
    assert.equal(empty?.status, 'failed');
  });

  it('describes protocol, globals and their verdicts', async () => {
    const report = await scan(pickle(call(stackGlobal('sklearn.svm._classes', 'SVC'))));
    assert.equal(report?.description?.framework, 'scikit-learn');
    assert.equal(report?.description?.properties?.protocol, 4);
    assert.deepEqual(
      report?.description?.globals?.map(({ name, verdict, called }) => [name, verdict, called]),
      [['sklearn.svm._classes.SVC', 'safe', true]],
    );
  });

  it('reports each of many pickles without keeping them', async () => {
    const many = bytes(...Array.from({ length: 3000 }, benign));
    const report = await scan(many);
    assert.equal(report?.description?.properties?.pickles, 3000);
    assert.deepEqual(report?.findings, []);
  });
});
