/** How the languages of an editor comment on a line, and where that would change what the text means. */

/** A comment that can stand behind a line, or one that needs a line of its own above. */
export interface CommentSyntax {
  readonly open: string;
  readonly close?: string;
  readonly place: 'end' | 'above';
  /** Whether the end of a line, or the place above it, lies within something where a comment is text. */
  readonly within?: (lines: readonly string[], line: number) => boolean;
}

const of = (syntax: CommentSyntax, ...languages: string[]): Record<string, CommentSyntax> =>
  Object.fromEntries(languages.map((language) => [language, syntax]));

/** An odd number of marks up to and with a line: it ends within a text of several lines. */
const within =
  (...marks: RegExp[]) =>
  (lines: readonly string[], line: number): boolean => {
    const before = lines.slice(0, line + 1).join('\n');
    return marks.some((mark) => [...before.matchAll(mark)].length % 2 === 1);
  };

const HASH = { open: '#', place: 'end' } as const;

/** By the editor's language ids. Those without comments (JSON, CSV) are not listed, nor those where a line does not tell. */
const BY_LANGUAGE: Readonly<Record<string, CommentSyntax>> = {
  ...of(HASH, 'python', 'pip-requirements', 'r', 'julia', 'coffeescript'),
  ...of({ ...HASH, within: inBlockScalar }, 'yaml', 'dockercompose', 'github-actions-workflow'),
  ...of({ ...HASH, within: within(/"""/g, /'''/g) }, 'toml'),
  ...of({ ...HASH, within: inShellText }, 'shellscript', 'perl', 'ruby', 'powershell', 'terraform'),
  // In these a sign behind a value is a part of it, or of the command.
  ...of({ open: '#', place: 'above', within: inShellText }, 'dotenv', 'dockerfile', 'makefile', 'properties', 'ignore'),
  ...of({ open: ';', place: 'above' }, 'ini'),
  ...of(
    { open: '//', place: 'end', within: within(/`/g) },
    ...['javascript', 'typescript', 'jsonc', 'json5', 'c', 'cpp', 'cuda-cpp', 'csharp', 'java', 'go', 'rust', 'scala'],
    ...['swift', 'kotlin', 'groovy', 'php', 'dart'],
  ),
  ...of({ open: '--', place: 'end' }, 'sql', 'lua', 'haskell'),
  ...of({ open: '<!--', close: '-->', place: 'end', within: inTag }, 'html', 'xml'),
};

/** Files that VS Code calls plain text or something else, but whose name says more. */
const BY_NAME: readonly [RegExp, string][] = [
  [
    /(?:^|\/)(?:requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt|[^/]*requirements\.(?:txt|in))$/i,
    'pip-requirements',
  ],
  [/(?:^|\/)(?:\.env[^/]*|[^/]*\.env)$/i, 'dotenv'],
  [/(?:^|\/)(?:\.netrc|_netrc|\.pypirc|pip\.conf)$/i, 'dotenv'],
  [/(?:^|\/)Pipfile$/, 'toml'],
  [/(?:^|\/)(?:Dockerfile|Containerfile)[^/]*$/i, 'dockerfile'],
];

/** Languages of the bodies of IPython's cell magics and of blocks of code in Markdown, by their name there. */
const BY_ALIAS: Readonly<Record<string, string>> = {
  ...{ python: 'python', python3: 'python', py: 'python', ipython: 'python' },
  ...{ bash: 'shellscript', sh: 'shellscript', shell: 'shellscript', zsh: 'shellscript', script: 'shellscript' },
  ...{ sql: 'sql', bigquery: 'sql', yaml: 'yaml', yml: 'yaml', toml: 'toml', ini: 'ini', r: 'r', julia: 'julia' },
  ...{ javascript: 'javascript', js: 'javascript', typescript: 'typescript', ts: 'typescript' },
  ...{ html: 'html', xml: 'xml', dockerfile: 'dockerfile', perl: 'perl', ruby: 'ruby', java: 'java', go: 'go' },
};

/** Cell magics behind which there is Python. */
const PYTHON_MAGICS = /^(?:time|timeit|capture|prun|python3?|debug|skip|memit|wandb)$/;

/**
 * How a comment is written at a line.
 * @param line 0-based
 * @param uri of the document, whose name may say what its language does not
 * @returns undefined where none can stand
 */
export function commentSyntaxAt(
  lines: readonly string[],
  line: number,
  languageId: string,
  uri: string,
): CommentSyntax | undefined {
  const syntax = languageId === 'markdown' ? markdownSyntax(lines, line) : codeSyntax(lines, line, languageId, uri);
  if (!syntax) return undefined;
  const before = syntax.place === 'above' ? line - 1 : line;
  return syntax.within?.(lines, before) || continues(lines[before]) ? undefined : syntax;
}

/** The line goes on behind a backslash, where a comment would end it. */
const continues = (line: string | undefined): boolean => line !== undefined && /\\\s*$/.test(line);

function codeSyntax(
  lines: readonly string[],
  line: number,
  languageId: string,
  uri: string,
): CommentSyntax | undefined {
  const name = BY_NAME.find(([pattern]) => pattern.test(uri))?.[1];
  if (name) return BY_LANGUAGE[name];
  if (languageId !== 'python') return BY_LANGUAGE[languageId];
  const magic = /^\s*%%(\w+)/.exec(lines.find((one) => one.trim() !== '') ?? '')?.[1];
  if (magic !== undefined && !PYTHON_MAGICS.test(magic)) {
    const language = BY_ALIAS[magic];
    return language === undefined || /^\s*%%/.test(lines[line] as string) ? undefined : BY_LANGUAGE[language];
  }
  // `%env NAME=value # text` gives the variable the text too.
  if (/^\s*%/.test(lines[line] as string))
    return /^\s*%%/.test(lines[line] as string) ? undefined : { open: '#', place: 'above' };
  return HASH;
}

/** A block of code has the comments of its language; there may be none in it that is not seen by readers. */
function markdownSyntax(lines: readonly string[], line: number): CommentSyntax | undefined {
  let open: { fence: string; language: string } | undefined;
  for (const one of lines.slice(0, line + 1)) {
    const [, fence, info = ''] = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/.exec(one) ?? [];
    if (fence === undefined) continue;
    if (!open) open = { fence, language: /^\{?\.?([\w-]*)/.exec(info)?.[1]?.toLowerCase() ?? '' };
    else if (fence[0] === open.fence[0] && fence.length >= open.fence.length && info === '') open = undefined;
  }
  if (!open) return { open: '<!--', close: '-->', place: 'end' };
  const language = BY_ALIAS[open.language];
  return language === undefined || /^ {0,3}(?:`{3}|~{3})/.test(lines[line] as string)
    ? undefined
    : BY_LANGUAGE[language];
}

/** Lines of YAML that belong to `key: |` or `key: >` (YAML 1.2, 8.1): a sign in them is text. */
function inBlockScalar(lines: readonly string[], line: number): boolean {
  let indent = indentOf(lines[line] as string);
  if (/(?:^|[\s:-])[|>][-+\d]{0,2}\s*(?:#.*)?$/.test(lines[line] as string)) return false;
  for (let above = line - 1; above >= 0 && indent > 0; above -= 1) {
    const text = lines[above] as string;
    if (text.trim() === '' || indentOf(text) >= indent) continue;
    if (/(?:^|[\s:-])[|>][-+\d]{0,2}\s*(?:#.*)?$/.test(text)) return true;
    indent = indentOf(text);
  }
  const quotes = (lines[line] as string).replace(/\\./g, '').match(/"/g)?.length ?? 0;
  return quotes % 2 === 1;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** A text in quotes that goes on behind the line, or a document that `<<WORD` began. */
function inShellText(lines: readonly string[], line: number): boolean {
  let until: string | undefined;
  let quote: string | undefined;
  for (const text of lines.slice(0, line + 1)) {
    if (until !== undefined) {
      if (text.trim() === until) until = undefined;
      continue;
    }
    for (let i = 0; i < text.length; i += 1) {
      const c = text[i] as string;
      if (quote !== undefined) {
        if (c === '\\' && quote === '"') i += 1;
        else if (c === quote) quote = undefined;
      } else if (c === '\\') i += 1;
      else if (c === '#' && (i === 0 || /\s/.test(text[i - 1] as string))) break;
      else if ((c === '"' || c === "'") && !/\w/.test(text[i - 1] ?? '')) quote = c;
    }
    if (quote === undefined) until = /<<-?\s*(["']?)(\w+)\1/.exec(text)?.[2];
  }
  return until !== undefined || quote !== undefined;
}

/** A tag, a script or a style that is not closed. */
function inTag(lines: readonly string[], line: number): boolean {
  const before = lines.slice(0, line + 1).join('\n');
  return (
    before.lastIndexOf('<') > before.lastIndexOf('>') ||
    before.lastIndexOf('<!--') > before.lastIndexOf('-->') ||
    before.lastIndexOf('<![CDATA[') > before.lastIndexOf(']]>') ||
    /<(?:script|style)\b(?![\s\S]*<\/(?:script|style))/i.test(before.slice(-100_000))
  );
}
