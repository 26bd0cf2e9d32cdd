import type { ByteSource } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import type { Claim, Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { decodeFields, readText } from '../protobuf/decode';
import { BYTES, wireFields } from '../protobuf/wire';
import { KerasReporter } from './report';

export interface SavedObject {
  path: string;
  identifier: string;
  metadata: string;
}

/**
 * Objects of a SavedMetadata message (tensorflow/python/keras/protobuf/saved_metadata.proto): each with the path of the
 * object in the model and its configuration as JSON.
 */
export async function* savedObjectMetadata(
  source: ByteSource,
  context: ScanContext,
): AsyncGenerator<SavedObject, void, undefined> {
  for await (const field of wireFields(source, 0, source.size, context.budget)) {
    if (field.number !== 1 || field.wireType !== BYTES) continue;
    context.budget.checkMemory(field.length, 'the metadata of a Keras object');
    const object: SavedObject = { path: '', identifier: '', metadata: '' };
    decodeFields(await source.read(field.offset, field.length), (number, wire, r) => {
      if (wire !== BYTES) return false;
      if (number === 3) object.path = readText(r);
      else if (number === 4) object.identifier = readText(r);
      else if (number === 5) object.metadata = readText(r);
      else return false;
      return true;
    });
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
    for await (const object of savedObjectMetadata(input.source, context)) {
      if (object.path === 'root') roots.push(object);
      else if (object.metadata) await reporter.addText(object.metadata, evidenceText(object.path, 120));
    }
    for (const root of roots) await reporter.addText(root.metadata, 'root');
    reporter.finish();
    context.describe({ format: 'keras-metadata', ...reporter.describe() });
  },
};
