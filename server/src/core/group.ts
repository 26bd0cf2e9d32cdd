/**
 * Groups: files that are scanned one by one and are one artifact all the same. Which files they are is decided when a scan is
 * planned, by names and by the small configuration that loaders go by; their reports are put together when all are there.
 */
import { Recorder } from './engine';
import type { ArtifactReport, Finding, Location } from './finding';
import { joinPath } from './place';
import type { PlannedArtifact } from './plan';
import { printable } from './redact';
import type { FolderView, GroupFacts, GroupFormat, GroupMember } from './scanner';
import type { ScanSettings } from './settings';

export type PlannedFile = Extract<PlannedArtifact, { kind: 'file' }>;

/** Files of a folder that are one model; each is scanned on its own. */
export interface PlannedGroup {
  kind: 'group';
  /** The folder; `.` is the root of the source. */
  path: string;
  formatId: string;
  files: PlannedFile[];
  size: number;
  facts: GroupFacts;
}

/** Folders that are asked at once: on another machine each costs a round trip. */
const ASKED_AT_ONCE = 8;
/** As much of a configuration or a card is read. */
export const MOST_READ = 2 ** 20;

/** Name of a group's file relative to the group's folder. */
export function memberName({ path }: PlannedGroup, file: PlannedFile): string {
  return path === '.' ? file.path : file.path.slice(path.length + 1);
}

/**
 * Puts files of a plan together that are one model. Outer folders are asked first, and a file goes to one group only.
 * @param read text of the first {@link MOST_READ} bytes of a file by its path; undefined when it cannot be read
 */
export async function groupFiles(
  plan: readonly PlannedArtifact[],
  formats: readonly GroupFormat[],
  read: (path: string) => Promise<string | undefined>,
): Promise<(PlannedArtifact | PlannedGroup)[]> {
  const byFolder = new Map<string, Map<string, PlannedFile>>();
  const candidates = new Set<string>();
  for (const artifact of plan) {
    if (artifact.kind !== 'file') continue;
    const slash = artifact.path.lastIndexOf('/');
    const folder = slash < 0 ? '.' : artifact.path.slice(0, slash);
    const name = artifact.path.slice(slash + 1);
    const files = byFolder.get(folder);
    if (files) files.set(name, artifact);
    else byFolder.set(folder, new Map([[name, artifact]]));
    if (formats.some((format) => format.concerns(name))) candidates.add(folder);
  }
  const taken = new Set<PlannedFile>();
  const groups: PlannedGroup[] = [];
  const take = (folder: string, format: GroupFormat, members: readonly string[], facts: GroupFacts) => {
    const files = members.flatMap((name) => {
      const path = joinPath(folder, name);
      const slash = path.lastIndexOf('/');
      const file = byFolder.get(slash < 0 ? '.' : path.slice(0, slash))?.get(path.slice(slash + 1));
      return file && !taken.has(file) ? [file] : [];
    });
    for (const file of files) taken.add(file);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    groups.push({ kind: 'group', path: folder, formatId: format.id, files, size, facts });
  };
  const levels = new Map<number, string[]>();
  for (const folder of candidates) {
    const level = folder === '.' ? 0 : folder.split('/').length;
    levels.set(level, [...(levels.get(level) ?? []), folder]);
  }
  for (const [, folders] of [...levels].sort(([a], [b]) => a - b)) {
    // Folders of one level have no file in common, so that they can be asked side by side.
    for (let i = 0; i < folders.length; i += ASKED_AT_ONCE) {
      const asked = folders.slice(i, i + ASKED_AT_ONCE).map(async (folder) => {
        const view: FolderView = {
          names: (below) =>
            [...(byFolder.get(joinPath(folder, below) || '.') ?? [])].flatMap(([name, file]) =>
              taken.has(file) ? [] : [name],
            ),
          read: (file) => read(joinPath(folder, file)),
        };
        return { folder, claim: await firstClaim(formats, view) };
      });
      for (const { folder, claim } of await Promise.all(asked)) {
        if (claim) take(folder, claim.format, claim.members, claim.facts);
      }
    }
  }
  const rest = plan.filter((artifact) => artifact.kind !== 'file' || !taken.has(artifact));
  return [...rest, ...groups].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The first format that takes a folder, with what it takes. One file is told as that file. */
export async function firstClaim(
  formats: readonly GroupFormat[],
  view: FolderView,
): Promise<{ format: GroupFormat; members: readonly string[]; facts: GroupFacts } | undefined> {
  for (const format of formats) {
    const claim = await format.claim(view);
    if (claim && claim.members.length > 1) return { format, ...claim };
  }
  return undefined;
}

/**
 * The report of a group: what was found in its files, and what only the whole tells. Findings of files keep their
 * fingerprints, so that a baseline holds whether a file is a member or lies alone.
 */
export function groupReport(
  { path, format, facts }: { path: string; format: GroupFormat; facts: GroupFacts },
  members: readonly GroupMember[],
  settings: ScanSettings,
): ArtifactReport {
  const recorder = new Recorder(path, settings);
  format.judge(members, facts, (draft) => recorder.add(draft, ''));
  recorder.describe(format.describe(members, facts), '');
  const own = recorder.finish({ path, kind: 'model', format: format.id, bytes: 0, bytesRead: 0 }, true);
  const reports = members.flatMap(({ name, report }) => (report ? [{ name, report }] : []));
  const incomplete = reports.filter(({ report }) => report.status !== 'scanned');
  const failed = incomplete.length === reports.length && reports.every(({ report }) => report.status === 'failed');
  const suppressed = [
    ...reports.flatMap(({ name, report }) => (report.suppressed ?? []).map((finding) => ofMember(finding, name))),
    ...(own.suppressed ?? []),
  ];
  const dependencies = reports.flatMap(({ report }) => report.dependencies ?? []);
  return {
    ...own,
    status: incomplete.length === 0 ? 'scanned' : failed ? 'failed' : 'partial',
    ...(incomplete.length > 0 && {
      reason: incomplete
        .slice(0, 5)
        .map(({ name, report }) => `${printable(name)}: ${report.reason ?? report.status}`)
        .join('; '),
    }),
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesRead: reports.reduce((sum, { report }) => sum + report.bytesRead, 0),
    members: members.map(({ name }) => name),
    findings: [
      ...reports.flatMap(({ name, report }) => report.findings.map((finding) => ofMember(finding, name))),
      ...own.findings,
    ],
    ...(suppressed.length > 0 && { suppressed }),
    ...(dependencies.length > 0 && { dependencies }),
  };
}

function ofMember(finding: Finding, name: string): Finding {
  const below = (location: Location): Location => ({
    ...location,
    member: location.member === undefined ? printable(name) : `${printable(name)}!${location.member}`,
  });
  return {
    ...finding,
    location: below(finding.location),
    ...(finding.related && {
      related: finding.related.map((place) => ({ ...place, location: below(place.location) })),
    }),
  };
}
