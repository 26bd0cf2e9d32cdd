/** Personal data in every kind of text: prose, code, configuration, outputs and tables. */
import type { Severity } from '../finding';
import { evidenceText, hashSecret, redactSecret } from '../redact';
import type { ScanSettings } from '../settings';
import type { TextAnalyser, TextContext, TextDocument, TextSegment } from '../text/document';
import { Recent } from '../text/recent';
import { isEmpty } from '../text/survey';
import { NamesBehind, PrintedTables } from './columns';
import { normaliseLabel } from './context';
import type { Hit, Passage } from './hits';
import {
  areNames,
  hasGivenName,
  isFullName,
  type LabelKind,
  labelKind,
  lookAtText,
  PERSON_KEYWORDS,
  personal,
  personalSeverity,
} from './people';
import { ENTITIES, type EntityName, ruleOf } from './rules';
import { findPersonalData } from './scan';

/** More values than this of one kind in one segment are one finding with a count. */
const SINGLE_FINDINGS = 5;
const RELATED = 5;
/** Rows of a table that are looked at one by one; a longer table is sampled evenly for the rest. */
const TABLE_ROWS = 200_000;

const RANK: Readonly<Record<Severity, number>> = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };

const COUNTRY_GROUPS: readonly string[] = ['US', 'GB', 'EU', 'IN', 'ASIA'];
/** Countries without a group of their own in the settings ride along when everything is on. */
const REST = ['AU', 'CA', 'AFRICA', 'LATAM'];

function countriesOf({ pii }: ScanSettings): ReadonlySet<string> | undefined {
  const chosen = new Set(pii.countries.map((country) => country.toUpperCase()));
  if (COUNTRY_GROUPS.every((group) => chosen.has(group))) return undefined;
  for (const rest of REST) if (chosen.has('ALL')) chosen.add(rest);
  return chosen;
}

export const PII_ANALYSER: TextAnalyser = {
  id: 'pii',
  enabled: (settings) => settings.pii.enabled,
  keywords: PERSON_KEYWORDS,
  surveys: true,
  analyse(document, context) {
    const countries = countriesOf(context.settings);
    const seen = new Set<string>();
    const shapes = new Map<EntityName, { segment: TextSegment; hits: Hit[] }>();
    for (const segment of document.segments) {
      if (segment.text.length < 5 || segment.path === 'attachments') continue;
      if (segment.table && segment.table.header.length > 0) {
        analyseTable(segment, context, countries, seen);
        continue;
      }
      const hits = findIn(document, segment, context, countries).filter((hit) => {
        if (hit.severity !== undefined) return true;
        const known = shapes.get(hit.entity);
        if (known) known.hits.push(hit);
        else shapes.set(hit.entity, { segment, hits: [hit] });
        return false;
      });
      if (hits.length > 0) report(segment, hits, context, seen);
    }
    for (const [entity, { segment, hits }] of shapes) {
      if (hits.length * SPARSE >= segment.text.length - NOTE) reportShape(entity, segment, hits, context);
    }
  },
};

/**
 * With no word beside it a value may be anything. In a note of so many characters it is told all the same, and in a longer
 * text when there is one in so many further characters: a list of them.
 */
const NOTE = 2000;
const SPARSE = 40;

const NO_HITS: Hit[] = [];

function findIn(
  document: TextDocument,
  segment: TextSegment,
  context: TextContext,
  countries: ReadonlySet<string> | undefined,
): Hit[] {
  const { text, kind, path } = segment;
  // What is printed, and what a notebook is run with; other metadata is written by editors.
  const told = path !== undefined && (segment.output !== undefined || path.includes('parameters'));
  const leaf = told ? leafKinds.get(path) : undefined;
  const persons = context.occurrences(segment, PERSON_KEYWORDS);
  const survey = context.survey(segment);
  // Every value has digits, an at sign or colons, or stands behind the words of a key.
  if (persons.length === 0 && leaf === undefined && isEmpty(survey)) return NO_HITS;
  const code = kind === 'code';
  const tables = code ? undefined : new PrintedTables(text);
  const passage: Passage = {
    text,
    header: path ?? '',
    plain: isPlain(document, segment),
    output: kind === 'output' || kind === 'table',
    code,
    far: tables ?? new NamesBehind(text),
    tables,
    countries,
    persons,
    survey,
  };
  const hits = findPersonalData(passage, context.checkTime);
  if (leaf === undefined || hits.length > 0) return hits;
  const entity = personal(leaf, text, () => false);
  return entity ? [{ entity, start: 0, end: text.length, context: true, severity: personalSeverity(entity) }] : NO_HITS;
}

/** What the own key of a string of a JSON output or of metadata says of it, by its path. */
const leafKinds = new Recent<LabelKind | undefined>(1024, (path) => {
  const key = normaliseLabel(path.slice(path.lastIndexOf('/') + 1));
  const kind = labelKind(key);
  // A mere `name` is that of a variable as often.
  return kind === 'name' ? undefined : kind;
});

/** A longer plain text is data or a log. */
const PLAIN_LIMIT = 256 * 1024;

/** Text in which values stand for themselves. In code and printed output a bare number is a number. */
function isPlain(document: TextDocument, segment: TextSegment): boolean {
  return (
    segment.text.length <= PLAIN_LIMIT &&
    document.kind === 'text' &&
    segment.kind === 'prose' &&
    segment.language === 'plain'
  );
}

function report(segment: TextSegment, hits: readonly Hit[], context: TextContext, seen: Set<string>): void {
  const groups = new Map<EntityName, Hit[]>();
  for (const hit of hits) {
    // The same output is often there twice, as text and as a table.
    const key = `${segment.cell}:${segment.output}:${hit.entity}:${textOf(segment, hit)}`;
    if (segment.output !== undefined) {
      if (seen.has(key)) continue;
      seen.add(key);
    }
    const group = groups.get(hit.entity);
    if (group) group.push(hit);
    else groups.set(hit.entity, [hit]);
  }
  for (const [entity, group] of groups) {
    if (group.length <= SINGLE_FINDINGS) {
      for (const hit of group) reportOne(entity, segment, hit, groups, context);
    } else reportMany(entity, segment, group, context);
  }
}

/** What is marked of a hit. */
const placeOf = ({ start, end, shown = { start, end } }: Hit): { start: number; end: number } => ({
  start: shown.start,
  end: shown.end,
});

const textOf = (segment: TextSegment, { start, end }: Hit): string => segment.text.slice(start, end);

function why({ checked, context, sample }: Hit): string {
  const reasons = [checked && 'its format and check are valid', context && 'the text beside it says so']
    .filter(Boolean)
    .join(', and ');
  const ground = reasons || 'it has the format';
  return sample ? `${ground}; it is a reserved or well-known example value` : ground;
}

/** Related places of a record: what else is told about the same person close by. */
const RECORD_REACH = 400;

function reportOne(
  entity: EntityName,
  segment: TextSegment,
  hit: Hit,
  groups: ReadonlyMap<EntityName, readonly Hit[]>,
  context: TextContext,
): void {
  const { title, class: kind } = ENTITIES[entity];
  const record: { message: string; location: ReturnType<TextSegment['locate']> }[] = [];
  if (kind === 'person' || kind === 'contact' || kind === 'national-id') {
    for (const [other, group] of groups) {
      if (other === entity || record.length >= RELATED) continue;
      const found = group.find((h) => Math.abs(h.start - hit.start) <= RECORD_REACH);
      const near = found && placeOf(found);
      if (near) record.push({ message: ENTITIES[other].title, location: segment.locate(near.start, near.end) });
    }
  }
  const value = textOf(segment, hit);
  context.report(segment, {
    rule: ruleOf(entity),
    severity: hit.severity as Severity,
    message: `${title}: ${why(hit)}.`,
    ...placeOf(hit),
    evidence: redactSecret(value),
    anchor: hashSecret(value),
    entity,
    ...(record.length > 0 && { related: record }),
  });
}

function reportMany(entity: EntityName, segment: TextSegment, hits: readonly Hit[], context: TextContext): void {
  const worst = hits.reduce((a, b) => (RANK[b.severity as Severity] > RANK[a.severity as Severity] ? b : a));
  const distinct = new Set(hits.map((hit) => textOf(segment, hit))).size;
  const value = textOf(segment, worst);
  context.report(segment, {
    rule: ruleOf(entity),
    severity: worst.severity as Severity,
    message: `${ENTITIES[entity].title}: ${hits.length.toLocaleString('en')} values here, ${distinct.toLocaleString('en')} of them different; ${why(worst)}.`,
    ...placeOf(worst),
    evidence: redactSecret(value),
    anchor: `many\0${hashSecret(value)}`,
    entity,
    related: hits
      .filter((hit) => hit !== worst)
      .slice(0, RELATED)
      .map(placeOf)
      .map(({ start, end }) => ({ message: 'Another', location: segment.locate(start, end) })),
    data: { count: hits.length, distinct },
  });
}

/** Values that have a shape and nothing else to speak for them: one hint for each kind and file. */
function reportShape(entity: EntityName, segment: TextSegment, hits: readonly Hit[], context: TextContext): void {
  const first = hits[0] as Hit;
  const value = textOf(segment, first);
  context.report(segment, {
    rule: ruleOf(entity),
    severity: 'info',
    message: `${ENTITIES[entity].title}: ${hits.length === 1 ? 'a value has' : `${hits.length.toLocaleString('en')} values have`} the format; nothing beside says what it is.`,
    start: first.start,
    end: first.end,
    evidence: redactSecret(value),
    anchor: `shape\0${hashSecret(value)}`,
    entity,
    data: { count: hits.length },
  });
}

interface Column {
  readonly name: string;
  readonly label: string;
  values: number;
  readonly found: Map<EntityName, { count: number; samples: number; first: Hit; severity: Severity }>;
  names: number;
  given: number;
  firstName?: { start: number; end: number };
}

function analyseTable(
  segment: TextSegment,
  context: TextContext,
  countries: ReadonlySet<string> | undefined,
  seen: Set<string>,
): void {
  const table = segment.table as NonNullable<TextSegment['table']>;
  const columns: Column[] = table.header.map((name) => ({
    name,
    label: normaliseLabel(name),
    values: 0,
    found: new Map(),
    names: 0,
    given: 0,
  }));
  const kinds = columns.map(({ label }) => labelKind(label));
  let rows = 0;
  for (const row of table.rows()) {
    rows += 1;
    if ((rows & 0xff) === 0) context.checkTime();
    if (rows > TABLE_ROWS) break;
    for (const cell of row) {
      const column = columns[cell.column];
      const length = cell.end - cell.start;
      if (!column || length < 2) continue;
      column.values += 1;
      const value = segment.text.slice(cell.start, Math.min(cell.end, cell.start + 2000));
      const kind = kinds[cell.column];
      if (kind === 'name' || kind === 'full-name' || kind === 'person-name') {
        if (isFullName(value)) {
          column.names += 1;
          if (hasGivenName(value)) column.given += 1;
          column.firstName ??= { start: cell.start, end: cell.end };
        }
      } else if (kind) {
        const entity = personal(kind, value.trim(), () => true);
        if (entity)
          count(column, entity, {
            entity,
            start: cell.start,
            end: cell.end,
            context: true,
            severity: personalSeverity(entity),
          });
      }
      if (!mayHold(value)) continue;
      const look = lookAtText(value, context.checkTime);
      const passage: Passage = {
        text: value,
        header: column.name,
        plain: false,
        output: false,
        code: false,
        countries,
        persons: look.occurrences,
        survey: look.survey,
      };
      for (const hit of findPersonalData(passage, context.checkTime)) {
        if (hit.severity === undefined) continue;
        count(column, hit.entity, { ...hit, start: hit.start + cell.start, end: hit.end + cell.start });
      }
    }
  }
  for (const [index, column] of columns.entries()) {
    const kind = kinds[index];
    if (column.firstName && kind && areNames(kind, column.values, column.names, column.given)) {
      column.found.set('PERSON', {
        count: column.names,
        samples: 0,
        severity: 'low',
        first: { entity: 'PERSON', ...column.firstName, context: true },
      });
    }
    reportColumn(segment, column, context, seen);
  }
}

/** Short numbers, fractions and timestamps are most cells of most tables, and nobody's identifier. */
const PLAIN_CELL =
  /^[-+]?(?:\d{1,4}|\d*\.\d+(?:e[-+]?\d+)?|(?:19|20)\d{2}-\d{2}-\d{2}(?:[T ][\d:.]{5,18}(?:Z|[-+]\d{2}:?\d{2})?)?)$/i;

const mayHold = (value: string): boolean => /\d[A-Za-z ]{0,2}\d|\d\.\d|@/.test(value) && !PLAIN_CELL.test(value);

function count(column: Column, entity: EntityName, hit: Hit): void {
  const known = column.found.get(entity);
  const severity = hit.severity as Severity;
  if (!known) {
    column.found.set(entity, { count: 1, samples: hit.sample ? 1 : 0, first: hit, severity });
    return;
  }
  known.count += 1;
  if (hit.sample) known.samples += 1;
  if (RANK[severity] > RANK[known.severity]) known.severity = severity;
}

function reportColumn(segment: TextSegment, column: Column, context: TextContext, seen: Set<string>): void {
  const header = evidenceText(column.name, 60);
  for (const [entity, { count: found, first, severity }] of column.found) {
    // A few numbers of a long column that happen to fit are chance, unless the header says what they are.
    if (!first.context && !/[A-Za-z@]/.test(textOf(segment, first)) && found < column.values * 0.5) continue;
    const key = `${segment.cell}:${segment.output}:${entity}:${textOf(segment, first)}`;
    if (segment.output !== undefined) seen.add(key);
    const { title, class: kind } = ENTITIES[entity];
    const bulk = found >= 100 && (kind === 'contact' || kind === 'person') && severity === 'low';
    const value = textOf(segment, first);
    context.report(segment, {
      rule: ruleOf(entity),
      severity: bulk ? 'medium' : severity,
      message: `${title}: ${found.toLocaleString('en')} ${found === 1 ? 'value' : 'values'} in column '${header}'.`,
      start: first.start,
      end: first.end,
      evidence: redactSecret(value),
      anchor: `column\0${column.name}`,
      entity,
      data: { count: found, column: header },
    });
  }
}
