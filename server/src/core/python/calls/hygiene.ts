/** Files and secrets that are made or unpacked carelessly. */
import { addArgument, always, argument, type CallRule, type Check, isFalse, isTrue } from './call';

const extractAll: Check = (call, names) => {
  const filter = call.keywords.get('filter');
  if (
    filter &&
    /^(?:tarfile\.)?fully_trusted(?:_filter)?$/.test(
      names.constant(filter.value) ?? names.value(filter.value).path ?? '',
    )
  )
    return {
      rule: 'archive-extraction',
      message: 'fully_trusted lets the archive write outside the folder.',
      fix: (fixes) => fixes.replace(filter.value.start, filter.value.end, "'data'", "Use filter='data'", true),
    };
  if (filter || call.keywords.has('members') || call.spread) return undefined;
  return {
    rule: 'archive-extraction',
    message: 'The archive is unpacked without a filter: before Python 3.14 it can write outside the folder.',
    ...addArgument(call, "filter='data'", "Add filter='data'", false),
  };
};

/** What comes out of an archive from the network is imported: whoever can change the archive runs code here. */
const unpacksModules: Check = (call, names, facts) =>
  facts.downloads.bringsModules(call.node, names)
    ? {
        rule: 'download-and-run',
        severity: 'medium',
        message:
          'Modules are imported from an archive that the program downloads, and nothing says that it is the one that was meant.',
      }
    : undefined;

/** shutil.unpack_archive hands `filter` to tarfile; other formats do not need it. */
const unpackArchive: Check = (call, names) => {
  const subject = argument(call, 0, 'filename');
  const text = subject && names.constant(subject);
  if (
    call.keywords.has('filter') ||
    call.spread ||
    text === undefined ||
    !/\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i.test(text)
  )
    return undefined;
  return {
    rule: 'archive-extraction',
    message: 'The archive is unpacked without a filter: before Python 3.14 it can write outside the folder.',
  };
};

const both =
  (first: Check, second: Check): Check =>
  (call, names, facts) =>
    first(call, names, facts) ?? second(call, names, facts);

const loosePermissions: Check = (call, names) => {
  const mode = argument(call, 1, 'mode');
  const text = mode && names.source(mode);
  return text !== undefined && /^0o?[0-7]?[0-7]{2}[2367]$/.test(text)
    ? { rule: 'loose-permissions', message: `${call.path} lets every user of the machine write the file.` }
    : undefined;
};

/** Entities from outside are off unless the parser is told otherwise. */
const xmlParser: Check = (call, names) =>
  isTrue(call, 'resolve_entities', names) || isFalse(call, 'no_network', names)
    ? {
        rule: 'xml-entities',
        message: 'The parser follows entities: a document can read files and addresses through it.',
      }
    : undefined;

/** What SAX calls resolving entities from outside. */
const saxFeature: Check = (call, names) => {
  const [feature, value] = call.args;
  const path = feature && (names.value(feature).path ?? names.constant(feature));
  return path !== undefined &&
    /(?:\.feature_external_[gp]es|\/features\/external-(?:general|parameter)-entities)$/.test(path) &&
    value &&
    /^(?:True|1)$/.test(names.literal(value))
    ? {
        rule: 'xml-entities',
        message: 'The parser follows entities: a document can read files and addresses through it.',
      }
    : undefined;
};

const weakHash: Check = (call, names) => {
  const named = call.path === 'hashlib.new';
  if (named && !/^(?:md5|sha1|sha256|sha512)$/.test((call.args[0] && names.constant(call.args[0])) ?? ''))
    return undefined;
  const subject = call.args[named ? 1 : 0];
  if (
    !subject ||
    !/passw|passwd|pwd|(?<![a-z\d])pw(?![a-z\d])/i.test(names.source(subject)) ||
    isFalse(call, 'usedforsecurity', names)
  )
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
    check: both(unpacksModules, extractAll),
  },
  { paths: ['shutil.unpack_archive'], check: both(unpacksModules, unpackArchive) },
  {
    pattern: /^zipfile\.(?:Py)?ZipFile\(\)\.extractall$/,
    last: ['extractall'],
    modules: ['zipfile'],
    check: unpacksModules,
  },
  { paths: ['os.chmod', 'os.fchmod'], check: loosePermissions },
  { methods: ['setFeature'], check: saxFeature },
  { paths: ['lxml.etree.XMLParser', 'lxml.etree.iterparse'], check: xmlParser },
  {
    paths: ['tempfile.mktemp', 'os.tempnam', 'os.tmpnam'],
    check: always('temporary-file', 'mktemp only makes up a name: somebody else can create the file first.'),
  },
  { paths: ['hashlib.md5', 'hashlib.sha1', 'hashlib.sha256', 'hashlib.sha512', 'hashlib.new'], check: weakHash },
];
