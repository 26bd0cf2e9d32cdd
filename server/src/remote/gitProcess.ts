/** Runs the user's git so that nothing in a repository, a configuration or an address can make it run something else. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BudgetExceeded } from '../core/budget';
import { GitFailed, type GitObjects, type GitRun, type GitRunner } from '../core/sources/environment';
import { concatenate } from '../core/sources/http';

const MOST_OUTPUT = 256 * 2 ** 20;
const MOST_ERROR_TEXT = 16 * 1024;
const DISK_CHECK_MS = 150;

/** No shell, hook, filter, helper, link, submodule or transport but https. Checked against a repository that plants them all. */
const HARDENED = [
  'core.hooksPath=/dev/null',
  'core.symlinks=false',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.askPass=',
  'core.sshCommand=false',
  'core.gitProxy=',
  'protocol.allow=never',
  'protocol.https.allow=always',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'fetch.writeCommitGraph=false',
  'credential.helper=',
  'credential.interactive=false',
  'filter.lfs.smudge=',
  'filter.lfs.process=',
  'filter.lfs.required=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
  'http.cookieFile=',
  'http.saveCookies=false',
  'safe.bareRepository=all',
] as const;

/** Variables of the environment that git needs to reach the network and to be found. */
const PASSED = [
  'PATH',
  'Path',
  'SystemRoot',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_EXEC_PATH',
] as const;

/**
 * Finds git in the absolute folders of PATH. A name alone would be looked for in the current folder first on Windows,
 * which can be the scanned one.
 * @returns undefined when there is none
 */
export function findGit(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const names = process.platform === 'win32' ? ['git.exe'] : ['git'];
  for (const folder of (env.PATH ?? env.Path ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const name of names) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // The next folder may have it.
      }
    }
  }
  return undefined;
}

const running = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of running) end(child);
});

/** Ends git and what it has started: a group of their own on POSIX, the tree elsewhere. */
function end(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32')
      execFileSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

export class GitProcess implements GitRunner {
  constructor(
    private readonly program: string,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  async run(options: GitRun): Promise<{ stdout: Uint8Array }> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.stream(options)) {
      size += piece.length;
      if (size > MOST_OUTPUT) throw new BudgetExceeded('memory', 'the listing of the repository is too large');
      pieces.push(piece);
    }
    return { stdout: concatenate(pieces, size) };
  }

  async *stream(options: GitRun): AsyncIterable<Uint8Array> {
    const { signal, stdin, diskLimit, cwd } = options;
    signal?.throwIfAborted();
    const child = this.#start(options);
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      said = (said + text).slice(-MOST_ERROR_TEXT);
    });
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('close', (code) => resolve(code));
      child.once('error', reject);
    });
    closed.catch(() => undefined);
    const abort = () => end(child);
    signal?.addEventListener('abort', abort, { once: true });
    let overLimit = false;
    const watch =
      diskLimit === undefined
        ? undefined
        : watchDisk(cwd, diskLimit, () => {
            overLimit = true;
            end(child);
          });
    // git may end before it has read everything; what it says then is in its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
    let finished = false;
    try {
      for await (const piece of child.stdout) yield piece as Uint8Array;
      const code = await closed;
      finished = true;
      signal?.throwIfAborted();
      if (overLimit)
        throw new BudgetExceeded('read', `more than ${diskLimit} bytes of the repository would be transferred`);
      if (code !== 0) throw new GitFailed(code, said);
    } finally {
      watch?.();
      signal?.removeEventListener('abort', abort);
      if (!finished) end(child);
    }
  }

  objects(cwd: string): GitObjects {
    const child = this.#start({ args: ['cat-file', '--batch'], cwd });
    child.stderr.resume();
    child.stdin.on('error', () => undefined);
    const reader = new ObjectReader(child);
    let queue: Promise<unknown> = Promise.resolve();
    return {
      read: (oid, limit) => {
        const answer = queue.then(() => reader.read(oid, limit));
        queue = answer.catch(() => undefined);
        return answer;
      },
      close: () => end(child),
    };
  }

  #start({ args, cwd, authorization, allowHttp }: GitRun): ChildProcessWithoutNullStreams {
    const env: Record<string, string> = {
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_LITERAL_PATHSPECS: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_ASKPASS: '',
      SSH_ASKPASS: '',
      GIT_ALLOW_PROTOCOL: allowHttp ? 'https:http' : 'https',
      // No .netrc, no other file of the user: credentials come from the scan or not at all.
      HOME: cwd,
      XDG_CONFIG_HOME: cwd,
      LC_ALL: 'C',
      LANGUAGE: '',
    };
    for (const name of PASSED) {
      const value = this.env[name];
      if (value !== undefined) env[name] = value;
    }
    if (authorization) {
      // Not in the arguments, which every user of the machine can read.
      env.GIT_CONFIG_COUNT = '1';
      env.GIT_CONFIG_KEY_0 = `http.${authorization.origin}/.extraHeader`;
      env.GIT_CONFIG_VALUE_0 = `Authorization: ${authorization.header}`;
    }
    const settings = [
      ...HARDENED,
      // The header above would go along to wherever a redirect leads.
      `http.followRedirects=${authorization ? 'false' : 'initial'}`,
      ...(allowHttp ? ['protocol.http.allow=always'] : []),
    ].flatMap((setting) => ['-c', setting]);
    const child = spawn(this.program, [...settings, ...args], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    child.once('error', () => running.delete(child));
    return child;
  }
}

function watchDisk(folder: string, limit: number, exceeded: () => void): () => void {
  const packs = path.join(folder, 'objects', 'pack');
  let before: number | undefined;
  const timer = setInterval(() => {
    void sizeOf(packs).then((size) => {
      before ??= size;
      if (size - before > limit) exceeded();
    });
  }, DISK_CHECK_MS);
  void sizeOf(packs).then((size) => {
    before ??= size;
  });
  return () => clearInterval(timer);
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        (s) => s.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Reads the answers of `git cat-file --batch`: a line with type and size, the bytes, a line feed. */
class ObjectReader {
  readonly #stream: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.#stream = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async read(oid: string, limit: number): Promise<{ size: number; bytes: Uint8Array | undefined } | undefined> {
    if (!/^[0-9a-f]{40,64}$/.test(oid)) return undefined;
    this.child.stdin.write(`${oid}\n`);
    const head = await this.#line();
    const size = Number(/^[0-9a-f]+ \w+ (\d+)$/.exec(head)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(size)) return undefined;
    const kept = size <= limit ? new Uint8Array(size) : undefined;
    for (let at = 0; at < size + 1; ) {
      if (this.#rest.length === 0) await this.#more();
      const piece = this.#rest.subarray(0, size + 1 - at);
      kept?.set(piece.subarray(0, Math.min(piece.length, size - at)), at);
      at += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return { size, bytes: kept };
  }

  async #line(): Promise<string> {
    let line = '';
    for (;;) {
      const end = this.#rest.indexOf(10);
      const piece = end < 0 ? this.#rest : this.#rest.subarray(0, end);
      line += new TextDecoder().decode(piece);
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (line.length > 4096) throw new GitFailed(null, 'unexpected answer of cat-file');
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const next = await this.#stream.next();
    if (next.done) throw new GitFailed(this.child.exitCode, 'cat-file ended');
    this.#rest = next.value;
  }
}
