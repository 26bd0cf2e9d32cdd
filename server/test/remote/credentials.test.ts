import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HubServer } from './support/hubServer';
import { Program } from './support/program';
import { S3Fixture } from './support/s3Fixture';

/** Where the command line takes credentials from, and that they go to their host and nowhere else. */
describe('credentials of the command line', function () {
  this.timeout(120_000);
  const hub = new HubServer();
  const bucket = new S3Fixture();
  let program: Program;
  let home = '';

  before(async () => {
    program = new Program();
    home = path.join(program.folder, 'home');
    await hub.start();
    await bucket.start();
    hub.add('acme/private', { 'a.py': new TextEncoder().encode('x = 1\n') }, { private: true });
    bucket.objects.set('a.py', new TextEncoder().encode('x = 1\n'));
  });

  after(async () => {
    await hub.stop();
    await bucket.stop();
    program.remove();
  });

  beforeEach(() => {
    hub.requests.length = 0;
    bucket.requests.length = 0;
  });

  const place = (name: string, text: string) => {
    const file = path.join(home, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };

  describe('for a hub', () => {
    const scan = async (env: Record<string, string>) => {
      const { code, stdout, stderr } = await program.run(['scan', 'hf:acme/private', '--format', 'json'], {
        ...{ HF_ENDPOINT: hub.origin, HOME: home },
        ...env,
      });
      assert.ok(!`${stdout}${stderr}`.includes(hub.token), 'the token is shown');
      return code;
    };

    it('come from HF_TOKEN, the file that HF_TOKEN_PATH names, HF_HOME and the cache', async () => {
      const token = `${hub.token}\n`;
      assert.equal(await scan({}), 2);
      assert.equal(await scan({ HF_TOKEN: hub.token }), 0);
      assert.equal(await scan({ HF_TOKEN_PATH: place('elsewhere', token) }), 0);
      place('hf/token', token);
      assert.equal(await scan({ HF_HOME: path.join(home, 'hf') }), 0);
      place('.cache/huggingface/token', token);
      assert.equal(await scan({}), 0);
    });

    it('are not sent to another hub than the one they are for', async () => {
      hub.requests.length = 0;
      const other = await program.run(['scan', `${hub.origin}/acme/private`], {
        HF_ENDPOINT: 'https://hub.example.invalid',
        HF_TOKEN: hub.token,
        GITHUB_TOKEN: hub.token,
        GH_TOKEN: hub.token,
      });
      assert.equal(other.code, 2);
      assert.ok(hub.requests.length > 0);
      assert.ok(hub.requests.every(({ authorization }) => authorization === undefined));
    });
  });

  describe('for a bucket', () => {
    const marker = () => path.join(home, 'executed');
    const scan = async (env: Record<string, string>, ...args: string[]) => {
      const target = ['scan', 's3://models', '--endpoint', bucket.origin, '--format', 'json', ...args];
      const { code, stdout, stderr } = await program.run(target, {
        ...{ HOME: home, AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null' },
        ...{ AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...env },
      });
      assert.ok(!/wJalr|hidden-session/.test(stdout + stderr), 'the secret key is shown');
      const [first] = bucket.requests;
      return { code, stderr, key: /Credential=([^/]+)/.exec(first?.headers.authorization ?? '')?.[1], first };
    };

    it('come from the environment, with the token of a temporary key and the region', async () => {
      const { code, key, first } = await scan({
        AWS_ACCESS_KEY_ID: 'ASIAENV',
        AWS_SECRET_ACCESS_KEY: 'wJalrEnv',
        AWS_SESSION_TOKEN: 'hidden-session',
        AWS_DEFAULT_REGION: 'eu-central-1',
      });
      assert.equal(code, 0);
      assert.equal(key, 'ASIAENV');
      assert.equal(first?.headers['x-amz-security-token'], 'hidden-session');
      assert.match(first?.headers.authorization ?? '', /\/eu-central-1\/s3/);
    });

    it('come from the profile that is named, and no other profile has a say', async () => {
      const config = place(
        '.aws/config',
        `[default]\nregion = eu-west-1\n[profile tool]\ncredential_process = touch ${marker()}\n[profile keys]\nregion = eu-north-1\n`,
      );
      const keys = place(
        '.aws/credentials',
        '[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = wJalrDefault\n[keys]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = wJalrProfile\n',
      );
      const files = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: keys };
      assert.equal((await scan(files)).key, 'AKIADEFAULT');
      bucket.requests.length = 0;
      assert.equal((await scan(files, '--profile', 'keys')).key, 'AKIAPROFILE');
      bucket.requests.length = 0;
      assert.equal((await scan({ ...files, AWS_PROFILE: 'keys' })).key, 'AKIAPROFILE');
      assert.equal(existsSync(marker()), false, 'a program of a profile that nobody named was run');
    });

    it('are not needed when the bucket is asked anonymously, and their absence is said', async () => {
      const anonymous = await scan({}, '--anonymous');
      assert.equal(anonymous.code, 0);
      assert.equal(anonymous.first?.headers.authorization, undefined);
      const none = await scan({});
      assert.equal(none.code, 2);
      assert.match(none.stderr, /no AWS credentials were found/);
    });
  });

  it('leave the report complete when one of several sources cannot be read', async () => {
    const { code, stdout, stderr } = await program.run(
      ['scan', 'hf:acme/private', 's3://models', '--anonymous', '--endpoint', bucket.origin, '--format', 'json'],
      { HF_ENDPOINT: hub.origin, HOME: program.folder },
    );
    assert.equal(code, 2);
    assert.match(stderr, /hf:acme\/private: there is no repository/);
    const report = JSON.parse(stdout) as {
      notScanned: { path: string; unreadable: boolean }[];
      sources: { label: string; error?: { kind: string } }[];
      artifacts: unknown[];
    };
    assert.equal(report.artifacts.length, 1);
    assert.deepEqual(report.sources[0]?.error?.kind, 'not-found');
    assert.ok(report.notScanned.some(({ path: name, unreadable }) => name === 'hf:acme/private' && unreadable));
    const never = await program.run(['scan', 'hf:acme/private', '--fail-on', 'never'], {
      HF_ENDPOINT: hub.origin,
      HOME: program.folder,
    });
    assert.equal(never.code, 2, 'nothing was scanned, whatever findings are worth');
  });
});
