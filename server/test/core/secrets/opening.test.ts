import { strict as assert } from 'node:assert';
import { Continuations } from '../../../src/core/secrets/keys';
import { Opening } from '../../../src/core/secrets/opening';
import { SECRET_SPECS } from '../../../src/core/secrets/rules';

describe('first characters of tokens', () => {
  const begins = (pattern: string, text: string) => new Opening(pattern).mayBegin(text, 0);

  it('refuse what goes on like no token', () => {
    assert.ok(!begins('AP[\\dA-F][A-Za-z0-9]{8,80}', 'append(values)'));
    assert.ok(!begins('AP[\\dA-F][A-Za-z0-9]{8,80}', 'APPEND(values)'));
    assert.ok(!begins('(?:live|test)_(?:[a-f0-9]{35}|pub_[a-f0-9]{31})', 'test_find_all('));
    assert.ok(!begins('0\\.[0-9a-f]{8}-[0-9a-f]{4}', '0.5, 0.75, 0.125'));
    assert.ok(!begins('00[A-Za-z0-9_-]{40}', '00000000, 1'));
  });

  it('allow counts, alternatives, groups that may be empty, and what may follow the shortest match', () => {
    for (const text of ['a0b', 'a01b', 'a012b;', 'ab;', 'a0c', 'é', 'aé'])
      assert.ok(begins('a\\d{0,3}(?:b|c)', text), text);
    for (const text of ['b', 'a,', 'aab']) assert.ok(!begins('a\\d{0,3}(?:b|c)', text), text);
    assert.ok(begins('x(?:-\\d){0,2}', 'x anything at all'));
    assert.ok(begins('(?<secret>[A-Z]{4000})', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'));
    assert.ok(!begins('(?=[A-Z]{0,9}\\d)[A-Z0-9]{9}', 'ABCDEFGHx'));
  });

  it('say of a pattern that it cannot be read', () => {
    for (const pattern of ['(ab', 'a)', 'a+', '\\u0041'])
      assert.throws(() => begins(pattern, 'a'), /not read|no end/, pattern);
  });

  it('can be told of every token that is looked for by its beginning', () => {
    const patterns = [...SECRET_SPECS.values()].flatMap(({ tokens = [] }) => tokens);
    for (const { pattern } of patterns) assert.doesNotThrow(() => begins(pattern, '('), pattern);
    const open = patterns.filter(({ pattern, back }) => back === undefined && begins(pattern, '('));
    assert.deepEqual(open, []);
  });
});

describe('words of secrecy', () => {
  it('go on behind a part of them in few ways', () => {
    const mayBe = (part: string, text: string) => new Continuations(part).mayBe(text, text.indexOf(part) + part.length);
    for (const text of ['password', 'db_pass = 1', 'passphrase2', 'userpasswords', 'passPhrase', 'pass'])
      assert.ok(mayBe('pass', text), text);
    for (const text of ['passed', 'passing', 'passes', 'passthrough', 'passenger'])
      assert.ok(!mayBe('pass', text), text);
    assert.ok(mayBe('auth', 'authorization') && mayBe('auth', 'authToken') && !mayBe('auth', 'authors'));
    assert.ok(mayBe('key', 'api_keys') && mayBe('key', 'keyError') && !mayBe('key', 'keyword'));
    assert.ok(mayBe('pat', 'github_pat') && !mayBe('pat', 'base_path'));
  });
});
