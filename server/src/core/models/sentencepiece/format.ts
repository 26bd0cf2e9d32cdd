import { WindowByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { reportDamage } from '../damage';
import { BYTES, FIXED32, VARINT, type WireField, wireFields } from '../protobuf/wire';

export const SENTENCEPIECE_RULES = defineRules('sentencepiece', {
  malformed: {
    title: 'Damaged SentencePiece model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description: 'The file breaks off or its structure is damaged: a tokenizer refuses it or reads less than is there.',
    remediation: 'Obtain the file again and compare its hash.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-20'] },
  },
  'foreign-content': {
    title: 'Foreign content in a SentencePiece model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'The file has bytes in a field that SentencePiece does not know, and these are a file of their own: readers pass over it, so that it hides there.',
    remediation: 'Ask the author what it is for; train or convert the tokenizer again.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-506', 'CWE-434'] },
  },
});

/** Numbers of sentencepiece_model.proto. */
const MODEL = { pieces: 1, trainer: 2, normalizer: 3, selfTest: 4, denormalizer: 5 } as const;
const TRAINER = { type: 3 } as const;
const NORMALIZER = { name: 1, table: 2 } as const;
const TYPES = ['', 'unigram', 'BPE', 'word', 'char'];
const MOST_FOREIGN = 20;

class Walk {
  damage: Error | undefined;

  constructor(
    readonly source: PagedByteSource,
    readonly context: ScanContext,
  ) {}

  fields(start: number, end: number): AsyncGenerator<WireField, void, undefined> {
    return wireFields(this.source, start, end, this.context.budget, (error) => {
      this.damage ??= error;
    });
  }

  async text({ offset, length }: WireField): Promise<string> {
    return evidenceText(new TextDecoder().decode(await this.source.read(offset, Math.min(length, 200))), 120);
  }
}

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const walk = new Walk(new PagedByteSource(input.source), context);
  const properties: Record<string, string | number> = {};
  let pieces = 0;
  const foreign: WireField[] = [];
  for await (const field of walk.fields(0, input.source.size)) {
    if (field.number === MODEL.pieces) pieces += 1;
    else if (field.wireType !== BYTES) continue;
    else if (field.number === MODEL.trainer) {
      for await (const part of walk.fields(field.offset, field.offset + field.length))
        if (part.number === TRAINER.type && part.wireType === VARINT)
          properties.type = TYPES[Number(part.value)] ?? Number(part.value);
    } else if (field.number === MODEL.normalizer || field.number === MODEL.denormalizer) {
      for await (const part of walk.fields(field.offset, field.offset + field.length)) {
        if (part.wireType !== BYTES) continue;
        if (part.number === NORMALIZER.name) properties.normalizer = await walk.text(part);
        else if (part.number > 6 || part.number === NORMALIZER.table) foreign.push(part);
      }
    } else if (field.number !== MODEL.selfTest) foreign.push(field);
  }
  properties['vocabulary size'] = pieces;
  for (const { number, offset, length } of foreign.filter((f) => f.length >= 16).slice(0, MOST_FOREIGN)) {
    const taken = await context.scan({
      name: `field ${number}`,
      source: new WindowByteSource(input.source, offset, length),
    });
    if (!taken.some((id) => id !== 'text')) continue;
    context.report({
      rule: SENTENCEPIECE_RULES['foreign-content'],
      message: `Field ${number} of the model is a file of its own (${taken.join(', ')}).`,
      anchor: `${number}`,
      location: { offset, length },
    });
  }
  if (walk.damage) reportDamage(context, SENTENCEPIECE_RULES.malformed, 'model', walk.damage);
  context.describe({ format: 'sentencepiece', framework: 'SentencePiece', properties });
}

const NO_BUDGET = { checkTime: () => undefined } as unknown as ScanContext['budget'];

/** The first three fields are pieces: a text and its score, perhaps with a type. */
async function beginsWithPieces(probe: Probe): Promise<boolean> {
  const { head, source, size } = probe;
  if (head[0] !== 0x0a || head[2] !== 0x0a) return false;
  let count = 0;
  for await (const field of wireFields(source, 0, size, NO_BUDGET, () => undefined)) {
    if (field.number !== MODEL.pieces || field.wireType !== BYTES || field.length > 4096) return false;
    let hasText = false;
    let hasScore = false;
    for await (const part of wireFields(
      source,
      field.offset,
      field.offset + field.length,
      NO_BUDGET,
      () => undefined,
    )) {
      if (part.number === 1 && part.wireType === BYTES) hasText = true;
      else if (part.number === 2 && part.wireType === FIXED32) hasScore = true;
      else if (part.number !== 3 || part.wireType !== VARINT || part.value > 6n) return false;
    }
    if (!hasText || !hasScore) return false;
    count += 1;
    if (count === 3) return true;
  }
  return false;
}

/** Tokenizers of SentencePiece: `tokenizer.model`, `spiece.model`. */
export const SENTENCEPIECE_FORMAT: Format = {
  id: 'sentencepiece',
  title: 'SentencePiece model',
  kind: 'model',
  extensions: ['.model', '.spm'],
  identify(probe): Claim | undefined | Promise<Claim | undefined> {
    const named = probe.extension === '.spm' && probe.size > 0 ? 'named' : undefined;
    if (probe.head[0] !== 0x0a || probe.head[2] !== 0x0a) return named;
    return beginsWithPieces(probe).then((does) => (does ? 'certain' : named));
  },
  scan,
};
