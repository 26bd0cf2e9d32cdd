import assert from 'node:assert/strict';
import { readHtml } from '../../../src/core/notebook/html';
import { documentFromCells, readNotebook, stripAnsi } from '../../../src/core/notebook/notebook';
import { TolerantJson } from '../../../src/core/notebook/tolerantJson';
import type { TextSegment } from '../../../src/core/text/document';
import { LineIndex } from '../../../src/core/text/lineIndex';

const nb = (cells: object[], metadata: object = {}, more: object = {}) => ({
  cells,
  metadata,
  nbformat: 4,
  nbformat_minor: 5,
  ...more,
});
const code = (source: string | string[], outputs: object[] = [], metadata: object = {}) => ({
  cell_type: 'code',
  execution_count: 1,
  metadata,
  outputs,
  source,
});

function segmentsOf(notebook: object | string, indent?: number): TextSegment[] {
  const text = typeof notebook === 'string' ? notebook : JSON.stringify(notebook, null, indent);
  return [...readNotebook('x.ipynb', text).document.segments];
}

const sourceOf = (segments: TextSegment[], cell = 0) =>
  segments.find((s) => s.cell === cell && s.output === undefined && s.path === undefined) as TextSegment;

/** Checks every character of a segment: its place in the cell, and the line of the raw file where it is written. */
function assertExact(segment: TextSegment, raw: string, expected: string): void {
  assert.equal(segment.text, expected);
  const index = new LineIndex(expected);
  for (let i = 0; i < expected.length; i += 1) {
    const at = segment.locate(i, i + 1);
    const { line, column } = index.position(i);
    assert.equal(at.line, line, `line of character ${i}`);
    assert.equal(at.column, column, `column of character ${i}`);
    const rawLine = raw.split('\n')[(at.fileLine as number) - 1] as string;
    const written = JSON.stringify(expected[i]).slice(1, -1);
    assert.ok(
      rawLine.includes(written) || rawLine.includes(expected[i] as string) || rawLine.includes('\\u'),
      `character ${i} (${written}) on raw line ${at.fileLine}`,
    );
  }
}

describe('notebooks', () => {
  const texts: [string, string][] = [
    ['plain', 'import os\nx = 1\nprint(x)'],
    ['quotes and backslashes', 's = "a\\tb"\nt = \'c\\\\d\'\n\u0001end'],
    ['surrogates', 'x = "😀 emoji 🎉"\ny = "é ü 漢字"\n'],
    ['carriage returns', 'a = 1\r\nb = "x"\r\nc = 3'],
    ['tabs and an empty line', '\tif x:\n\n\t\tpass\n'],
  ];
  for (const [label, text] of texts) {
    it(`maps every character: ${label}`, () => {
      const lines = text.split(/(?<=\n)/);
      for (const indent of [undefined, 1, 2]) {
        for (const source of [text, lines]) {
          const raw = JSON.stringify(nb([code(source)]), null, indent);
          assertExact(sourceOf(segmentsOf(raw)), raw, text);
        }
      }
      const escaped = JSON.stringify(nb([code(lines)]), null, 1).replace(
        /[^\x00-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      assertExact(sourceOf(segmentsOf(escaped)), escaped, text);
    });
  }

  it('knows where each line of a list stands in the file', () => {
    const raw = JSON.stringify(nb([code(['a = 1\n', 'b = 2\n', 'c = 3'])]), null, 1);
    const segment = sourceOf(segmentsOf(raw));
    const line = raw.split('\n').findIndex((l) => l.includes('c = 3')) + 1;
    assert.deepEqual(segment.locate(12, 17), { line: 3, column: 1, endLine: 3, endColumn: 6, cell: 0, fileLine: line });
  });

  it('reads outputs as a person sees them, and skips images', () => {
    const outputs = [
      { output_type: 'stream', name: 'stdout', text: ['one\n', 'two\n'] },
      { output_type: 'error', ename: 'E', evalue: 'bad', traceback: ['\u001b[0;31mE\u001b[0m: bad', 'line 2'] },
      {
        output_type: 'execute_result',
        data: {
          'image/png': 'A'.repeat(5000),
          'text/html': [
            '<table><thead><tr><th></th><th>email</th></tr></thead>\n',
            '<tbody><tr><th>0</th><td>a&amp;b</td></tr></tbody></table>',
          ],
          'application/json': { token: 'abc"def' },
          'application/vnd.plotly.v1+json': { data: ['x'.repeat(100)] },
        },
      },
    ];
    const raw = JSON.stringify(nb([code('x', outputs)]), null, 1);
    const found = segmentsOf(raw).filter((s) => s.output !== undefined);
    assert.deepEqual(
      found.map((s) => [s.kind, s.output, s.path, s.text]),
      [
        ['output', 0, undefined, 'one\ntwo\n'],
        ['output', 1, undefined, 'bad'],
        ['output', 1, undefined, 'E: bad\nline 2'],
        ['table', 2, undefined, '\temail\n0\ta&b'],
        ['metadata', 2, 'application/json/token', 'abc"def'],
      ],
    );
    const table = found[3] as TextSegment;
    assert.deepEqual(table.table?.header, ['', 'email']);
    const [row] = [...(table.table?.rows() ?? [])];
    const cell = row?.[1] as { start: number; end: number };
    assert.equal(table.text.slice(cell.start, cell.end), 'a&b');
    const html = '<tbody><tr><th>0</th><td>a&amp;b</td></tr></tbody></table>';
    const at = table.locate(cell.start, cell.end);
    assert.deepEqual([at.line, at.column, at.endColumn], [2, html.indexOf('a&amp;b') + 1, html.indexOf('a&amp;b') + 8]);
    assert.equal(at.fileLine, raw.split('\n').findIndex((l) => l.includes('a&amp;b')) + 1);
  });

  it('gives metadata and attachments by key path', () => {
    const notebook = nb(
      [
        code('x', [], { tags: ['parameters'], papermill: { parameters: { api_key: 'v1' } } }),
        {
          cell_type: 'markdown',
          metadata: {},
          source: 'hi',
          attachments: { 'a.png': { 'image/png': 'QUJD' }, 'b.txt': { 'text/plain': 'note' } },
        },
      ],
      {
        colab: { name: 'n.ipynb' },
        widgets: { 'application/vnd.jupyter.widget-state+json': { abc: { state: { layout: 'L', value: 'typed' } } } },
      },
    );
    const paths = segmentsOf(notebook)
      .filter((s) => s.path !== undefined)
      .map((s) => `${s.cell ?? '-'} ${s.path}=${s.text}`);
    assert.deepEqual(paths, [
      '- metadata/colab/name=n.ipynb',
      '- metadata/widgets/application/vnd.jupyter.widget-state+json/abc/state/value=typed',
      '0 metadata/tags=parameters',
      '0 metadata/papermill/parameters/api_key=v1',
      '1 attachments=a.png',
      '1 attachments=b.txt',
      '1 attachments/b.txt=note',
    ]);
    assert.deepEqual(segmentsOf(notebook).find((s) => s.cell === 0 && s.path === undefined)?.tags, ['parameters']);
  });

  it('leaves out what programs write into metadata, as long as it looks like that', () => {
    const moment = '2024-05-01T10:20:30.123456Z';
    const program = {
      id: 'MfBg1C5NB3X0',
      colab_type: 'code',
      executionInfo: { status: 'ok', timestamp: 1650000000000, elapsed: 12 },
      execution: { 'iopub.status.busy': moment, 'shell.execute_reply': moment },
      papermill: { start_time: moment, status: 'completed' },
      slideshow: { slide_type: 'sub-slide' },
      pycharm: { name: '#%% md\n' },
      availableInstances: [{ name: 'ml.g4dn.12xlarge', category: 'Accelerated computing', vcpuNum: 48 }],
      kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' },
      language_info: {
        name: 'python',
        version: '3.10.6',
        mimetype: 'text/x-python',
        file_extension: '.py',
        codemirror_mode: { name: 'ipython', version: 3 },
      },
    };
    const cell = { ...code(''), id: 'a5a5f00d', metadata: program };
    assert.deepEqual(segmentsOf(nb([cell, { ...cell, id: '3f5651c4-f805-4af5-8ed7-efe0a4e988c0' }], program)), []);
    const other = JSON.parse(JSON.stringify(program), (_, value) =>
      typeof value === 'string' ? `${value} of Jane Quist, 555-123-4567` : value,
    );
    const strings = JSON.stringify(other).split('Jane Quist').length - 1;
    const read = segmentsOf(nb([{ ...cell, id: '20d6932f/x', metadata: other }], other));
    assert.equal(read.length, 2 * strings + 1);
    // What is as short as an id and could be the number of a person.
    for (const id of ['555-123-4567', '12345678', 'AB123456C', '234123412346', 'hunter2'])
      assert.deepEqual(
        segmentsOf(nb([{ ...code(''), id, metadata: { id } }])).map(({ path, text }) => [path, text]),
        [
          ['id', id],
          ['metadata/id', id],
        ],
      );
  });

  it('reads nbformat 3', () => {
    const old = {
      metadata: {},
      nbformat: 3,
      worksheets: [
        {
          cells: [
            {
              cell_type: 'code',
              language: 'python',
              input: ['x = 1'],
              outputs: [{ output_type: 'pyout', text: ['1'], png: 'AAAA', html: ['<b>one</b>'] }],
            },
          ],
        },
      ],
    };
    assert.deepEqual(
      segmentsOf(old)
        .filter((s) => s.cell === 0)
        .map((s) => [s.kind, s.text]),
      [
        ['code', 'x = 1'],
        ['output', '1'],
        ['output', 'one'],
      ],
    );
  });

  it('takes the language of a cell from its magic, its metadata, the kernel', () => {
    const languages = (cells: object[], metadata = {}) =>
      segmentsOf(nb(cells, metadata))
        .filter((s) => s.path === undefined)
        .map((s) => s.language);
    assert.deepEqual(
      languages([
        code('x = 1'),
        code('%%bash\nls'),
        code('%sql\nselect 1'),
        code('%%writefile conf.yaml\na: b'),
        code('y', [], { vscode: { languageId: 'sql' } }),
        code('%pip install x'),
      ]),
      ['python', 'shell', 'sql', 'yaml', 'sql', 'python'],
    );
    assert.deepEqual(languages([code('x <- 1')], { kernelspec: { language: 'R' } }).slice(-1), ['plain']);
  });

  it('reads on where the file is damaged, and says so', () => {
    const whole = JSON.stringify(nb([code(['a = 1\n', 'password = "x"']), code('b = 2')]), null, 1);
    for (const cut of [whole.indexOf('b = 2'), whole.indexOf('password') + 4, whole.length - 10]) {
      const { document, failure } = readNotebook('x.ipynb', whole.slice(0, cut));
      assert.ok(failure);
      assert.ok(document.segments.some(({ text }) => text.includes('a = 1')));
    }
    const { document, failure } = readNotebook('x.ipynb', 'not json at all: secret');
    assert.match(failure ?? '', /not a JSON object/);
    assert.deepEqual(
      document.segments.map(({ text }) => text),
      ['not json at all: secret'],
    );
    assert.equal(readNotebook('x.ipynb', JSON.stringify(nb([]))).failure, undefined);
    assert.equal(
      segmentsOf(
        '{"cells":[{"cell_type":"code","source":"one","source":"two","outputs":[],"metadata":{}},],"metadata":{},}',
      ).length,
      2,
    );
  });

  it('reads deep and hostile JSON in one pass', () => {
    const deep = `{"cells":[],"metadata":${'['.repeat(200_000)}"x"${']'.repeat(200_000)}}`;
    assert.deepEqual(
      segmentsOf(deep).map(({ text }) => text),
      ['x'],
    );
    const json = new TolerantJson(`{"a": ${'"\\\\'.repeat(1000)}`);
    const members = json.members(json.top);
    assert.ok(!members.next() || !members.next());
    const proto = segmentsOf('{"cells":[],"metadata":{"__proto__":{"polluted":"yes"}}}');
    assert.deepEqual(
      proto.map(({ path }) => path),
      ['metadata/__proto__/polluted'],
    );
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it('gives cells of an editor their own places', () => {
    const { segments } = documentFromCells('x.ipynb', [
      { kind: 'markdown', language: 'markdown', text: '# hi' },
      { kind: 'code', language: 'python', text: 'a\nbc', tags: ['t'] },
    ]);
    assert.deepEqual(segments[1]?.locate(2, 4), { line: 2, column: 1, endLine: 2, endColumn: 3, cell: 1 });
    assert.deepEqual(
      segments.map((s) => [s.kind, s.language, s.tags]),
      [
        ['markdown', 'markdown', undefined],
        ['code', 'python', ['t']],
      ],
    );
  });

  it('strips ANSI sequences and keeps the places', () => {
    const raw = '\u001b[1;31mred\u001b[0m and \u001b]8;;http://x\u0007link';
    const { text, map } = stripAnsi(raw);
    assert.equal(text, 'red and link');
    assert.equal(raw.slice(map.start(8), map.end(12)), 'link');
    assert.equal(raw.slice(map.start(0), map.end(3)), 'red');
  });

  it('splits HTML into text, attributes and scripts, without the data of images', () => {
    const parts = readHtml(
      '<p>a</p><style>x</style><img src="data:image/png;base64,AAAA" alt="b"><script>let t = 1;</script><a href="http://u">c</a><!-- d -->',
    );
    assert.deepEqual(
      parts.map(({ kind, text }) => [kind, text.trim()]),
      [
        ['script', 'let t = 1;'],
        ['text', 'a\nc d'],
        ['attributes', 'src="data:" alt="b"\n href="http://u"'],
      ],
    );
    assert.equal(readHtml('<'.repeat(5000)).length, 1);
  });
});
