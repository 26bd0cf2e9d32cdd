/**
 * Keys that an object of a JSON text has twice. Readers differ on which value counts, so a text that a scanner accepts
 * can mean something else to a loader. Works on text that JSON.parse has accepted.
 * @param limit how many are told at most
 */
export function duplicateKeys(json: string, limit = 20): { key: string; at: number }[] {
  const found: { key: string; at: number }[] = [];
  const stack: (Set<string> | undefined)[] = [];
  let expectKey = false;
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case '{':
        stack.push(new Set());
        expectKey = true;
        break;
      case '[':
        stack.push(undefined);
        expectKey = false;
        break;
      case '}':
      case ']':
        stack.pop();
        expectKey = false;
        break;
      case ',':
        expectKey = stack.at(-1) !== undefined;
        break;
      case '"': {
        const end = stringEnd(json, at);
        const keys = stack.at(-1);
        if (expectKey && keys) {
          const raw = json.slice(at + 1, end);
          const key = raw.includes('\\') ? unescaped(json.slice(at, end + 1)) : raw;
          if (keys.has(key) && found.length < limit) found.push({ key, at });
          keys.add(key);
          expectKey = false;
        }
        at = end;
      }
    }
  }
  return found;
}

function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at;
  }
  return json.length;
}

function unescaped(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}
