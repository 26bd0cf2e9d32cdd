import assert from 'node:assert/strict';
import { judgeKey, judgeValue } from '../../../src/core/secrets/judge';
import { keyKind } from '../../../src/core/secrets/keys';
import { matching, randomOf } from './shapes';

const random = randomOf(47);

describe('names that promise a secret', () => {
  const promises: [kind: ReturnType<typeof keyKind>, names: readonly string[]][] = [
    [
      'token',
      [
        ...[
          'dbkey',
          'mydbkey',
          'db_key',
          'servicekey',
          'SERVICE_KEY_PROD',
          'clientkey1',
          'xapplication_key',
          'priv_key',
        ],
        ...['app-privkey', 'OUR_ACCOUNTKEY', 'authkey_value', 'mysecret', 'botToken', 'usertoken', 'appsecret_prod'],
      ],
    ],
    [
      'password',
      ['contraseña', 'CONTRASEÑA_BD', 'senha', 'mot_de_passe', 'wachtwoord', 'xpwd', 'keypass1', 'mypassword_dev'],
    ],
    ['key', ['unheardof_key', 'UNHEARDOF_KEY', 'unheardofKey', 'seed_phrase', 'mnemonic', 'wallet.recovery_phrase']],
    [
      undefined,
      [
        ...[
          'monkey',
          'turkey',
          'hotkey',
          'primary_key',
          'cache_key',
          'site_key',
          'issue_key',
          'random_key',
          'file_key',
        ],
        ...[
          'eostoken',
          'subtoken',
          'phrase',
          'catch_phrase',
          'password_encoder',
          'secret_decoder',
          'compass',
          'bypass',
        ],
      ],
    ],
  ];
  for (const [kind, names] of promises) {
    for (const name of names) it(`${name}: ${kind ?? 'nothing'}`, () => assert.equal(keyKind(name), kind));
  }
});

describe('values of the key of something', () => {
  it('are judged by themselves: issued ones mix their letters', () => {
    for (const shape of ['[A-Za-z0-9]{22}7Qx4', '[A-Z0-9]{18}7Q4']) {
      const found = Array.from({ length: 50 }, () => judgeKey(matching(shape, random), 'literal'));
      assert.ok(found.filter((verdict) => verdict === 'real').length >= 45, shape);
    }
  });

  it('are names, digests, identifiers, paths and numbers otherwise', () => {
    const honest = [
      ...['customer_lifetime_value', 'averageOrderValueByRegion2', matching('[a-f0-9]{32}', random)],
      ...[matching('[a-f0-9]{64}', random), '1234567890123456', 'team-prod-1208358310', 'data/raw/2024/part-00017'],
      ...['c73bcdcc-2669-4bf6-81d3-e4ae73fb11fd', 'GROUP_BY_CUSTOMER_2'],
    ];
    for (const value of honest) assert.equal(judgeKey(value, 'literal'), 'none', value);
    assert.equal(judgeKey(matching('[A-Za-z0-9]{22}7Qx4', random), 'prose'), 'none');
  });

  it('are sentences of words for wallets, and not those of people', () => {
    const words = 'abandon ladder candy maple orbit river sunset tiger velvet window yellow anchor';
    assert.equal(judgeKey(words, 'literal'), 'real');
    assert.equal(judgeKey(words.replace('candy maple', 'and your'), 'literal'), 'none');
    assert.equal(judgeKey(words.slice(0, 40), 'literal'), 'none');
  });
});

describe('values that people make up', () => {
  const judged = (value: string, key: string, context: 'literal' | 'config' = 'literal') =>
    judgeValue(value, { kind: /pass|psk/.test(key) ? 'password' : 'token', key, context });

  it('are secrets where a name says secret, and no more than names elsewhere', () => {
    for (const value of ['letmein77', 'dragonfly01', 'Ab3dEfgh', 'xQvTbRnKwLp']) {
      for (const context of ['literal', 'config'] as const)
        assert.notEqual(judged(value, 'client_secret', context), 'none', value);
    }
    for (const value of ['letmein77', 'dragonfly01', 'V1SecretVolumeSource'])
      assert.equal(judged(value, 'token', 'config'), 'none', value);
    for (const value of ['V1SecretVolumeSource', 'my-app-tls-2', 'grafana'])
      assert.equal(judged(value, 'secret', 'config'), 'none', value);
  });

  it('hold brackets that close nothing, as no code does', () => {
    assert.equal(judged('vrf(ta]nxn~mcdpw}apn', 'api_key'), 'real');
    assert.equal(judged('uge]fq]fkz*stb}wecsz}ews', 'password'), 'real');
    assert.equal(judged('get_key(name)[0]', 'api_key'), 'none');
    assert.equal(judged('load(path)', 'password'), 'none');
  });

  it('are words in a passphrase, and prompts and settings are not', () => {
    assert.equal(judged('juniper maple basalt', 'ssh_passphrase'), 'real');
    assert.equal(judged('copper granite ember', 'wifi_psk'), 'real');
    assert.equal(judged('enter the passphrase for your key', 'passphrase'), 'none');
    for (const value of [
      'New password: ',
      '     Again:  ',
      'bcrypt',
      'argon2id',
      'utf8',
      'latin-1',
      'db.host.internal:5432',
    ])
      assert.equal(judged(value, 'password'), 'none', value);
  });

  it('have their capitals anywhere, where those of names begin words', () => {
    assert.equal(judged('igROOYioki8NiwDMIcjC', 'quandl_api_key', 'config'), 'real');
    assert.equal(judged('LlamaTokenizerFast2024', 'api_key', 'config'), 'none');
    assert.equal(judged('parseJSONFromURL', 'api_key'), 'none');
  });

  it('join words by signs that no name has', () => {
    assert.equal(judged('ember$juniper$8429', 'password'), 'real');
    assert.equal(judged('dataStoreTestQuery', 'password'), 'weak');
  });
});
