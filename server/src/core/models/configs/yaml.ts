import { Lexer, parse } from 'yaml';
import type { Severity } from '../../finding';
import { isClassName } from '../../pickle/policy';
import { evidenceText } from '../../redact';
import type { Format, ScanContext } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { CONFIG_RULES } from './rules';
import { isDottedPath, judgeTarget } from './target';

const LARGEST = 4 * 2 ** 20;
const TRIGGERS = /python\/|_target_|chat_template|trust_remote_code|!ruby\/|%TAG|!!?(?:javax?|com|org)\./;
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
    const text = await probe.once('config-yaml-text', async () => decode(await probe.source.read(0, probe.size)));
    return TRIGGERS.test(text) ? 'certain' : undefined;
  },
  async scan(input, context) {
    context.budget.checkMemory(input.source.size, 'the configuration');
    scanYaml(decode(await input.source.read(0, input.source.size)), context);
  },
};

/** UTF-16 as YAML allows it, else UTF-8. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** The lexer's marks for a document, the end of a flow collection by error, and a plain or block scalar that follows. */
const MARK = /^[\x02\x18\x1f]$/;

/**
 * Judges tags and targets of a YAML text by its tokens alone: nothing is composed or resolved, no alias is followed, and
 * what no parser would accept to its end is still looked at, since a loader works on what comes before the error.
 */
export function scanYaml(text: string, context: ScanContext): void {
  const lines = new LineIndex(text);
  const locate = (at: number, length: number) => lines.locate(at, at + length);
  let handles = new Map(DEFAULT_HANDLES);
  let at = 0;
  /** The scalar that may turn out to be a key, and the key whose value is awaited. */
  let pendingKey: string | undefined;
  let key: string | undefined;
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
      if (key !== undefined) judgePair(key, value, locate(start, lexeme.trimEnd().length), context);
      key = undefined;
      pendingKey = value;
    } else if (lexeme === ':') {
      key = pendingKey;
    } else if (lexeme[0] === '!') {
      judgeTag(resolved(lexeme, handles), locate(start, lexeme.length), context);
    } else if (lexeme[0] === '%') {
      const directive = /^%TAG\s+(!\w*!?)\s+(\S+)/.exec(lexeme);
      if (directive) handles.set(directive[1] as string, directive[2] as string);
    } else if (lexeme === '...') handles = new Map(DEFAULT_HANDLES);
    else if (!/^[\s#|>&]/.test(lexeme)) key = undefined;
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

type Place = ReturnType<LineIndex['locate']>;

function judgePair(key: string, value: string, location: Place, context: ScanContext): void {
  if (key === 'trust_remote_code' && value === 'true') {
    context.report({
      rule: CONFIG_RULES['trusts-remote-code'],
      message: 'The configuration turns trust_remote_code on: code of model repositories is run without a question.',
      location,
      anchor: key,
    });
  }
  if (/chat_template/.test(key) && hasTemplateSyntax(value)) {
    judgeTemplate(value, {
      report: (draft) => context.report(draft),
      locate: () => location,
      checkTime: () => context.budget.checkTime(),
    });
  }
  if ((key === '_target_' || key === '__target__') && isDottedPath(value)) {
    const { severity, why, dangerous } = judgeTarget(value);
    context.report({
      rule: CONFIG_RULES[dangerous ? 'dangerous-target' : 'call-target'],
      ...(dangerous && { severity }),
      message: dangerous
        ? `${key} names ${evidenceText(value, 100)} (${why}): instantiating the configuration calls it.`
        : `${key} names ${evidenceText(value, 100)}, which is called when the configuration is instantiated.`,
      location,
      anchor: value,
    });
  }
}

function judgeTag(tag: string, location: Place, context: ScanContext): void {
  if (
    tag.startsWith('!ruby/') ||
    /^tag:(?:ruby\.yaml\.org|yaml\.org),2002:(?:ruby|object|javax?|com|org)[./:]/.test(tag)
  ) {
    context.report({
      rule: CONFIG_RULES['python-tag'],
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

function judgeTagged(kind: string, path: string): { severity: Severity; why: string } {
  const calls = kind === 'object/apply' || kind === 'object/new';
  if (!isDottedPath(path)) return { severity: calls ? 'high' : 'medium', why: '' };
  const { severity, why, dangerous } = judgeTarget(path);
  if (dangerous) return { severity: calls && severity === 'high' ? 'critical' : severity, why: ` (${why})` };
  if (why === 'a known name') return { severity: 'info', why: '' };
  const dot = path.lastIndexOf('.');
  const isClass = isClassName(path.slice(0, Math.max(0, dot)), path.slice(dot + 1));
  return { severity: calls && !isClass ? 'medium' : 'low', why: '' };
}
