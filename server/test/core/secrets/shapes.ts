/**
 * Makes texts that match a regular expression, so that tests can assemble credentials of every shape at run time and no
 * file of the repository holds one. Understands what the rules use: classes, groups, alternatives, bounded repetition.
 */

/** A generator of numbers in [0, 1) that gives the same row for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();

export function matching(source: string, random: () => number): string {
  let at = 0;
  const pick = (chars: string) => chars[Math.floor(random() * chars.length)] as string;
  const escaped = (): string => {
    const c = source[at++] as string;
    if (c === 'd') return DIGITS;
    if (c === 'w') return LOWER + UPPER + DIGITS;
    if (c === 's') return ' ';
    if (c === 'x') {
      const code = Number.parseInt(source.slice(at, at + 2), 16);
      at += 2;
      return String.fromCharCode(code);
    }
    return c;
  };
  const characterClass = (): string => {
    const negated = source[at] === '^';
    if (negated) at += 1;
    let chars = '';
    while (source[at] !== ']') {
      let from = source[at++] as string;
      if (from === '\\') {
        from = escaped();
        if (from.length > 1) {
          chars += from;
          continue;
        }
      }
      if (source[at] === '-' && source[at + 1] !== ']') {
        at += 1;
        let to = source[at++] as string;
        if (to === '\\') to = escaped();
        for (let c = from.charCodeAt(0); c <= to.charCodeAt(0); c += 1) chars += String.fromCharCode(c);
      } else chars += from;
    }
    at += 1;
    return negated ? [...(LOWER + UPPER + DIGITS)].filter((c) => !chars.includes(c)).join('') : chars;
  };
  const alternatives = (): (() => string) => {
    const options: (() => string)[] = [];
    let items: (() => string)[] = [];
    const close = () => {
      const own = items;
      options.push(() => own.map((item) => item()).join(''));
      items = [];
    };
    while (at < source.length && source[at] !== ')') {
      const c = source[at++] as string;
      if (c === '|') {
        close();
        continue;
      }
      let item: () => string;
      if (c === '(') {
        const look = /^\?<?[=!]/.test(source.slice(at));
        if (/^\?<\w/.test(source.slice(at))) at = source.indexOf('>', at) + 1;
        else if (source[at] === '?') at += source[at + 1] === ':' ? 2 : source[at + 1] === '<' ? 3 : 2;
        const inner = alternatives();
        at += 1;
        item = look ? () => '' : inner;
      } else if (c === '[') {
        const chars = characterClass();
        item = () => pick(chars);
      } else if (c === '\\') {
        const chars = escaped();
        item = () => pick(chars);
      } else if (c === '.') item = () => pick(LOWER + DIGITS);
      else if (c === '^' || c === '$') item = () => '';
      else item = () => c;
      const repeat = /^(?:\{(\d+)(?:,(\d+))?\}|[?*+])/.exec(source.slice(at));
      if (repeat) {
        at += repeat[0].length;
        const least = repeat[1] === undefined ? (repeat[0] === '+' ? 1 : 0) : Number(repeat[1]);
        const one = item;
        item = () => Array.from({ length: least }, one).join('');
      }
      items.push(item);
    }
    close();
    return () => (options[Math.floor(random() * options.length)] as () => string)();
  };
  return alternatives()();
}
