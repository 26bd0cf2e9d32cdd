/** Bandit's checks, as its `nosec` comments and Ruff's `noqa` name them, and what they are called here. */

interface Check {
  /** `B301`; the same number stands behind `S` in Ruff. */
  readonly number: number;
  /** The name that `nosec` takes too (https://bandit.readthedocs.io/en/latest/plugins/, blacklists). */
  readonly name: string;
  readonly rules: readonly string[];
}

const check = (number: number, name: string, ...rules: string[]): Check => ({ number, name, rules });

const SHELL = ['python/shell-injection', 'python/download-and-run', 'python/runtime-install'];

const CHECKS: readonly Check[] = [
  check(102, 'exec_used', 'python/dynamic-code'),
  check(103, 'set_bad_file_permissions', 'python/loose-permissions'),
  check(104, 'hardcoded_bind_all_interfaces', 'python/bind-all-interfaces'),
  check(105, 'hardcoded_password_string', 'secret/*'),
  check(106, 'hardcoded_password_funcarg', 'secret/*'),
  check(107, 'hardcoded_password_default', 'secret/*'),
  check(201, 'flask_debug_true', 'python/debug-server'),
  check(202, 'tarfile_unsafe_members', 'python/archive-extraction'),
  check(301, 'pickle', 'python/pickle-load'),
  check(302, 'marshal', 'python/pickle-load'),
  check(303, 'md5', 'python/weak-password-hash'),
  check(306, 'mktemp_q', 'python/temporary-file'),
  check(307, 'eval', 'python/dynamic-code'),
  check(310, 'urllib_urlopen', 'python/insecure-download'),
  check(311, 'random', 'python/predictable-secret'),
  check(320, 'xml_bad_etree', 'python/xml-entities'),
  check(323, 'unverified_context', 'python/tls-verification-disabled'),
  check(324, 'hashlib', 'python/weak-password-hash'),
  check(501, 'request_with_no_cert_validation', 'python/tls-verification-disabled'),
  check(506, 'yaml_load', 'python/yaml-load'),
  check(507, 'ssh_no_host_key_verification', 'python/ssh-host-key'),
  check(602, 'subprocess_popen_with_shell_equals_true', ...SHELL),
  check(603, 'subprocess_without_shell_equals_true', ...SHELL),
  check(604, 'any_other_function_with_shell_equals_true', ...SHELL),
  check(605, 'start_process_with_a_shell', ...SHELL),
  check(606, 'start_process_with_no_shell', ...SHELL),
  check(608, 'hardcoded_sql_expressions', 'python/sql-injection'),
  check(614, 'pytorch_load', 'python/torch-load'),
  check(615, 'huggingface_unsafe_download', 'python/unpinned-revision', 'python/trust-remote-code'),
  check(701, 'jinja2_autoescape_false', 'python/template-injection'),
];

const BY_NUMBER = new Map(CHECKS.map(({ number, rules }) => [number, rules]));
const NUMBER_OF = new Map(CHECKS.map(({ name, number }) => [name, number]));

/** What the checks of these numbers are called here. */
export const rulesOfChecks = (numbers: readonly number[]): string[] =>
  numbers.flatMap((number) => BY_NUMBER.get(number) ?? []);

const TEST = /^(?:B(\d{3})|[a-z][a-z\d]{0,60}(?:_[a-z\d]{1,60}){0,12})$/i;

/**
 * Numbers of the checks that a `nosec` comment names.
 * @param list what stands behind `nosec`, up to the next `#`
 * @returns undefined when it names none: then it means them all, as in Bandit, which takes no notice of other words
 */
export function checksOf(list: string): number[] | undefined {
  const found: number[] = [];
  for (const word of list.split(/[\s,]+/)) {
    const number = TEST.exec(word)?.[1];
    if (number !== undefined) found.push(Number(number));
    else {
      const named = NUMBER_OF.get(word.toLowerCase());
      if (named !== undefined) found.push(named);
    }
  }
  return found.length > 0 ? found : undefined;
}
