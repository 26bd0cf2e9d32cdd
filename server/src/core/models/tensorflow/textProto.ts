import type { Budget } from '../../budget';

/** A message of the Protocol Buffers text format: field name to its values, in the order of the text. */
export class TextMessage {
  readonly fields: [name: string, value: TextMessage | string][] = [];

  message(name: string): TextMessage | undefined {
    return this.messages(name)[0];
  }

  messages(name: string): TextMessage[] {
    return this.fields
      .filter(([key, value]) => key === name && value instanceof TextMessage)
      .map(([, v]) => v as TextMessage);
  }

  texts(name: string): string[] {
    return this.fields.filter(([key, value]) => key === name && typeof value === 'string').map(([, v]) => v as string);
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }
}

export class MalformedTextProto extends Error {
  constructor(line: number, what: string) {
    super(`${what} in line ${line}`);
    this.name = 'MalformedTextProto';
  }
}

const TOKEN =
  /[A-Za-z_][\w./]*|\[[^\]\n]{0,300}\]|[-+.\w]+|[{}<>:;,]|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\[|\]/y;
const SKIPPED = /(?:\s+|#[^\n]*)*/y;
/** `[` before a value: the list of values of a repeated field. */
const LIST = /(?:\s|#[^\n]*\n)*\[/y;
const DEEPEST = 200;
const MOST_TOKENS = 20_000_000;

interface Open {
  message: TextMessage;
  close: string;
  /** Name of the field, inside of a list of its values. */
  list?: string;
}

/**
 * Parses the text format (https://protobuf.dev/reference/protobuf/textformat-spec) without a schema: every value is
 * text, strings without their quotes and escapes.
 * @returns what was read, and the error when the text breaks off
 */
export function parseTextProto(text: string, budget: Budget): { root: TextMessage; error?: MalformedTextProto } {
  const root = new TextMessage();
  const stack: Open[] = [{ message: root, close: '' }];
  let at = 0;
  let count = 0;
  const fail = (what: string) => ({ root, error: new MalformedTextProto(text.slice(0, at).split('\n').length, what) });
  const next = (): string => {
    SKIPPED.lastIndex = at;
    SKIPPED.test(text);
    at = SKIPPED.lastIndex;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? '';
    at += token.length;
    return token;
  };
  /** A value; neighbouring strings are one. */
  const joined = (first: string): string => {
    let value = unquoted(first);
    for (let token = first; token.startsWith('"') || token.startsWith("'"); ) {
      const before = at;
      token = next();
      if (!token.startsWith('"') && !token.startsWith("'")) {
        at = before;
        break;
      }
      value += unquoted(token);
    }
    return value;
  };
  for (;;) {
    count += 1;
    if (count % 4096 === 0) budget.checkTime();
    if (count > MOST_TOKENS) return fail('too many tokens');
    const name = next();
    const top = stack[stack.length - 1] as Open;
    if (name === '') {
      if (at < text.length) return fail('an unexpected character');
      return stack.length > 1 ? fail('a message is not closed') : { root };
    }
    if (name === ';' || name === ',') continue;
    if (name === top.close) {
      stack.pop();
      continue;
    }
    if (top.list !== undefined) {
      if (name === '{' || name === '<') {
        if (stack.length > DEEPEST) return fail(`messages nested deeper than ${DEEPEST} levels`);
        const message = new TextMessage();
        top.message.fields.push([top.list, message]);
        stack.push({ message, close: name === '{' ? '}' : '>' });
      } else if (/^[>}:\]]$/.test(name)) return fail('a value is missing');
      else top.message.fields.push([top.list, joined(name)]);
      continue;
    }
    if (!/^[A-Za-z_[\d]/.test(name)) return fail('a field name is missing');
    let token = next();
    const colon = token === ':';
    LIST.lastIndex = colon ? at : at - token.length;
    if (LIST.test(text)) {
      at = LIST.lastIndex;
      if (stack.length > DEEPEST) return fail(`messages nested deeper than ${DEEPEST} levels`);
      stack.push({ message: top.message, close: ']', list: name });
      continue;
    }
    if (colon) token = next();
    if (token === '{' || token === '<') {
      if (stack.length > DEEPEST) return fail(`messages nested deeper than ${DEEPEST} levels`);
      const message = new TextMessage();
      top.message.fields.push([name, message]);
      stack.push({ message, close: token === '{' ? '}' : '>' });
    } else if (!colon) {
      return fail('a colon is missing');
    } else if (token === '') {
      return fail('a value is missing');
    } else {
      top.message.fields.push([name, joined(token)]);
    }
  }
}

function unquoted(token: string): string {
  if (!token.startsWith('"') && !token.startsWith("'")) return token;
  return token
    .slice(1, -1)
    .replace(/\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([\s\S]))/g, (_, hex?: string, octal?: string, other?: string) => {
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
      return other === 'n' ? '\n' : other === 't' ? '\t' : other === 'r' ? '\r' : (other ?? '');
    });
}
