// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are of other languages
import assert from 'node:assert/strict';
import { matching, randomOf } from './shapes';
import { secretsIn, severityOf, textAt } from './support';
import { SYNTAXES, type Syntax } from './syntaxes';

const random = randomOf(23);
const VALUES: Record<Syntax['kind'], readonly (() => string)[]> = {
  password: [
    () => `Gr3en-${matching('[a-z]{5}', random)}7`,
    () => matching('[a-z]{2}[A-Z]{2}[0-9]{2}[a-z]{3}[0-9]{2}', random),
  ],
  token: [
    () => `Zx9kQ2v${matching('[A-Za-z0-9]{14}', random)}7`,
    () => matching('[a-f0-9]{20}7[a-f0-9]{11}', random),
    () => matching('[a-z0-9]{11}4[a-z0-9]{12}', random),
  ],
};

const PLACEHOLDERS = [
  ...['xxxxxxxx', '********', '...', 'xxxx-xxxx-xxxx', 'changeme', 'REPLACE_ME', 'YOUR_API_KEY', 'your_password_here'],
  ...['<your-password>', '<password>', '{password}', '{{ password }}', '${DB_PASSWORD}', '$PASSWORD', 'null', 'None'],
  ...['example'],
];

/** Findings at low or above, as the rule and the text they point at. */
const loud = (text: string, file: string) =>
  secretsIn(text, file)
    .filter((draft) => severityOf(draft) !== 'info')
    .map((draft) => textAt(text, draft));

describe('secrets in every syntax', () => {
  for (const syntax of SYNTAXES) {
    it(`${syntax.file}: ${syntax.label} (${syntax.kind})`, () => {
      for (const make of VALUES[syntax.kind]) {
        const value = make();
        const text = syntax.text(value);
        assert.deepEqual(loud(text, syntax.file), [syntax.shown?.(value) ?? value], text);
      }
      for (const placeholder of PLACEHOLDERS) {
        const text = syntax.text(placeholder);
        assert.deepEqual(loud(text, syntax.file), [], text);
      }
    });
  }
});
