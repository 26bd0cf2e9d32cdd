import { defineRules } from '../rule';

const TRAVERSAL = {
  cwe: ['CWE-22', 'CWE-23', 'CWE-36'],
  owasp: ['A01:2021', 'LLM03:2025', 'ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  nist: ['MAP 4.1', 'MEASURE 2.7'],
} as const;

const DIVERGENCE = {
  cwe: ['CWE-436', 'CWE-693'],
  owasp: ['A08:2021', 'LLM03:2025', 'ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0074'],
  nist: ['MAP 4.1', 'MEASURE 2.7'],
} as const;

const UNPACK =
  'Do not unpack the archive. Obtain it from a source you trust, or list it and unpack single members by name.';
const REPACK = 'Unpack it in a sandbox and pack it again with an ordinary tool, or obtain it from its publisher.';

export const ARCHIVE_RULES = defineRules('archive', {
  'path-traversal': {
    title: 'Member would be written outside the target folder',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A member of the archive has an absolute path, a drive or network path, or leaves the folder through `..`. A loader or tool that unpacks it by name overwrites files elsewhere, which can run code later.',
    remediation: UNPACK,
    references: { ...TRAVERSAL, see: ['CVE-2007-4559', 'CVE-2023-48299', 'CVE-2025-23360'] },
  },
  'link-escape': {
    title: 'Link that leaves the archive',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A symbolic or hard link in the archive points outside the folder it is unpacked to. Whatever reads the member reads, and whatever writes it overwrites, the file it points to.',
    remediation: UNPACK,
    references: { ...TRAVERSAL, cwe: ['CWE-59', 'CWE-61', 'CWE-22'], see: ['CVE-2007-4559', 'CVE-2024-12718'] },
  },
  'write-through-link': {
    title: 'Member is written through a link',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'The archive first makes a link and then has a member whose path goes through it, so that unpacking writes to where the link points.',
    remediation: UNPACK,
    references: { ...TRAVERSAL, cwe: ['CWE-59', 'CWE-61', 'CWE-22'] },
  },
  'special-file': {
    title: 'Device or pipe in an archive',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The archive makes a device node or a named pipe when it is unpacked; no model needs one.',
    remediation: UNPACK,
    references: { ...TRAVERSAL, cwe: ['CWE-67', 'CWE-22'] },
  },
  'decompression-bomb': {
    title: 'Decompression bomb',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The content decompresses to many times its size, or the members share their bytes, so that loading it can exhaust memory or disk.',
    remediation: 'Do not load or unpack it without a limit on memory and disk.',
    references: {
      cwe: ['CWE-409', 'CWE-400'],
      owasp: ['LLM10:2025', 'ML06:2023'],
      atlas: ['AML.T0029', 'AML.T0010'],
      nist: ['MEASURE 2.7'],
    },
  },
  'duplicate-member': {
    title: 'Two members of one name',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      "Several members of the archive have the same name (or names that differ only in case). torch loads the first, Python's zipfile gives the last, so a scanner and the loader can see different content.",
    remediation: REPACK,
    references: DIVERGENCE,
  },
  'header-mismatch': {
    title: 'Headers of a member contradict each other',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The local header of a member and its record in the central directory differ in name, size, method or flags. Loaders go by one or the other, so tools and loaders see different content, and some scanners stop with an error.',
    remediation: REPACK,
    references: { ...DIVERGENCE, see: ['CVE-2025-1944', 'CVE-2025-1945'] },
  },
  'unreadable-flags': {
    title: 'Header values that only stop a scanner',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The header claims a version, an encryption or a patch format that the content does not have, or a wrong checksum. Some loaders ignore it, while tools that check it refuse the member and do not look inside.',
    remediation: REPACK,
    references: { ...DIVERGENCE, see: ['CVE-2025-1945', 'CVE-2025-10156'] },
  },
  'ambiguous-directory': {
    title: 'The table of contents is ambiguous',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The archive has several plausible directories, or its end record does not fit its directory. Readers disagree on which members there are.',
    remediation: REPACK,
    references: DIVERGENCE,
  },
  'hidden-data': {
    title: 'Data outside the members',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'There are bytes before the first member, between members or behind the end that no directory lists. Such a file is read as something else by another loader, or carries a payload past scanners.',
    remediation: REPACK,
    references: { ...DIVERGENCE, cwe: ['CWE-436', 'CWE-434'] },
  },
  'deceptive-name': {
    title: 'Deceptive member name',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The name of a member contains a NUL byte, or gives another name in a second encoding, so that readers use different names.',
    remediation: REPACK,
    references: { ...DIVERGENCE, cwe: ['CWE-158', 'CWE-436'] },
  },
});
