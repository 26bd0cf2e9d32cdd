import assert from 'node:assert/strict';
import { base62, crc32 } from '../../../src/core/secrets/checksums';
import { SECRET_RULES, SECRET_SPECS } from '../../../src/core/secrets/rules';
import type { AssignedShape, TokenShape } from '../../../src/core/secrets/rules/define';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf, textAt } from './support';

/** What must stand before a token whose shape alone does not tell it. */
const NEAR: Record<string, string> = {
  'secret/wandb-api-key': 'wandb ',
  'secret/roboflow-api-key': 'roboflow ',
  'secret/modal-token': 'modal ',
  'secret/voyage-api-key': 'voyage ',
  'secret/azure-sas-token': 'https://store/container?sv=2024-01-01&se=2030',
  'secret/jfrog-token': 'artifactory ',
  'secret/okta-token': 'okta ',
  'secret/facebook-token': 'facebook ',
  'secret/chroma-api-key': 'chroma ',
  'secret/nomic-api-key': 'nomic ',
  'secret/backblaze-key': 'b2 ',
  'secret/twitter-credentials': 'twitter bearer ',
};

/** Tokens that carry data of their own. */
const MADE: Record<string, (random: () => number) => string> = {
  'secret/neptune-api-token': (random) =>
    btoa(JSON.stringify({ api_address: 'https://app.neptune.ai', api_key: matching('[a-f0-9]{32}', random) })),
};

/** Fixed digits that a random sample would not have. */
function sampleOf(id: string, pattern: string, seed: number): string {
  const random = randomOf(seed);
  return MADE[id]?.(random) ?? matching(pattern, random);
}

function keyFor(shape: AssignedShape): string {
  const candidates = shape.services.flatMap((service) => {
    const name = service.replace(/[-.]/g, '_').replace(/_+$/, '');
    const glued = service.endsWith('_') || service.endsWith('-') ? service.replace(/-/g, '_') : `${name}_`;
    return [
      `${glued}api_key`,
      `${glued}token`,
      `${glued}secret`,
      `${glued}password`,
      name,
      `my_${name}_key`,
      `${name}id`,
    ];
  });
  const key = candidates.find((candidate) => !shape.key || shape.key.test(candidate));
  assert.ok(key, `no key for ${shape.services.join()}`);
  return key;
}

/** The first sample that the shape's own entropy and look allow; most are. */
function assignedHit(id: string, shape: AssignedShape): { text: string; value: string } {
  const key = keyFor(shape);
  for (let seed = 1; seed < 40; seed += 1) {
    const value = sampleOf(id, shape.value, seed);
    const text = `${key} = "${value}"`;
    const found = secretsIn(text).find((draft) => draft.rule.id === id);
    if (found && textAt(text, found) === value) return { text, value };
  }
  throw new Error(`${id}: no sample of ${shape.value} under ${key} is found`);
}

function tokenHit(id: string, shape: TokenShape): { text: string; value: string } {
  const declared = shape.severity ?? SECRET_SPECS.get(id)?.severity;
  for (let seed = 1; seed < 40; seed += 1) {
    const value = sampleOf(id, shape.pattern, seed);
    const text = `# ${NEAR[id] ?? ''}${shape.near || NEAR[id]?.startsWith('https') ? '' : ' '}${value}\n`;
    const found = secretsIn(text, 'notes.md').find((draft) => draft.rule.id === id);
    // A placeholder is information only, as some shapes are by themselves.
    if (found && (severityOf(found) !== 'info' || declared === 'info')) return { text, value };
  }
  throw new Error(`${id}: no sample of ${shape.pattern} is found`);
}

describe('secret rules', () => {
  for (const [id, spec] of SECRET_SPECS) {
    it(`${id} finds each of its shapes and not what only resembles them`, () => {
      for (const shape of spec.tokens ?? []) {
        const { text, value } = tokenHit(id, shape);
        // The tail is cut: too short to be one.
        const cut = text.replace(value, value.slice(0, Math.min(value.length - 3, 9)));
        const left = secretsIn(cut, 'notes.md').filter((d) => d.rule.id === id && severityOf(d) !== 'info');
        assert.deepEqual(
          left.map((d) => d.message),
          [],
          `cut: ${shape.pattern}`,
        );
      }
      for (const shape of spec.assigned ?? []) {
        const { text, value } = assignedHit(id, shape);
        if ((spec.tokens?.length ?? 0) === 0) {
          const other = secretsIn(`result = "${value}"`).filter((d) => d.rule.id === id);
          assert.deepEqual(
            other.map((d) => d.message),
            [],
            'the value alone, under a name that says nothing',
          );
        }
        const reference = text.replace(/"[^"]*"$/, 'os.environ["NAME"]');
        assert.deepEqual(
          secretsIn(reference).map((d) => d.message),
          [],
          'a reference',
        );
      }
    });
  }

  it('every rule explains itself', () => {
    for (const { id, title, description, remediation, references } of Object.values(SECRET_RULES)) {
      assert.ok(title.length > 4 && description.length > 40 && remediation.length > 40, id);
      assert.ok(references.cwe?.length, id);
    }
  });

  it('a right checksum makes a GitHub or npm token certain, a wrong one doubtful', () => {
    for (const prefix of ['ghp_', 'npm_']) {
      const body = matching('[A-Za-z0-9]{30}', randomOf(7));
      const right = `${prefix}${body}${base62(crc32(body), 6)}`;
      const wrong = right.slice(0, -1) + (right.endsWith('0') ? '1' : '0');
      assert.equal(severityOf(secretsIn(`x = "${right}"`)[0] as never), 'critical');
      assert.equal(severityOf(secretsIn(`x = "${wrong}"`)[0] as never), 'medium');
    }
    assert.equal(crc32('123456789'), 0xcbf43926);
  });
});
