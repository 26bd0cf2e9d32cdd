import assert from 'node:assert/strict';
import { SAFETENSORS_FORMAT } from '../../../../src/core/models/safetensors/format';
import { buildZip, text } from '../../archives/builders';
import { bytesOf, integer, scanBytes, verdicts } from '../scanBytes';

/** A file of that header (an object, or the very text) with so many bytes of data. */
function build(header: unknown, data: number | Uint8Array = 16): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  return bytesOf(integer(bytes.length, 8), bytes, typeof data === 'number' ? new Uint8Array(data) : data);
}

const scan = (header: unknown, data?: number | Uint8Array) =>
  scanBytes('model.safetensors', build(header, data), { formats: [SAFETENSORS_FORMAT] });
const tensor = (start: number, end: number, shape = [(end - start) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});
const INVALID = ['medium safetensors/invalid-header'];

describe('safetensors', () => {
  it('an honest file has no finding and is described by its header alone', async () => {
    const report = await scan({
      __metadata__: { format: 'pt', note: '<b>fine</b> a < b' },
      a: tensor(0, 8),
      b: tensor(8, 16, [1, 2]),
    });
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.description?.parameters, 4);
    assert.equal(report.description?.tensorCount, 2);
    assert.deepEqual(report.description?.tensors?.[1], { name: 'b', dtype: 'F32', shape: [1, 2], bytes: 8 });
    assert.equal(report.description?.metadata?.format, 'pt');
    assert.deepEqual(verdicts(await scan('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}      ')), []);
    assert.deepEqual(
      verdicts(await scan({ scalar: { dtype: 'F64', shape: [], data_offsets: [0, 8] }, e: tensor(8, 8, [0]) }, 8)),
      [],
    );
    assert.deepEqual(verdicts(await scan({ q: { dtype: 'F4', shape: [3, 4], data_offsets: [0, 6] } }, 6)), []);
    assert.deepEqual(verdicts(await scan({}, 0)), []);
  });

  it('every rule of the header is checked', async () => {
    const broken: [string, unknown, number?][] = [
      ['unknown dtype', { a: { dtype: 'X', shape: [4], data_offsets: [0, 16] } }],
      ['shape against bytes', { a: tensor(0, 16, [5]) }],
      ['overflowing shape', { a: tensor(0, 16, [2 ** 40, 2 ** 40]) }],
      ['negative size', { a: tensor(0, 16, [-4]) }],
      ['fraction', { a: tensor(0, 16, [1.5]) }],
      ['no offsets', { a: { dtype: 'F32', shape: [4] } }, 0],
      ['tensor is a string', { a: 'x' }, 0],
      ['overlap', { a: tensor(0, 12), b: tensor(8, 16) }],
      ['metadata is a list', { __metadata__: [], a: tensor(0, 16) }],
      ['metadata holds numbers', { __metadata__: { a: 1 }, a: tensor(0, 16) }],
      [
        'duplicate key',
        '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
      ],
      ['duplicate key in disguise', '{"a":{"dtype":"F32","\\u0064type":"F32","shape":[4],"data_offsets":[0,16]}}'],
      ['leading space', ' {"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'],
    ];
    for (const [what, header, data] of broken) {
      const found = (await scan(header, data)).findings.filter((f) => f.ruleId === 'safetensors/invalid-header');
      assert.equal(found.length, 1, what);
      assert.equal(found[0]?.severity, 'medium', what);
    }
  });

  it('offsets beyond the file and reversed ones are told', async () => {
    assert.ok(verdicts(await scan({ a: tensor(0, 1600) })).includes(INVALID[0] as string));
    assert.ok(
      verdicts(await scan({ a: { dtype: 'F32', shape: [4], data_offsets: [16, 0] } })).includes(INVALID[0] as string),
    );
  });

  it('data that no tensor covers is told with its place', async () => {
    const report = await scan({ a: tensor(0, 8), b: tensor(12, 16) });
    assert.deepEqual(verdicts(report), ['medium safetensors/uncovered-data']);
    assert.equal(report.findings[0]?.location.length, 4);
    assert.deepEqual(verdicts(await scan({ a: tensor(0, 8) })), ['medium safetensors/uncovered-data']);
  });

  it('what hides behind the tensors is scanned as what it is', async () => {
    const header = build({ a: tensor(0, 8) }, 8);
    const pickle = bytesOf([0x80, 4, 0x8c, 5], 'posix', [0x8c, 6], 'system', [0x93, 0x8c, 2], 'id', [0x85, 0x52, 0x2e]);
    const report = await scanBytes('model.safetensors', bytesOf(header, pickle));
    assert.ok(
      report.findings.some((f) => f.ruleId === 'pickle/dangerous-call'),
      verdicts(report).join(),
    );
    assert.ok(report.findings.some((f) => f.ruleId === 'safetensors/uncovered-data'));
  });

  it('a program behind or between the tensors is high, whatever padding is before it', async () => {
    const elf = bytesOf('\x7fELF', new Uint8Array(100));
    const windows = new Uint8Array(200);
    windows.set([0x4d, 0x5a]);
    windows[60] = 0x80;
    windows.set([0x50, 0x45, 0, 0], 0x80);
    const runnable = buildZip([{ name: '__main__.py', data: text('x = 1') }]);
    for (const program of [elf, windows, text('#!/bin/sh\n:\n'), runnable]) {
      for (const padding of [0, 40]) {
        const found = verdicts(await scan({ w: tensor(0, 16) }, bytesOf(new Uint8Array(16 + padding), program)));
        assert.deepEqual(found, ['high safetensors/uncovered-data']);
      }
    }
    const between = bytesOf(new Uint8Array(16), elf, new Uint8Array(200 - elf.length));
    assert.deepEqual(verdicts(await scan({ a: tensor(0, 16), b: tensor(200, 216) }, between)), [
      'high safetensors/uncovered-data',
    ]);
    const plain = buildZip([{ name: 'a.txt', data: text('x') }]);
    for (const data of [text('hello'), plain])
      assert.deepEqual(verdicts(await scan({ w: tensor(0, 16) }, bytesOf(new Uint8Array(16), data))), [
        'medium safetensors/uncovered-data',
      ]);
  });

  it('a header length that no reader should trust is high', async () => {
    const huge = bytesOf(integer(2n ** 40n, 8), '{"a":1}');
    const report = await scanBytes('x.safetensors', huge, { formats: [SAFETENSORS_FORMAT] });
    assert.deepEqual(verdicts(report), ['high safetensors/header-size']);
    assert.equal(report.status, 'partial');
    const cut = await scanBytes('x.safetensors', bytesOf(integer(500, 8), '{"a":1}'), {
      formats: [SAFETENSORS_FORMAT],
    });
    assert.deepEqual(verdicts(cut), ['medium safetensors/header-size']);
    assert.equal(cut.status, 'partial');
  });

  it('code and markup in metadata, names that are paths', async () => {
    const active = (value: string) => scan({ __metadata__: { x: value }, a: tensor(0, 16) });
    for (const value of [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '__import__("os").system("id")',
      'eval(input)',
    ]) {
      assert.deepEqual(verdicts(await active(value)), ['medium safetensors/active-metadata'], value);
    }
    for (const value of [
      'evaluation of x (see paper)',
      'a description with <b>markup</b>',
      '{"ss_tag": {"system": 3}}',
      'execute',
    ]) {
      assert.deepEqual(verdicts(await active(value)), [], value);
    }
    assert.deepEqual(verdicts(await active('{{ x.__class__ }}')), ['high template/code-execution']);
    assert.deepEqual(verdicts(await scan({ '../../x': tensor(0, 16) })), ['medium safetensors/hostile-name']);
  });

  it('a pickle as base64 in the metadata is scanned', async () => {
    const pickle = Buffer.from(
      bytesOf([0x80, 4, 0x8c, 5], 'posix', [0x8c, 6], 'system', [0x93, 0x8c, 2], 'id', [0x85, 0x52, 0x2e]),
    );
    const bytes = build({ __metadata__: { x: pickle.toString('base64') }, a: tensor(0, 16) });
    const report = await scanBytes('m.safetensors', bytes);
    assert.ok(
      report.findings.some((f) => f.ruleId === 'pickle/dangerous-call' && f.location.member === '__metadata__/x'),
    );
  });

  it('names of the prototype are names like others', async () => {
    const report = await scan('{"__proto__":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}');
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.description?.tensors?.[0]?.name, '__proto__');
  });

  it('cut off or altered anywhere it ends with a report', async () => {
    const whole = build({ __metadata__: { a: 'b' }, a: tensor(0, 8), b: tensor(8, 16) });
    for (let length = 1; length < whole.length; length += 1) {
      const report = await scanBytes('x.safetensors', whole.subarray(0, length), { formats: [SAFETENSORS_FORMAT] });
      assert.ok(report.findings.length > 0, `${length}`);
    }
    for (let at = 0; at < whole.length; at += 1) {
      const altered = whole.slice();
      altered[at] = (altered[at] as number) ^ 0xff;
      await scanBytes('x.safetensors', altered, { formats: [SAFETENSORS_FORMAT] });
    }
  });
});
