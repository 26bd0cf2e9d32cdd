/** Values of XML, property lists and HTML: text of elements, and names and values that are elements of their own. */

export interface Range {
  start: number;
  end: number;
}

const TEXT = />\s{0,80}(?:<!\[CDATA\[\s{0,8})?([^<>\s](?:[^<>\n]{0,500}[^<>\s])?)\s{0,80}(?:\]\]>\s{0,40})?<\//y;
const OPEN_WITH_ATTRIBUTES = /[ \t\r\n]{1,20}[\w:.-]{1,60}\s{0,4}=[^<>]{0,300}(?=>)/y;
const REST_OF_TAG = /\\?["'][^<>]{0,200}(?=>)/y;
const VALUE_ELEMENT = /\s{0,80}<(?:\w{1,20}:)?(?:value|string|Value|data|val)(?:\s[^<>]{0,80})?(?=>)/y;
const CLOSE = /<\/(?:\w{1,20}:)?(?:[\w-]{1,20}-)?(?:name|key|Name|Key)>/y;
const VALUE_AFTER_NAME = /\s{0,80}<(?:\w{1,20}:)?(?:[\w-]{1,20}-)?(?:value|string|Value|data)(?:\s[^<>]{0,80})?(?=>)/y;

function textAt(text: string, at: number): Range | undefined {
  TEXT.lastIndex = at;
  const match = TEXT.exec(text);
  if (!match) return undefined;
  const value = match[1] as string;
  const start = text.indexOf(value, at + 1);
  return { start, end: start + value.length };
}

function after(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** `<password>...</password>`, `<password type="plain">...</password>`, with or without a CDATA section. */
export function elementText(text: string, name: Range): Range | undefined {
  const before = text[name.start - 1];
  if (before !== '<' && before !== ':') return undefined;
  const at = text[name.end] === '>' ? name.end : after(OPEN_WITH_ATTRIBUTES, text, name.end);
  return at === undefined ? undefined : textAt(text, after(VALUE_ELEMENT, text, at + 1) ?? at);
}

/** `<property name="password">...</property>`, `<property name="password"><value>...</value>` */
export function namedElementText(text: string, name: Range): Range | undefined {
  if (!/(?:name|key|id|Name|Key)\s{0,4}=\s{0,4}\\?["']$/.test(text.slice(Math.max(0, name.start - 16), name.start)))
    return undefined;
  const at = after(REST_OF_TAG, text, name.end);
  if (at === undefined || text[at - 1] === '/') return undefined;
  const inner = after(VALUE_ELEMENT, text, at + 1);
  return textAt(text, inner ?? at);
}

/** `<name>password</name><value>...</value>`, `<key>password</key><string>...</string>` */
export function valueElement(text: string, name: Range): Range | undefined {
  const close = after(CLOSE, text, name.end);
  if (close === undefined) return undefined;
  const at = after(VALUE_AFTER_NAME, text, close);
  return at === undefined ? undefined : textAt(text, at);
}
