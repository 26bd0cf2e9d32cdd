/** A value of a JSON text with the offset (UTF-16 code unit of the text) at which it begins. */
export type JsonNode =
  | { readonly kind: 'object'; readonly at: number; readonly members: JsonMember[] }
  | { readonly kind: 'array'; readonly at: number; readonly items: JsonNode[] }
  | { readonly kind: 'string'; readonly at: number; readonly end: number; readonly value: string }
  | { readonly kind: 'literal'; readonly at: number; readonly value: number | boolean | null };

/** A pair of an object. An object that has a key twice has two members of that key: readers differ on which one counts. */
export interface JsonMember {
  readonly key: string;
  readonly at: number;
  readonly end: number;
  readonly value: JsonNode;
}

export interface TolerantJson {
  /** More than one for JSON lines and for texts with something behind their value. */
  roots: JsonNode[];
  /** Set when the text breaks off or a bracket has no partner: what was read until then, and behind it, is in `roots`. */
  damage: { at: number; what: string } | undefined;
  /** Set when there are more values than are kept. */
  truncated: boolean;
}

const MOST_NODES = 2_000_000;
/** Space as JSON, JSON5 and YAML have it, with the byte order mark; a comma needs no partner. */
const SPACE = /[\s\u0000\ufeff,]*/y;
const WORD = /[^\s,:{}[\]"'#\ufeff\u0000]+/y;

/**
 * Reads JSON as the most forgiving of its readers would (JSON5, JSON with comments, JSON lines, single quotes, missing
 * and trailing commas, unquoted keys, raw line ends in strings, texts that are cut off): in one pass, without recursion,
 * and never refuses. For judging what a file says, not for computing with it.
 */
export function readTolerantJson(text: string, checkTime: () => void = () => undefined): TolerantJson {
  return new Reader(text, checkTime).read();
}

type Container = Extract<JsonNode, { kind: 'object' | 'array' }>;
interface Key {
  key: string;
  at: number;
  end: number;
}

class Reader {
  #at = 0;
  #nodes = 0;
  readonly #stack: { container: Container; key: Key | undefined }[] = [];
  /** How many of the open containers are of each kind, so that a bracket without partner costs nothing. */
  readonly #open = { object: 0, array: 0 };
  readonly #result: TolerantJson = { roots: [], damage: undefined, truncated: false };

  constructor(
    private readonly text: string,
    private readonly checkTime: () => void,
  ) {}

  read(): TolerantJson {
    const { text } = this;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= text.length) break;
      this.#nodes += 1;
      if (this.#nodes % 4096 === 0) this.checkTime();
      if (this.#nodes > MOST_NODES) {
        this.#result.truncated = true;
        return this.#result;
      }
      this.#token(text[this.#at] as string);
    }
    if (this.#stack.length) this.#damage(text.length, 'it breaks off');
    return this.#result;
  }

  #token(char: string): void {
    const at = this.#at;
    switch (char) {
      case '{':
      case '[': {
        this.#at += 1;
        const container: Container =
          char === '{' ? { kind: 'object', at, members: [] } : { kind: 'array', at, items: [] };
        this.#put(container);
        this.#stack.push({ container, key: undefined });
        this.#open[container.kind] += 1;
        return;
      }
      case '}':
      case ']':
        this.#at += 1;
        this.#close(char === '}' ? 'object' : 'array', at);
        return;
      case ':':
        this.#at += 1;
        return;
      case '"':
      case "'": {
        const value = this.#string(char);
        this.#scalar({ kind: 'string', at, end: this.#at, value });
        return;
      }
      default:
        this.#word();
    }
  }

  #skipSpace(): void {
    const { text } = this;
    for (;;) {
      SPACE.lastIndex = this.#at;
      SPACE.exec(text);
      this.#at = SPACE.lastIndex;
      const isLine = text[this.#at] === '#' || text.startsWith('//', this.#at);
      if (!isLine && !text.startsWith('/*', this.#at)) return;
      const end = isLine ? text.indexOf('\n', this.#at) : text.indexOf('*/', this.#at + 2);
      this.#at = end < 0 ? text.length : end + (isLine ? 1 : 2);
    }
  }

  #put(node: JsonNode): void {
    const top = this.#stack.at(-1);
    if (!top) this.#result.roots.push(node);
    else if (top.container.kind === 'array') top.container.items.push(node);
    else {
      top.container.members.push({ ...(top.key ?? { key: '', at: node.at, end: node.at }), value: node });
      top.key = undefined;
    }
  }

  /** In an object every other scalar is a key, and whatever has a colon behind it. */
  #scalar(node: Extract<JsonNode, { kind: 'string' | 'literal' }>): void {
    const top = this.#stack.at(-1);
    const end = this.#at;
    if (top?.container.kind === 'object') {
      this.#skipSpace();
      if (!top.key || this.text[this.#at] === ':') {
        top.key = { key: String(node.value), at: node.at, end };
        return;
      }
    }
    this.#put(node);
  }

  #word(): void {
    const at = this.#at;
    const top = this.#stack.at(-1);
    const asKey = top?.container.kind === 'object' && !top.key;
    WORD.lastIndex = at;
    const word = WORD.exec(this.text)?.[0];
    if (word === undefined) {
      this.#at += 1;
      return;
    }
    this.#at += word.length;
    const lower = word.toLowerCase();
    if (lower === 'true' || lower === 'false') this.#scalar({ kind: 'literal', at, value: lower === 'true' });
    else if (lower === 'null' || lower === 'none') this.#scalar({ kind: 'literal', at, value: null });
    else if (!asKey && /^[-+]?(?:[\d.]|nan$|inf)/i.test(word)) {
      this.#scalar({ kind: 'literal', at, value: Number(word) });
    } else this.#scalar({ kind: 'string', at, end: this.#at, value: word });
  }

  #close(kind: Container['kind'], at: number): void {
    if (this.#open[kind] === 0) {
      this.#damage(at, 'a bracket closes what was never opened');
      return;
    }
    for (;;) {
      const { container } = this.#stack.pop() as { container: Container };
      this.#open[container.kind] -= 1;
      if (container.kind === kind) return;
      this.#damage(at, 'a bracket is missing');
    }
  }

  #string(quote: string): string {
    const { text } = this;
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    for (; end < text.length; end += 1) {
      const char = text[end];
      if (char === '\\') {
        escaped = true;
        end += 1;
      } else if (char === quote) break;
    }
    if (end >= text.length) this.#damage(start, 'a string has no end');
    this.#at = Math.min(text.length, end + 1);
    const raw = text.slice(start, end);
    return escaped ? unescaped(raw) : raw;
  }

  #damage(at: number, what: string): void {
    this.#result.damage ??= { at, what };
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '\n': '' };

/** Escapes of JSON and JSON5; one that is none stands for the character behind it. */
function unescaped(raw: string): string {
  return raw.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S])|$)/g,
    (_, u?: string, x?: string, one?: string) => {
      const hex = u ?? x;
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return one === undefined ? '' : (ESCAPES[one] ?? one);
    },
  );
}

/** The text with escapes of ASCII characters resolved, so that a word is found however it is spelled. */
export function withoutAsciiEscapes(text: string): string {
  return text.includes('\\u00')
    ? text.replace(/\\u00([2-7][0-9a-fA-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}
