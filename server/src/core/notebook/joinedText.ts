import type { SpanMap } from '../text/spanMap';
import { type Json, type JsonMember, type JsonValue, kindAt } from './json';
import { DecodedString } from './jsonString';
import { TolerantJson } from './tolerantJson';

/**
 * The text of a value, and the way back to the raw text, which is worked out when something in the text is located: few
 * texts have anything to locate, and most of the time of decoding goes into the way back.
 */
export class JoinedText {
  #map: SpanMap | undefined;

  private constructor(
    readonly text: string,
    private readonly raw: string,
    private readonly start: number,
    private readonly end: number,
    private readonly separator: string,
  ) {}

  /** A string, or the strings of a list: joined as they are, as nbformat has texts of several lines, or as frames of a traceback. */
  static of(json: Json, value: JsonValue, separator = ''): JoinedText {
    return new JoinedText(textOf(json, value, separator), json.text, value.start, value.end, separator);
  }

  /** A string or a scalar. */
  static ofLeaf(json: Json, leaf: JsonValue): JoinedText {
    return new JoinedText(json.content(leaf), json.text, leaf.start, leaf.end, '');
  }

  /** The key of a member. */
  static ofKey(json: Json, { key, keyStart, keyEnd }: JsonMember): JoinedText {
    return new JoinedText(key, json.text, keyStart, keyEnd, '');
  }

  get map(): SpanMap {
    this.#map ??= this.#decoded().map;
    return this.#map;
  }

  #decoded(): DecodedString {
    const { raw, start, end, separator } = this;
    const out = new DecodedString(raw);
    const kind = kindAt(raw, start);
    if (kind === 'string') out.add({ start, end });
    else if (kind === 'scalar') out.addRaw({ start, end });
    else {
      const element = new TolerantJson(raw).elements({ start, end, token: 0 });
      while (element.next()) {
        if (kindAt(raw, element.start) !== 'string') continue;
        if (separator !== '' && out.length > 0) out.addSeparator(separator, element.start);
        out.add(element);
      }
    }
    return out;
  }
}

function textOf(json: Json, value: JsonValue, separator: string): string {
  let text = '';
  for (const part of json.strings(value)) {
    if (separator !== '' && text !== '') text += separator;
    text += part;
  }
  return text;
}
