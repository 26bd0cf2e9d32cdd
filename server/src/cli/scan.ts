import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ADVISORY_SNAPSHOT } from '../core/dependencies/snapshot';
import { SEVERITY_RANK } from '../core/engine';
import type { ScanReport } from '../core/finding';
import { REPORTS, reportById } from '../core/reports';
import type { ReportFormat, ReportOptions } from '../core/reports/report';
import { buildSeedReports } from '../core/reports/seed';
import { DEFAULT_SETTINGS, type ScanSettings } from '../core/settings';
import { VERSION } from '../core/version';
import { WorkerPool } from '../worker/pool';
import { type ScanProgress, scanSource } from '../worker/scan';
import { type ScanArguments, type Threshold, UsageError } from './arguments';
import { type FileConfig, readConfig } from './config';
import { ProgressBar } from './progress';
import { resolveTargets, type ScanTarget } from './target';
import { EXIT, styleFor, type Terminal, wantsColor } from './terminal';
import { findingsText, summaryText } from './text';

export interface ScanOutcome {
  report: ScanReport;
  /** Files that no format claims. */
  others: number;
  cancelled: boolean;
  prefix: string;
}

/** Settings of a scan: the configuration file that was named, then the flags. Nothing inside the scanned tree has a say. */
export async function settingsFor(args: Omit<ScanArguments, 'command'>): Promise<FileConfig> {
  const file: FileConfig = args.config ? await readConfig(args.config) : { settings: DEFAULT_SETTINGS };
  const settings: ScanSettings = {
    ...file.settings,
    exclude: [...file.settings.exclude, ...args.exclude],
    inlineSuppression: file.settings.inlineSuppression && args.inlineSuppression,
    ...(args.minSeverity && { minimumSeverity: args.minSeverity }),
    ...(args.timeoutSeconds && { limits: { ...file.settings.limits, timeMs: args.timeoutSeconds * 1000 } }),
  };
  return { ...file, settings };
}

/** Scans every target and puts the results together. @throws UsageError when a target is not there */
export async function scanTargets(
  args: Omit<ScanArguments, 'command'>,
  settings: ScanSettings,
  terminal: Terminal,
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
  const pool = new WorkerPool({
    script: path.join(__dirname, 'scanWorker.js'),
    ...(args.jobs !== undefined && { size: args.jobs }),
  });
  const bar = new ProgressBar(terminal.stderr, !args.quiet);
  let others = 0;
  try {
    for (const target of targets) {
      const before = single ? '' : prefixOf(target);
      let progress: ScanProgress | undefined;
      const scan = await scanSource(target.spec, settings, pool, {
        signal: terminal.signal,
        onProgress: (p) => {
          progress = p;
          bar.update(p);
        },
      });
      for (const artifact of scan.artifacts) report.artifacts.push({ ...artifact, path: before + artifact.path });
      for (const skip of scan.notScanned) report.notScanned.push({ ...skip, path: before + skip.path });
      others += (progress?.planned ?? 0) - scan.artifacts.length;
      if (terminal.signal.aborted) break;
    }
  } finally {
    bar.clear();
    await pool.stop();
  }
  const prefix = single ? (targets[0] as ScanTarget).prefix : '';
  return { report, others, cancelled: terminal.signal.aborted, prefix };
}

function prefixOf({ spec, prefix, label }: ScanTarget): string {
  if (spec.kind === 'folder' && spec.only) return '';
  const name = prefix || label.replace(/^\.\/|\/+$/g, '');
  return name === '' || name === '.' ? '' : `${name}/`;
}

/**
 * `watchtower scan`.
 * @returns the exit code
 * @throws UsageError
 */
export async function scanCommand(args: ScanArguments, terminal: Terminal): Promise<number> {
  const format = formatOf(args);
  const { settings, failOn, baseline: configured } = await settingsFor(args);
  const note = (text: string) => {
    if (!args.quiet) terminal.stderr.write(`watchtower: ${text}\n`);
  };
  for (const text of args.notes) note(text);
  if (!args.config) await noteUnusedConfig(args.targets, terminal, note);
  const baseline = args.baseline ?? configured;
  if (baseline !== undefined) throw new UsageError('--baseline is not supported yet');

  const { report, others, cancelled, prefix } = await scanTargets(args, settings, terminal);
  if (cancelled) {
    terminal.stderr.write('watchtower: cancelled; nothing was written\n');
    return EXIT.cancelled;
  }
  await writeReports(args, format, report, others, prefix, terminal);
  return exitCode(report, args.failOn ?? failOn ?? 'high');
}

/** The report that was asked for, by name or by the output's extension; undefined for text. @throws UsageError */
function formatOf({ format, output }: ScanArguments): ReportFormat | undefined {
  if (format === 'text') return undefined;
  if (format !== undefined) {
    const named = reportById(format);
    if (!named) {
      throw new UsageError(`unknown format "${format}"; expected text, ${REPORTS.map(({ id }) => id).join(', ')}`);
    }
    return named;
  }
  const name = output?.toLowerCase() ?? '';
  // `.cdx.json` before `.json`.
  return [...REPORTS]
    .sort((a, b) => b.extension.length - a.extension.length)
    .find(({ extension }) => name.endsWith(extension));
}

/** A configuration that lies in the scanned tree could switch its own scanner off, so it is only mentioned. */
async function noteUnusedConfig(
  targets: readonly string[],
  terminal: Terminal,
  note: (text: string) => void,
): Promise<void> {
  for (const target of targets) {
    const file = path.join(target, '.watchtower', 'config.json');
    const there = await stat(path.resolve(terminal.cwd, file)).then(
      (s) => s.isFile(),
      () => false,
    );
    if (there) note(`${JSON.stringify(file)} is not used unless it is named with --config`);
  }
}

async function writeReports(
  args: ScanArguments,
  format: ReportFormat | undefined,
  report: ScanReport,
  others: number,
  prefix: string,
  terminal: Terminal,
): Promise<void> {
  const options = reportOptions(args, prefix);
  const onTerminal = args.output === undefined;
  const style = styleFor(onTerminal && wantsColor(args.color, terminal.stdout, terminal.env));
  const text =
    format?.build(report, options) ??
    [findingsText(report, prefix, style), summaryText(report, others, style)].filter(Boolean).join('\n');
  if (args.output === undefined) await write(terminal.stdout, text);
  else {
    await writeFile(path.resolve(terminal.cwd, args.output), text).catch((error: Error) => {
      throw new UsageError(`--output ${args.output}: ${error.message}`);
    });
    if (!args.quiet) {
      const plain = styleFor(wantsColor(args.color, terminal.stderr, terminal.env));
      await write(terminal.stderr, summaryText(report, others, plain));
    }
  }
  if (args.reports !== undefined) {
    const folder = path.resolve(terminal.cwd, args.reports);
    await mkdir(folder, { recursive: true }).catch((error: Error) => {
      throw new UsageError(`--reports ${args.reports}: ${error.message}`);
    });
    for (const { name, content } of buildSeedReports(report, options)) {
      await writeFile(path.join(folder, name), content);
      if (!args.quiet) terminal.stderr.write(`watchtower: wrote ${path.join(args.reports, name)}\n`);
    }
  }
}

function reportOptions(args: ScanArguments, prefix: string): ReportOptions {
  const first = args.targets[0] ?? '.';
  const type = args.repositoryType ?? 'folder';
  const remote = /^(?:https?:|github:|hf:)/.test(first);
  return {
    timestamp: Math.floor(Date.now() / 1000),
    repositoryType: type,
    ...(prefix && { pathPrefix: prefix }),
    ...(remote && { repositoryUrl: first }),
    ...(first.startsWith('s3://') && { bucketName: first.slice(5) }),
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

/** What the process says of the scan: findings first, then what should have been scanned and could not be. */
export function exitCode(report: ScanReport, failOn: Threshold): number {
  if (failOn === 'never') return EXIT.clean;
  const threshold = SEVERITY_RANK[failOn];
  const reached = report.artifacts.some(({ findings }) =>
    findings.some(({ severity }) => SEVERITY_RANK[severity] >= threshold),
  );
  if (reached) return EXIT.findings;
  const unread = report.artifacts.some(({ status }) => status === 'failed');
  return unread || report.notScanned.some((skip) => skip.unreadable) ? EXIT.trouble : EXIT.clean;
}
