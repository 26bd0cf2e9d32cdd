import { zipOf } from '../../archives/zip';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format } from '../../scanner';

export const LLAMAFILE_RULES = defineRules('llamafile', {
  executable: {
    title: 'Model that is a program',
    category: 'model',
    severity: 'high',
    risk: 'runtime',
    description:
      'A llamafile is an executable for every operating system with the weights inside. Starting it runs machine code that no scanner of models can judge.',
    remediation: 'Take the GGUF file and a runtime of your own; start a llamafile only when you trust who built it.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-506', 'CWE-829'], atlas: ['AML.T0011', 'AML.T0010'] },
  },
});

/** The head of an Actually Portable Executable: a DOS program and a shell script at once. */
function isPortableExecutable(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 6));
  return text === 'MZqFpD' || text === 'jartsr' || text === 'APEDBG';
}

function isProgram(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 4));
  return text === '\x7fELF' || text.startsWith('MZ') || text.startsWith('#!');
}

/** Programs that carry their weights in a zip archive at their end. The zip format looks into that archive. */
export const LLAMAFILE_FORMAT: Format = {
  id: 'llamafile',
  title: 'llamafile',
  kind: 'model',
  extensions: ['.llamafile'],
  async identify(probe) {
    const portable = isPortableExecutable(probe.head);
    if (!portable && !isProgram(probe.head)) return probe.extension === '.llamafile' ? 'named' : undefined;
    if (probe.extension === '.llamafile') return 'certain';
    const zip = await zipOf(probe);
    return zip && (portable || zip.allEntries.some(({ name }) => /\.gguf$/i.test(name))) ? 'certain' : undefined;
  },
  async scan({ source }, context) {
    const head = await source.read(0, 6);
    if (!isPortableExecutable(head) && !isProgram(head)) throw new Error('the file is no program');
    context.report({
      rule: LLAMAFILE_RULES.executable,
      message: 'The file is a program that carries a model: starting it runs machine code that is not judged here.',
      location: { offset: 0 },
      anchor: 'executable',
    });
    context.describe({ format: 'llamafile' });
  },
};
