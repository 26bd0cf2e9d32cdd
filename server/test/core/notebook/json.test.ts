import assert from 'node:assert/strict';
import { IndexedJson } from '../../../src/core/notebook/indexedJson';
import { type Json, type JsonValue, kindAt } from '../../../src/core/notebook/json';
import { readNotebook } from '../../../src/core/notebook/notebook';
import { TolerantJson } from '../../../src/core/notebook/tolerantJson';

/** Everything that a reader tells about a value and what it holds. */
function told(json: Json, value: JsonValue): unknown {
  const { start, end } = value;
  const below: unknown[] = [];
  for (const member = json.members(value); member.next(); )
    below.push([member.key, member.keyStart, member.keyEnd, told(json, member)]);
  for (const element = json.elements(value); element.next(); ) below.push(told(json, element));
  const leaves: unknown[] = [];
  for (const leaf = json.leaves(value); leaf.next(); )
    leaves.push([leaf.path, leaf.start, leaf.end, json.content(leaf)]);
  return [start, end, json.content(value), json.strings(value), below, leaves];
}

/** Pseudorandom texts, the same in each run. */
class Maker {
  constructor(private seed: number) {}

  below(n: number): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.seed / 2 ** 32) * n);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  many(what: () => string): string[] {
    return Array.from({ length: this.below(4) }, what);
  }

  space = () => this.one(['', '', ' ', '\n  ', '\r\n', '\t']);

  /** A string with every kind of escape, and some that JSON does not have. */
  string = () => {
    const sound = [
      'a',
      'line\\n',
      '\\"',
      '\\\\',
      '\\/',
      '\\t',
      'é',
      '漢',
      '😀',
      '\\ud83d\\ude00',
      '\\ud800',
      '\\u0000',
    ];
    const parts = this.many(() => this.one(this.below(8) ? sound : ['\\q', '\\u12', '\n', '\u0001', '\\uzzzz']));
    return `"${parts.join('')}${this.one(['', '', '\\n', '\\\\'])}"`;
  };

  key = () => this.one(['"a"', '"k\\n"', '""', '"__proto__"', `"${'k'.repeat(300)}"`, this.string()]);

  value = (depth = 0): string => {
    const kind = this.below(depth > 4 ? 3 : 6);
    if (kind < 2) return this.string();
    if (kind === 2) return this.one(['0', '-12.5e+3', 'true', 'null', 'NaN', '-Infinity', '12345678']);
    const item = () => this.space() + this.value(depth + 1) + this.space();
    if (kind === 3) return `[${this.many(item).join(',') || this.space()}]`;
    return `{${this.many(() => `${this.space()}${this.key()}${this.space()}:${item()}`).join(',') || this.space()}}`;
  };

  /** The text with something in it that was not there, or without something that was. */
  damaged(text: string): string {
    const at = this.below(text.length + 1);
    const bits = ['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', 'x', '\\"', '\u00a0'];
    return text.slice(0, at) + this.one([...bits, '']) + (this.below(9) ? text.slice(at + this.below(3)) : '');
  }
}

describe('JSON of notebooks', () => {
  it('is walked by its index as it is without one', () => {
    const make = new Maker(1);
    for (let n = 0; n < 1500; n += 1) {
      const text = `${make.space()}{${make.key()}:${make.value()}}${make.one(['', '\n', ' more', '}'])}`;
      const indexed = IndexedJson.of(text);
      const tolerant = new TolerantJson(text);
      assert.ok(indexed, text);
      const { start, end } = indexed.top;
      assert.deepEqual(told(indexed, indexed.top), told(tolerant, { start, end, token: 0 }), text);
      assert.equal(tolerant.damage, undefined, text);
    }
  });

  it('has an index only when every way through it is without damage', () => {
    const make = new Maker(2);
    let sound = 0;
    for (let n = 0; n < 4000; n += 1) {
      const text = make.damaged(`{"x":[${make.value()}],"y":${make.value()}}`);
      const indexed = IndexedJson.of(text);
      if (!indexed) continue;
      sound += 1;
      const tolerant = new TolerantJson(text);
      const { start, end } = indexed.top;
      assert.deepEqual(told(indexed, indexed.top), told(tolerant, { start, end, token: 0 }), text);
      assert.equal(tolerant.damage, undefined, text);
    }
    assert.ok(sound > 500 && sound < 3000, `${sound} of the texts are still sound`);
    const unsound = ['', '[1]', '{', '{"a"}', '{"a":}', '{"a":1,}', '{"a":[1,,2]}', '{"a":[1 2]}', '{"a" 1}', '{a:1}'];
    unsound.push('{"a', '{"a":"', '{"a":01x}', '{"a":[}', '{"a":1]', '{1:1}', '{"a":tru}');
    assert.deepEqual(
      unsound.filter((text) => IndexedJson.of(text)),
      [],
    );
  });

  it('has no index when that would be too large', () => {
    const many = `{"a":[${'1,'.repeat(10_000)}1]}`;
    assert.equal(IndexedJson.of(many, 5000), undefined);
    assert.ok(IndexedJson.of(many, 20_000));
  });

  it('keeps the place of each character, whatever escapes stand before it', () => {
    const make = new Maker(3);
    for (let n = 0; n < 200; n += 1) {
      const lines = Array.from({ length: 3 }, make.string);
      const text = `{"cells":[{"cell_type":"raw","source":[${lines.join(',\n')}]}],\n"metadata":{"k":${lines[0]}}}`;
      assert.equal(kindAt(text, 0), 'object');
      for (const segment of readNotebook('x.ipynb', text).document.segments) {
        for (let i = 0; i < segment.text.length; i += 1) {
          const { fileLine } = segment.locate(i, i + 1);
          const character = segment.text[i] as string;
          const written = [character, JSON.stringify(character).slice(1, -1), '\\u'];
          const line = text.split('\n')[(fileLine as number) - 1] as string;
          assert.ok(character === '\n' || written.some((one) => line.includes(one)), text);
        }
      }
    }
  });
});
