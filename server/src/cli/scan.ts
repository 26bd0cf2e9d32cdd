import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ADVISORY_SNAPSHOT } from '../core/dependencies/snapshot';
import { SEVERITY_RANK } from '../core/engine';
import type { ScanReport } from '../core/finding';
import { joinPath } from '../core/place';
import { printable } from '../core/redact';
import { REPORTS, reportById } from '../core/reports';
import { isZipName, type ReportFile, zipReports } from '../core/reports/bundle';
import type { ReportFormat, ReportOptions } from '../core/reports/report';
import { repositoryOf } from '../core/reports/repository';
import { buildSeedReports } from '../core/reports/seed';
import { sourcesOf } from '../core/reports/sources';
import { counted } from '../core/reports/totals';
import { DEFAULT_SETTINGS, type ScanSettings } from '../core/settings';
import { isRemote } from '../core/sources/open';
import { RemoteError } from '../core/sources/remoteError';
import type { SourceSpec } from '../core/sources/source';
import { BASELINE_PATH, createBaseline, formatBaseline } from '../core/suppress/baseline';
import type { Suppressor } from '../core/suppress/suppressor';
import { VERSION } from '../core/version';
import type { WorkerPool } from '../worker/pool';
import { type SourceScan, scanSource } from '../worker/scan';
import { type ScanArguments, type Threshold, UsageError } from './arguments';
import { type FileConfig, readConfig } from './config';
import { ProgressBar } from './progress';
import { remoteAccess } from './remote';
import { ownIgnoreFile, readNamedBaseline, readPreviousBaseline, suppressIn } from './suppress';
import { resolveTargets, type ScanTarget } from './target';
import { EXIT, styleFor, type Terminal, wantsColor, widthOf } from './terminal';
import { findingsText, summaryText } from './text';

/** Where a repository may keep a configuration for its own pipeline. */
const CONFIG_PATH = '.watchtower/config.json';

export interface ScanOutcome {
  report: ScanReport;
  /** Files that no format claims. */
  others: number;
  /** Remote targets of which nothing could be read. */
  unreached: number;
  cancelled: boolean;
  /** POSIX path from the current folder to the target; '' for several, and for those that lie elsewhere. */
  prefix: string;
  /** The first target's source. */
  spec: SourceSpec;
}

/** Settings of a scan: the configuration file that was named, then the flags. Nothing inside the scanned tree has a say. */
export async function settingsFor(args: Omit<ScanArguments, 'command'>): Promise<FileConfig> {
  const file: FileConfig = args.config ? await readConfig(args.config) : { settings: DEFAULT_SETTINGS };
  const settings: ScanSettings = {
    ...file.settings,
    exclude: [...file.settings.exclude, ...args.exclude],
    inlineSuppression: file.settings.inlineSuppression && args.inlineSuppression,
    ...(args.access.full && { remote: { ...file.settings.remote, full: true } }),
    ...(args.minSeverity && { minimumSeverity: args.minSeverity }),
    ...(args.timeoutSeconds && { limits: { ...file.settings.limits, timeMs: args.timeoutSeconds * 1000 } }),
  };
  return { ...file, settings };
}

/** Scans every target and puts the results together. @throws UsageError when a target is not there */
export async function scanTargets(
  args: Omit<ScanArguments, 'command'>,
  settings: ScanSettings,
  suppressors: readonly Suppressor[],
  terminal: Terminal,
  pool: WorkerPool,
): Promise<ScanOutcome> {
  const targets = await resolveTargets(args.targets, args.access, terminal.cwd);
  const single = targets.length === 1;
  const report: ScanReport = {
    schema: 'watchtower-scan/1',
    tool: { name: 'watchtower', version: VERSION },
    advisories: { ...ADVISORY_SNAPSHOT },
    target: args.targets.join(', '),
    notScanned: [],
    artifacts: [],
  };
  const note = (text: string) => {
    if (args.quiet) return;
    bar.clear();
    terminal.stderr.write(`watchtower: ${printable(text)}\n`);
  };
  const bar = new ProgressBar(terminal.stderr, !args.quiet);
  let others = 0;
  let unreached = 0;
  try {
    for (const target of targets) {
      const before = single ? '' : prefixOf(target);
      let scan: SourceScan;
      try {
        const environment = await remoteAccess(target, args.access, terminal.env);
        scan = await scanSource(target.spec, settings, pool, {
          signal: terminal.signal,
          ...(environment && { environment }),
          onProgress: (progress) => bar.update(progress),
        });
      } catch (error) {
        if (!isRemote(target.spec)) throw error;
        // The other targets are scanned all the same, and the report says what is missing.
        const failure = failureOf(error);
        unreached += 1;
        report.notScanned.push({ path: target.label, reason: failure.message, unreadable: true });
        report.sources ??= [];
        report.sources.push({
          ...{
            label: target.label,
            facts: [],
            transfer: { bytes: 0, requests: 0, read: 0, ofBytes: 0 },
            error: failure,
          },
        });
        bar.clear();
        terminal.stderr.write(`watchtower: ${printable(`${target.label}: ${failure.message}`)}\n`);
        continue;
      }
      const ignored = settings.inlineSuppression ? await ownIgnoreFile(target.spec, note) : [];
      for (const artifact of scan.artifacts) {
        const fromHere = joinPath(target.prefix, artifact.path);
        // What was named first: it needs the digests that are taken out with the first look.
        const known = suppressIn(artifact, suppressors, fromHere);
        report.artifacts.push({ ...suppressIn(known, ignored), path: joinPath(before, artifact.path) });
      }
      for (const skip of scan.notScanned) report.notScanned.push({ ...skip, path: joinPath(before, skip.path) });
      others += scan.unclaimed;
      if (scan.transfer) {
        report.sources ??= [];
        report.sources.push({ label: scan.label, facts: [...(scan.facts ?? [])], transfer: scan.transfer });
      }
      if (terminal.signal.aborted) break;
    }
  } finally {
    bar.clear();
  }
  const first = targets[0] as ScanTarget;
  return {
    ...{ report, others, unreached, cancelled: terminal.signal.aborted },
    ...{ prefix: single ? first.prefix : '', spec: first.spec },
  };
}

function failureOf(error: unknown): { kind: string; message: string; page?: string } {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof RemoteError ? error : undefined;
  return { kind: known?.kind ?? 'refused', message, ...(known?.page && { page: known.page }) };
}

/** What was read of remote sources, for people who look at the terminal while a report goes elsewhere. */
function sourcesText(report: ScanReport): string {
  return sourcesOf(report)
    .map(({ label, read }) => `watchtower: ${printable(`${label}: ${read}`)}\n`)
    .join('');
}

function prefixOf({ spec, prefix, label }: ScanTarget): string {
  if (spec.kind === 'folder' && spec.only) return '';
  const name = prefix || label.replace(/^\.\/|\/+$/g, '');
  return name === '.' ? '' : name;
}

/**
 * `watchtower scan`.
 * @returns the exit code
 * @throws UsageError
 */
export async function scanCommand(args: ScanArguments, terminal: Terminal, pool: WorkerPool): Promise<number> {
  const format = formatOf(args);
  const { settings, failOn, baseline: configured } = await settingsFor(args);
  const note = (text: string) => {
    if (!args.quiet) terminal.stderr.write(`watchtower: ${text}\n`);
  };
  for (const text of args.notes) note(text);
  const file = args.baseline ?? configured;
  const named = new Set([...(args.config ? ['--config'] : []), ...(file ? ['--baseline'] : [])]);
  await noteUnused(args.targets, named, terminal, note);
  const baseline = file === undefined ? undefined : await readNamedBaseline(path.resolve(terminal.cwd, file), today());
  const outcome = await scanTargets(
    args,
    baseline?.needsDigests ? { ...settings, secretDigests: true } : settings,
    baseline ? [baseline.suppressor] : [],
    terminal,
    pool,
  );
  if (outcome.cancelled) {
    terminal.stderr.write('watchtower: cancelled; nothing was written\n');
    return EXIT.cancelled;
  }
  await writeReports(args, format, outcome, terminal);
  const code = exitCode(outcome.report, args.failOn ?? failOn ?? 'high', args.allowIncomplete);
  return code === EXIT.clean && outcome.unreached ? EXIT.trouble : code;
}

/** The report that was asked for, by name or by the output's extension; undefined for text. */
function formatOf({ format, output }: ScanArguments): ReportFormat | undefined {
  if (format !== undefined) return reportById(format);
  const name = output?.toLowerCase() ?? '';
  // `.cdx.json` before `.json`.
  return [...REPORTS]
    .sort((a, b) => b.extension.length - a.extension.length)
    .find(({ extension }) => name.endsWith(extension));
}

/**
 * `watchtower baseline`: what is there now, so that later scans show what is new.
 * @returns the exit code
 * @throws UsageError
 */
export async function baselineCommand(
  args: Omit<ScanArguments, 'command'>,
  terminal: Terminal,
  pool: WorkerPool,
): Promise<number> {
  const { settings, baseline: configured } = await settingsFor(args);
  const name = args.output ?? configured ?? BASELINE_PATH;
  const file = path.resolve(terminal.cwd, name);
  const previous = await readPreviousBaseline(file);
  const { report, cancelled, unreached } = await scanTargets(args, settings, [], terminal, pool);
  if (unreached) return EXIT.trouble;
  if (cancelled) {
    terminal.stderr.write('watchtower: cancelled; nothing was written\n');
    return EXIT.cancelled;
  }
  const baseline = createBaseline(report.artifacts, previous);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, formatBaseline(baseline));
  } catch (error) {
    throw new UsageError(`--output ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await write(terminal.stdout, `${name}: ${counted(baseline.entries.length, 'finding')}\n`);
  return EXIT.clean;
}

/** The day, for entries that expire. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** A configuration that lies in the scanned tree could switch its own scanner off, so it is only mentioned. */
async function noteUnused(
  targets: readonly string[],
  named: ReadonlySet<string>,
  terminal: Terminal,
  note: (text: string) => void,
): Promise<void> {
  for (const target of targets) {
    for (const [name, option] of [
      [CONFIG_PATH, '--config'],
      [BASELINE_PATH, '--baseline'],
    ] as const) {
      const file = path.join(target, name);
      const there = await stat(path.resolve(terminal.cwd, file)).then(
        (s) => s.isFile(),
        () => false,
      );
      if (there && !named.has(option)) note(`${JSON.stringify(file)} is not used unless it is named with ${option}`);
    }
  }
}

async function writeReports(
  args: ScanArguments,
  format: ReportFormat | undefined,
  outcome: ScanOutcome,
  terminal: Terminal,
): Promise<void> {
  const { report, others, prefix } = outcome;
  const options = reportOptions(args, outcome);
  const onTerminal = args.output === undefined;
  const style = styleFor(onTerminal && wantsColor(args.color, terminal.stdout, terminal.env));
  const columns = onTerminal ? widthOf(terminal.stdout) : undefined;
  const text =
    format?.build(report, options) ??
    [findingsText(report, prefix, style, columns), summaryText(report, others, style, columns)]
      .filter(Boolean)
      .join('\n');
  if (args.output === undefined) {
    if (format && !args.quiet)
      terminal.stderr.write(sourcesText({ ...report, sources: report.sources?.filter(({ error }) => !error) ?? [] }));
    await write(terminal.stdout, text);
  } else {
    await writeFile(path.resolve(terminal.cwd, args.output), text).catch((error: Error) => {
      throw new UsageError(`--output ${args.output}: ${error.message}`);
    });
    if (!args.quiet) {
      const plain = styleFor(wantsColor(args.color, terminal.stderr, terminal.env));
      await write(terminal.stderr, summaryText(report, others, plain, widthOf(terminal.stderr)));
    }
  }
  if (args.reports !== undefined) {
    const written = await writeSeedReports(args.reports, buildSeedReports(report, options), terminal.cwd);
    if (!args.quiet) for (const name of written) terminal.stderr.write(`watchtower: wrote ${name}\n`);
  }
}

/**
 * @param target a folder, which is made, or the name of a zip
 * @returns the files that were written, as seen from `cwd`
 * @throws UsageError when the target cannot be written
 */
async function writeSeedReports(target: string, files: readonly ReportFile[], cwd: string): Promise<string[]> {
  const full = path.resolve(cwd, target);
  try {
    if (isZipName(target)) {
      await writeFile(full, await zipReports(files, Math.floor(Date.now() / 1000)));
      return [target];
    }
    await mkdir(full, { recursive: true });
    for (const { name, content } of files) await writeFile(path.join(full, name), content);
    return files.map(({ name }) => path.join(target, name));
  } catch (error) {
    throw new UsageError(`--reports ${target}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function reportOptions({ repositoryType }: ScanArguments, { spec, prefix }: ScanOutcome): ReportOptions {
  return {
    timestamp: Math.floor(Date.now() / 1000),
    ...(prefix && { pathPrefix: prefix }),
    ...repositoryOf(spec),
    ...(repositoryType !== undefined && { repositoryType }),
  };
}

/** Waits until all of it has gone: a report behind a pipe must not be cut off. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      // The reader of a pipe may have seen enough (`| head`).
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
      else resolve();
    });
  });
}

/** What the process says of the scan: findings first, then what should have been scanned and was not, or not in full. */
export function exitCode(report: ScanReport, failOn: Threshold, allowIncomplete = false): number {
  if (failOn === 'never') return EXIT.clean;
  const threshold = SEVERITY_RANK[failOn];
  const reached = report.artifacts.some(({ findings }) =>
    findings.some(({ severity }) => SEVERITY_RANK[severity] >= threshold),
  );
  if (reached) return EXIT.findings;
  if (allowIncomplete) return EXIT.clean;
  const incomplete =
    report.artifacts.some(({ status }) => status === 'failed' || status === 'partial') ||
    report.notScanned.some((skip) => skip.unreadable);
  return incomplete ? EXIT.trouble : EXIT.clean;
}
