import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic, TextEdit } from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { buildServer, TestEditor, until } from './support';

const SECRET = ['Zx9kQ2vTr8', 'LmW4nBc7Yd'].join('');
const RULE = 'secret/password';

interface Case {
  label: string;
  language: string;
  name: string;
  /** `S` stands for the secret. */
  text: string;
  /** What the text is after it; undefined when nothing may be offered. */
  wanted?: string;
}

const end = `# watchtower: ignore[${RULE}]`;
const above = `watchtower: ignore-next-line[${RULE}]`;

const CASES: Case[] = [
  {
    label: 'Python',
    language: 'python',
    name: 'a.py',
    text: 'db_password = "S"\n',
    wanted: `db_password = "S"  ${end}\n`,
  },
  {
    label: 'Python, with CRLF, wide characters and no last line end',
    ...{ language: 'python', name: 'b.py' },
    text: 'x = 1\r\ny = "\u{1f600}"; db_password = "S"',
    wanted: `x = 1\r\ny = "\u{1f600}"; db_password = "S"  ${end}`,
  },
  {
    label: 'Python, behind another comment',
    ...{ language: 'python', name: 'c.py' },
    text: 'db_password = "S"  # noqa: E501\n',
    wanted: `db_password = "S"  # noqa: E501  ${end}\n`,
  },
  {
    label: 'Python, in the list that is there',
    ...{ language: 'python', name: 'd.py' },
    text: 'db_password = "S"  # watchtower: ignore[python/*]\n',
    wanted: `db_password = "S"  # watchtower: ignore[python/*, ${RULE}]\n`,
  },
  {
    label: 'Python, not in a list that a string holds',
    ...{ language: 'python', name: 'e.py' },
    text: 'x = "# watchtower: ignore[a]"; db_password = "S"\n',
    wanted: `x = "# watchtower: ignore[a]"; db_password = "S"  ${end}\n`,
  },
  {
    label: 'Python, an argument',
    ...{ language: 'python', name: 'f.py' },
    text: 'f(\n    password="S",\n)\n',
    wanted: `f(\n    password="S",  ${end}\n)\n`,
  },
  {
    label: 'Python, behind the end of a string of several lines',
    ...{ language: 'python', name: 'g.py' },
    text: 'x = """\npassword = "S"\n"""\n',
    wanted: `x = """\npassword = "S"\n"""  ${end}\n`,
  },
  {
    label: 'Python, behind the line that a backslash goes on to',
    ...{ language: 'python', name: 'h.py' },
    text: 'db_password = "S" \\\n    + suffix\n',
    wanted: `db_password = "S" \\\n    + suffix  ${end}\n`,
  },
  { label: 'YAML', language: 'yaml', name: 'a.yaml', text: 'db_password: "S"\n', wanted: `db_password: "S"  ${end}\n` },
  {
    label: 'YAML, a block of text',
    ...{ language: 'yaml', name: 'b.yaml' },
    text: 'run: |\n  export DB_PASSWORD=S\n  go\n',
  },
  {
    label: 'TOML',
    language: 'toml',
    name: 'a.toml',
    text: 'db_password = "S"\n',
    wanted: `db_password = "S"  ${end}\n`,
  },
  { label: 'TOML, several lines', language: 'toml', name: 'b.toml', text: 'x = """\ndb_password = "S"\n"""\n' },
  {
    label: 'INI',
    ...{ language: 'ini', name: 'a.ini' },
    text: '[a]\ndb_password = S\n',
    wanted: `[a]\n; ${above}\ndb_password = S\n`,
  },
  {
    label: '.env',
    ...{ language: 'plaintext', name: '.env' },
    text: 'DB_PASSWORD=S\n',
    wanted: `# ${above}\nDB_PASSWORD=S\n`,
  },
  {
    label: 'Dockerfile, with several lines',
    ...{ language: 'dockerfile', name: 'Dockerfile' },
    text: 'FROM x\nENV DB_PASSWORD=S\n',
    wanted: `FROM x\n# ${above}\nENV DB_PASSWORD=S\n`,
  },
  {
    label: 'shell',
    ...{ language: 'shellscript', name: 'a.sh' },
    text: 'export DB_PASSWORD=S\n',
    wanted: `export DB_PASSWORD=S  ${end}\n`,
  },
  {
    label: 'shell, a document in it',
    ...{ language: 'shellscript', name: 'b.sh' },
    text: 'cat <<EOF\ndb_password = "S"\nEOF\n',
  },
  { label: 'shell, a line that goes on', language: 'shellscript', name: 'c.sh', text: 'f DB_PASSWORD=S \\\n  b\n' },
  { label: 'JSON', language: 'json', name: 'a.json', text: '{"db_password": "S"}\n' },
  { label: 'CSV', language: 'plaintext', name: 'a.csv', text: 'user,password\nbob,S\n' },
  {
    label: 'Markdown',
    ...{ language: 'markdown', name: 'a.md' },
    text: 'db_password: "S"\n',
    wanted: `db_password: "S"  <!-- watchtower: ignore[${RULE}] -->\n`,
  },
  {
    label: 'Markdown, a block of code',
    ...{ language: 'markdown', name: 'b.md' },
    text: '```python\ndb_password = "S"\n```\n',
    wanted: `\`\`\`python\ndb_password = "S"  ${end}\n\`\`\`\n`,
  },
  { label: 'Markdown, a block of JSON', language: 'markdown', name: 'c.md', text: '```json\n{"password": "S"}\n```\n' },
  {
    label: 'JavaScript',
    ...{ language: 'javascript', name: 'a.js' },
    text: 'const db_password = "S";\n',
    wanted: `const db_password = "S";  // watchtower: ignore[${RULE}]\n`,
  },
  { label: 'JavaScript, a template', language: 'javascript', name: 'b.js', text: 'x = `\ndb_password = "S"\n`;\n' },
];

const CELLS: (Omit<Case, 'name'> & { markdown?: boolean })[] = [
  { label: 'a cell', language: 'python', text: 'db_password = "S"', wanted: `db_password = "S"  ${end}` },
  {
    label: 'a shell line of a cell',
    language: 'python',
    text: '!export DB_PASSWORD=S\n',
    wanted: `!export DB_PASSWORD=S  ${end}\n`,
  },
  {
    label: 'a magic that takes its line as it is',
    language: 'python',
    text: 'x = 1\n%env DB_PASSWORD=S\n',
    wanted: `x = 1\n# ${above}\n%env DB_PASSWORD=S\n`,
  },
  {
    label: 'a cell of shell',
    language: 'python',
    text: '%%bash\nexport DB_PASSWORD=S\n',
    wanted: `%%bash\nexport DB_PASSWORD=S  ${end}\n`,
  },
  { label: 'a cell that writes a file', language: 'python', text: '%%writefile a.json\n{"db_password": "S"}\n' },
  {
    label: 'a cell of Markdown',
    ...{ language: 'markdown', markdown: true },
    text: 'db_password: "S"',
    wanted: `db_password: "S"  <!-- watchtower: ignore[${RULE}] -->`,
  },
];

const filled = (text: string): string => text.replace(/S(?=["\s\r\n]|$)/, SECRET);

describe('language server: comments that hide findings', function () {
  this.timeout(60_000);
  let bundles: ReturnType<typeof buildServer>;
  let root: string;
  let editor: TestEditor;

  before(async () => {
    bundles = buildServer();
    root = mkdtempSync(path.join(os.tmpdir(), 'watchtower-lsp-ignoring-'));
    editor = await TestEditor.start(bundles.folder, { folders: [root] });
  });
  after(async () => {
    assert.equal(await editor.stop(), 0);
    rmSync(root, { recursive: true, force: true });
    bundles.remove();
  });

  async function offered(uri: string): Promise<{ diagnostics: Diagnostic[]; edits: TextEdit[] | undefined }> {
    const all = await until(() => editor.diagnostics.get(uri), `findings in ${uri}`);
    const diagnostics = all.filter(({ code }) => String(code) === RULE);
    assert.equal(diagnostics.length, 1, JSON.stringify(all));
    const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: (diagnostics[0] as Diagnostic).range,
      context: { diagnostics },
    });
    const [action] = actions.filter(({ title }) => /^Ignore secret\//.test(title));
    return { diagnostics, edits: action?.edit?.changes?.[uri] };
  }

  const gone = (uri: string, what: string) =>
    until(() => !editor.rulesAt(uri).includes(RULE), `no finding any more: ${what}`);

  for (const { label, language, name, text, wanted } of CASES) {
    it(`${label}: ${wanted === undefined ? 'offers none' : 'hides'}`, async () => {
      const file = path.join(root, label.replace(/\W+/g, '-'), name);
      const uri = pathToFileURL(file).href;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, filled(text));
      await editor.open(uri, language, filled(text));
      const { edits } = await offered(uri);
      if (wanted === undefined) assert.equal(edits, undefined, JSON.stringify(edits));
      else {
        assert.ok(edits, 'an edit');
        const after = TextDocument.applyEdits(TextDocument.create(uri, language, 1, filled(text)), edits);
        assert.equal(after, wanted.replace(/S(?=["\s\r\n]|$)/, SECRET));
        writeFileSync(file, after);
        await editor.type(uri, after);
        await editor.save(uri);
        await gone(uri, after);
      }
      await editor.close(uri);
    });
  }

  for (const [index, { label, language, markdown, text, wanted }] of CELLS.entries()) {
    it(`${label}: ${wanted === undefined ? 'offers none' : 'hides'}`, async () => {
      const notebook = pathToFileURL(path.join(root, `n${index}.ipynb`)).href;
      const uri = editor.cellUri(notebook, 0);
      writeFileSync(path.join(root, `n${index}.ipynb`), '{"cells":[],"nbformat":4,"nbformat_minor":4,"metadata":{}}');
      await editor.openNotebook(notebook, [{ text: filled(text), language, ...(markdown && { markdown }) }]);
      const { edits } = await offered(uri);
      if (wanted === undefined) {
        assert.equal(edits, undefined, JSON.stringify(edits));
        return;
      }
      assert.ok(edits, 'an edit');
      const after = TextDocument.applyEdits(TextDocument.create(uri, language, 1, filled(text)), edits);
      assert.equal(after, wanted.replace(/S(?=["\s\r\n]|$)/, SECRET));
    });
  }

  it('is not offered for what no comment can hide', async () => {
    const file = path.join(root, 'attack.py');
    const uri = pathToFileURL(file).href;
    const text = 'import base64\nexec(base64.b64decode(payload))\n';
    writeFileSync(file, text);
    await editor.open(uri, 'python', text);
    const diagnostics = await until(() => editor.diagnostics.get(uri), 'findings');
    const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: (diagnostics[0] as Diagnostic).range,
      context: { diagnostics },
    });
    assert.ok(actions.length > 0);
    assert.deepEqual(
      actions.filter(({ title }) => title.startsWith('Ignore')).map(({ title }) => title),
      [],
    );
  });
});
