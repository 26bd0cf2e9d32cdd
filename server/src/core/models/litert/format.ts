/**
 * Bundles of LiteRT-LM (.litertlm): a FlatBuffer header (`litertlm_header_schema.fbs`) and sections behind it: models,
 * tokenizers, metadata, weights. Each section is judged as the file it is.
 */
import { type ByteSource, WindowByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { Flatbuffer, MalformedFlatbuffer } from '../tflite/flatbuffer';

export const LITERT_RULES = defineRules('litert', {
  malformed: {
    title: 'Damaged LiteRT-LM bundle',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'Offsets of the header point outside of the file: a runtime that maps the sections reads other memory.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-125', 'CWE-20'] },
  },
  'hidden-data': {
    title: 'Data between or behind the sections of a bundle',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The bundle has bytes that belong to no section and are no padding.',
    remediation: 'Do not use the file; obtain the bundle from its publisher again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-506'] },
  },
});

const MAGIC = 'LITERTLM';
const HEADER_END_AT = 24;
const HEADER_AT = 32;
/** Sections begin at multiples of this. */
const BLOCK = 16 * 1024;
const METADATA = { sections: 1 } as const;
const SECTIONS = { objects: 0 } as const;
const OBJECT = { begin: 1, end: 2 } as const;
const MOST = 1000;

interface Section {
  begin: number;
  end: number;
}

async function readSections(source: ByteSource, headerEnd: number): Promise<Section[]> {
  const buffer = new Flatbuffer(new PagedByteSource(new WindowByteSource(source, HEADER_AT, headerEnd - HEADER_AT)));
  const sections: Section[] = [];
  const metadata = await buffer.target(await buffer.root(), METADATA.sections);
  if (metadata === undefined) return sections;
  const list = await buffer.vector(metadata, SECTIONS.objects, 4);
  for (let i = 0; i < Math.min(list.count, MOST); i += 1) {
    const object = await buffer.element(list, i);
    const [begin, end] = [await buffer.field(object, OBJECT.begin), await buffer.field(object, OBJECT.end)];
    const section = {
      begin: begin === undefined ? 0 : await buffer.u64(begin),
      end: end === undefined ? 0 : await buffer.u64(end),
    };
    if (section.begin > section.end || section.end > source.size)
      throw new MalformedFlatbuffer(`section ${i} from ${section.begin} to ${section.end}, outside of the file`);
    sections.push(section);
  }
  if (list.count > MOST) throw new MalformedFlatbuffer(`more than ${MOST} sections`);
  return sections;
}

async function scan({ source }: ScanInput, context: ScanContext): Promise<void> {
  const head = await source.read(0, HEADER_AT);
  if (head.length < HEADER_AT) throw new Error('the file ends inside its header');
  const view = new DataView(head.buffer, head.byteOffset, HEADER_AT);
  const version = [8, 12, 16].map((at) => view.getUint32(at, true)).join('.');
  const headerEnd = Number(view.getBigUint64(HEADER_END_AT, true));
  context.describe({ format: 'litertlm', framework: 'LiteRT-LM', frameworkVersion: version });
  try {
    if (headerEnd <= HEADER_AT || headerEnd > source.size) throw new MalformedFlatbuffer('a header past the end');
    const sections = await readSections(source, headerEnd);
    context.describe({
      members: sections.map(({ begin, end }, i) => ({ name: `section ${i}`, bytes: end - begin })),
    });
    for (const [i, { begin, end }] of sections.entries())
      await scanSection(`section ${i}`, new WindowByteSource(source, begin, end - begin), context);
    await scanOutside(source, headerEnd, sections, context);
  } catch (error) {
    if (!(error instanceof MalformedFlatbuffer)) throw error;
    reportDamage(context, LITERT_RULES.malformed, 'bundle', error);
  }
}

/** A packed tokenizer has its size before the zlib stream. */
async function scanSection(name: string, source: ByteSource, context: ScanContext): Promise<void> {
  context.budget.checkTime();
  const taken = await context.scan({ name, source });
  if (taken.length > 0 || source.size < 10) return;
  const [method, flags] = await source.read(8, 2);
  if (((method as number) & 15) === 8 && ((method as number) * 256 + (flags as number)) % 31 === 0)
    await context.scan({ name: `${name} (packed)`, source: new WindowByteSource(source, 8, source.size - 8) });
}

async function scanOutside(
  source: ByteSource,
  headerEnd: number,
  sections: readonly Section[],
  context: ScanContext,
): Promise<void> {
  let covered = headerEnd;
  const ends = { begin: source.size, end: source.size };
  for (const { begin, end } of [...sections.toSorted((a, b) => a.begin - b.begin), ends]) {
    const size = begin - covered;
    const bytes = size > 0 ? await source.read(covered, Math.min(size, BLOCK)) : new Uint8Array(0);
    if (size > 0 && (size > BLOCK || bytes.some((byte) => byte !== 0))) {
      context.report({
        rule: LITERT_RULES['hidden-data'],
        message: `${size} bytes from offset ${covered} on belong to no section.`,
        anchor: `gap ${covered}`,
        location: { offset: covered, length: size },
      });
      await context.scan({ name: `(bytes from ${covered})`, source: new WindowByteSource(source, covered, size) });
    }
    covered = Math.max(covered, end);
  }
}

export const LITERTLM_FORMAT: Format = {
  id: 'litertlm',
  title: 'LiteRT-LM bundle',
  kind: 'model',
  extensions: ['.litertlm'],
  supersedes: ['zip'],
  identify({ head, extension, size }) {
    if (new TextDecoder('latin1').decode(head.subarray(0, 8)) === MAGIC) return 'certain';
    return extension === '.litertlm' && size > 0 ? 'named' : undefined;
  },
  async scan(input, context) {
    const head = await input.source.read(0, 8);
    if (new TextDecoder('latin1').decode(head) !== MAGIC) throw new Error('there is no header of a LiteRT-LM bundle');
    await scan(input, context);
  },
};
