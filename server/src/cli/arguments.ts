import { parseArgs } from 'node:util';
import type { Severity } from '../core/finding';

/** What was typed cannot be understood; the message says what was expected. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export type Threshold = Exclude<Severity, 'info'> | 'never';

/** Access to a remote target, as the seed's flags give it. Only ever held in memory. */
export interface TargetAccess {
  branch?: string;
  depth?: number;
  region?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  /** Folder of the remote source, when the target itself names none. */
  subfolder?: string;
  /** Address of an S3 store that is not Amazon's. */
  endpoint?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  profile?: string;
  requesterPays?: boolean;
  /** Read GitHub through its REST interface although git is installed. */
  withoutGit?: boolean;
  /** Fetch whole files instead of the parts that matter. */
  full?: boolean;
}

export interface ScanArguments {
  command: 'scan';
  targets: string[];
  access: TargetAccess;
  format?: (typeof FORMATS)[number];
  output?: string;
  reports?: string;
  failOn?: Threshold;
  config?: string;
  baseline?: string;
  jobs?: number;
  exclude: string[];
  minSeverity?: Severity;
  inlineSuppression: boolean;
  /** Exit code 0 although something could not be scanned in full. */
  allowIncomplete: boolean;
  timeoutSeconds?: number;
  quiet: boolean;
  color: boolean | undefined;
  /** What the seed's summary calls "Repository Type". */
  repositoryType?: string;
  /** Said on stderr before the scan: flags that were accepted and have no effect, secrets on the command line. */
  notes: string[];
}

export type Arguments =
  | ScanArguments
  | (Omit<ScanArguments, 'command'> & { command: 'baseline' })
  | { command: 'rules'; id?: string; json: boolean }
  | { command: 'help'; about?: string }
  | { command: 'version' };

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];
export const THRESHOLDS: readonly Threshold[] = ['critical', 'high', 'medium', 'low', 'never'];
/** `text` and the ids of `core/reports`, named here so that a wrong one is told at once. */
export const FORMATS = ['text', 'json', 'sarif', 'html', 'cyclonedx', 'csv', 'markdown'] as const;
const REPOSITORY_TYPES = ['github', 'huggingface', 's3', 'file', 'folder'];

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const SCAN_OPTIONS = {
  format: { ...text, short: 'f' },
  output: { ...text, short: 'o' },
  reports: text,
  'fail-on': text,
  config: { ...text, short: 'c' },
  baseline: text,
  jobs: { ...text, short: 'j' },
  exclude: { ...text, multiple: true },
  'min-severity': text,
  'no-inline-suppression': flag,
  'allow-incomplete': flag,
  timeout: text,
  quiet: { ...flag, short: 'q' },
  'no-color': flag,
  color: flag,
  help: { ...flag, short: 'h' },
  version: { ...flag, short: 'V' },
  ref: text,
  subfolder: text,
  full: flag,
  endpoint: text,
  'path-style': flag,
  anonymous: flag,
  profile: text,
  'requester-pays': flag,
  'no-git': flag,
  // The seed's watchtower.py.
  repo_type: text,
  repo_url: text,
  branch_name: text,
  depth: text,
  target_dir: text,
  bucket_name: text,
  region: text,
  aws_access_key_id: text,
  aws_secret_access_key: text,
  s3_downloads: text,
  path: text,
  scan_tf_model: flag,
  scan_tf_models: flag,
} as const;

const RULES_OPTIONS = { json: flag, help: { ...flag, short: 'h' } } as const;

/**
 * @param argv what follows the program's name
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h') return { command: 'help' };
  if (first === '--version' || first === '-V') return { command: 'version' };
  if (first === 'help') return { command: 'help', ...(rest[0] && { about: rest[0] }) };
  if (first === 'version') return { command: 'version' };
  if (first === 'rules') return parseRules(rest);
  if (first === 'scan' || first === 'baseline') return parseScan(first, rest);
  // The seed has one command and only flags: `watchtower --repo_type folder --path DIR`.
  if (/^--(repo_type|repo-type|repo_url|path)\b/.test(first)) return parseScan('scan', argv);
  throw new UsageError(`unknown command "${first}"; expected scan, baseline, rules or help`);
}

function parseRules(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv, RULES_OPTIONS);
  if (values.help) return { command: 'help', about: 'rules' };
  if (positionals.length > 1) throw new UsageError('rules takes at most one rule id');
  return { command: 'rules', json: values.json ?? false, ...(positionals[0] && { id: positionals[0] }) };
}

function parseScan(command: 'scan' | 'baseline', argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv.map(seedSpelling), SCAN_OPTIONS);
  if (values.help) return { command: 'help', about: command };
  if (values.version) return { command: 'version' };
  const seed = seedTarget(values);
  const notes: string[] = [];
  if (values.aws_secret_access_key) {
    notes.push(
      '--aws_secret_access_key shows in process lists and shell history; prefer AWS_SECRET_ACCESS_KEY or a profile',
    );
  }
  for (const name of ['target_dir', 's3_downloads'] as const) {
    if (values[name] !== undefined) notes.push(`--${name} has no effect: nothing is downloaded into a folder`);
  }
  if (values.scan_tf_model || values.scan_tf_models)
    notes.push('--scan_tf_models has no effect: these formats are always scanned');
  const shared = {
    targets: [...positionals, ...(seed ? [seed] : [])],
    access: {
      ...((values.ref ?? values.branch_name) !== undefined && { branch: values.ref ?? values.branch_name }),
      ...(values.subfolder !== undefined && { subfolder: values.subfolder }),
      ...(values.endpoint !== undefined && { endpoint: values.endpoint }),
      ...(values.profile !== undefined && { profile: values.profile }),
      ...(values['path-style'] && { pathStyle: true }),
      ...(values.anonymous && { anonymous: true }),
      ...(values['requester-pays'] && { requesterPays: true }),
      ...(values['no-git'] && { withoutGit: true }),
      ...(values.full && { full: true }),
      ...(values.depth !== undefined && { depth: positiveInteger('--depth', values.depth) }),
      ...(values.region !== undefined && { region: values.region }),
      ...(values.aws_access_key_id !== undefined && { accessKeyId: values.aws_access_key_id }),
      ...(values.aws_secret_access_key !== undefined && { secretAccessKey: values.aws_secret_access_key }),
    },
    ...(values.format !== undefined && { format: oneOf('--format', values.format, FORMATS) }),
    ...(values.output !== undefined && { output: values.output }),
    ...(values.reports !== undefined && { reports: values.reports }),
    ...(values['fail-on'] !== undefined && { failOn: oneOf('--fail-on', values['fail-on'], THRESHOLDS) }),
    ...(values.config !== undefined && { config: values.config }),
    ...(values.baseline !== undefined && { baseline: values.baseline }),
    ...(values.jobs !== undefined && { jobs: positiveInteger('--jobs', values.jobs) }),
    exclude: values.exclude ?? [],
    ...(values['min-severity'] !== undefined && {
      minSeverity: oneOf('--min-severity', values['min-severity'], SEVERITIES),
    }),
    inlineSuppression: !values['no-inline-suppression'],
    allowIncomplete: values['allow-incomplete'] ?? false,
    ...(values.timeout !== undefined && { timeoutSeconds: positiveInteger('--timeout', values.timeout) }),
    quiet: values.quiet ?? false,
    color: values['no-color'] ? false : values.color ? true : undefined,
    ...(values.repo_type !== undefined && { repositoryType: values.repo_type }),
    notes,
  };
  if (shared.targets.length === 0) shared.targets.push('.');
  if (shared.output === '') throw new UsageError('--output needs a file name');
  return { command, ...shared };
}

type Values<T extends Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>> = {
  [K in keyof T]?: T[K] extends { type: 'boolean' } ? boolean : T[K] extends { multiple: true } ? string[] : string;
};

function parse<T extends Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }>>(
  argv: readonly string[],
  options: T,
): { values: Values<T>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    return { values: values as Values<T>, positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replace(/\. To specify a positional argument.*$/s, ''));
  }
}

/** argparse took `--repo-type` and `--scan-tf-models` for the same flags. */
function seedSpelling(argument: string): string {
  const match = /^--([a-z0-9-]+)(=.*)?$/s.exec(argument);
  const underscored = match?.[1]?.replaceAll('-', '_');
  if (!match || !underscored?.includes('_') || (match[1] as string) in SCAN_OPTIONS) return argument;
  return underscored in SCAN_OPTIONS ? `--${underscored}${match[2] ?? ''}` : argument;
}

/** The target that the seed's flags describe, in the spelling of a TARGET. */
function seedTarget(values: Values<typeof SCAN_OPTIONS>): string | undefined {
  const type = values.repo_type?.toLowerCase();
  if (type !== undefined && !REPOSITORY_TYPES.includes(type)) {
    throw new UsageError(`unknown --repo_type "${values.repo_type}"; expected ${REPOSITORY_TYPES.join(', ')}`);
  }
  const need = (name: 'repo_url' | 'bucket_name' | 'path'): string => {
    const value = values[name];
    if (!value) throw new UsageError(`--repo_type ${type} needs --${name}`);
    return value;
  };
  switch (type) {
    case 'github':
      return need('repo_url');
    case 'huggingface':
      // A bare `owner/name` is the hub's; the seed cut longer addresses to it.
      return /^https?:\/\//.test(need('repo_url')) ? need('repo_url') : `hf:${need('repo_url')}`;
    case 's3':
      return `s3://${need('bucket_name')}`;
    case 'file':
    case 'folder':
      return need('path');
    default:
      return values.path ?? values.repo_url ?? (values.bucket_name && `s3://${values.bucket_name}`);
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value.toLowerCase());
  if (!found) throw new UsageError(`${name} takes ${allowed.join(', ')}, not "${value}"`);
  return found;
}

function positiveInteger(name: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`${name} takes a whole number above zero, not "${value}"`);
  return Number(value);
}
