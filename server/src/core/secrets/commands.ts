/**
 * Passwords and tokens that commands get as arguments or from a pipe, by the options of each command (its manual page).
 */
import { judgeValue } from './judge';
import { headerValue, type StructuralHit } from './structures';

interface CommandForm {
  kind: 'password' | 'token';
  /** With the groups `quoted` or `bare` for the credential; `user` when it may only repeat it. */
  pattern: RegExp;
  /** True when the credential stands before the command, in what is piped into it. */
  piped?: boolean;
}

/** A value in quotes or without, of at least `least` characters. */
const value = (least: number) =>
  `(?:(?<quote>["'])(?<quoted>[^"'\\n]{${least},200})\\k<quote>|(?<bare>[^\\s"'\\\\,-][^\\s"'\\\\,]{${least - 1},2000}))`;
/** Between an option and its value: space or `=`, and in a list of arguments quotes and a comma. */
const GAP = `(?:[ \\t=]{1,4}|["'],[ \\t]{0,8}(?=["']))`;
const form = (kind: CommandForm['kind'], source: string): CommandForm => ({ kind, pattern: new RegExp(source, 'dg') });
const option = (kind: CommandForm['kind'], names: string, least = 3): CommandForm =>
  form(kind, `[\\s"'](?:${names})${GAP}${value(least)}`);

const ECHO = `(?:echo|printf)[ \\t]{1,4}(?:-\\w{1,3}[ \\t]{1,4})?`;
const PIPE = `(?:\\\\n)?["']?[ \\t]{0,4}\\|[ \\t]{0,4}(?:sudo[ \\t]{1,4})?(?:[\\w./-]{1,40}[ \\t]{1,4}){0,8}$`;
const PIPED_PAIR: CommandForm = {
  kind: 'password',
  piped: true,
  pattern: new RegExp(`${ECHO}["']?[\\w.-]{1,32}:(?<bare>[^\\s"'\\\\|]{3,100})${PIPE}`, 'dg'),
};
const PIPED_VALUE: CommandForm = {
  kind: 'password',
  piped: true,
  pattern: new RegExp(
    `${ECHO}(?:(?<quote>["'])(?<quoted>[^"'\\n]{4,200})\\k<quote>|(?<bare>[^\\s"'|\\\\-][^\\s"'|\\\\]{3,200}))${PIPE.replace('(?:[\\w./-]{1,40}[ \\t]{1,4}){0,8}', '(?:[\\w./-]{1,60}[ \\t]{1,4}){0,10}')}`,
    'dg',
  ),
};

/** `-u user:password` */
const USER_AND_PASSWORD: CommandForm = form(
  'password',
  `[\\s"'](?:-[a-zA-Z]{0,6}u|-U|--user|--proxy-user)(?:[ \\t=]{0,4}|["'],[ \\t]{0,8}(?=["']))(?:(?<quote>["'])(?<user>[^"'\\n:]{1,80}):(?<quoted>[^"'\\n]{3,200})\\k<quote>|[^\\s"':]{1,80}:(?:["'](?<inner>[^"'\\n]{3,200})["']|(?<bare>[^\\s"'\\\\]{3,200})))`,
);
const HEADER =
  /(?:-H|--header)[ \t=]{0,4}(["'])\s{0,4}(?:Authorization|Proxy-Authorization|X-[\w-]{0,30}(?:Key|Token|Auth)[\w-]{0,20}|PRIVATE-TOKEN|api-key|apikey)\s{0,4}:\s{0,4}/gi;

const LOGIN = form(
  'token',
  `\\b(?:login|auth)(?:[ \\t]+--?[\\w-]{1,20}(?:[ =](?!--?\\w)[^\\s"'-]{1,8}(?=\\s))?){0,4}[ \\t]+(?:--(?:token|key|api-key)[ =])?${value(16)}`,
);
const REGISTRY = [option('password', '-p|--password', 4)];
const FETCH = [USER_AND_PASSWORD, option('password', '--(?:proxy-)?(?:tls)?pass(?:word)?', 4)];
const LDAP = [option('password', '-w')];

/** Every command that is looked for, lower-case, with the places of its credentials. */
export const COMMANDS: ReadonlyMap<string, readonly CommandForm[]> = new Map<string, readonly CommandForm[]>([
  ['curl', FETCH],
  ['wget', FETCH],
  ['sshpass', [form('password', `[\\s"']-p(?:[ \\t]{0,4}|["'],[ \\t]{0,8}(?=["']))${value(3)}`)]],
  ['docker login', REGISTRY],
  ['podman login', REGISTRY],
  ['az login', REGISTRY],
  ['helm registry login', REGISTRY],
  [
    'mysql',
    [
      form(
        'password',
        `\\s-p(?:(?<quote>["'])(?<quoted>[^"'\\n]{4,200})\\k<quote>|(?<bare>[^\\s"'$-][^\\s"']{3,200}))(?=\\s)`,
      ),
    ],
  ],
  [
    'mysqldump',
    [
      form(
        'password',
        `\\s-p(?:(?<quote>["'])(?<quoted>[^"'\\n]{4,200})\\k<quote>|(?<bare>[^\\s"'$-][^\\s"']{3,200}))`,
      ),
    ],
  ],
  ['sqlcmd', [option('password', '-P')]],
  ['cqlsh', [option('password', '-p')]],
  ['twine upload', [option('password', '-p')]],
  ['sqlplus', [form('password', `\\s["']?[\\w$#]{1,40}/(?<bare>[^\\s"'/@]{4,100})@`)]],
  [
    '7z ',
    [
      form(
        'password',
        `\\s-p(?:(?<quote>["'])(?<quoted>[^"'\\n]{3,200})\\k<quote>|(?<bare>[^\\s"'$-][^\\s"']{2,200}))`,
      ),
    ],
  ],
  [
    'openssl',
    [form('password', `\\s-pass(?:in|out)?[ \\t]{1,4}["']?pass:(?<bare>[^\\s"']{4,200})`), option('password', '-k', 4)],
  ],
  ['lftp', [form('password', `\\s-u[ \\t]{1,4}["']?[\\w.@-]{1,80},(?<bare>[^\\s"']{3,200})`)]],
  ['mongoimport', [option('password', '-p')]],
  ['mongoexport', [option('password', '-p')]],
  ['redis-cli', [option('password', '-a|--pass')]],
  ['mongosh', [option('password', '-p')]],
  ['mongo -', [option('password', '-p')]],
  ['net use', [form('password', `[\\s/]user:[\\w.\\\\$-]{1,60}[ \\t]{1,4}${value(4)}`)]],
  ['psexec', [option('password', '-p')]],
  ['az sql', REGISTRY],
  ['xfreerdp', [form('password', `\\s/p:${value(4)}`)]],
  ['docker secret create', [PIPED_VALUE]],
  ['net user', [form('password', `^net user[ \\t]{1,4}[\\w.$-]{1,60}[ \\t]{1,4}${value(4)}(?=[ \\t]|$)`)]],
  ['mongodump', [option('password', '-p')]],
  ['mongorestore', [option('password', '-p')]],
  [
    'htpasswd',
    [
      form(
        'password',
        `\\s-[a-zA-Z]{0,5}b[a-zA-Z]{0,5}[ \\t]{1,4}(?:-[a-zA-Z]{1,6}[ \\t]{1,4}){0,4}(?:[^\\s"']{1,200}[ \\t]{1,4}){1,2}${value(3)}[ \\t]{0,4}$`,
      ),
    ],
  ],
  [
    'smbclient',
    [form('password', `[\\s"'](?:-U|--user)[ \\t=]{0,4}["']?[\\w.\\\\/@-]{1,80}%(?<bare>[^\\s"']{3,200})`)],
  ],
  ['ldapsearch', LDAP],
  ['ldapmodify', LDAP],
  ['ldapadd', LDAP],
  ['mosquitto_pub', [option('password', '-P')]],
  ['mosquitto_sub', [option('password', '-P')]],
  ['zip -p', [option('password', '-P')]],
  ['unzip -p', [option('password', '-P')]],
  ['convertto-securestring', [form('password', `^[\\w-]{22}[ \\t]{1,4}(?:-String[ \\t]{1,4})?${value(3)}`)]],
  ['gh secret set', [option('token', '--body|-b', 8)]],
  ['chpasswd', [PIPED_PAIR]],
  ['--password-stdin', [PIPED_VALUE]],
  ['sudo -s', [PIPED_VALUE]],
  ...[
    ...['wandb login', 'huggingface-cli login', 'hf auth login', 'replicate login', 'modal token set', 'dagshub login'],
    ...['comet login', 'neptune login', 'netlify login', 'railway login', 'snyk auth', 'vault login'],
  ].map((command) => [command, [LOGIN]] as const),
]);

const COMMAND_LIMIT = 1500;
const PIPE_LIMIT = 300;

/** End of the command line that begins at `at`, with its continuations. */
export function commandEnd(text: string, at: number): number {
  const limit = Math.min(text.length, at + COMMAND_LIMIT);
  for (let end = at; end < limit; ) {
    // Only as far as is read: the text may have no other line.
    const newline = end + text.slice(end, limit).indexOf('\n');
    if (newline < end) return limit;
    if (!/\\\s*$/.test(text.slice(Math.max(end, newline - 4), newline))) return newline;
    end = newline + 1;
  }
  return limit;
}

/** Credentials of the command line `[at, end)`, which begins with the name of `command`. */
export function commandCredentials(text: string, at: number, end: number, command: string): StructuralHit[] {
  const hits: StructuralHit[] = [];
  const add = (start: number, secret: string, kind: CommandForm['kind'], verbatim: boolean) => {
    const clean = secret.replace(/["']{1,4}$/, '');
    // A shell puts nothing into what stands in single quotes.
    if (/^\$|^\{|^%|^@|^<|`|\$[({]|^https?:|^\/\//.test(clean) || (!verbatim && /\$[A-Za-z]/.test(clean))) return;
    const verdict = judgeValue(clean, { kind, key: '', context: 'config' });
    if (verdict === 'none' || (kind === 'token' && clean.includes('/'))) return;
    hits.push({
      rule: 'command-line-credential',
      start,
      end: start + clean.length,
      secret: clean,
      verdict,
      what: `the command ${command}`,
    });
  };
  const line = text.slice(at, end);
  if (command === 'curl' || command === 'wget') {
    for (const match of line.matchAll(HEADER)) {
      const hit = headerValue(text, at + match.index + match[0].length);
      if (hit) hits.push(hit);
    }
  }
  for (const { kind, pattern, piped } of COMMANDS.get(command) ?? []) {
    const from = piped ? Math.max(text.lastIndexOf('\n', at - 1) + 1, at - PIPE_LIMIT) : at;
    for (const match of (piped ? text.slice(from, at) : line).matchAll(pattern)) {
      const groups = match.groups ?? {};
      const name = ['quoted', 'inner', 'bare'].find((group) => groups[group] !== undefined);
      const place =
        name &&
        (match as RegExpMatchArray & { indices: { groups: Record<string, [number, number]> } }).indices.groups[name];
      if (!name || !place || groups[name] === groups.user) continue;
      add(from + place[0], groups[name] as string, kind, groups.quote === "'");
    }
  }
  return hits;
}
