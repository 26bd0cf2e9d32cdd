import { pathHazard } from '../../archives/paths';
import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import type { Format, ScanContext } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { decodeConfig } from '../configs/decode';
import { TEMPLATE_RULES } from '../jinja/rules';
import { instructionsIn, invisibleIn, mixedWord } from '../jinja/speech';
import { SERVING_RULES } from './rules';

const LARGEST = 4 * 2 ** 20;
const INSTRUCTION =
  /^[ \t]*(FROM|PARAMETER|TEMPLATE|SYSTEM|ADAPTER|LICENSE|MESSAGE|REQUIRES)[ \t]+((?:(?:user|assistant|system)[ \t]+)?"""[\s\S]*?(?:"""|$(?![\s\S]))|[^\n]*)/gim;

function judgeText(
  text: string,
  at: number,
  locate: (at: number, length: number) => Location,
  context: ScanContext,
): void {
  for (const { what, offset, anchor } of instructionsIn(text)) {
    const message = what.replace('The template', 'The Modelfile');
    context.report({
      rule: TEMPLATE_RULES['hidden-instruction'],
      message,
      anchor,
      location: locate(at + offset, anchor.length),
    });
  }
  for (const { what, offset, mild } of invisibleIn(text)) {
    context.report({
      rule: TEMPLATE_RULES['hidden-characters'],
      ...(mild && { severity: 'low' as const }),
      message: `The Modelfile contains ${what}, which a reader does not see and the model does.`,
      anchor: what,
      location: locate(at + offset, 1),
    });
  }
  const word = mixedWord(text);
  if (word) {
    context.report({
      rule: TEMPLATE_RULES['hidden-characters'],
      message: `The word "${evidenceText(word.text, 60)}" mixes Latin letters with look-alikes of another script.`,
      anchor: word.text,
      location: locate(at + word.offset, word.text.length),
    });
  }
}

/**
 * Modelfiles of Ollama (docs/modelfile.md): which weights and adapter are used, and what is said to the model before the
 * user says anything. Their templates are Go's, which call nothing that is not given to them.
 */
export const MODELFILE_FORMAT: Format = {
  id: 'ollama-modelfile',
  title: 'Ollama Modelfile',
  kind: 'text',
  extensions: ['.modelfile'],
  // No more than likely, so that the scanners of text look at it as well.
  identify: ({ name, extension, head, size }) =>
    (extension === '.modelfile' || /^modelfile(?:[.-][\w.-]+)?$/.test(name)) &&
    size <= LARGEST &&
    /^[ \t]*FROM[ \t]+\S/im.test(decodeConfig(head))
      ? 'likely'
      : undefined,
  async scan({ source }, context) {
    const text = decodeConfig(await source.read(0, source.size));
    const lines = new LineIndex(text);
    const locate = (at: number, length: number) => lines.locate(at, at + length);
    const properties: Record<string, string> = {};
    for (const match of text.matchAll(INSTRUCTION)) {
      context.budget.checkTime();
      const [whole, instruction = '', value = ''] = match;
      const kind = instruction.toUpperCase();
      const at = match.index + whole.length - value.length;
      if (kind === 'FROM' || kind === 'ADAPTER') {
        const path = value.trim();
        properties[kind.toLowerCase()] ??= evidenceText(path, 200);
        if (pathHazard(path) === 'unc') {
          context.report({
            rule: SERVING_RULES['path-outside'],
            severity: 'medium',
            message: `${kind} is the network path ${evidenceText(path, 160)}`,
            anchor: path,
            location: locate(at, path.length),
          });
        }
      } else if (kind === 'SYSTEM' || kind === 'TEMPLATE' || kind === 'MESSAGE') judgeText(value, at, locate, context);
    }
    context.describe({ format: 'ollama-modelfile', framework: 'Ollama', properties });
  },
};
