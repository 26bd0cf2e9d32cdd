import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PACKAGES = [
  'swift',
  'swift-proxy',
  'swift-account',
  'swift-container',
  'swift-object',
  'python3-swiftclient',
  'memcached',
];
const PORTS = { proxy: 18_080, object: 16_200, container: 16_201, account: 16_202, memcached: 11_299 } as const;

/**
 * OpenStack Swift with its S3 API, as Debian has it: an S3 store that really checks signatures, written by others.
 * Runs in mount and process namespaces of its own, on loopback ports, with its data in a temporary folder.
 */
export class Swift {
  readonly endpoint = `http://127.0.0.1:${PORTS.proxy}`;
  readonly key = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };
  readonly stranger = { accessKeyId: 'test2:other', secretAccessKey: 'other' };
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'watchtower-test-swift-'));
  #process: ChildProcess | undefined;

  /** @returns why it cannot be used here, or undefined */
  static unavailable(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'OpenStack Swift needs root on Linux';
    if (existsSync('/usr/bin/swift-proxy-server') && existsSync('/usr/bin/memcached')) return undefined;
    if (!existsSync('/usr/bin/apt-get')) return 'OpenStack Swift is not installed and there is no apt-get';
    if (!process.env.CI && !process.env.WATCHTOWER_TEST_INSTALL) {
      return 'OpenStack Swift is not installed (WATCHTOWER_TEST_INSTALL=1 installs it with apt-get)';
    }
    const apt = (...args: string[]) =>
      execFileSync('apt-get', args, {
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 300_000,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    try {
      // A fresh machine has no lists of packages, or old ones.
      apt('update', '-qq');
      apt('install', '-y', '-qq', '--no-install-recommends', ...PACKAGES);
      return undefined;
    } catch (error) {
      const said = String((error as { stderr?: unknown }).stderr ?? '')
        .trim()
        .split('\n')
        .pop();
      return `OpenStack Swift could not be installed with apt-get${said ? ` (${said.slice(0, 200)})` : ''}`;
    }
  }

  async start(): Promise<void> {
    const config = path.join(this.#folder, 'etc');
    const data = path.join(this.#folder, 'data');
    const cache = path.join(this.#folder, 'cache');
    for (const folder of [config, path.join(data, 'sdb1'), cache]) mkdirSync(folder, { recursive: true });
    const write = (name: string, text: string) => writeFileSync(path.join(config, name), text);
    write(
      'swift.conf',
      '[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n[storage-policy:0]\nname = Policy-0\ndefault = yes\n',
    );
    for (const kind of ['account', 'container', 'object'] as const) {
      write(
        `${kind}-server.conf`,
        `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${PORTS[kind]}\nuser = root\ndevices = ${data}\nmount_check = false\nworkers = 0\nswift_dir = /etc/swift\n` +
          `[pipeline:main]\npipeline = ${kind}-server\n[app:${kind}-server]\nuse = egg:swift#${kind}\nrecon_cache_path = ${cache}\n`,
      );
      const builder = path.join(config, `${kind}.builder`);
      execFileSync('swift-ring-builder', [builder, 'create', '6', '1', '1'], { stdio: 'ignore' });
      execFileSync('swift-ring-builder', [builder, 'add', `r1z1-127.0.0.1:${PORTS[kind]}/sdb1`, '1'], {
        stdio: 'ignore',
      });
      execFileSync('swift-ring-builder', [builder, 'rebalance'], { stdio: 'ignore' });
    }
    write(
      'proxy-server.conf',
      `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${PORTS.proxy}\nuser = root\nworkers = 0\nswift_dir = /etc/swift\n` +
        '[pipeline:main]\npipeline = catch_errors cache listing_formats s3api tempauth copy slo dlo proxy-server\n' +
        '[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n' +
        '[filter:catch_errors]\nuse = egg:swift#catch_errors\n' +
        `[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:${PORTS.memcached}\n` +
        '[filter:listing_formats]\nuse = egg:swift#listing_formats\n' +
        '[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\ns3_acl = false\nallow_no_owner = false\n' +
        '[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\nuser_test2_other = other .admin\n' +
        '[filter:copy]\nuse = egg:swift#copy\n[filter:slo]\nuse = egg:swift#slo\n[filter:dlo]\nuse = egg:swift#dlo\n',
    );
    mkdirSync('/etc/swift', { recursive: true });
    const script =
      `mount --bind "${config}" /etc/swift || exit 1\n` +
      `memcached -u root -l 127.0.0.1 -p ${PORTS.memcached} &\n` +
      ['account', 'container', 'object', 'proxy']
        .map((kind) => `swift-${kind}-server /etc/swift/${kind}-server.conf &`)
        .join('\n') +
      '\nwait\n';
    this.#process = spawn('unshare', ['-m', '-p', '--fork', '--kill-child', 'sh', '-c', script], {
      stdio: 'ignore',
    });
    for (const port of Object.values(PORTS)) await reachable(port);
  }

  stop(): void {
    // The servers leave their process group; with the first process of their namespace all of them end.
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing listens on port ${port}`);
}
