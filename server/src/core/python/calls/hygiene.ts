/** Files and secrets that are made or unpacked carelessly. */
import { addArgument, always, type CallRule, type Check, isFalse } from './call';

const extractAll: Check = (call, names) => {
  if (call.keywords.has('filter') || call.keywords.has('members') || call.spread) return undefined;
  return {
    rule: 'archive-extraction',
    message: 'The archive is unpacked without a filter: before Python 3.14 it can write outside the folder.',
    ...addArgument(call, names, "filter='data'", "Add filter='data'", false),
  };
};

const weakHash: Check = (call, names) => {
  const subject = call.args[0];
  if (!subject || !/passw|passwd|pwd/i.test(names.source(subject)) || isFalse(call, 'usedforsecurity', names))
    return undefined;
  return {
    rule: 'weak-password-hash',
    message: `${call.path} hashes a password: it is made to be fast, so guesses are too.`,
  };
};

export const HYGIENE: readonly CallRule[] = [
  {
    pattern: /^tarfile\.(?:open|TarFile(?:\.open)?)\(\)\.extractall$/,
    last: ['extractall'],
    modules: ['tarfile'],
    check: extractAll,
  },
  {
    paths: ['tempfile.mktemp'],
    check: always('temporary-file', 'mktemp only makes up a name: somebody else can create the file first.'),
  },
  { paths: ['hashlib.md5', 'hashlib.sha1', 'hashlib.sha256', 'hashlib.sha512'], check: weakHash },
];
