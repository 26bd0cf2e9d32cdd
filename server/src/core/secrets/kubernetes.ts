/** Values of Kubernetes manifests of kind Secret, in YAML and JSON. */
import { decodeBase64 } from './checksums';
import { isPlaceholder, isReference, isTemplate, judgeValue } from './judge';
import type { StructuralHit } from './structures';

const DOCUMENT_LIMIT = 65_536;
const MOST = 50;
const ENTRY = /^["']?([\w.-]{1,100})["']?:[ \t]*(?:([|>][+-]?\d?)[ \t]*(?:#.*)?$|(["']?)([^\s"'#][^\r\n"']{3,5000}))/;

/** Everything the manifest around `at` keeps in `data` and `stringData`. */
export function kubernetesSecrets(text: string, at: number): StructuralHit[] {
  const from = text.lastIndexOf('\n---', at) + 1;
  const next = text.indexOf('\n---', at);
  const end = Math.min(next < 0 ? text.length : next, from + DOCUMENT_LIMIT);
  const hits: StructuralHit[] = [];
  const add = (key: string, value: string, start: number, plain: boolean) => {
    if (value.length < 4 || hits.length >= MOST) return;
    const hit = judged(key, value, plain);
    if (hit) hits.push({ ...hit, start, end: start + value.length, secret: value });
  };
  /** Indentation of the open `data:` and what it is. */
  let section: { indent: number; plain: boolean } | undefined;
  /** A key whose value stands on the next line. */
  let block: string | undefined;
  for (let p = from; p < end; ) {
    let newline = text.indexOf('\n', p);
    if (newline < 0 || newline > end) newline = end;
    const line = text.slice(p, newline).replace(/\r$/, '');
    const content = line.trimStart();
    const indent = line.length - content.length;
    const open = /^(?:-[ \t]+)?(data|stringData):[ \t]*(?:#.*)?$/.exec(content);
    if (open) section = { indent: indent + (content.startsWith('-') ? 2 : 0), plain: open[1] === 'stringData' };
    else if (content !== '' && !content.startsWith('#') && section) {
      if (indent <= section.indent) section = undefined;
      else if (block !== undefined) {
        add(block, content.trim(), p + indent, section.plain);
        block = undefined;
      } else {
        const entry = ENTRY.exec(content);
        if (entry?.[2]) block = entry[1];
        else if (entry) {
          const value = (entry[4] as string).replace(/[ \t]#[\s\S]*/, '').trim();
          add(entry[1] as string, value, p + indent + entry[0].length - (entry[4] as string).length, section.plain);
        }
      }
    }
    p = newline + 1;
  }
  const json = /"(data|stringData)"\s{0,8}:\s{0,8}\{([^{}]{1,20000})\}/g;
  for (const match of text.slice(from, end).matchAll(json)) {
    const base = from + match.index + match[0].length - 1 - (match[2] as string).length;
    for (const entry of (match[2] as string).matchAll(/"([\w.-]{1,100})"\s{0,8}:\s{0,8}"([^"\\\n]{4,5000})"/g)) {
      const start = base + entry.index + entry[0].length - 1 - (entry[2] as string).length;
      add(entry[1] as string, entry[2] as string, start, match[1] === 'stringData');
    }
  }
  return hits;
}

function judged(
  key: string,
  value: string,
  plain: boolean,
): Pick<StructuralHit, 'rule' | 'verdict' | 'what'> | undefined {
  if (isReference(value) || /\{\{|\$\{|<[^<>\n]*>/.test(value)) return undefined;
  let verdict: StructuralHit['verdict'] = 'real';
  if (!plain) {
    const decoded = /^[A-Za-z0-9+/=]{4,}$/.test(value) ? decodeBase64(value) : undefined;
    if (decoded !== undefined && isReference(decoded.trim())) return undefined;
    if (decoded !== undefined && decoded.length < 40 && isPlaceholder(decoded)) {
      if (isTemplate(decoded)) return undefined;
      verdict = 'weak';
    }
    if (decoded === undefined && !/^[A-Za-z0-9+/]{4,}={0,2}$/.test(value)) return undefined;
  } else if (judgeValue(value, { kind: 'password', key, context: 'config' }) === 'none') return undefined;
  return { rule: 'kubernetes-secret', verdict, what: 'a Kubernetes Secret' };
}
