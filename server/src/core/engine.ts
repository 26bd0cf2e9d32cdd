import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { Budget, BudgetExceeded } from './budget';
import { COVERAGE_RULES } from './coverage';
import type { ModelDescription } from './description';
import type { ArtifactReport, ArtifactStatus, DependencyRecord, Finding, Location } from './finding';
import { extensionMismatch, identify, probeSource } from './identify';
import type { ByteSource } from './io/byteSource';
import { CachedByteSource } from './io/cache';
import { evidenceText, hashSecret, printable, redactSecret } from './redact';
import type { Companions, DirectoryFormat, FindingDraft, Format, ScanContext } from './scanner';
import { concealedText, embeddedCredentials, withoutCredentials } from './secrets/embedded';
import type { ScanSettings } from './settings';

export interface EngineOptions {
  settings: ScanSettings;
  formats: readonly Format[];
  signal?: AbortSignal;
}

/** Gathers what the scanners of one artifact say and makes the report of it. */
export class Recorder {
  readonly #findings = new Map<string, Finding>();
  readonly #occurrences = new Map<string, number>();
  /** Credentials that are told by their offset alone: the finding's key by its identity. */
  readonly #offsetOnly = new Map<string, string>();
  readonly #dropped = new Map<string, number>();
  readonly #reasons: string[] = [];
  description: ModelDescription | undefined;
  readonly dependencies: DependencyRecord[] = [];
  failed = false;

  constructor(
    private readonly path: string,
    private readonly settings: ScanSettings,
  ) {}

  add(draft: FindingDraft, member: string): void {
    if (draft.incomplete !== undefined) this.#noteReason(draft.incomplete);
    const override = this.settings.severityOverrides;
    const family = draft.rule.id.slice(0, draft.rule.id.indexOf('/'));
    const chosen = override[draft.rule.id] ?? override[`${family}/*`];
    if (chosen === 'off') return;
    const location: Location = { ...draft.location };
    const secret = draft.rule.category === 'secret';
    const shown = (text: string) => (secret ? text : withoutCredentials(text));
    const inner = [member, location.member].filter(Boolean).join('!');
    if (inner) location.member = printable(inner);
    if (location.node) location.node = evidenceText(shown(location.node), 300);
    const anchor = draft.anchor ?? draft.message;
    const key = `${draft.rule.id}\0${anchor}\0${JSON.stringify(location)}`;
    if (this.#findings.has(key)) return;
    const identity = `${draft.rule.id}\0${this.path}\0${location.member ?? ''}\0${anchor}`;
    // A protocol 0 pickle is a text as well: of one credential that both tell, the one with a line stays.
    if (secret && location.line !== undefined) {
      const twin = this.#offsetOnly.get(identity);
      if (twin !== undefined && this.#findings.delete(twin)) this.#occurrences.delete(identity);
      this.#offsetOnly.delete(identity);
    } else if (secret && location.offset !== undefined) {
      if (!this.#occurrences.has(identity)) this.#offsetOnly.set(identity, key);
      else if (!this.#offsetOnly.has(identity)) return;
    }
    if (this.#findings.size >= this.settings.limits.findings) {
      this.#dropped.set(draft.rule.id, (this.#dropped.get(draft.rule.id) ?? 0) + 1);
      return;
    }
    const nth = this.#occurrences.get(identity) ?? 0;
    this.#occurrences.set(identity, nth + 1);
    const risk = draft.risk ?? draft.rule.risk;
    this.#findings.set(key, {
      ruleId: draft.rule.id,
      category: draft.rule.category,
      severity: chosen ?? draft.severity ?? draft.rule.severity,
      message: evidenceText(shown(draft.message), 1000),
      fingerprint: bytesToHex(sha256(utf8ToBytes(nth ? `${identity}\0${nth}` : identity))).slice(0, 32),
      location,
      ...(draft.evidence !== undefined && { evidence: shown(draft.evidence) }),
      ...(draft.entity !== undefined && { entity: draft.entity }),
      ...(risk !== undefined && { risk }),
      ...(draft.remediation !== undefined && { remediation: shown(draft.remediation) }),
      ...(draft.related?.length && { related: secret ? draft.related : concealed(draft.related) }),
      ...(draft.fixes?.length && { fixes: draft.fixes }),
      ...(draft.data !== undefined && { data: secret ? draft.data : concealed(draft.data) }),
      ...(draft.suppressed !== undefined && { suppressed: draft.suppressed }),
    });
  }

  /** Takes a part of the description, with the credentials in the file's own words reported and left out. */
  describe(part: Partial<ModelDescription>, member: string): void {
    const own = { ...part };
    for (const list of ['properties', 'metadata'] as const) {
      const values = part[list];
      if (values)
        own[list] = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [key, this.#told(key, value, member)]),
        );
    }
    if (part.layers) own.layers = concealed(part.layers);
    this.description = { format: '', ...this.description, ...own };
  }

  #told<T>(key: string, value: T, member: string): T | string {
    if (typeof value !== 'string') return value;
    const found = embeddedCredentials(value, key);
    if (this.settings.secrets.enabled) {
      for (const { rule, severity, message, secret } of found) {
        const evidence = redactSecret(secret);
        this.add({ rule, severity, message, location: { node: key }, evidence, anchor: hashSecret(secret) }, member);
      }
    }
    return concealedText(value, found);
  }

  /** The status says what was not looked at even when the finding that tells it is switched off or not kept. */
  #noteReason(reason: string): string {
    const text = evidenceText(withoutCredentials(reason), 300);
    if (!this.#reasons.includes(text)) this.#reasons.push(text);
    return text;
  }

  incomplete(reason: string, member: string, location?: Location): void {
    const text = this.#noteReason(reason);
    const rule = COVERAGE_RULES['not-inspected'];
    this.add({ rule, message: `Not inspected: ${text}`, ...(location && { location }), anchor: text }, member);
  }

  fail(reason: string, member: string): void {
    if (!member) this.failed = true;
    const text = this.#noteReason(reason);
    this.add({ rule: COVERAGE_RULES.unreadable, message: `Could not be read: ${text}`, anchor: text }, member);
  }

  finish(
    head: Pick<ArtifactReport, 'path' | 'kind' | 'format' | 'bytes' | 'bytesRead' | 'members'>,
    succeeded: boolean,
  ): ArtifactReport {
    for (const [rule, count] of this.#dropped) this.#reasons.push(`${count} more findings of ${rule} are not kept`);
    let status: ArtifactStatus = 'scanned';
    if (this.failed) status = succeeded ? 'partial' : 'failed';
    else if (this.#reasons.length) status = 'partial';
    const shown = [...this.#findings.values()].filter((f) => this.#shown(f));
    const hidden = shown.filter((f) => f.suppressed);
    return {
      ...head,
      status,
      ...(this.#reasons.length && { reason: this.#reasons.slice(0, 5).join('; ') }),
      findings: shown.filter((f) => !f.suppressed),
      ...(hidden.length && { suppressed: hidden }),
      ...(this.description && { description: this.description }),
      ...(this.dependencies.length && { dependencies: this.dependencies }),
    };
  }

  #shown(finding: Finding): boolean {
    return SEVERITY_RANK[finding.severity] >= SEVERITY_RANK[this.settings.minimumSeverity];
  }
}

/** The same JSON value without the credentials in its texts. */
function concealed<T>(value: T): T {
  if (typeof value === 'string') return withoutCredentials(value) as T;
  if (Array.isArray(value)) return value.map(concealed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, concealed(inner)])) as T;
}

/** Components kept of one artifact: lock files of large projects have a few thousand. */
const MAX_DEPENDENCIES = 10_000;

export const SEVERITY_RANK = { critical: 4, high: 3, medium: 2, low: 1, info: 0 } as const;

/** The door: everything scannable, however deep inside something else, comes through here. */
class Door {
  constructor(
    private readonly options: EngineOptions,
    private readonly budget: Budget,
    private readonly recorder: Recorder,
  ) {}

  /** @returns formats that took it and whether at least one of them came to its end */
  async pass(
    input: { name: string; source: ByteSource; companions?: Companions; formatId?: string },
    member: string,
    depth: number,
  ): Promise<{ formats: Format[]; succeeded: boolean }> {
    if (depth > this.budget.limits.depth) {
      this.recorder.incomplete(`nested deeper than ${this.budget.limits.depth} levels`, member);
      return { formats: [], succeeded: false };
    }
    this.budget.checkTime();
    const formats = input.formatId
      ? this.options.formats.filter((f) => f.id === input.formatId)
      : await this.#identified(input, member);
    let succeeded = false;
    for (const format of formats) {
      try {
        await format.scan(input, this.#context(member, depth));
        succeeded = true;
      } catch (error) {
        if (error instanceof BudgetExceeded) {
          if (error.kind === 'time' || error.kind === 'cancelled') throw error;
          this.recorder.incomplete(error.message, member);
          succeeded = true;
        } else {
          this.recorder.fail(`${format.title}: ${error instanceof Error ? error.message : String(error)}`, member);
        }
      }
    }
    return { formats, succeeded };
  }

  async #identified(input: { name: string; source: ByteSource }, member: string): Promise<Format[]> {
    const probe = await probeSource(input.name, input.source);
    const chosen = await identify(probe, this.options.formats);
    const mismatch = member ? undefined : extensionMismatch(probe, chosen, this.options.formats);
    if (mismatch) {
      this.recorder.add(
        {
          rule: COVERAGE_RULES['extension-mismatch'],
          message: `The content is ${mismatch.content}, the name says ${mismatch.name}.`,
          anchor: `${mismatch.content}\0${mismatch.name}`,
        },
        member,
      );
    }
    return chosen.map(({ format }) => format);
  }

  #context(member: string, depth: number): ScanContext {
    const { recorder, budget } = this;
    const join = (name: string) => (member ? `${member}!${name}` : name);
    return {
      budget,
      settings: this.options.settings,
      report: (draft) => recorder.add(draft, member),
      depend: (dependency) => {
        if (recorder.dependencies.length < MAX_DEPENDENCIES) recorder.dependencies.push(dependency);
      },
      describe: (part) => {
        if (!member || !recorder.description) recorder.describe(part, member);
      },
      scan: async (member) => {
        const result = await this.pass(member, join(member.name), depth + 1);
        return result.formats.map((f) => f.id);
      },
      incomplete: (reason, location) => recorder.incomplete(reason, member, location),
    };
  }

  contextFor(member: string): ScanContext {
    return this.#context(member, 0);
  }
}

/**
 * Judges one file.
 * @param path POSIX path relative to the target; stands in the report
 * @returns undefined when no format claims the content or the name: the file is none of ours
 */
export async function scanFile(
  path: string,
  source: ByteSource,
  options: EngineOptions,
  companions?: Companions,
): Promise<ArtifactReport | undefined> {
  const budget = new Budget(options.settings.limits, options.signal);
  const recorder = new Recorder(path, options.settings);
  const cached = new CachedByteSource(source, { readLimit: budget.limits.readBytes });
  const door = new Door(options, budget, recorder);
  let formats: Format[] = [];
  let succeeded = false;
  try {
    ({ formats, succeeded } = await door.pass(
      { name: path, source: cached, ...(companions && { companions }) },
      '',
      0,
    ));
    if (formats.length === 0) return undefined;
  } catch (error) {
    if (error instanceof BudgetExceeded) {
      recorder.incomplete(error.message, '');
      succeeded = true;
    } else {
      recorder.fail(error instanceof Error ? error.message : String(error), '');
    }
  }
  const first = formats[0];
  return recorder.finish(
    {
      path,
      kind: first?.kind ?? 'model',
      format: formats.map((f) => f.id).join('+') || 'unknown',
      bytes: source.size,
      bytesRead: cached.bytesRead,
    },
    succeeded,
  );
}

/** The other members in the same folder of a directory artifact. */
function siblingsOf(
  member: string,
  members: readonly string[],
  open: (member: string) => Promise<ByteSource>,
): Companions {
  const folder = member.slice(0, member.lastIndexOf('/') + 1);
  const names = members
    .filter((other) => other.startsWith(folder) && !other.slice(folder.length).includes('/'))
    .map((other) => other.slice(folder.length));
  return {
    list: () => Promise.resolve(names),
    open: async (name) => (names.includes(name) ? open(folder + name) : undefined),
  };
}

/** Judges a folder that is one artifact: each member through the door, then the whole by the folder's own format. */
export async function scanDirectory(
  path: string,
  format: DirectoryFormat,
  members: readonly string[],
  open: (member: string) => Promise<ByteSource & { close?(): Promise<void> }>,
  options: EngineOptions,
): Promise<ArtifactReport> {
  const budget = new Budget(options.settings.limits, options.signal);
  const recorder = new Recorder(path, options.settings);
  const door = new Door(options, budget, recorder);
  let bytes = 0;
  let bytesRead = 0;
  try {
    for (const member of members) {
      let source: (ByteSource & { close?(): Promise<void> }) | undefined;
      const siblings: (ByteSource & { close?(): Promise<void> })[] = [];
      const openSibling = async (name: string): Promise<ByteSource> => {
        const sibling = await open(name);
        siblings.push(sibling);
        return sibling;
      };
      try {
        source = await open(member);
        bytes += source.size;
        const cached = new CachedByteSource(source, { readLimit: Math.max(0, budget.limits.readBytes - bytesRead) });
        await door.pass(
          { name: member, source: cached, companions: siblingsOf(member, members, openSibling) },
          member,
          1,
        );
        bytesRead += cached.bytesRead;
      } catch (error) {
        if (error instanceof BudgetExceeded) throw error;
        recorder.fail(error instanceof Error ? error.message : String(error), member);
      } finally {
        await Promise.all([source, ...siblings].map((opened) => opened?.close?.()));
      }
    }
    await format.scan?.({ name: path, members, open }, door.contextFor(''));
  } catch (error) {
    if (error instanceof BudgetExceeded) recorder.incomplete(error.message, '');
    else recorder.fail(`${format.title}: ${error instanceof Error ? error.message : String(error)}`, '');
  }
  return recorder.finish({ path, kind: 'model', format: format.id, bytes, bytesRead, members: [...members] }, true);
}
