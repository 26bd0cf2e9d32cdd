/**
 * ONNX's own textual syntax (docs/Syntax.md of onnx), which `onnx.parser` reads: the tokens of a text, and from them what
 * a model names. Numbers are passed over.
 */
export interface SyntaxOperator {
  domain: string;
  op: string;
  /** First of its results, for showing. */
  result: string;
  offset: number;
}

export interface SyntaxModel {
  operators: SyntaxOperator[];
  /** Functions of the model itself, as `domain\0name`. */
  functions: Set<string>;
  /** Entries of external data, by the tensor they belong to. */
  external: { tensor: string; entries: { key: string; value: string }[]; offset: number }[];
  /** Other strings, with the name they are the value of. */
  strings: { name: string; text: string; offset: number }[];
  header: Map<string, string>;
  stopped: { reason: string; offset: number } | undefined;
}

interface Token {
  kind: 'word' | 'string' | 'sign';
  text: string;
  offset: number;
}

const TOKEN = /"([^"]*)"|=>|[<>()[\]{},:=@?]|[A-Za-z_][\w.]*|[-+]?[\w.+-]+/y;
const SPACE = /(?:\s+|#[^\n]*)*/y;
const MOST_TOKENS = 5_000_000;
const MOST_KEPT = 100_000;

/** @param checkTime called now and then */
export function readSyntax(text: string, checkTime: () => void): SyntaxModel {
  const model: SyntaxModel = {
    operators: [],
    functions: new Set(),
    external: [],
    strings: [],
    header: new Map(),
    stopped: undefined,
  };
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    if (at >= text.length) break;
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found || tokens.length >= MOST_TOKENS) {
      model.stopped = { reason: found ? 'too many words' : 'an unexpected character', offset: at };
      break;
    }
    const word = found[0];
    if (found[1] !== undefined) tokens.push({ kind: 'string', text: found[1], offset: at });
    else if (/^[A-Za-z_]/.test(word)) tokens.push({ kind: 'word', text: word, offset: at });
    else if (!/^[-+.\d]/.test(word)) tokens.push({ kind: 'sign', text: word, offset: at });
    at = TOKEN.lastIndex;
    if (tokens.length % 4096 === 0) checkTime();
  }
  gather(tokens, model);
  return model;
}

const isSign = (token: Token | undefined, sign: string) => token?.kind === 'sign' && token.text === sign;

/** Index of what follows each `(`...`)`, computed once: texts are as long as they like. */
function behindBrackets(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const behind = new Map<number, number>();
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    if (isSign(token, '(')) open.push(i);
    else if (isSign(token, ')')) {
      const start = open.pop();
      if (start !== undefined) behind.set(start, i + 1);
    }
  }
  return behind;
}

function gather(tokens: readonly Token[], model: SyntaxModel): void {
  const behind = behindBrackets(tokens);
  const isGraph = (bracket: number) => isSign(tokens[behind.get(bracket) ?? -1], '=>');
  let domain = '';
  /** Names before the `=` that is being looked at. */
  let name = '';
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    if (isSign(next, ':') && token.kind === 'word') {
      const value = tokens[i + 2];
      if (value?.kind === 'string') {
        if (token.text === 'domain') domain = value.text;
        if (model.header.size < 100 && !model.header.has(token.text)) model.header.set(token.text, value.text);
      }
      name = token.text;
    } else if (token.kind === 'word' && isSign(next, '=')) name = token.text;
    else if (token.kind === 'word' && isSign(next, '(') && isGraph(i + 1)) {
      // A graph has its name alone; a function stands behind the header with its domain.
      if (isSign(tokens[i - 1], '>')) model.functions.add(`${domain}\0${token.text}`);
    } else if (token.kind === 'word' && isSign(tokens[i - 1], '=') && (isSign(next, '(') || isSign(next, '<'))) {
      const dot = token.text.lastIndexOf('.');
      if (model.operators.length < MOST_KEPT)
        model.operators.push({
          domain: dot < 0 ? '' : token.text.slice(0, dot),
          op: token.text.slice(dot + 1),
          result: name,
          offset: token.offset,
        });
    }
    if (token.kind !== 'string') continue;
    // `"location": "x"` in the list that stands for a tensor's data.
    const value = tokens[i + 2];
    if (isSign(next, ':') && value?.kind === 'string' && isSign(tokens[i - 1], '[')) {
      const entries: { key: string; value: string }[] = [];
      for (
        let k = i;
        tokens[k]?.kind === 'string' && isSign(tokens[k + 1], ':') && tokens[k + 2]?.kind === 'string';
      ) {
        entries.push({ key: (tokens[k] as Token).text, value: (tokens[k + 2] as Token).text });
        if (!isSign(tokens[k + 3], ',')) break;
        k += 4;
      }
      if (isSign(tokens[i - 2], '=') && model.external.length < MOST_KEPT)
        model.external.push({ tensor: tokens[i - 3]?.text ?? '', entries, offset: token.offset });
    }
    if (model.strings.length < MOST_KEPT) model.strings.push({ name, text: token.text, offset: token.offset });
  }
}
