import assert from 'node:assert/strict';
import { scanFile } from '../../../src/core/engine';
import { FORMATS } from '../../../src/core/formats';
import { MemoryByteSource } from '../../../src/core/io/byteSource';
import { DEFAULT_SETTINGS } from '../../../src/core/settings';
import { decodeText, looksLikeText } from '../../../src/core/text/decode';
import { documentFromText, magicLanguage } from '../../../src/core/text/fileDocument';
import { isDependencyManifest, isLockFile, textKindByName } from '../../../src/core/text/languages';
import { SpanMap } from '../../../src/core/text/spanMap';
import { delimitedTable, delimiterOf } from '../../../src/core/text/table';

const bytes = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, bigEndian: boolean) => {
  const units = [0xfeff, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))];
  return Uint8Array.from(units.flatMap((u) => (bigEndian ? [u >> 8, u & 255] : [u & 255, u >> 8])));
};
const scan = (name: string, content: Uint8Array) =>
  scanFile(name, new MemoryByteSource(content), { settings: DEFAULT_SETTINGS, formats: FORMATS });

describe('text files', () => {
  it('decodes by byte order mark and tolerates invalid bytes', () => {
    assert.deepEqual(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), { text: 'a', encoding: 'utf-8' });
    assert.equal(decodeText(utf16('aé', false)).text, 'aé');
    assert.equal(decodeText(utf16('aé', true)).text, 'aé');
    assert.equal(decodeText(Uint8Array.of(0x61, 0xff, 0x62)).text, 'a\ufffdb');
    assert.equal(looksLikeText(bytes('hello\n'), true), true);
    assert.equal(looksLikeText(bytes('é').subarray(0, 1), false), true);
    assert.equal(looksLikeText(bytes('é').subarray(0, 1), true), false);
    assert.equal(looksLikeText(Uint8Array.of(1, 2, 3, 65), true), false);
    assert.equal(looksLikeText(Uint8Array.of(65, 0, 66), true), false);
  });

  it('knows languages by name', () => {
    const language = (name: string) => textKindByName(name)?.language;
    assert.deepEqual(
      [
        'x.py',
        '.env',
        '.env.local',
        'dockerfile',
        'a.yaml.bak',
        'settings.py.example',
        'x.csv',
        '.netrc',
        '.npmrc',
        'kaggle.json',
        'readme',
        'requirements-dev.txt',
        'x.unknown',
      ].map(language),
      [
        'python',
        'env',
        'env',
        'dockerfile',
        'yaml',
        'python',
        'csv',
        'ini',
        'ini',
        'json',
        'plain',
        'requirements',
        undefined,
      ],
    );
    assert.ok(
      isDependencyManifest('requirements.txt') &&
        isDependencyManifest('pyproject.toml') &&
        isDependencyManifest('environment.yml'),
    );
    assert.ok(!isDependencyManifest('notes.txt'));
    assert.ok(
      isLockFile('uv.lock') && isLockFile('package-lock.json') && isLockFile('poetry.lock') && !isLockFile('locks.py'),
    );
  });

  it('splits a Databricks export at its commands and reads its magics', () => {
    const text =
      '# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# MAGIC %sh\n# MAGIC export A=b\n\n# COMMAND ----------\ny = 2\n';
    const { segments, kind } = documentFromText('x.py', text);
    assert.equal(kind, 'python');
    assert.deepEqual(
      segments.map((s) => s.language),
      ['python', 'shell', 'python'],
    );
    const shell = segments[1] as (typeof segments)[number];
    const at = shell.text.indexOf('A=b');
    assert.deepEqual(shell.locate(at, at + 3), { line: 7, column: 16, endLine: 7, endColumn: 19, fileLine: 7 });
  });

  it('finds a magic behind empty lines and comments, however many', () => {
    assert.equal(magicLanguage(`${'\n'.repeat(300)}# a\n  %%bash\nls`).language, 'shell');
    assert.equal(magicLanguage(`${'\n'.repeat(100_000)}x = 1`).language, 'python');
    assert.equal(magicLanguage(`${'# a\n'.repeat(50_000)}x = 1`).language, 'python');
  });

  it('identifies text by name and content, a key store by its name', async () => {
    const format = async (name: string, content: Uint8Array) => (await scan(name, content))?.format;
    assert.equal(await format('x.py', bytes('x = 1\n')), 'python');
    assert.equal(await format('requirements.txt', bytes('numpy==1.0\n')), 'dependencies');
    assert.equal(await format('LICENSE', bytes('free\n')), 'text');
    assert.equal(await format('noextension', bytes('some text\n')), 'text');
    assert.equal(await format('x.unknown', Uint8Array.of(1, 0, 2, 0, 255, 254, 7)), undefined);
    const store = await scan('x.p12', Uint8Array.of(0x30, 0x82, 1, 2, 3));
    assert.deepEqual(
      store?.findings.map((f) => f.ruleId),
      ['secret/keystore-file'],
    );
  });

  it('scans UTF-16 as an editor shows it', async () => {
    const value = ['Gr3en', 'Lantern7'].join('-');
    const report = await scan('x.py', utf16(`# é\npassword = "${value}"\n`, false));
    assert.deepEqual(
      report?.findings.map((f) => [f.ruleId, f.location.line, f.location.column]),
      [['secret/password', 2, 13]],
    );
  });

  it('says that a corrupt notebook failed, and shows what it could read', async () => {
    const value = ['Gr3en', 'Lantern7'].join('-');
    const cell = `{"cell_type": "code", "source": ["a = 1\\n", "password = \\"${value}\\"\\n", "x`;
    for (const damage of ['', '"] "outputs": []}, {"cell_type"', '"]}, oops {"source": "b"}]}']) {
      const report = await scan('x.ipynb', bytes(`{"cells": [${cell}${damage}`));
      assert.equal(report?.status, 'failed', damage);
      const places = report?.findings
        .filter((f) => f.ruleId === 'secret/password')
        .map((f) => [f.location.cell, f.location.line]);
      assert.deepEqual(places, [[0, 2]], damage);
    }
  });

  it('says that a text longer than the limit was cut', async () => {
    const limits = { ...DEFAULT_SETTINGS.limits, textBytes: 100 };
    const report = await scanFile('x.txt', new MemoryByteSource(bytes('a b\n'.repeat(100))), {
      settings: { ...DEFAULT_SETTINGS, limits },
      formats: FORMATS,
    });
    assert.equal(report?.status, 'partial');
  });

  it('reads delimited tables', () => {
    const text = 'name;mail\r\n"a ""b""";x@y\n;\n';
    assert.equal(delimiterOf('x.csv', text), ';');
    const { header, rows } = delimitedTable(text, ';');
    assert.deepEqual(header, ['name', 'mail']);
    const cells = [...rows()].map((row) => row.map(({ start, end }) => text.slice(start, end)));
    assert.deepEqual(cells, [
      ['a ""b""', 'x@y'],
      ['', ''],
    ]);
    assert.deepEqual(delimitedTable('1,2\n3,4', ',').header, []);
  });

  it('maps decoded text back over runs and single characters', () => {
    const map = new SpanMap();
    map.run(0, 10);
    map.unit(3, 13, 6);
    map.run(4, 19);
    assert.deepEqual(
      [0, 2, 3, 4, 5].map((i) => map.start(i)),
      [10, 12, 13, 19, 20],
    );
    assert.deepEqual(
      [1, 3, 4, 5].map((i) => map.end(i)),
      [11, 13, 19, 20],
    );
  });
});
