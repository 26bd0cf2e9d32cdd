import type { TextDocument, TextSegment } from './document';
import { SpanMap } from './spanMap';

/** Beginning of a picture, a sound or a font that stands in a text (RFC 2397). */
const MEDIA = /data:(?:image|audio|video|font)\/[\w.+-]{1,60}(?:;[\w.=-]{1,60}){0,3};base64,/gi;
/** A shorter one costs less than to cut it out. */
const LEAST = 256;

/**
 * The document without the base64 of media in its texts, which often is most of a text and never is a secret of anyone.
 * Places are those of the whole text.
 */
export function withoutMedia(document: TextDocument): TextDocument {
  let changed = false;
  const segments = document.segments.map((segment) => {
    const cut = withoutMediaIn(segment);
    changed ||= cut !== segment;
    return cut;
  });
  return changed ? { ...document, segments } : document;
}

function withoutMediaIn(segment: TextSegment): TextSegment {
  const { text } = segment;
  // Cells of a table are places of its text.
  if (segment.table || text.length < LEAST || !text.includes(';base64,')) return segment;
  const map = new SpanMap();
  const parts: string[] = [];
  let length = 0;
  let kept = 0;
  const keep = (to: number) => {
    map.run(length, kept);
    parts.push(text.slice(kept, to));
    length += to - kept;
  };
  MEDIA.lastIndex = 0;
  for (let match = MEDIA.exec(text); match; match = MEDIA.exec(text)) {
    const end = base64End(text, MEDIA.lastIndex);
    if (end - MEDIA.lastIndex >= LEAST) {
      keep(MEDIA.lastIndex);
      kept = end;
    }
    MEDIA.lastIndex = end;
  }
  if (parts.length === 0) return segment;
  keep(text.length);
  return {
    ...segment,
    text: parts.join(''),
    locate: (start, end) => segment.locate(map.start(start), map.end(end)),
  };
}

/** What is no character of base64 (RFC 4648, both alphabets). Pictures are long, and an expression passes over them fastest. */
const OTHER = /[^A-Za-z0-9+/=_-]/g;

function base64End(text: string, at: number): number {
  OTHER.lastIndex = at;
  return OTHER.exec(text)?.index ?? text.length;
}
