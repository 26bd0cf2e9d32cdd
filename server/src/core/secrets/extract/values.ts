/**
 * Finds what is said to be the value of a name: assignments, annotated assignments, dictionary entries, keyword
 * arguments, defaults, lists, comparisons, tags, attributes, options of commands, in whatever language. It reads a
 * bounded stretch around the name and needs no parse of the file, so it works in strings, comments, outputs, broken
 * code and any format alike.
 */
import {
  type Assignment,
  bareAssignment,
  isLineStart,
  lineBefore,
  lineState,
  literalAssignment,
  type Surroundings,
} from './assignment';
import { afterYamlMarks, bareValue, parameterDefault, spacedValue } from './bare';
import { DEFAULT_NAMES, entryValue, VALUE_NAMES, valuesBelow } from './entries';
import {
  formattedAt,
  type JoinedLiterals,
  joinedLiterals,
  type Literal,
  listedLiterals,
  literalAt,
  nthLiteral,
} from './literals';
import { elementText, namedElementText, type Range, valueElement } from './markup';

const OPERATOR = /[ \t]{0,30}(?:!={1,2}|[?.+]=|\|\|=|:{1,3}=|={1,3}>?|:(?!:)|<-|->)[ \t]{0,30}/y;
const ANNOTATION =
  /(?:[ \t]{0,4}:[ \t]{0,4}(?:&(?:'\w{1,20}[ \t])?)?[A-Za-z_][\w.]{0,30}(?:\[[\w., "'|]{0,40}\])?(?:[ \t]?\|[ \t]?None)?|[ \t]{1,4}(?:\*?string|String|str|text|any|byte|bytes|char|varchar|const|SecretStr)|[ \t]{1,4}As[ \t]{1,4}String|[ \t]{0,2}\[\d{0,6}\](?=[ \t]{0,30}=[ \t]{0,30}[uL]?8?")|[ \t]{0,4}\{[ \t]{0,4}get;[\w; ]{0,24}\})[ \t]{0,30}:?=(?![=>])[ \t]{0,30}/y;
const MORE_NAMES =
  /(?:[ \t]{0,4},[ \t]{0,4}\$?[A-Za-z_][\w.]{0,60}){1,4}(?:[ \t]{1,4}[A-Za-z]\w{0,20})?[ \t]{0,4}:?=(?!=)[ \t]{0,4}/y;
const NAMED_VALUE =
  /(?:\\?["'`])?[ \t]{0,8}(?:,[ \t]{0,8}"\w{1,20}"[ \t]{0,4}:[ \t]{0,4}"[^"\n]{0,40}"){0,2}(?:,[ \t]{0,8})?(?:\r?\n[ \t]{0,40})?(?:\\?["'])?(?:value|Value|val|content|defaultValue|default_value|currentValue|current_value|ParameterValue|Default|token)(?:\\?["'])?[ \t]{0,8}[:=][ \t]{0,8}/y;
const LOOKUP =
  /[\w.$]{1,80}\(\s{0,20}(?:f?["'][^"'\n]{1,100}["']|[\w.]{1,80})\s{0,8},\s{0,20}(?:default\s{0,4}=\s{0,4})?/y;
const WRAPPER =
  /lambda[ \t]{0,4}:[ \t]{0,4}|(?:[\w.]{1,40}(?:\.|::))?(?:SecretStr|SecretBytes|Secret|SecureString|str|bytes|bytearray|quote|quote_plus|urlquote|Password|Token|TokenAuth|from|from_str|String|b64encode|to_secret|Some|Optional\.of|Just)\(\s{0,20}/y;
/** Declarations of a value with options: the value is their first argument, or the one called `default`. */
const DECLARATION =
  /(?:[\w.]{1,40}\.)?(?:Field|field|Option|Argument|Query|Header|Form|Body|Cookie|Path|attrib|ib|Param|Parameter|Property|column|Column|mapped_column|CharField|TextField|StringField|Str|String|Unicode|Setting|config|var|text_input)\(/y;
const LOOKUP_NAME =
  /(?:getenv|environ\.get|env\.get|\benv|\bget|getattr|\.pop|setdefault|config|\.str|Env\w{0,20}|lookup|fetch|\.getProperty|secret\w{0,20}|param\w{0,20}|Option|Field|Form|argument)$/i;
const SETTER =
  /(?:env|get|set|put|define|propert(?:y|ies)|option|conf|config|default|add|header|param|secret|with|variable|credential|field|insert|update|pop|fetch|str)\w{0,20}$/i;
/** `... or "x"`, `... || "x"`, `... ?? "x"`, `....unwrap_or("x")`: what is taken when the look-up gives nothing. */
const ALTERNATIVE =
  /(?:\bor|\belse|\?\?|\|\||:-|\.(?:unwrap_or|or_else|orElse|getOrElse|or)\()[ \t]{0,4}(?=[bru]?["'])/;
const ALTERNATIVE_AFTER_LOOKUP =
  /(?:["']?[\])]{1,2}[ \t]{1,4}or\b|["']?[\])]{0,2}[ \t]{0,4}(?:\?\?|\|\||\.(?:unwrap_or|or_else|orElse|getOrElse|or)\())[ \t]{0,4}(?=[bru]?["'`])/y;
const STRING_FUNCTION = /\b(?:str|strn|wcs|lstr|_str|sprint)\w{0,12}\(\s{0,8}[\w.>[\]&*-]{0,60}$/;
const CONCATENATED = /["'] {1,8}[+.][ \t]{0,8}(?=["'])/y;
/** Functions whose names say that they get, make or judge what they are called after. */
const VERB =
  /^(?:(?:get|read|load|split|check|parse|make|ask)|(?:fetch|find|create|delete|remove|update|validate|prompt|decode|decrypt|verify|has|is|store|save|generate|new|list|lookup|resolve|retrieve|request|require|test|assert|expect|format|hash|mask|redact|count|add|on|handle)(?:[_A-Z]|$))/;
/** One literal in brackets, with more than letters in it. */
const ONLY_LITERAL = /\(\s{0,8}["'](?=[A-Za-z_]{0,40}[^A-Za-z_"'\s])[^"'\n]{8,200}["']\s{0,8}\)/y;
const MEMBERSHIP = /\s{1,4}(?:not\s{1,4})?in\s{1,4}(?=[([{])/y;

/** The lists of a plural that hold no secrets of anyone: what is to be refused, or what everyone knows. */
const PUBLIC_LIST =
  /common|weak|leak|breach|pwned|banned|forbidden|black_?list|deny|invalid|bad|wrong|known|reserved|stop|special/i;

export interface Place {
  text: string;
  around: Surroundings;
  /** True in tables, where the next cell is the value. */
  table: boolean;
}

/**
 * The values of the name at `name`, as far as the text gives it any.
 * @param name range of a name, as `nameAround` gives it
 */
export function assignedValues(place: Place, name: Range): Assignment[] {
  const found = new Reader(place, name).read();
  return Array.isArray(found) ? found : found ? [found] : [];
}

type Found = Assignment | Assignment[] | undefined;

class Reader {
  readonly #text: string;
  readonly #around: Surroundings;
  readonly #table: boolean;

  constructor(
    { text, around, table }: Place,
    private readonly name: Range,
  ) {
    this.#text = text;
    this.#around = around;
    this.#table = table;
  }

  get #key(): string {
    return this.#text.slice(this.name.start, this.name.end);
  }

  #literal(operator: Assignment['operator'], joined: JoinedLiterals | undefined): Assignment | undefined {
    return joined && literalAssignment(this.#text, this.name, operator, joined);
  }

  #range(operator: Assignment['operator'], context: Assignment['context'], range: Range | undefined) {
    return range && bareAssignment(this.#text, this.name, range, operator, context);
  }

  read(): Found {
    const text = this.#text;
    const { name } = this;
    let p = name.end;
    let quoted = false;
    let c = text[p];
    if (c === '\\' && (text[p + 1] === '"' || text[p + 1] === "'")) {
      quoted = true;
      p += 2;
    } else if (c === '"' || c === "'" || c === '`') {
      quoted = true;
      p += 1;
    }
    const before = text[name.start - 1];
    if (before === '{') {
      const value = parameterDefault(text, name);
      if (value) return value;
    }
    c = text[p];
    if (this.#table && c === '\t') return this.#cell(p);
    const inMarkup = before === '<' || before === ':' || c === '<' || c === '>' || quoted;
    if (inMarkup) {
      const range = elementText(text, name) ?? valueElement(text, name) ?? namedElementText(text, name);
      if (range) return this.#range('tag', 'config', range);
      if (c === '>') return undefined;
    }
    if (c === ' ' && !quoted && /^\s{0,40}set\(\s{0,4}$/i.test(lineBefore(text, name.start))) {
      const set = this.#literal('argument', joinedLiterals(text, p + 1, false));
      return set && { ...set, loose: true };
    }
    if (c === '(') return /\bdef[ \t]{1,4}$/.test(lineBefore(text, name.start)) ? this.#returned(p) : this.#call(p);
    if (c === ',' || c === ')') {
      const value = this.#inserted(p);
      if (value) return value;
    }
    if (quoted) {
      const declared = c === ',' ? (this.#namedValue() ?? this.#argument(p)) : this.#quotedBlock(p);
      if (declared) return declared;
    } else if (c === ',') {
      const value = this.#unquotedList(p);
      if (value) return value;
    }
    const alternative = this.#alternative();
    if (alternative) return alternative;
    if (c === ']' && before === '[') {
      const section = this.#section(p);
      if (section) return section;
    }
    if (c === ']' || (c === ')' && /^\s{0,40}\([\w., $]{1,120}$/.test(lineBefore(text, p)))) p += 1;
    if ((c === '\n' || c === '\r') && before === '-' && this.#around === 'config') return this.#listOption(p);
    if (c === ' ' && before === '-' && /[\s-]/.test(text[name.start - 2] ?? ' ')) return this.#option(p);
    OPERATOR.lastIndex = p;
    const operator = OPERATOR.exec(text);
    if (operator) return this.#operator(operator[0], p, quoted);
    if (quoted) {
      const pair = /[ \t]{1,4}to[ \t]{1,4}/y;
      pair.lastIndex = p;
      if (pair.test(text)) return this.#literal('assign', joinedLiterals(text, pair.lastIndex, false));
    } else {
      ANNOTATION.lastIndex = p;
      if (ANNOTATION.test(text)) return this.#expression(ANNOTATION.lastIndex, 'assign');
      const left = literalBefore(text, name.start);
      if (left) return this.#literal('compare', left);
      const other = this.#unsigned(p);
      if (other) return other;
    }
    return this.#namedValue() ?? this.#netrc(p) ?? spacedValue(text, name, this.#around) ?? this.#told(p);
  }

  #cell(at: number): Assignment | undefined {
    const cell = /\t([^\t\n]{4,600})/y;
    cell.lastIndex = at;
    const match = cell.exec(this.#text);
    if (!match) return undefined;
    const value = (match[1] as string).trim();
    const start = at + 1 + (match[1] as string).indexOf(value);
    return this.#range('cell', 'prose', { start, end: start + value.length });
  }

  #operator(operator: string, at: number, quoted: boolean): Found {
    const text = this.#text;
    const sign = operator.trim();
    let p = at + operator.length;
    if (sign === ':' || sign === '') {
      ANNOTATION.lastIndex = at;
      // `token: str = "..."`: the value stands after the type.
      if (!quoted && ANNOTATION.test(text)) p = ANNOTATION.lastIndex;
    }
    const compare = /^(?:={2,3}|!={1,2})$/.test(sign);
    if (sign === '->' && !quoted && this.#around === 'code') return undefined;
    if (this.#around === 'config') p = afterYamlMarks(text, p);
    // `"password=" + "..."`: the name is the end of a string that the value is joined to.
    CONCATENATED.lastIndex = p;
    if (sign === '=' && text[p + 1] === ' ' && CONCATENATED.test(text) && lineState(text, this.name.start) === 'string')
      return this.#literal('assign', joinedLiterals(text, CONCATENATED.lastIndex, false));
    const found = this.#expression(p, compare ? 'compare' : 'assign');
    if (found || compare) return found;
    const left = quoted ? undefined : literalBefore(text, this.name.start);
    return left ? this.#literal('compare', left) : (this.#namedValue() ?? this.#told(at));
  }

  /** `setProperty("token", "...")`, `os.getenv("TOKEN", "...")`, `["--token", "..."]`, `add_argument("--token", ..., default="...")` */
  #argument(at: number): Assignment | undefined {
    const text = this.#text;
    const { name } = this;
    const lead = text.slice(Math.max(0, name.start - 160), name.start);
    const call = /([\w.$]{1,80})\(\s{0,40}[rbuf]?\\?["'`][^"'`\n]{0,40}$/.exec(lead);
    const option = /-["'`]?$|--$/.test(lead);
    if (option || (call && /argument/i.test(call[1] as string))) {
      const open = text.lastIndexOf('(', name.start);
      if (open >= 0 && name.start - open < 120) {
        const value = entryValue(text, open, DEFAULT_NAMES);
        if (value !== undefined) return this.#literal('default', joinedLiterals(text, value, true));
      }
      if (call && !option) return undefined;
    }
    const comma = /,\s{0,40}(?:default\s{0,4}=\s{0,4}|value\s{0,4}=\s{0,4})?/y;
    comma.lastIndex = at;
    comma.test(text);
    const joined = joinedLiterals(text, comma.lastIndex, true);
    if (!joined || (joined.parts.length === 1 && joined.value.startsWith('-'))) return undefined;
    if (option) return this.#literal('option', joined);
    const setter = call && SETTER.test(call[1] as string);
    const found = this.#literal(call && LOOKUP_NAME.test(call[1] as string) ? 'default' : 'argument', joined);
    // Any other pair of strings: columns, labels, choices, as often as a name and its value.
    return found && (setter ? found : { ...found, loose: true });
  }

  /** `variable "password" { default = "..." }` */
  #quotedBlock(at: number): Assignment | undefined {
    const open = /[ \t]{1,4}(?=\{)/y;
    open.lastIndex = at;
    if (!open.test(this.#text) || !/\bvariable[ \t]{1,4}["']$/.test(lineBefore(this.#text, this.name.start)))
      return undefined;
    const value = entryValue(this.#text, open.lastIndex, DEFAULT_NAMES);
    return value === undefined ? undefined : this.#literal('default', joinedLiterals(this.#text, value, false));
  }

  /** `user, password = "bob", "..."`, `strcmp(password, "...")` */
  #unquotedList(at: number): Assignment | undefined {
    const text = this.#text;
    const { name } = this;
    MORE_NAMES.lastIndex = at;
    // `f(API_TOKEN, id="...")`: the next argument of a call is no other name of the same value.
    if (MORE_NAMES.test(text) && !/[\w\])]\([^()]{0,200}$/.test(lineBefore(text, name.start))) {
      return this.#literal('assign', nthLiteral(text, MORE_NAMES.lastIndex, positionInList(text, name.start)));
    }
    const lead = text.slice(Math.max(0, name.start - 90), name.start);
    if (!STRING_FUNCTION.test(lead)) return undefined;
    const comma = /,\s{0,20}/y;
    comma.lastIndex = at;
    comma.test(text);
    return this.#literal(
      /cmp\w{0,6}\(/.test(lead) ? 'compare' : 'argument',
      joinedLiterals(text, comma.lastIndex, true),
    );
  }

  /** `os.getenv("PASSWORD") or "..."`, `process.env.PASSWORD || "..."` */
  #alternative(): Assignment | undefined {
    ALTERNATIVE_AFTER_LOOKUP.lastIndex = this.name.end;
    if (!ALTERNATIVE_AFTER_LOOKUP.test(this.#text)) return undefined;
    return this.#default(ALTERNATIVE_AFTER_LOOKUP.lastIndex);
  }

  #default(at: number): Assignment | undefined {
    return this.#literal('default', joinedLiterals(this.#text, at, true));
  }

  /** What follows a name without a sign: `#define NAME "..."`, `PASSWORD '...'` of SQL, `std::string password{"..."}`, `password in (...)`. */
  #unsigned(at: number): Found {
    const text = this.#text;
    const { name } = this;
    const gap = /[ \t]{1,20}(?=@?\\?["'`])/y;
    gap.lastIndex = at;
    if (gap.test(text)) {
      const line = lineBefore(text, name.start);
      if (/^[ \t]{0,20}#[ \t]{0,4}define[ \t]{1,8}$/.test(line))
        return this.#literal('assign', joinedLiterals(text, gap.lastIndex, false));
      if (/\b(?:user|role|login|encrypted|with|identity|set)\b[^;]{0,160}$/i.test(line) && text[gap.lastIndex] === "'")
        return this.#literal('option', joinedLiterals(text, gap.lastIndex, false));
      if (this.#around === 'code' && /^\s{0,40}$|[{ (]:$/.test(line)) {
        // `password '...'` of Gradle, `set(PASSWORD "...")` of CMake, `:password "..."` of Clojure.
        const found = this.#literal('argument', joinedLiterals(text, gap.lastIndex, false));
        return found && { ...found, loose: true };
      }
    }
    if (text[at] === '{' && /\b(?:string|auto|String)[ \t&*]{1,4}$/.test(lineBefore(text, name.start)))
      return this.#literal('assign', joinedLiterals(text, at + 1, false));
    MEMBERSHIP.lastIndex = at;
    return MEMBERSHIP.test(text) ? this.#listed(MEMBERSHIP.lastIndex, 'compare') : undefined;
  }

  /** `Password(value="...")`, `set_password("...")`, `password.equals("...")`, `ApiKeyCredential("...")` */
  #call(at: number): Assignment | undefined {
    const text = this.#text;
    const { name } = this;
    const key = this.#key;
    const keyword = /\(\s{0,20}(?:value|password|secret|token|key)\s{0,4}=\s{0,4}/y;
    keyword.lastIndex = at;
    let p = at + 1;
    let loose = false;
    let operator: Assignment['operator'] = 'argument';
    if (keyword.test(text)) p = keyword.lastIndex;
    else if (/\.(?:equals|equalsIgnoreCase|contentEquals|Equals|compareTo|eq)$/.test(key)) operator = 'compare';
    else if (!/(?:^|\.)(?:set|with|use|add)[A-Z_]\w*$|\.(?:password|apiKey|api_key|accessToken|secret)$/.test(key)) {
      const declared = /\b(?:string|String|auto)[ \t&*]{1,4}$/.test(lineBefore(text, name.start));
      if (
        !declared &&
        !/(?:Credentials?|ApiKey|AccessToken|BearerToken|TokenAuth|KeyAuth|^passwd|^PASSWORD)$/.test(key) &&
        !this.#initialised(at)
      )
        return undefined;
      loose = true;
    }
    const found = this.#literal(operator, joinedLiterals(text, p, true));
    return found && (loose || /(?:^|\.)add/.test(key)) ? { ...found, loose: true } : found;
  }

  /** `password_("...")` of C++, `apiKey("...")` of a builder: the literal is all that the brackets hold. */
  #initialised(at: number): boolean {
    ONLY_LITERAL.lastIndex = at;
    return ONLY_LITERAL.test(this.#text) && !this.#key.includes('.') && !VERB.test(this.#key);
  }

  /** `def password(self): return "..."` */
  #returned(at: number): Assignment | undefined {
    const body = /\([^()\n]{0,120}\)[^:\n]{0,40}:[ \t]{0,8}(?:\r?\n[ \t]{1,40})?return[ \t]{1,4}/y;
    body.lastIndex = at;
    if (!body.test(this.#text)) return undefined;
    const found = this.#literal('assign', joinedLiterals(this.#text, body.lastIndex, false));
    return found && { ...found, loose: true };
  }

  /** `INSERT INTO users (name, password) VALUES ('...', '...')` */
  #inserted(at: number): Assignment | undefined {
    const values = /[^()]{0,300}\)\s{0,8}values\s{0,8}\(\s{0,8}/iy;
    values.lastIndex = at;
    if (!values.test(this.#text)) return undefined;
    const lead = /\binsert\s{1,8}into\s{1,8}[\w."`[\]]{1,80}\s{0,8}\(([^()]{0,300})$/i.exec(
      this.#text.slice(Math.max(0, this.name.start - 420), this.name.start),
    );
    if (!lead) return undefined;
    const column = (lead[1] as string).split(',').length - 1;
    const found = this.#literal('argument', nthLiteral(this.#text, values.lastIndex, column));
    return found && { ...found, loose: true };
  }

  /** `--password VALUE` */
  #option(at: number): Assignment | undefined {
    const gap = /[ \t]{1,4}/y;
    gap.lastIndex = at;
    if (!gap.test(this.#text)) return undefined;
    const joined = joinedLiterals(this.#text, gap.lastIndex, false);
    if (joined) return this.#literal('option', joined);
    if (this.#text[gap.lastIndex] === '-') return undefined;
    return bareValue(this.#text, this.name, gap.lastIndex, this.#around, 'option');
  }

  /** `- --password` and `- VALUE` on the next line of a list. */
  #listOption(at: number): Assignment | undefined {
    const item = /\r?\n[ \t]{0,40}-[ \t]{1,4}/y;
    item.lastIndex = at;
    if (!item.test(this.#text) || this.#text[item.lastIndex] === '-') return undefined;
    const joined = joinedLiterals(this.#text, item.lastIndex, false);
    return joined
      ? this.#literal('option', joined)
      : bareValue(this.#text, this.name, item.lastIndex, this.#around, 'assign');
  }

  /** `name="password" value="..."`, `- name: PASSWORD` with `value: ...` on the line after or before it. */
  #namedValue(): Assignment | undefined {
    const text = this.#text;
    const { name } = this;
    if (!behindSign(text, name.start)) return undefined;
    const lead = text.slice(Math.max(0, name.start - 24), name.start);
    const label =
      /(?:^|[\s{<,"'-])(?:name|key|Name|Key|ParameterKey|id|parameter|option)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?$/;
    if (!label.test(lead)) return undefined;
    NAMED_VALUE.lastIndex = name.end;
    if (NAMED_VALUE.test(text)) {
      const joined = joinedLiterals(text, NAMED_VALUE.lastIndex, false);
      if (joined) return this.#literal('assign', joined);
      return bareValue(text, name, NAMED_VALUE.lastIndex, this.#around === 'code' ? 'code' : 'config', 'assign');
    }
    // The value may stand first.
    const from = Math.max(0, name.start - 400);
    const before =
      /(?:^|[\s{<,"'-])(?:value|Value|ParameterValue)\\?["']?[ \t]{0,4}[:=][ \t]{0,4}(\\?["']?)([^\s"'<>,{}]{4,300})\1[ \t]{0,4},?\s{0,60}[<"'-]{0,2}(?:name|key|Name|Key|ParameterKey)\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?$/.exec(
        text.slice(from, name.start),
      );
    if (!before) return undefined;
    const value = before[2] as string;
    const start = from + before.index + before[0].indexOf(value, before[0].search(/[:=]/));
    return this.#range('assign', before[1] ? 'literal' : 'config', { start, end: start + value.length });
  }

  /** `machine host login user password VALUE` of a .netrc file. */
  #netrc(at: number): Assignment | undefined {
    const text = this.#text;
    if (text[at] !== ' ' && text[at] !== '\t' && text[at] !== '\n') return undefined;
    const lead = text.slice(Math.max(0, this.name.start - 260), this.name.start);
    if (!lead.includes('login')) return undefined;
    const entry = /\b(?:machine\s{1,8}\S{1,100}|default)\s{1,8}login\s{1,8}\S{1,100}\s{1,8}$/.test(lead);
    if (!entry && !(this.#around === 'config' && /(?:^|\n)[ \t]{0,20}login\s{1,8}\S{1,100}\s{1,8}$/.test(lead)))
      return undefined;
    const gap = /\s{1,4}(?=\S)/y;
    gap.lastIndex = at;
    if (!gap.test(text)) return undefined;
    return bareValue(text, this.name, gap.lastIndex, 'config', 'option');
  }

  /** What a document says: `**Password:** ...`, `| password | ... |`, `the password is ...`, `the password \`...\``. */
  #told(at: number): Assignment | undefined {
    if (this.#around !== 'prose' || /^(?:pass|pw|auth)$/i.test(this.#key)) return undefined;
    const said =
      /(?:\*{1,2}|_{2}|`)?(?:[ \t](?:for|of)[ \t][\w.@-]{1,40})?[ \t]{0,4}(?::(?:\*{1,2}|_{2})?[ \t]{1,8}|[ \t](?:is|was|=|-|–):?[ \t]{1,4}|\t{1,4}|\|[ \t]{0,8}|(?=[ \t]`))[ \t]?(?:(`{1,2}|"|')([^\s`"']{8,600})\1|\*{2}([^\s`"'*]{8,200})\*{2}|([^\s`"'*|<>()][^\s`"'|<>()]{7,600}))/y;
    said.lastIndex = at;
    const match = said.exec(this.#text);
    const value = (match?.[2] ?? match?.[3] ?? match?.[4])?.replace(/[.,;:!?*]{1,40}$/, '');
    if (!match || !value || /[=(){}]/.test(value)) return undefined;
    const start = at + match[0].lastIndexOf(value);
    const found = this.#range('assign', 'prose', { start, end: start + value.length });
    return found && { ...found, loose: true };
  }

  /** All literals of the list at the bracket `at`. */
  #listed(at: number, operator: Assignment['operator']): Assignment[] | undefined {
    if (PUBLIC_LIST.test(this.#key)) return undefined;
    const found: Assignment[] = [];
    for (const joined of listedLiterals(this.#text, at)) {
      const one = this.#literal(operator, joined);
      if (one) found.push({ ...one, loose: true });
    }
    return found.length > 0 ? found : undefined;
  }

  #expression(at: number, operator: Assignment['operator']): Found {
    const text = this.#text;
    const { name } = this;
    const around = this.#around;
    let p = at;
    let grouped = false;
    const group = /\(?[ \t]{0,4}(?:\\?\r?\n[ \t]{0,80})?/y;
    const opener = text[p];
    if (opener === '[' || opener === '{' || opener === '(') {
      const listed = operator === 'compare' ? undefined : this.#bracket(p, opener);
      if (listed) return listed;
    }
    if (opener === '(' || opener === '\\') {
      group.lastIndex = p;
      group.test(text);
      grouped = opener === '(';
      p = group.lastIndex;
    } else if (opener === '\n' || opener === '\r') {
      if (around === 'config' && operator === 'assign') return this.#below(p);
      // JSON and XML may break after the colon; a bare value does not.
      const gap = /\r?\n[ \t]{0,80}(?=["'])/y;
      gap.lastIndex = p;
      if (gap.test(text) && /["'`]/.test(text[name.end] ?? '')) p = gap.lastIndex;
      else return undefined;
    }
    const index = operator === 'assign' ? positionInList(text, name.start) : 0;
    const joined = index > 0 ? nthLiteral(text, p, index) : joinedLiterals(text, p, grouped);
    if (joined) return this.#literal(operator, joined);
    if (formattedAt(text, p)) return undefined;
    const inner = this.#wrapped(p, operator);
    if (inner !== undefined) return inner ?? undefined;
    if (operator === 'compare' || text[p] === '"' || text[p] === "'" || text[p] === '`') return undefined;
    return bareValue(text, name, p, around, operator);
  }

  /** A call or an alternative around the literal; null when a call was understood and holds none. */
  #wrapped(at: number, operator: Assignment['operator']): Assignment | null | undefined {
    const text = this.#text;
    WRAPPER.lastIndex = at;
    if (WRAPPER.test(text)) {
      const inner = this.#literal(operator, joinedLiterals(text, WRAPPER.lastIndex, true));
      if (inner) return inner;
    }
    DECLARATION.lastIndex = at;
    if (DECLARATION.test(text)) {
      const open = DECLARATION.lastIndex - 1;
      const named = entryValue(text, open, DEFAULT_NAMES);
      if (named !== undefined) {
        // `default_factory=lambda: "..."`
        const made = /lambda[ \t]{0,4}:[ \t]{0,4}/y;
        made.lastIndex = named;
        const inner = this.#literal('default', joinedLiterals(text, made.test(text) ? made.lastIndex : named, true));
        if (inner) return inner;
      }
      const first = /\(\s{0,40}/y;
      first.lastIndex = open;
      first.test(text);
      const inner = this.#literal('default', joinedLiterals(text, first.lastIndex, true));
      // The first argument of some is the value, of others a name or a text.
      if (inner && named === undefined) return { ...inner, loose: true };
    }
    LOOKUP.lastIndex = at;
    const lookup = LOOKUP.exec(text);
    if (lookup && LOOKUP_NAME.test(lookup[0].slice(0, lookup[0].indexOf('(')))) {
      const inner = this.#default(LOOKUP.lastIndex);
      if (inner) return inner;
    }
    const rest = /^[\w.$([{][^\n]{0,299}/.exec(text.slice(at, at + 300))?.[0];
    const alternative = rest && ALTERNATIVE.exec(rest);
    if (alternative) {
      const inner = this.#default(at + alternative.index + alternative[0].length);
      if (inner) return inner;
    }
    return undefined;
  }

  /** `["...", ...]`, `{ value: "..." }` */
  #bracket(at: number, opener: string): Assignment[] | undefined {
    const listed = this.#listed(at, 'item');
    if (listed || opener !== '{') return listed;
    const value = entryValue(this.#text, at, VALUE_NAMES);
    if (value === undefined) return this.#mapped(at);
    const joined = joinedLiterals(this.#text, value, false);
    const found = joined
      ? this.#literal('assign', joined)
      : this.#around === 'config'
        ? bareValue(this.#text, this.name, value, 'prose', 'assign')
        : undefined;
    return found ? [{ ...found, loose: true }] : undefined;
  }

  /** `passwords = {"bob": "...", ...}`: the values of a mapping that a plural is the name of. */
  #mapped(at: number): Assignment[] | undefined {
    if (!/(?:s|S)$/.test(this.#key) || PUBLIC_LIST.test(this.#key)) return undefined;
    const found: Assignment[] = [];
    const entry = /[{,]\s{0,80}["'][^"'\n]{1,80}["']\s{0,8}(?::|=>)\s{0,20}/y;
    for (let p = at; found.length < 32; ) {
      entry.lastIndex = p;
      if (!entry.test(this.#text)) break;
      const joined = joinedLiterals(this.#text, entry.lastIndex, false);
      const one = this.#literal('item', joined);
      if (!joined || !one) break;
      found.push({ ...one, loose: true });
      const next = /\s{0,80}(?=,)/y;
      next.lastIndex = (joined.parts[joined.parts.length - 1] as Literal).outerEnd;
      if (!next.test(this.#text)) break;
      p = next.lastIndex;
    }
    return found.length > 0 ? found : undefined;
  }

  /** `[passwords]` of TOML or INI, with a line for each user or service. */
  #section(at: number): Assignment[] | undefined {
    const text = this.#text;
    if (this.#around !== 'config' || !/(?:password|passwd|token|secret|key)s$/i.test(this.#key)) return undefined;
    if (!isLineStart(text, this.name.start - 1) || PUBLIC_LIST.test(this.#key)) return undefined;
    const found: Assignment[] = [];
    const entry =
      /[^\r\n]{0,120}\r?\n(?:[ \t]{0,20}(?:#[^\n]{0,200})?\r?\n){0,8}[ \t]{0,20}["']?[\w.@-]{1,60}["']?[ \t]{0,8}=[ \t]{0,8}/y;
    for (let p = at; found.length < 32; ) {
      entry.lastIndex = p;
      if (!entry.test(text)) break;
      const joined = joinedLiterals(text, entry.lastIndex, false);
      const one = this.#literal('item', joined);
      if (!joined || !one) break;
      found.push({ ...one, loose: true });
      p = (joined.parts[joined.parts.length - 1] as Literal).outerEnd;
    }
    return found.length > 0 ? found : undefined;
  }

  /** Values on the lines below a key of YAML or INI. */
  #below(at: number): Assignment[] | undefined {
    const text = this.#text;
    if (!isLineStart(text, this.name.start)) return undefined;
    const found: Assignment[] = [];
    for (const below of valuesBelow(text, this.name.start, at)) {
      const start = afterYamlMarks(text, below.at);
      if (below.kind === 'item' && PUBLIC_LIST.test(this.#key)) continue;
      const joined = literalAt(text, start) && joinedLiterals(text, start, false);
      const line = /[^\s"'`<>{[][^\s"'`]{3,400}(?=[ \t]{0,40}(?:#|\r?\n|$))/y;
      line.lastIndex = start;
      const one = joined
        ? this.#literal('item', joined)
        : line.test(text)
          ? bareAssignment(text, this.name, { start, end: line.lastIndex }, 'item', 'config')
          : undefined;
      if (one) found.push({ ...one, loose: true });
    }
    return found.length > 0 ? found : undefined;
  }
}

/** Position of a name among names that are assigned together: `user, password = "bob", "..."`. */
function positionInList(text: string, start: number): number {
  let comma = start - 1;
  while (text[comma] === ' ' || text[comma] === '$') comma -= 1;
  if (/[^\s,]/.test(text[comma] ?? ' ')) return 0;
  const match = /^\s*(?:(?:const|var|let|my)\s+)?\(?((?:\$?[A-Za-z_][\w.]*\s*,\s*){1,4})\$?$/.exec(
    lineBefore(text, start),
  );
  return match ? (match[1] as string).split(',').length - 1 : 0;
}

/** Whether a colon or an equals sign stands before a name, with a quote between them or without. */
function behindSign(text: string, start: number): boolean {
  let sign = start - 1;
  if (text[sign] === '"' || text[sign] === "'") sign -= 1;
  if (text[sign] === '\\') sign -= 1;
  for (let spaces = 0; spaces < 4 && /\s/.test(text[sign] ?? ''); spaces += 1) sign -= 1;
  return text[sign] === ':' || text[sign] === '=';
}

/** The literal before a comparison that has its literal on the left: `"..." == password`, `"...".equals(password`. */
function literalBefore(text: string, at: number): JoinedLiterals | undefined {
  let p = at - 1;
  while (p > 0 && (text[p] === ' ' || text[p] === '(' || text[p] === '$')) p -= 1;
  if (text[p] !== '=' && text[p] !== 's') return undefined;
  const lead = text.slice(Math.max(0, at - 300), at);
  const match =
    /(["'`])([^"'`\n]{4,200})\1(?:[ \t]{0,8}(?:={2,3}|!={1,2})[ \t]{0,8}\(?\$?|\.[eE]quals\([ \t]{0,4})$/.exec(lead);
  if (!match) return undefined;
  const base = at - lead.length + match.index;
  const value = match[2] as string;
  const part = {
    value,
    start: base + 1,
    end: base + 1 + value.length,
    outerStart: base,
    outerEnd: base + 2 + value.length,
  };
  return { value, parts: [{ ...part, formatted: false }] };
}
