import assert from 'node:assert/strict';
import { scanFile } from '../../src/core/engine';
import { FORMATS } from '../../src/core/formats';
import { MemoryByteSource } from '../../src/core/io/byteSource';
import { evidenceText } from '../../src/core/redact';
import type { Format, ScanContext } from '../../src/core/scanner';
import { base62, crc32 } from '../../src/core/secrets/checksums';
import { embeddedCredentials, withoutCredentials } from '../../src/core/secrets/embedded';
import { DEFAULT_SETTINGS } from '../../src/core/settings';
import { PROBE_RULES as RULES } from './probe';

const BODY = 'Zr8wQ1tY6uI0oP3aS5dF7gH9jK2lX4';
const TOKEN = ['ghp', BODY + base62(crc32(BODY), 6)].join('_');
const ADDRESS = `postgresql://trainer:${['k7Vq', 'z2Wn9R'].join('')}@db.corp.io/runs`;

/** Scans a file whose only format says what `say` says. */
function told(say: (context: ScanContext) => void, settings = DEFAULT_SETTINGS) {
  const format: Format = {
    id: 'probe',
    title: 'Probe',
    kind: 'model',
    extensions: [],
    identify: () => 'certain',
    scan: async (_, context) => say(context),
  };
  return scanFile('x', new MemoryByteSource(new Uint8Array(3)), { settings, formats: [format] });
}

function safetensors(metadata: Record<string, string>): MemoryByteSource {
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata }));
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return new MemoryByteSource(bytes);
}

describe('credentials in what is no text file', () => {
  it('are found by their own shape, or by the name of a vendor before it', () => {
    assert.deepEqual(
      embeddedCredentials(`curl -H "Authorization: Bearer ${TOKEN}" x`).map(({ rule, secret }) => [rule.id, secret]),
      [['secret/github-token', TOKEN]],
    );
    assert.equal(withoutCredentials(`to ${ADDRESS}`).includes('k7Vq'), false);
    const hex = [...BODY].map((c) => (c.charCodeAt(0) % 16).toString(16)).join('');
    const key = `${hex}0123abcd9e`;
    assert.deepEqual(embeddedCredentials(key), []);
    assert.equal(embeddedCredentials(key, 'trainer.wandb_api_key').length, 1);
  });

  it('are not seen in what models say of themselves', () => {
    for (const [key, text] of [
      ['tokenizer.ggml.pad_token', '<|endoftext|>'],
      ['special_token', 'thisisaverylongspecialtoken_1'],
      ['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['general.source.url', 'https://example.org/models/llama-3.1-8b-instruct'],
      ['password_hint', 'the usual one of the laboratory'],
      ['node', 'model_config (sequential_1)/config/layers/2 (conv2d_transpose_17)'],
    ] as const) {
      assert.deepEqual(embeddedCredentials(text, key), [], key);
      assert.equal(withoutCredentials(text, key), text);
    }
  });

  it('leave every word of a finding, a reason and a description', async () => {
    const report = await told((context) => {
      context.report({
        rule: RULES.found,
        message: `calls push('${TOKEN}')`,
        evidence: evidenceText(`push('${TOKEN}')`),
        remediation: `not ${TOKEN}`,
        location: { node: `lambda (${TOKEN})` },
        data: { call: `push('${TOKEN}')`, arguments: [{ token: TOKEN }] },
        related: [{ message: `from ${ADDRESS}`, location: {} }],
      });
      context.incomplete(`cannot read ${ADDRESS}`);
      context.describe({ metadata: { url: ADDRESS, size: 3 }, layers: [{ name: 'a', className: TOKEN }] });
      throw new Error(`Unexpected token in ${TOKEN}`);
    });
    const text = JSON.stringify(report);
    assert.ok(!text.includes(TOKEN) && !text.includes('k7Vq'), text);
    assert.ok(text.includes('calls push(') && text.includes('db.corp.io'), 'the rest stays');
    assert.equal(report?.description?.metadata?.size, 3);
  });

  it('in the metadata of a model are findings of their own', async () => {
    const source = safetensors({ format: 'pt', hub: TOKEN });
    const report = await scanFile('m.safetensors', source, { settings: DEFAULT_SETTINGS, formats: FORMATS });
    assert.deepEqual(
      report?.findings.map(({ ruleId, severity, location }) => [ruleId, severity, location.node]),
      [['secret/github-token', 'critical', 'hub']],
    );
    assert.ok(!JSON.stringify(report).includes(BODY));
    const quiet = { ...DEFAULT_SETTINGS, secrets: { ...DEFAULT_SETTINGS.secrets, enabled: false } };
    const off = await scanFile('m.safetensors', source, { settings: quiet, formats: FORMATS });
    assert.deepEqual(off?.findings, []);
    assert.ok(!JSON.stringify(off).includes(BODY));
  });
});
