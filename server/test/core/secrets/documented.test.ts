import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { documentedKey, exampleSigner } from '../../../src/core/secrets/documented';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf } from './support';

const random = randomOf(77);
const flip = (text: string) => text.slice(0, -1) + (text.endsWith('a') ? 'b' : 'a');

/** Published by their makers; in two parts, so that no scanner finds them here. */
const PUBLIC: readonly [line: string, secret: string, what: RegExp][] = [
  ['api_key = "%"', `AIzaSy${'D3asb-2pEZVqMkmL6M9N6nHZRR_znhrh0'}`, /Firebase/],
  [
    'url = "https://maps.example/api/js?key=%&callback=initMap"',
    `AIzaSy${'B41DRUbKWJHPxaFjMAwdrzWzbVKartNGg'}`,
    /Maps/,
  ],
  ['KEY = "%"', `AIzaSy${'AO_FJ2SlqU8Q4STEHLGCilw_Y9_11qcW8'}`, /YouTube/],
  ['TOKEN = "%"', `hf_${'94wBhPGp6KrrTH3KDchhKpRxZwd6dmHWLL'}`, /test server/],
  ['headers = {"Authorization": "token %"}', `gho_${'16C7e42F292c6912E7710c838347Ae178B4a'}`, /GitHub documentation/],
  ['secret_key = "%"', `zuf+${'tfteSlswRu7BJ86wekitnifILbZam1KYY3TG'}`, /MinIO/],
  ['private_key = "%"', `0xac0974bec39a17e36ba4a6b4d238ff94${'4bacb478cbed5efcae784d7bf4f2ff80'}`, /Hardhat/],
];

describe('documented keys', () => {
  for (const [line, secret, what] of PUBLIC) {
    it(`knows ${what.source} for what it is, and one that differs for a live one`, () => {
      assert.match(documentedKey(secret) ?? '', what);
      const [known, ...more] = secretsIn(line.replace('%', secret));
      assert.equal(more.length, 0);
      assert.equal(known && severityOf(known), 'info');
      assert.match((known as { message: string }).message, what);
      const [live] = secretsIn(line.replace('%', flip(secret)));
      assert.ok(live && ['critical', 'high', 'medium'].includes(severityOf(live)), live && severityOf(live));
    });
  }

  it('takes no part of one, and none with another beginning, for one', () => {
    const [, key] = PUBLIC[0] as (typeof PUBLIC)[number];
    assert.equal(documentedKey(key.slice(0, -1)), undefined);
    assert.equal(documentedKey(`${key}x`), undefined);
    assert.equal(documentedKey(''), undefined);
  });
});

describe('JSON Web Tokens of examples', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (secret: string, alg = 'HS256', claims: object = { sub: 'u-77', role: 'service_role' }) => {
    const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
    return `${signed}.${createHmac(`sha${alg.slice(2)}`, secret)
      .update(signed)
      .digest('base64url')}`;
  };

  it('are told by the secret they are signed with, whatever they say', () => {
    for (const [secret, where] of [
      ['secret', 'PyJWT'],
      ['your-256-bit-secret', 'jwt.io'],
      ['shhhhh', 'jsonwebtoken'],
      ['super-secret-jwt-token-with-at-least-32-characters-long', 'Supabase'],
    ] as const) {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        const [found] = secretsIn(`t = "${token(secret, alg)}"`);
        assert.equal(found && severityOf(found), 'info', `${secret} ${alg}`);
        assert.ok(found?.message.includes(where), found?.message);
      }
    }
  });

  it('are live ones when the secret is another', () => {
    const [found] = secretsIn(`t = "${token(matching('[a-z0-9]{40}', random))}"`);
    assert.equal(found && severityOf(found), 'critical');
    const signed = token('secret');
    assert.equal(exampleSigner(signed, 'HS512'), undefined, 'an algorithm that the signature is not of');
    assert.equal(exampleSigner(signed, 'none'), undefined);
    assert.equal(exampleSigner(signed, '__proto__'), undefined);
    assert.equal(exampleSigner(flip(signed), 'HS256'), undefined);
    assert.equal(exampleSigner('', 'HS256'), undefined);
  });
});
