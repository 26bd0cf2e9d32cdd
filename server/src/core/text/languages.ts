import type { SegmentKind, SegmentLanguage } from './document';

export interface TextKind {
  language: SegmentLanguage;
  kind: SegmentKind;
}

const of = (language: SegmentLanguage, kind: SegmentKind): TextKind => ({ language, kind });

const GROUPS: readonly [TextKind, readonly string[]][] = [
  [of('python', 'code'), ['py', 'pyi', 'pyw', 'pyx', 'pxd', 'pth.py', 'bzl', 'ipy']],
  [of('shell', 'code'), ['sh', 'bash', 'zsh', 'ksh', 'fish', 'bat', 'cmd', 'ps1', 'psm1', 'sbatch', 'slurm', 'pbs']],
  [of('sql', 'code'), ['sql', 'hql', 'ddl', 'psql']],
  [
    of('plain', 'code'),
    [
      ...[
        'js',
        'mjs',
        'cjs',
        'jsx',
        'ts',
        'mts',
        'cts',
        'tsx',
        'vue',
        'svelte',
        'java',
        'kt',
        'kts',
        'scala',
        'groovy',
      ],
      ...['gradle', 'go', 'rs', 'rb', 'php', 'php3', 'phtml', 'pl', 'pm', 'r', 'rmd', 'rprofile', 'jl', 'lua', 'swift'],
      ...[
        'm',
        'mm',
        'c',
        'h',
        'cc',
        'cpp',
        'cxx',
        'hpp',
        'hh',
        'cs',
        'fs',
        'vb',
        'dart',
        'ex',
        'exs',
        'erl',
        'clj',
        'hs',
      ],
      ...[
        'cu',
        'cuh',
        'proto',
        'graphql',
        'do',
        'sas',
        'tf',
        'tfvars',
        'hcl',
        'nix',
        'cmake',
        'mk',
        'smk',
        'nf',
        'wdl',
      ],
      ...['css', 'scss', 'less', 'tex', 'bib', 'sty', 'jinja', 'j2', 'tmpl', 'tpl', 'mustache', 'ejs', 'diff', 'patch'],
    ],
  ],
  [
    of('json', 'config'),
    [
      'json',
      'jsonc',
      'json5',
      'jsonl',
      'ndjson',
      'geojson',
      'webmanifest',
      'har',
      'tfstate',
      'avsc',
      'dockercfg',
      'map',
    ],
  ],
  [of('yaml', 'config'), ['yaml', 'yml', 'cff', 'kubeconfig', 'dvc', 'clowder']],
  [of('toml', 'config'), ['toml']],
  [
    of('ini', 'config'),
    [
      ...['ini', 'cfg', 'conf', 'config', 'cnf', 'properties', 'props', 'desktop', 'service', 'reg', 'rc', 'pgpass'],
      ...['editorconfig', 'gitconfig', 'npmrc', 'pypirc', 'netrc', 'my.cnf', 'ovpn', 'wslconfig', 'tfrc', 'dist'],
    ],
  ],
  [of('env', 'config'), ['env', 'envrc', 'flaskenv', 'secrets', 'secret', 'credentials', 'htpasswd', 'pwd']],
  [
    of('xml', 'config'),
    ['xml', 'xsd', 'xsl', 'plist', 'csproj', 'vbproj', 'pom', 'resx', 'iml', 'svg', 'xaml', 'nuspec', 'pubxml', 'rdp'],
  ],
  [of('html', 'prose'), ['html', 'htm', 'xhtml', 'asp', 'aspx', 'jsp']],
  [of('csv', 'table'), ['csv', 'tsv', 'tab', 'psv']],
  [of('markdown', 'prose'), ['md', 'mdx', 'markdown', 'qmd', 'rmarkdown']],
  [
    of('plain', 'prose'),
    [
      ...[
        'txt',
        'text',
        'rst',
        'adoc',
        'org',
        'log',
        'out',
        'err',
        'eml',
        'po',
        'srt',
        'vtt',
        'asc',
        'pem',
        'key',
        'ppk',
      ],
      ...[
        'pub',
        'crt',
        'cer',
        'csr',
        'p8',
        'gpg',
        'age',
        'lock',
        'in',
        'nfo',
        'history',
        'example',
        'sample',
        'template',
      ],
      ...[
        'bak',
        'backup',
        'old',
        'orig',
        'swp',
        'tmp',
        'http',
        'rest',
        'curl',
        'postman',
        'bru',
        'arff',
        'libsvm',
        'dat',
      ],
    ],
  ],
  [of('dockerfile', 'code'), ['dockerfile', 'containerfile']],
];

const BY_EXTENSION = new Map<string, TextKind>(
  GROUPS.flatMap(([kind, extensions]) => extensions.map((extension) => [extension, kind] as const)),
);

/** Extensions (lower-case, with the dot) of the files that are text by their name. */
export const TEXT_EXTENSIONS: readonly string[] = [...BY_EXTENSION.keys()].map((extension) => `.${extension}`);

const BY_NAME: readonly [RegExp, TextKind][] = [
  [
    /^\.env(?:\.|$)|^\.?env\.(?:local|dev|prod|test)|^\.?secrets?$|^\.?credentials?$|^\.?htpasswd$|^shadow$/,
    of('env', 'config'),
  ],
  [/^(?:dockerfile|containerfile)(?:\.|$)|\.dockerfile$/, of('dockerfile', 'code')],
  [
    /^(?:makefile|gnumakefile|justfile|rakefile|gemfile|vagrantfile|jenkinsfile|procfile|snakefile|brewfile|podfile|caddyfile)$/,
    of('plain', 'code'),
  ],
  [
    /^\.(?:git-credentials|netrc|pgpass|my\.cnf|mylogin|s3cfg|boto|passwd-s3fs|gitconfig|npmrc|yarnrc|pypirc|condarc|curlrc|wgetrc|tern-project|remote-sync)$/,
    of('ini', 'config'),
  ],
  [
    /^_netrc$|^pip\.conf$|^config\.local$|^git-credentials$|^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$|^authorized_keys$|^known_hosts$/,
    of('ini', 'config'),
  ],
  [
    /^\.(?:bash|zsh|sh|python|psql|mysql|sqlite|rediscli|node_repl|irb|r)_?history$|^\.(?:bashrc|bash_profile|bash_aliases|zshrc|zshenv|zprofile|profile|login|cshrc|tcshrc|kshrc)$/,
    of('shell', 'code'),
  ],
  [/^\.dockercfg$|^\.dockerconfigjson$|^\.babelrc$|^\.eslintrc$|^kaggle\.json$/, of('json', 'config')],
  [/^kubeconfig$|^\.condarc$|^mlmodel$|^\.pre-commit-config/, of('yaml', 'config')],
  [
    /^(?:requirements|constraints)[\w.-]*\.(?:txt|in|pip)$|^[\w.-]*requirements\.(?:txt|in)$/,
    of('requirements', 'config'),
  ],
  [/^pipfile$|^poetry\.lock$|^uv\.lock$|^pdm\.lock$|^cargo\.lock$|^pylock(?:\.[\w-]+)?\.toml$/, of('toml', 'config')],
  [/^pipfile\.lock$|^composer\.lock$/, of('json', 'config')],
  [
    /^(?:readme|license|licence|copying|notice|authors|contributors|changelog|changes|todo|install|news|version)$/,
    of('plain', 'prose'),
  ],
  [
    /^\.(?:gitignore|gitattributes|dockerignore|npmignore|gitmodules|mailmap|hgignore|watchtowerignore)$/,
    of('plain', 'config'),
  ],
];

/**
 * What a file is by its lower-case base name.
 * @returns undefined when the name does not say that the file is text
 */
export function textKindByName(name: string): TextKind | undefined {
  for (const [pattern, kind] of BY_NAME) if (pattern.test(name)) return kind;
  const [, inner, outer] = /(?:\.([^.]+))?\.([^.]+)$/.exec(name) ?? [];
  const kind = outer === undefined ? undefined : BY_EXTENSION.get(outer);
  if (kind?.language !== 'plain' || kind.kind !== 'prose' || inner === undefined) return kind;
  // `config.yaml.bak` and `settings.py.example` are what the inner extension says.
  return BY_EXTENSION.get(inner) ?? kind;
}

const PLAIN: TextKind = of('plain', 'prose');

/** The language of a text whose name says nothing, by its first line. */
export function textKindByContent(text: string): TextKind {
  const head = text.slice(0, 200);
  const shebang = /^#!.{0,80}?\b(python|ipython|bash|zsh|sh|node|perl|ruby|Rscript)/.exec(head);
  if (shebang) {
    if (shebang[1]?.includes('python')) return of('python', 'code');
    return /sh$/.test(shebang[1] ?? '') ? of('shell', 'code') : of('plain', 'code');
  }
  if (/^\s*<\?xml/.test(head)) return of('xml', 'config');
  if (/^\s*<!doctype html|^\s*<html/i.test(head)) return of('html', 'prose');
  if (/^\s*[[{]\s*["{[]/.test(head)) return of('json', 'config');
  return PLAIN;
}

/** Manifests and lock files of packages, by lower-case base name. */
export function isDependencyManifest(name: string): boolean {
  return (
    /^(?:requirements|constraints)[\w.-]*\.(?:txt|in|pip)$|^[\w.-]*requirements\.(?:txt|in)$/.test(name) ||
    /^(?:pyproject\.toml|setup\.cfg|pipfile|pipfile\.lock|poetry\.lock|uv\.lock|pdm\.lock|pylock(?:\.[\w-]+)?\.toml)$/.test(
      name,
    ) ||
    /^(?:environment|conda)[\w.-]*\.ya?ml$|^conda-lock\.yml$|^meta\.ya?ml$/.test(name)
  );
}

/** Lock files hold hashes and resolved addresses: long random strings that are no secrets. */
export function isLockFile(name: string): boolean {
  return (
    /^(?:package-lock|npm-shrinkwrap|composer|project\.assets|packages\.lock)\.(?:json|lock)$/.test(name) ||
    /(?:^|[.-])lock(?:\.(?:json|ya?ml|toml|txt|hcl))?$|\.lock$|^go\.sum$|^pnpm-lock\.yaml$|^conda-lock\.yml$|^pylock(?:\.[\w-]+)?\.toml$/.test(
      name,
    )
  );
}

/** Language of an editor's language id, or of a kernel. */
export function languageById(id: string): SegmentLanguage {
  switch (id.toLowerCase()) {
    case 'python':
    case 'ipython':
    case 'python3':
      return 'python';
    case 'shellscript':
    case 'bash':
    case 'sh':
    case 'shell':
      return 'shell';
    case 'sql':
      return 'sql';
    case 'markdown':
      return 'markdown';
    case 'json':
    case 'jsonc':
      return 'json';
    case 'yaml':
      return 'yaml';
    case 'toml':
      return 'toml';
    case 'html':
      return 'html';
    case 'xml':
      return 'xml';
    case 'dockerfile':
      return 'dockerfile';
    default:
      return 'plain';
  }
}
