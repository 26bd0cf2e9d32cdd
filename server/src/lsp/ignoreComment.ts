/** How a line of a language ends with a comment. Languages without comments (JSON, CSV) are not listed. */
const COMMENTS: Record<string, { open: string; close?: string }> = {
  ...of('#', 'python', 'yaml', 'dockercompose', 'toml', 'shellscript', 'dockerfile', 'makefile', 'pip-requirements'),
  ...of('#', 'properties', 'dotenv', 'r', 'julia', 'perl', 'ruby', 'powershell', 'ignore', 'terraform', 'coffeescript'),
  ...of(
    '//',
    'javascript',
    'javascriptreact',
    'typescript',
    'typescriptreact',
    'jsonc',
    'json5',
    'c',
    'cpp',
    'cuda-cpp',
  ),
  ...of('//', 'csharp', 'java', 'go', 'rust', 'scala', 'swift', 'kotlin', 'groovy', 'php', 'dart'),
  ...of('--', 'sql', 'lua', 'haskell'),
  ...of(';', 'ini'),
  ...of('<!--', 'markdown', 'html', 'xml'),
};

/** Languages that VS Code calls plain text but whose name says that `#` begins a comment. */
const COMMENT_BY_NAME =
  /(^|\/)(requirements[^/]*\.(txt|in)|constraints[^/]*\.txt|\.env[^/]*|\.netrc|\.pypirc|Pipfile)$/i;

function of(open: string, ...languages: string[]): Record<string, { open: string; close?: string }> {
  const comment = open === '<!--' ? { open, close: '-->' } : { open };
  return Object.fromEntries(languages.map((language) => [language, comment]));
}

/**
 * The edit that hides a rule on a line: a comment at the line's end, or one more rule in the comment that is there.
 * @param line 0-based
 * @returns undefined where no comment can stand: in a language without comments, inside a string, before a continuation
 */
export function ignoreComment(
  text: string,
  line: number,
  ruleId: string,
  languageId: string,
  uri: string,
): { line: number; character: number; newText: string } | undefined {
  const comment = COMMENTS[languageId] ?? (COMMENT_BY_NAME.test(uri) ? { open: '#' } : undefined);
  if (!comment) return undefined;
  const lines = text.split(/\r\n|\r|\n/);
  const content = lines[line];
  if (content === undefined) return undefined;
  const there = /watchtower:\s*ignore\[([^\]]*)\]/.exec(content);
  if (there) {
    return { line, character: there.index + there[0].length - 1, newText: `${there[1]?.trim() ? ', ' : ''}${ruleId}` };
  }
  if (/\\\s*$/.test(content)) return undefined;
  if (languageId === 'python' && endsInsideString(lines, line)) return undefined;
  const bare = content.trimEnd();
  const newText = `${bare ? '  ' : ''}${comment.open} watchtower: ignore[${ruleId}]${comment.close ? ` ${comment.close}` : ''}`;
  return { line, character: bare.length, newText };
}

/** Whether the end of a line lies inside a triple-quoted Python string, where a comment would become part of the text. */
function endsInsideString(lines: readonly string[], last: number): boolean {
  let open: string | undefined;
  for (const line of lines.slice(0, last + 1)) {
    let at = 0;
    while (at < line.length) {
      const three = line.slice(at, at + 3);
      const char = line[at] as string;
      if (open !== undefined) {
        if (char === '\\') at += 2;
        else if (line.startsWith(open, at)) {
          at += open.length;
          open = undefined;
        } else at += 1;
      } else if (char === '#') break;
      else if (three === '"""' || three === "'''") {
        open = three;
        at += 3;
      } else if (char === '"' || char === "'") {
        open = char;
        at += 1;
      } else at += 1;
    }
    // Other strings end with their line.
    if (open?.length === 1) open = undefined;
  }
  return open !== undefined;
}
