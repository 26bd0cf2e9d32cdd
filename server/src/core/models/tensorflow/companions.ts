import { type ScanContext, type ScanInput, silentContext } from '../../scanner';
import { KerasReporter } from '../keras/report';
import { savedObjectMetadata } from '../keras/savedMetadata';

const NAME = 'keras_metadata.pb';

/** Names of the Lambda layers that the Keras metadata beside a SavedModel tells of; none when there is no such file. */
export async function kerasLambdaLayers(input: ScanInput, context: ScanContext): Promise<ReadonlySet<string>> {
  const names = await input.companions?.list();
  if (!names?.includes(NAME)) return new Set();
  const source = await input.companions?.open(NAME);
  if (!source) return new Set();
  const silent = silentContext(context);
  const reporter = new KerasReporter(silent);
  try {
    for await (const { metadata, path } of savedObjectMetadata(source, silent, () => undefined))
      await reporter.addText(metadata, path);
  } catch {
    // What is wrong with that file is said when it is scanned itself.
  }
  return reporter.lambdaLayers;
}
