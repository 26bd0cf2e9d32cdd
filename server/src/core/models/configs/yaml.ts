import { Lexer, parse } from 'yaml';
import type { Location, Severity } from '../../finding';
import { isClassName } from '../../pickle/policy';
import { evidenceText } from '../../redact';
import type { Format, ScanContext } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { decodeConfig } from './decode';
import { CONFIG_RULES } from './rules';
import { isCommand, isDottedPath, judgeTarget, LOOSE_KEY } from './target';

const LARGEST = 16 * 2 ** 20;
/** As much as is read of a text. */
const READ = 4 * 2 ** 20;
const TRIGGERS =
  /python\/|%(?:70|50|2[fF])|_target_|class_path|chat_template|__(?:class|globals|builtins|subclasses|mro)__|trust_remote_code|!ruby\/|%TAG|!!?(?:javax?|com|org|sun|ch)\.|\b_?(?:os|posix|subprocess|pty|builtins|importlib|runpy|pickle|marshal|ctypes|shutil|sys|urllib\.request)\.[a-z_]\w*/;
const LONGEST_QUOTED = 2 ** 20;
const PREFIX = 'tag:yaml.org,2002:python/';
/** Tags of PyYAML that make plain values of built-in types. */
const PLAIN = new Set([
  'none',
  'bool',
  'str',
  'unicode',
  'bytes',
  'int',
  'long',
  'float',
  'complex',
  'list',
  'tuple',
  'dict',
]);

/** YAML whose loader builds objects or calls functions by name: PyYAML's Python tags, Hydra's targets. */
export const CONFIG_YAML_FORMAT: Format = {
  id: 'config-yaml',
  title: 'Configuration (YAML)',
  kind: 'text',
  extensions: ['.yaml', '.yml'],
  async identify(probe) {
    if (!['.yaml', '.yml'].includes(probe.extension) || probe.size > LARGEST) return undefined;
    const text = await probe.once('config-yaml-text', async () => decodeConfig(await probe.source.read(0, probe.size)));
    return TRIGGERS.test(text) ? 'certain' : undefined;
  },
  async scan(input, context) {
    if (input.source.size > READ) context.incomplete(`the configuration is read up to ${READ} bytes`);
    scanYaml(decodeConfig(await input.source.read(0, READ)), context);
  },
};

/** The lexer's marks for a document, the end of a flow collection by error, and a plain or block scalar that follows. */
const MARK = /^[\x02\x18\x1f]$/;

/** Scalars kept for what refers to them. */
const MOST_SCALARS = 100_000;
const MOST_CANDIDATES = 8;
/** Values put together from others that are followed. */
const MOST_COMPUTED = 2000;

/**
 * Judges tags and targets of a YAML text by its tokens alone: nothing is composed or resolved, no alias is followed but
 * one that stands for a scalar, and what no parser would accept to its end is still looked at, since a loader works on
 * what comes before the error.
 */
export function scanYaml(text: string, context: ScanContext): void {
  const lines = new LineIndex(text);
  const locate = (at: number, length: number) => lines.locate(at, at + length);
  const pairs = new Pairs(context);
  let handles = new Map(DEFAULT_HANDLES);
  let at = 0;
  /** The scalar that may turn out to be a key, and the key whose value is awaited. */
  let pendingKey: string | undefined;
  let key: string | undefined;
  let anchor: string | undefined;
  let last: string | undefined;
  let steps = 0;
  for (const lexeme of new Lexer().lex(text)) {
    steps += 1;
    if (steps % 1000 === 0) context.budget.checkTime();
    if (MARK.test(lexeme)) {
      // Handles of %TAG hold for one document; directives come before the mark of theirs.
      if (lexeme === '\x1f') last = lexeme;
      continue;
    }
    const start = at;
    at += lexeme.length;
    const isPlain = last === '\x1f';
    last = undefined;
    if (isPlain || lexeme[0] === '"' || lexeme[0] === "'") {
      const value = isPlain ? lexeme.trim() : unquoted(lexeme);
      if (key !== undefined) pairs.add(key, value, locate(start, lexeme.trimEnd().length));
      if (anchor !== undefined) pairs.anchor(anchor, value);
      anchor = undefined;
      key = undefined;
      pendingKey = value;
    } else if (lexeme === ':') {
      key = pendingKey;
      anchor = undefined;
    } else if (lexeme[0] === '&') {
      anchor = lexeme.slice(1);
    } else if (lexeme[0] === '*') {
      if (key !== undefined) pairs.alias(key, lexeme.slice(1), locate(start, lexeme.length));
      key = undefined;
    } else if (lexeme[0] === '!') {
      judgeTag(resolved(lexeme, handles), locate(start, lexeme.length), context);
    } else if (lexeme[0] === '%') {
      const directive = /^%TAG\s+(!\w*!?)\s+(\S+)/.exec(lexeme);
      if (directive) handles.set(directive[1] as string, directive[2] as string);
    } else if (lexeme === '...') handles = new Map(DEFAULT_HANDLES);
    else if (!/^[\s#|>]/.test(lexeme)) key = undefined;
  }
  pairs.finish();
}

/** Keys with their scalar values: judged at once, or at the end when the value is put together from others. */
class Pairs {
  readonly #anchors = new Map<string, string>();
  /** Scalars by the last part of their key, as interpolations of OmegaConf name them. */
  readonly #scalars = new Map<string, string[]>();
  readonly #computed = new Map<string, { key: string; value: string; location: Location }>();
  #kept = 0;

  constructor(private readonly context: ScanContext) {}

  add(key: string, value: string, location: Location): void {
    judgePair(key, value, location, this.context);
    if (this.#kept < MOST_SCALARS && value.length <= 300) {
      this.#kept += 1;
      const values = this.#scalars.get(key);
      if (!values) this.#scalars.set(key, [value]);
      else if (values.length < MOST_CANDIDATES) values.push(value);
      if (value.includes('${') && this.#computed.size < MOST_COMPUTED)
        this.#computed.set(`${key}\0${value}`, { key, value, location });
    }
  }

  anchor(name: string, value: string): void {
    if (this.#anchors.size < MOST_SCALARS) this.#anchors.set(name, value);
  }

  alias(key: string, name: string, location: Location): void {
    const value = this.#anchors.get(name);
    if (value !== undefined) this.add(key, value, location);
  }

  /** `${a.b}` stands for the value of `a.b`; every value of a key `b` is tried. */
  finish(): void {
    for (const { key, value, location } of this.#computed.values()) {
      let candidates = [value];
      for (let round = 0; round < 4 && candidates.some((c) => c.includes('${')); round += 1) {
        candidates = candidates.flatMap((candidate) => {
          const reference = /\$\{[.\s]*([\w.[\]-]+)\s*\}/.exec(candidate);
          if (!reference) return [candidate];
          const name =
            (reference[1] as string)
              .split(/[.[\]]/)
              .filter(Boolean)
              .at(-1) ?? '';
          return (this.#scalars.get(name) ?? []).map((text) => candidate.replace(reference[0], () => text));
        });
        candidates = candidates.slice(0, MOST_CANDIDATES);
      }
      for (const candidate of candidates) judgePair(key, candidate, location, this.context);
    }
  }
}

const DEFAULT_HANDLES: readonly [string, string][] = [
  ['!', '!'],
  ['!!', 'tag:yaml.org,2002:'],
];

/** The full tag. Percent signs are decoded as PyYAML does, so that an escaped name is still that name. */
function resolved(lexeme: string, handles: ReadonlyMap<string, string>): string {
  const verbatim = /^!<(.*)>?$/.exec(lexeme.replace(/>$/, ''));
  let tag: string;
  if (verbatim) tag = verbatim[1] as string;
  else {
    const [handle] = /^!(?:\w*!)?/.exec(lexeme) as RegExpExecArray;
    tag = (handles.get(handle) ?? handle) + lexeme.slice(handle.length);
  }
  return tag.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function unquoted(lexeme: string): string {
  if (lexeme.length > LONGEST_QUOTED) return lexeme.slice(1, -1);
  try {
    return String(parse(lexeme, { logLevel: 'silent' }));
  } catch {
    return lexeme.slice(1, -1);
  }
}

function judgePair(key: string, value: string, location: Location, context: ScanContext): void {
  if (key === 'trust_remote_code' && /^(?:true|yes|on)$/i.test(value)) {
    context.report({
      rule: CONFIG_RULES['trusts-remote-code'],
      message: 'The configuration turns trust_remote_code on: code of model repositories is run without a question.',
      location,
      anchor: key,
    });
  }
  const isTemplate = /chat_template/.test(key) || /__(?:class|globals|builtins|subclasses|mro)__|\.popen\(/.test(value);
  if (isTemplate && hasTemplateSyntax(value)) {
    judgeTemplate(value, {
      report: (draft) => context.report(draft),
      locate: () => location,
      checkTime: () => context.budget.checkTime(),
    });
  }
  const isTarget = key === '_target_' || key === '__target__' || key === 'class_path';
  if ((isTarget || (LOOSE_KEY.test(key) && isCommand(value))) && isDottedPath(value)) {
    const { severity, why, dangerous } = judgeTarget(value);
    context.report({
      rule: CONFIG_RULES[dangerous ? 'dangerous-target' : 'call-target'],
      ...(dangerous && { severity }),
      message: dangerous
        ? `${evidenceText(key, 40)} names ${evidenceText(value, 100)} (${why}): instantiating the configuration calls it.`
        : `${evidenceText(key, 40)} names ${evidenceText(value, 100)}, which is called when the configuration is instantiated.`,
      location,
      anchor: value,
    });
  }
}

/** Classes with which SnakeYAML (TorchServe's, CVE-2022-1471) and Ruby's Psych run foreign code or open addresses while they read. */
const GADGET =
  /ScriptEngineManager|URLClassLoader|JdbcRowSet|RowSetImpl|BadAttributeValue|PropertyPathFactoryBean|JndiConfiguration|WrapperConnectionPoolDataSource|C3P0|TemplatesImpl|JMXConfigurator|HikariConfig|MarshalledObject|BeanComparator|LazyMap|ConfigurationMap|Gem::(?:Requirement|Installer|SpecFetcher|Package::TarReader|Package::TarHeader|RequestSet)|Net::(?:WriteAdapter|BufferedIO)|\bERB\b/;

function judgeTag(tag: string, location: Location, context: ScanContext): void {
  if (
    tag.startsWith('!ruby/') ||
    /^tag:(?:ruby\.yaml\.org|yaml\.org),2002:(?:ruby|object|javax?|com|org|sun|ch)[./:]/.test(tag)
  ) {
    context.report({
      rule: CONFIG_RULES['python-tag'],
      ...(GADGET.test(tag) && { severity: 'high' as const }),
      message: `The tag ${evidenceText(tag, 120)} makes a Ruby or Java loader build an object of that class.`,
      location,
      anchor: tag,
    });
    return;
  }
  if (!tag.startsWith(PREFIX)) return;
  const [kind = '', path = ''] = tag.slice(PREFIX.length).split(/:(.*)/s);
  if (PLAIN.has(kind)) return;
  const { severity, why } = judgeTagged(kind, path);
  const verb = kind === 'name' || kind === 'module' ? 'imports' : kind === 'object' ? 'makes an object of' : 'calls';
  context.report({
    rule: CONFIG_RULES['python-tag'],
    severity,
    message: `The tag python/${evidenceText(kind, 40)} ${verb} ${evidenceText(path || 'a name from the text', 120)}${why} when the file is read with PyYAML's unsafe loader.`,
    location,
    anchor: tag,
  });
}

/** What the configurations of MkDocs name by the documentation of its themes: formatters and slugs. */
const DOCUMENTATION =
  /^(?:pymdownx\.(?:slugs|superfences|emoji|arithmatex)|material(?:x)?\.(?:extensions\.)?emoji)\.\w+$/;

function judgeTagged(kind: string, path: string): { severity: Severity; why: string } {
  const calls = kind === 'object/apply' || kind === 'object/new';
  if (kind === 'module' && isDottedPath(path)) {
    return judgeTarget(`${path}.run`).dangerous
      ? { severity: 'high', why: ' (from which commands are run or files are reached)' }
      : { severity: 'medium', why: '' };
  }
  if (!isDottedPath(path)) return { severity: calls ? 'high' : 'medium', why: '' };
  const { severity, why, dangerous } = judgeTarget(path);
  if (dangerous) return { severity: calls && severity === 'high' ? 'critical' : severity, why: ` (${why})` };
  if (why === 'a known name' || DOCUMENTATION.test(path)) return { severity: 'info', why: '' };
  const dot = path.lastIndexOf('.');
  const isClass = isClassName(path.slice(0, Math.max(0, dot)), path.slice(dot + 1));
  return { severity: calls && !isClass ? 'medium' : 'low', why: '' };
}
