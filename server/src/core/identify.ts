import type { ByteSource } from './io/byteSource';
import type { Claim, Format, Probe } from './scanner';

const HEAD = 4096;
const TAIL = 64 * 1024;
/** Of a file on another machine. What is a zip by its head or its name is looked at in full all the same. */
const DISTANT_TAIL = 16 * 1024;

/** Base name of a path or of a member of an archive, and the name of the folder it is in, in lower case. */
export function splitName(name: string): { base: string; folder: string } {
  const [base = '', folder = ''] = name
    .toLowerCase()
    .split(/[\\/!]/)
    .reverse();
  return { base, folder };
}

/** What identification looks at, with every part read at most once. */
export async function probeSource(name: string, source: ByteSource): Promise<Probe> {
  const { base, folder } = splitName(name);
  const dot = base.lastIndexOf('.');
  const kept = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, compute: () => Promise<T>): Promise<T> => {
    let value = kept.get(key) as Promise<T> | undefined;
    if (!value) {
      value = compute();
      kept.set(key, value);
    }
    return value;
  };
  const tailBytes = source.distant ? DISTANT_TAIL : TAIL;
  const head = await source.read(0, HEAD);
  // A packed member may be shorter than its archive says.
  const size = head.length < HEAD ? Math.min(head.length, source.size) : source.size;
  return {
    name: base,
    folder,
    extension: dot > 0 ? base.slice(dot) : '',
    size,
    head,
    tail: () => once('tail', () => source.read(Math.max(0, size - tailBytes), tailBytes)),
    source,
    once,
  };
}

const RANK: Record<Claim, number> = { certain: 3, likely: 2, named: 1 };

/**
 * Content first, name second. Every format that is certain is chosen, since a polyglot is read by each of its loaders;
 * without one the likely ones, and without those the first that knows the name. Content that could be a text under the
 * name of a model is judged as both: a damaged model must not pass for a clean text.
 */
export async function identify(probe: Probe, formats: readonly Format[]): Promise<{ format: Format; claim: Claim }[]> {
  const claims: { format: Format; claim: Claim }[] = [];
  for (const format of formats) {
    const told = format.identify(probe);
    // Of an archive with many small members, waiting for what is there already would be the most of the work.
    const claim = told instanceof Promise ? await told : told;
    if (claim) claims.push({ format, claim });
  }
  const best = Math.max(0, ...claims.map(({ claim }) => RANK[claim]));
  const chosen = claims.filter(({ claim }) => RANK[claim] === best);
  if (best === RANK.named) return chosen.slice(0, 1);
  if (best === RANK.likely && chosen.every(({ format }) => format.kind === 'text')) {
    const named = claims.find(({ format, claim }) => claim === 'named' && format.kind === 'model');
    if (named) chosen.unshift(named);
  }
  const replaced = new Set(chosen.flatMap(({ format }) => format.supersedes ?? []));
  return chosen.filter(({ format }) => !replaced.has(format.id));
}

/**
 * What a file's name says against what its content is: loaders go by content, many scanners by name.
 * @param chosen the formats by which the file is judged
 * @returns titles of both, when the extension belongs to model formats of which none was chosen
 */
export function extensionMismatch(
  probe: Probe,
  chosen: readonly { format: Format; claim: Claim }[],
  formats: readonly Format[],
): { content: string; name: string } | undefined {
  const { extension } = probe;
  const promised = formats.find((format) => format.kind === 'model' && format.extensions.includes(extension));
  if (!promised || chosen.some(({ format }) => format.extensions.includes(extension))) return undefined;
  // Compressed and packed models keep their names by custom; a format without extensions of its own is a part of others.
  const certain = chosen.find(
    ({ format, claim }) => claim === 'certain' && format.kind === 'model' && format.extensions.length > 0,
  );
  return certain && { content: certain.format.title, name: promised.title };
}
