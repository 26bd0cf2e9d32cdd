import assert from 'node:assert/strict';
import { Budget } from '../../../../src/core/budget';
import { describeMarshal } from '../../../../src/core/models/marshal/behaviour';
import { hazardOf } from '../../../../src/core/models/marshal/hazards';
import { isSequence, MalformedMarshal, readMarshal } from '../../../../src/core/models/marshal/reader';
import { ALL_VERSIONS, type Line, marshalCode, scaling, systemCall } from './assemble';

const budget = new Budget();
const describe_ = (bytes: Uint8Array) => describeMarshal(bytes, budget);

describe('marshalled code', () => {
  for (const version of ALL_VERSIONS) {
    it(`of Python ${version}: names the call with its argument`, () => {
      const behaviour = describe_(systemCall(version, 'echo hello'));
      assert.ok(behaviour);
      assert.deepEqual(behaviour.imports, ['os']);
      assert.ok(behaviour.calls.includes("os.system('echo hello')"), behaviour.calls.join());
      assert.deepEqual(
        behaviour.hazards.filter((hazard) => hazard.called).map(({ kind, text }) => ({ kind, text })),
        [{ kind: 'process', text: "os.system('echo hello')" }],
      );
      assert.deepEqual(behaviour.returns, ['x']);
      assert.equal(behaviour.name, 'execute');
      assert.equal(behaviour.firstLine, 7);
    });

    it(`of Python ${version}: tells harmless arithmetic as what it is`, () => {
      const behaviour = describe_(scaling(version, 1000));
      assert.ok(behaviour);
      assert.deepEqual(behaviour.hazards, []);
      assert.deepEqual(behaviour.returns, ['x * 1000']);
      assert.deepEqual(behaviour.effects, ['multiplies by 1000']);
    });
  }

  it('follows __import__, getattr and names put together from pieces', () => {
    const lines: Line[] = [
      ['LOAD_GLOBAL', 0],
      ['LOAD_GLOBAL', 1],
      ['LOAD_CONST', 1],
      ['LOAD_CONST', 2],
      ['BINARY_ADD'],
      ['CALL_FUNCTION', 1],
      ['LOAD_CONST', 3],
      ['LOAD_CONST', 4],
      ['BINARY_ADD'],
      ['CALL_FUNCTION', 2],
      ['LOAD_CONST', 5],
      ['CALL_FUNCTION', 1],
      ['RETURN_VALUE'],
    ];
    const bytes = marshalCode({
      version: '3.8',
      lines,
      consts: [null, 'o', 's', 'sys', 'tem', 'id'],
      names: ['getattr', '__import__'],
    });
    const behaviour = describe_(bytes);
    assert.ok(behaviour);
    assert.ok(behaviour.imports.includes('os'));
    const called = behaviour.hazards.filter((hazard) => hazard.called);
    assert.ok(
      called.some(({ kind, text }) => kind === 'process' && text.endsWith(".system('id')")),
      JSON.stringify(called),
    );
  });

  it('sees what nested functions do and counts each only once', () => {
    const inner = { raw: [...systemCall('3.8', 'id')] };
    const bytes = marshalCode({
      version: '3.8',
      lines: [['LOAD_CONST', 1], ['LOAD_CONST', 2], ['MAKE_FUNCTION', 0], ['RETURN_VALUE']],
      consts: [null, inner, 'f', inner],
    });
    const behaviour = describe_(bytes);
    assert.equal(behaviour?.hazards.filter((hazard) => hazard.text === "os.system('id')").length, 1);
  });

  it('names alone betray code whose instructions are of no known release', () => {
    const bytes = systemCall('3.12', 'id');
    const opaque = bytes.map((byte, i) => (i > 30 && i < 60 ? 0xc0 + (i % 16) : byte));
    const behaviour = describe_(opaque);
    assert.ok(behaviour?.hazards.some(({ kind, text }) => kind === 'process' && text === 'system'));
  });

  it('notices noise', () => {
    const bytes = marshalCode({
      version: '3.6',
      lines: [
        ['LOAD_FAST', 0],
        ['LOAD_GLOBAL', 0],
        ['LOAD_ATTR', 1],
        ['LOAD_ATTR', 2],
        ['CALL_FUNCTION', 0],
        ['BINARY_ADD'],
        ['RETURN_VALUE'],
      ],
      names: ['tf', 'random', 'normal'],
    });
    const behaviour = describe_(bytes);
    assert.deepEqual(behaviour?.effects, ['adds random noise']);
    assert.deepEqual(behaviour?.hazards, []);
  });

  it('reads references without expanding them', () => {
    // A list (with a reference slot) that holds itself, and a tuple of it: r points back to slot 0.
    const { value } = readMarshal(Uint8Array.from([0xdb, 1, 0, 0, 0, 0x72, 0, 0, 0, 0]), budget);
    assert.ok(isSequence(value));
    assert.equal(value.items[0], value);
  });

  it('refuses what is no marshal, and is not led into recursion or allocation', () => {
    assert.throws(() => readMarshal(Uint8Array.from([1, 2, 3]), budget), MalformedMarshal);
    assert.throws(() => readMarshal(new Uint8Array(0), budget), MalformedMarshal);
    const deep = Uint8Array.from({ length: 20_000 }, (_, i) => (i % 2 ? 1 : 0x29));
    assert.throws(() => readMarshal(deep, budget), /nested deeper/);
    assert.throws(() => readMarshal(Uint8Array.from([0x28, 0xff, 0xff, 0xff, 0x7f]), budget), /a size/);
    const whole = systemCall('3.11', 'id');
    for (let cut = 0; cut < whole.length; cut += 7) {
      assert.throws(() => readMarshal(whole.subarray(0, cut), budget), MalformedMarshal, `cut at ${cut}`);
    }
  });

  it('knows a module behind another by its last parts, and a tensor method as none', () => {
    assert.equal(hazardOf('random._os.system', true), 'process');
    assert.equal(hazardOf('logging.os.popen', true), 'process');
    assert.equal(hazardOf('tf.nn.relu', true), undefined);
    assert.equal(hazardOf('tf.io.decode_jpeg', true), undefined);
    assert.equal(hazardOf('x.__class__.__subclasses__', false), 'traversal');
  });
});
