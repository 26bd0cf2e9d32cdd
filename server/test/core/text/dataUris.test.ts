import { strict as assert } from 'node:assert';
import { withoutMedia } from '../../../src/core/text/dataUris';
import { documentFromText } from '../../../src/core/text/fileDocument';

const IMAGE = 'iVBORw0KGgo'.padEnd(900, 'A7bC9dEf/+');

describe('media in a text', () => {
  const cut = (name: string, text: string) => withoutMedia(documentFromText(name, text)).segments[0];

  it('are cut out, and what stands behind them is where it was', () => {
    const text = `# Title\n![a](data:image/png;base64,${IMAGE}) and ![b](data:image/svg+xml;charset=utf-8;base64,${IMAGE}==)\nend`;
    const segment = cut('a.md', text);
    assert.equal(
      segment?.text,
      '# Title\n![a](data:image/png;base64,) and ![b](data:image/svg+xml;charset=utf-8;base64,)\nend',
    );
    const at = segment.text.indexOf('end');
    assert.deepEqual(segment.locate(at, at + 3), { line: 3, column: 1, endLine: 3, endColumn: 4, fileLine: 3 });
    const second = segment.text.indexOf('![b]');
    assert.equal(segment.locate(second, second + 4).column, text.indexOf('![b]') - text.indexOf('\n'));
  });

  it('only media: text in base64 stays, and so does what is short', () => {
    for (const text of [`data:text/plain;base64,${IMAGE}`, 'data:image/png;base64,AAAA', `base64,${IMAGE}`])
      assert.equal(cut('a.md', text)?.text, text);
  });

  it('leaves the document as it is when there is none', () => {
    const document = documentFromText('a.py', 'x = 1\n'.repeat(100));
    assert.equal(withoutMedia(document), document);
  });
});
