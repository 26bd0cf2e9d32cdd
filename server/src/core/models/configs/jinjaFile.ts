import type { Format } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { judgeTemplate } from '../jinja/judge';
import { TEMPLATE_RULES } from '../jinja/rules';

const EXTENSIONS = ['.jinja', '.jinja2', '.j2'];
/** A chat template under the name of a plain text, as servers of models take it too. */
const CHAT_NAME = /^chat[-_]?templates?(?:\.(?:txt|tmpl|template))?$/;
const LARGEST = 4 * 2 ** 20;

/** Templates in files of their own. What only chat templates never do is said of chat templates alone. */
export const JINJA_FORMAT: Format = {
  id: 'jinja',
  title: 'Jinja template',
  kind: 'text',
  extensions: EXTENSIONS,
  identify: ({ name, extension, size, head }) =>
    (EXTENSIONS.includes(extension) || CHAT_NAME.test(name)) && size > 0 && size <= LARGEST && !head.includes(0)
      ? 'certain'
      : undefined,
  async scan({ name, source }, context) {
    context.budget.checkMemory(source.size, 'the template');
    const text = new TextDecoder().decode(await source.read(0, source.size));
    const isChat =
      /chat_template|tool_use|(?:^|\/)chat_templates\//.test(name) ||
      /\b(?:messages|add_generation_prompt)\b/.test(text);
    const lines = new LineIndex(text);
    judgeTemplate(text, {
      report: (draft) => {
        // Generators of code and pages name classes and modules; none of them goes to globals or subclasses.
        const reaches = draft.rule === TEMPLATE_RULES['code-execution'] && draft.severity === 'critical';
        if (isChat || reaches) context.report(draft);
      },
      locate: (offset, length) => lines.locate(offset, offset + length),
      checkTime: () => context.budget.checkTime(),
    });
  },
};
