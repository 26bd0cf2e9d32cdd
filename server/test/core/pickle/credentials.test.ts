import assert from 'node:assert/strict';
import { bytes, call, findings, longText, MARK, type Part, pickle, scan, stackGlobal, text, u32 } from './assembler';

// Put together here, so that no file of the repository holds what looks like a credential.
/** Letters that follow no pattern, the same in every run. */
function letters(count: number): string {
  let state = 12_345;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'[Math.floor(state / 65_536) % 52];
  }).join('');
}
const HUGGING_FACE = `hf_${letters(33)}7`;
const HEXADECIMAL = '0123456789abcdef'.repeat(3).split('').reverse().join('').slice(0, 40);

const secrets = async (content: Uint8Array) =>
  (await findings(content)).filter(({ category }) => category === 'secret');
const dictionary = (...parts: Part[]) => pickle('}', MARK, ...parts, 'u');

describe('credentials in pickles', () => {
  it('are told by what they are and by their key, with their place and redacted', async () => {
    const content = dictionary(text('lr'), 'K', 1, text('token'), text(HUGGING_FACE));
    const [finding] = await secrets(content);
    assert.equal(finding?.ruleId, 'secret/huggingface-token');
    assert.equal(finding?.location.node, 'token');
    assert.equal(finding?.location.offset, Buffer.from(content).indexOf(HUGGING_FACE) - 2);
    assert.ok(!JSON.stringify(finding).includes(HUGGING_FACE));
    const named = await secrets(dictionary(text('wandb_api_key'), text(HEXADECIMAL)));
    assert.deepEqual(
      named.map(({ ruleId }) => ruleId),
      ['secret/wandb-api-key'],
    );
    // The same digits say nothing under another name.
    assert.deepEqual(await secrets(dictionary(text('commit'), text(HEXADECIMAL))), []);
  });

  it('are found in every kind of text, in arguments, states and protocol 0', async () => {
    const namespace = bytes(stackGlobal('argparse', 'Namespace'), ')', 0x81);
    for (const [title, content] of [
      ['BINUNICODE', dictionary(longText('a'), longText(HUGGING_FACE))],
      ['SHORT_BINSTRING', dictionary(text('a'), 'U', HUGGING_FACE.length, HUGGING_FACE)],
      ['BINSTRING', dictionary(text('a'), 'T', u32(HUGGING_FACE.length), HUGGING_FACE)],
      ['argument', pickle(call(stackGlobal('builtins', 'str'), text(HUGGING_FACE)))],
      ['state', pickle(namespace, '}', MARK, text('a'), text(HUGGING_FACE), 'ub')],
      ['list', pickle(']', MARK, text('--token'), text(HUGGING_FACE), 'e')],
      ['UNICODE', bytes(`(dp0\nVa\nV${HUGGING_FACE}\ns.`)],
      ['STRING', bytes(`(dp0\nS'a'\nS'${HUGGING_FACE}'\ns.`)],
    ] as const) {
      assert.equal((await secrets(content)).length, 1, title);
    }
    assert.equal((await secrets(bytes(`(dp0\nVwandb_api_key\nV${HEXADECIMAL}\ns.`))).length, 1);
    assert.equal((await secrets(bytes(`(dp0\nS'wandb_api_key'\nS'${HEXADECIMAL}'\ns.`))).length, 1);
  });

  it('are not shown where they stand before another', async () => {
    const content = pickle(']', MARK, text(HEXADECIMAL), text(HUGGING_FACE), text(`ghp_${letters(36)}`), 'e');
    const found = await secrets(content);
    assert.ok(found.length >= 1);
    for (const secret of [HEXADECIMAL, HUGGING_FACE, letters(36)]) assert.ok(!JSON.stringify(found).includes(secret));
  });

  it('are found where the read window ends', async () => {
    for (let shift = 0; shift < 60; shift += 7) {
      const filler = longText('-'.repeat(64 * 1024 - 30 - shift));
      assert.equal(
        (await secrets(dictionary(text('a'), filler, text('b'), longText(HUGGING_FACE)))).length,
        1,
        `${shift}`,
      );
    }
  });

  it('are not looked for where they are switched off', async () => {
    const report = await scan(dictionary(text('token'), text(HUGGING_FACE)), 'model.pkl', {
      secrets: { enabled: false, customRules: [] },
    });
    assert.deepEqual(report?.findings, []);
  });

  it('vocabularies, parameters and numbers are none', async () => {
    const words: Part[] = [];
    for (let i = 0; i < 30_000; i += 1) {
      words.push(longText(`model.layers_${i}_self_attention_q_proj_weight${i * 7919}`), 'J', u32(i));
    }
    const report = await scan(dictionary(bytes(...words)));
    assert.deepEqual([report?.status, report?.findings], ['scanned', []]);
  });
});
