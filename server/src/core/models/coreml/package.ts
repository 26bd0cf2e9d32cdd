import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, ScanContext, ScanInput } from '../../scanner';
import { decodeConfig } from '../configs/decode';
import { type JsonNode, readTolerantJson } from '../configs/tolerantJson';
import { reportPath } from './format';

const membersOf = (node: JsonNode | undefined) => (node?.kind === 'object' ? node.members : []);
const textOf = (node: JsonNode | undefined) => (node?.kind === 'string' ? node.value : '');

/** Items of a package lie in its folder `Data`, at the paths of the manifest. */
async function scanManifest(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 8, 'the manifest'));
  const { roots, damage } = readTolerantJson(decodeConfig(bytes), () => context.budget.checkTime());
  if (damage) context.incomplete(`the manifest is damaged (${damage.what})`);
  const items: string[] = [];
  for (const { key, value } of roots.flatMap(membersOf)) {
    if (key !== 'itemInfoEntries') continue;
    for (const { key: id, value: entry } of membersOf(value)) {
      for (const { key: field, value: path, at } of membersOf(entry)) {
        if (field !== 'path') continue;
        items.push(textOf(path));
        reportPath(context, `The item ${evidenceText(id, 60)}`, textOf(path), {
          offset: at,
          node: evidenceText(id, 60),
        });
      }
    }
  }
  context.describe({
    format: 'coreml-package',
    framework: 'Core ML',
    properties: Object.fromEntries(items.slice(0, 20).map((path, i) => [`item ${i + 1}`, evidenceText(path, 120)])),
  });
}

/** `Manifest.json` of an `.mlpackage`. The model in it is a file of its own. */
export const COREML_PACKAGE_FORMAT: Format = {
  id: 'coreml-package',
  title: 'Core ML package manifest',
  kind: 'model',
  extensions: [],
  identify: ({ name, head }): Claim | undefined =>
    name === 'manifest.json' &&
    /"(?:itemInfoEntries|rootModelIdentifier)"\s*:/.test(new TextDecoder('latin1').decode(head))
      ? 'certain'
      : undefined,
  scan: scanManifest,
};

const BLOB =
  /\bBLOBFILE\s*\(\s*path\s*=\s*(?:tensor\s*<\s*string\s*,\s*\[\s*\]\s*>|string)\s*\(\s*"((?:[^"\\\n]|\\.){0,4096})"/g;

/** The text of a compiled ML program names the files of its constants. */
async function scanProgramText(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size * 2, 'the program'));
  const text = new TextDecoder('latin1').decode(bytes);
  const paths = new Set<string>();
  for (const match of text.matchAll(BLOB)) {
    const path = match[1] as string;
    if (!paths.has(path)) reportPath(context, 'Data of a constant', path, { offset: match.index });
    paths.add(path);
  }
  context.describe({ format: 'coreml-mil', framework: 'Core ML' });
}

/** `model.mil` of a compiled model (`.mlmodelc`). */
export const COREML_MIL_FORMAT: Format = {
  id: 'coreml-mil',
  title: 'Core ML program (text)',
  kind: 'model',
  extensions: ['.mil'],
  identify: ({ head, extension, size }): Claim | undefined => {
    if (/^\s*program\s*\(\s*\d+(?:\.\d+)*\s*\)/.test(new TextDecoder('latin1').decode(head.subarray(0, 200))))
      return 'certain';
    return extension === '.mil' && size > 0 ? 'named' : undefined;
  },
  scan: scanProgramText,
};
