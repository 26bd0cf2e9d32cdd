import type { BudgetExceeded } from '../budget';
import { evidenceText } from '../redact';
import type { ScanContext } from '../scanner';
import {
  deceit,
  HAZARD_TEXT,
  isSystemTree,
  linkHazard,
  normalisedPath,
  type PathHazard,
  pathHazard,
  systemPath,
} from './paths';
import { ARCHIVE_RULES } from './rules';

/** Judges where the members of one archive would be written, in the order in which they are unpacked. */
export class MemberPaths {
  /** Links made so far, by their normalised path; true when the link leaves the archive. */
  readonly #links = new Map<string, boolean>();
  readonly #isSystem: boolean;

  /** @param names of all members: a whole system (a layer of a container image) has links from its root by design */
  constructor(names: Iterable<string>) {
    this.#isSystem = isSystemTree(names);
  }

  /** @param writes the member is a file whose content is written, so that it matters which links its path goes through */
  judge(name: string, context: ScanContext, writes: boolean): void {
    const hazard = pathHazard(name);
    if (hazard) {
      context.report({
        rule: ARCHIVE_RULES['path-traversal'],
        message: `Member ${evidenceText(name)} ${HAZARD_TEXT[hazard]}: unpacking by name writes outside the target folder.`,
        location: { member: name },
        anchor: name,
      });
    }
    const trick = deceit(name);
    if (trick) {
      context.report({
        rule: ARCHIVE_RULES['deceptive-name'],
        severity: trick.severity,
        message: `The name of member ${evidenceText(name)} ${trick.what}.`,
        location: { member: name },
        anchor: `deceit\0${name}`,
      });
    }
    const through = writes ? this.#linkOn(name) : undefined;
    if (through === undefined) return;
    const leaves = this.#links.get(through) === true;
    context.report({
      rule: ARCHIVE_RULES['write-through-link'],
      ...(!leaves && { severity: 'medium' as const }),
      message: `Member ${evidenceText(name)} is written through the link ${evidenceText(through)}${leaves ? ', which leaves the archive' : ''}.`,
      location: { member: name },
      anchor: name,
    });
  }

  /** A symbolic link; its target is read relative to the folder it lies in. */
  addSymlink(name: string, target: string, context: ScanContext): void {
    this.#add(name, target, linkHazard(name, target), 'Link', context);
  }

  /** A hard link; its target is a path from the archive's root. */
  addHardLink(name: string, target: string, context: ScanContext): void {
    const through = this.#linkOn(target);
    this.#add(
      name,
      target,
      pathHazard(target),
      'Hard link',
      context,
      through !== undefined && this.#links.get(through),
    );
  }

  #add(
    name: string,
    target: string,
    hazard: PathHazard | undefined,
    what: string,
    context: ScanContext,
    throughEscape = false,
  ): void {
    if (what === 'Link') this.#links.set(normalisedPath(name), hazard !== undefined);
    if (!hazard && !throughEscape) return;
    const why = hazard ? HAZARD_TEXT[hazard] : 'goes through a link that leaves the archive';
    const ordinary =
      this.#isSystem && what === 'Link' && hazard === 'absolute' && systemPath(name) && systemPath(target);
    context.report({
      rule: ARCHIVE_RULES['link-escape'],
      ...(ordinary && { severity: 'low' as const }),
      message: `${what} ${evidenceText(name)} points to ${evidenceText(target)}, which ${why}.`,
      location: { member: name },
      anchor: name,
      evidence: evidenceText(target),
    });
  }

  #linkOn(name: string): string | undefined {
    if (this.#links.size === 0) return undefined;
    const path = normalisedPath(name);
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (this.#links.has(path.slice(0, slash))) return path.slice(0, slash);
    }
    return this.#links.has(path) ? path : undefined;
  }
}

/** Says that a cap on decompression ended the look at something; that it is a bomb when the ratio says so. */
export function reportExpansion(context: ScanContext, cap: BudgetExceeded, member?: string): void {
  const location = member === undefined ? undefined : { member };
  context.incomplete(cap.message, location);
  if (cap.kind === 'ratio') reportBomb(context, cap.message, member);
}

/** Reports a decompression bomb. */
export function reportBomb(context: ScanContext, how: string, member?: string): void {
  context.report({
    rule: ARCHIVE_RULES['decompression-bomb'],
    message: `${member === undefined ? 'The content' : `Member ${evidenceText(member)}`} ${how}: loading it can exhaust memory or disk.`,
    ...(member !== undefined && { location: { member } }),
    anchor: member ?? 'content',
  });
}
