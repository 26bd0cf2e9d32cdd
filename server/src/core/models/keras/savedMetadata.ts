import type { ByteSource } from '../../io/byteSource';
import { PagedByteSource } from '../../io/pages';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { BYTES, type Damaged, type WireField, wireFields } from '../protobuf/wire';
import { KerasReporter } from './report';

export interface SavedObject {
  path: string;
  identifier: string;
  metadata: string;
}

/**
 * Objects of a SavedMetadata message (tensorflow/python/keras/protobuf/saved_metadata.proto): each with the path of the
 * object in the model and its configuration as JSON. Of a file that is cut the last object has what is left of it.
 */
export async function* savedObjectMetadata(
  source: ByteSource,
  context: ScanContext,
  damaged?: Damaged,
): AsyncGenerator<SavedObject, void, undefined> {
  const fields = (start: number, length: number) => wireFields(source, start, start + length, context.budget, damaged);
  const text = async ({ offset, length }: WireField): Promise<string> =>
    new TextDecoder().decode(await source.read(offset, length));
  for await (const field of fields(0, source.size)) {
    if (field.number !== 1 || field.wireType !== BYTES) continue;
    context.budget.checkMemory(field.length, 'the metadata of a Keras object');
    const object: SavedObject = { path: '', identifier: '', metadata: '' };
    for await (const part of fields(field.offset, field.length)) {
      if (part.wireType !== BYTES) continue;
      if (part.number === 3) object.path = await text(part);
      else if (part.number === 4) object.identifier = await text(part);
      else if (part.number === 5) object.metadata = await text(part);
    }
    yield object;
  }
}

async function isSavedMetadata(probe: Probe): Promise<boolean> {
  if (probe.head[0] !== 0x0a) return false;
  const text = new TextDecoder('latin1').decode(probe.head);
  return text.includes('_tf_keras_') && text.includes('class_name');
}

/** keras_metadata.pb of a SavedModel that Keras 2 wrote. */
export const KERAS_METADATA_FORMAT: Format = {
  id: 'keras-metadata',
  title: 'Keras metadata of a SavedModel',
  kind: 'model',
  extensions: ['.pb'],
  supersedes: ['tensorflow-graph', 'tensorflow-meta-graph'],
  async identify(probe): Promise<Claim | undefined> {
    if (await isSavedMetadata(probe)) return 'certain';
    return probe.name === 'keras_metadata.pb' && probe.size > 0 ? 'named' : undefined;
  },
  async scan(input: ScanInput, context: ScanContext): Promise<void> {
    const reporter = new KerasReporter(context, { tracesFunctions: true });
    // The root repeats every layer below it: layers are judged first, so that findings stand at the layer itself.
    const roots: SavedObject[] = [];
    const source = new PagedByteSource(input.source);
    let damage: Error | undefined;
    const damaged: Damaged = (error) => {
      damage ??= error;
    };
    for await (const object of savedObjectMetadata(source, context, damaged)) {
      if (object.path === 'root') roots.push(object);
      else if (object.metadata) await reporter.addText(object.metadata, evidenceText(object.path, 120));
    }
    for (const root of roots) await reporter.addText(root.metadata, 'root');
    if (damage) context.incomplete(`the metadata is damaged: ${evidenceText(damage.message, 120)}`);
    reporter.finish();
    context.describe({ format: 'keras-metadata', ...reporter.describe() });
  },
};
