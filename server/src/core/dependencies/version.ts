/**
 * Versions of Python distributions in the total order of PEP 440, which is what advisories' ranges mean. (Whether a
 * specifier accepts a version is another question: `<2.0` refuses 2.0rc1 although that is smaller.)
 */

type Part = number | bigint;

export interface Version {
  readonly text: string;
  readonly epoch: Part;
  /** Without trailing zeros: 1.0 and 1.0.0 are the same version. */
  readonly release: readonly Part[];
  /** Components as written, before zeros were dropped. */
  readonly written: number;
  /** Phase (a 0, b 1, rc 2) and number. */
  readonly pre?: readonly [number, Part];
  readonly post?: Part;
  readonly dev?: Part;
}

// PEP 440, appendix B, with the local part read and dropped: advisories are about public versions.
const PATTERN =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$/;

const PHASES: Record<string, number> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };
const LONGEST = 128;

function part(digits: string | undefined): Part {
  if (!digits) return 0;
  return digits.length <= 15 ? Number(digits) : BigInt(digits);
}

/** @returns undefined when the text is no version of PEP 440 */
export function parseVersion(text: string): Version | undefined {
  if (text.length > LONGEST) return undefined;
  const match = PATTERN.exec(text.trim().toLowerCase());
  if (!match) return undefined;
  const [, epoch, release, phase, preNumber, implicitPost, postWord, postNumber, devWord, devNumber] = match;
  const parts = (release as string).split('.').map(part);
  const written = parts.length;
  while (parts.length > 1 && parts[parts.length - 1] === 0) parts.pop();
  return {
    text,
    epoch: part(epoch),
    release: parts,
    written,
    ...(phase !== undefined && { pre: [PHASES[phase] as number, part(preNumber)] as const }),
    ...((implicitPost !== undefined || postWord !== undefined) && { post: part(implicitPost ?? postNumber) }),
    ...(devWord !== undefined && { dev: part(devNumber) }),
  };
}

const order = (a: Part, b: Part): number => (a < b ? -1 : a > b ? 1 : 0);

/** A development release of the final one comes before its pre-releases, and those before the final release. */
function stage({ pre, post, dev }: Version): number {
  if (pre) return pre[0];
  return post === undefined && dev !== undefined ? -1 : 3;
}

/** Negative, zero or positive, as for sorting. Local versions are equal to their public one. */
export function compareVersions(a: Version, b: Version): number {
  const epochs = order(a.epoch, b.epoch);
  if (epochs) return epochs;
  const length = Math.max(a.release.length, b.release.length);
  for (let i = 0; i < length; i += 1) {
    const difference = order(a.release[i] ?? 0, b.release[i] ?? 0);
    if (difference) return difference;
  }
  const stages = stage(a) - stage(b);
  if (stages) return stages;
  const pre = order(a.pre?.[1] ?? 0, b.pre?.[1] ?? 0);
  if (pre) return pre;
  const post = order(a.post ?? -1, b.post ?? -1);
  if (post) return post;
  if (a.dev === undefined || b.dev === undefined) return (a.dev === undefined ? 1 : 0) - (b.dev === undefined ? 1 : 0);
  return order(a.dev, b.dev);
}

export function isPrerelease({ pre, dev }: Version): boolean {
  return pre !== undefined || dev !== undefined;
}

/** The name as indexes compare it (PEP 503). */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
