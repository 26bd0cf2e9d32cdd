import assert from 'node:assert/strict';
import type { FindingDraft } from '../../../src/core/scanner';
import { customHits } from '../../../src/core/secrets/custom';
import { compilePattern } from '../../../src/core/secrets/customPattern';
import { type CustomRule, DEFAULT_SETTINGS, parseSettings } from '../../../src/core/settings';
import type { TextSegment } from '../../../src/core/text/document';
import { documentFromText } from '../../../src/core/text/fileDocument';
import { draftsOf, severityOf, textAt } from './support';

function found(text: string, ...customRules: CustomRule[]): FindingDraft[] {
  const settings = { ...DEFAULT_SETTINGS, secrets: { enabled: true, customRules } };
  return draftsOf(documentFromText('x.txt', text), settings).filter(({ rule }) => rule.id === 'secret/custom');
}
const texts = (text: string, rule: CustomRule) => found(text, rule).map((draft) => textAt(text, draft));

describe('rules of the user', () => {
  it('find the named group, else the first, else the whole match, at the severity they say', () => {
    const text = 'ticket = "ACME-4711-XY"\n';
    assert.deepEqual(texts(text, { id: 'a', pattern: '"(ACME)-(?P<secret>[0-9]+)-[A-Z]+"' }), ['4711']);
    assert.deepEqual(texts(text, { id: 'a', pattern: '"(ACME-[0-9]+-[A-Z]+)"' }), ['ACME-4711-XY']);
    assert.deepEqual(texts(text, { id: 'a', pattern: 'ACME-[0-9]+' }), ['ACME-4711']);
    const [one] = found(text, { id: 'a', title: 'Ticket', pattern: 'ACME-[0-9]+', severity: 'low' });
    assert.equal(severityOf(one as never), 'low');
    assert.match(one?.message ?? '', /^Ticket \(rule a of the configuration\)$/);
    assert.ok(!JSON.stringify(one).includes('4711'));
  });

  it('find the group that matches, of alternatives that have one each, in any script', () => {
    const rule = { id: 'a', pattern: 'Schlüssel=(\\p{L}+)|key=([0-9]+)' };
    assert.deepEqual(texts('x = "\u{1f600} Schlüssel=äöü key=4711"\n', rule), ['äöü', '4711']);
    assert.deepEqual(texts('x = "[(?=]"\n', { id: 'a', pattern: '[(?=]{3}' }), ['(?=']);
  });

  it('are named when their keys are not known, their keywords no words, or their names the same', () => {
    const given = [
      { id: 'a', pattern: 'x', keyword: ['y'] },
      { id: 'a', pattern: 'y', keywords: 'acme' },
      { id: 'b', pattern: 'z', keywords: ['z', 3] },
    ];
    const { settings, problems } = parseSettings({ secrets: { customRules: given } });
    assert.equal(settings.secrets.customRules.length, 3, 'they find all the same');
    assert.deepEqual(
      problems.map((problem) => /^secrets\.customRules\[(\d)\](?:\.(\w+))?/.exec(problem)?.slice(1)),
      [
        ['0', undefined],
        ['1', 'id'],
        ['1', 'keywords'],
        ['2', 'keywords'],
      ],
    );
  });

  it('look only around their keywords when they have any, in either case', () => {
    const text = `${'ACME-1111 '}${'x'.repeat(2000)} Vault: ACME-2222`;
    assert.deepEqual(texts(text, { id: 'a', pattern: 'ACME-[0-9]{4}', keywords: ['VAULT'] }), ['ACME-2222']);
    // A letter that is two in lower case moves no place.
    assert.deepEqual(texts(`İİİİ vault ACME-2222`, { id: 'a', pattern: 'ACME-[0-9]{4}', keywords: ['vault'] }), [
      'ACME-2222',
    ]);
  });

  it('find each place once in a long text, wherever it is cut', () => {
    for (const gap of [1, 7, 63, 500, 4090]) {
      const unit = `${'x'.repeat(gap)} KEY-${'7'.repeat(12)} `;
      const count = Math.ceil(20_000 / unit.length);
      const text = unit.repeat(count);
      assert.equal(found(text, { id: 'a', pattern: 'KEY-7{12}' }).length, count, `gap ${gap}`);
      const lines = `${unit}\n`.repeat(count);
      assert.equal(found(lines, { id: 'a', pattern: 'KEY-7{12} $' }).length, count, `lines, gap ${gap}`);
      assert.equal(found(lines, { id: 'a', pattern: '^x+ KEY-7{12}' }).length, count, `anchored, gap ${gap}`);
    }
    const long = 'x'.repeat(30_000);
    assert.equal(found(long, { id: 'a', pattern: '^x{3}' }).length, 1);
  });

  it('are refused, and named, when they are no patterns, too large or empty', () => {
    const refused: [string, RegExp][] = [
      ['(', /missing|parenthes/i],
      ['(?=x)y', /^looks ahead or behind/],
      ['a(?<!x)y', /^looks ahead or behind/],
      ['(a)\\1', /^refers back to a group/],
      ['(.*){1000}', /too large/],
      ['(a?){1000}a{1000}', /too large/],
      ['((a{0,100}){0,100}){0,100}', /repeat/],
      ['a*', /empty text/],
    ];
    for (const [pattern, wanted] of refused) {
      const compiled = compilePattern(pattern);
      assert.ok('problem' in compiled && wanted.test(compiled.problem), `${pattern}: ${JSON.stringify(compiled)}`);
      const { settings, problems } = parseSettings({ secrets: { customRules: [{ id: 'a', pattern }] } });
      assert.deepEqual(settings.secrets.customRules, []);
      assert.equal(problems.length, 1);
      assert.match(problems[0] as string, /^secrets\.customRules\[0\]\.pattern: /);
    }
  });

  it('end on patterns that a backtracking engine would not end on, and look at the budget on the way', function () {
    this.timeout(60_000);
    const text = `${'a'.repeat(30_000)}!`;
    for (const pattern of ['(a+)+$', '(a|aa)+b', '(x+x+)+y', '(.*a){20}b', '(?:a|b|ab)*c', '(.*)(.*)(.*)z']) {
      let looks = 0;
      const segment = documentFromText('x.txt', text).segments[0] as TextSegment;
      const hits = [...customHits(segment, [{ id: 'a', pattern }], () => (looks += 1))];
      assert.ok(looks >= Math.floor(text.length / 4096), pattern);
      assert.equal(hits.length, 0, pattern);
    }
  });
});
