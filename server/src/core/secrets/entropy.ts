/** Shannon entropy of the characters of a text, in bits a character. */
export function shannonEntropy(text: string): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    counts.set(c, (counts.get(c) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

/** Pairs of letters that make up four fifths of English (and most of identifiers), and a fifth of random letters. */
const COMMON_PAIRS = new Set(
  (
    'th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur ' +
    'ic me ne io ri ro ce co ll ch ma om ta el la li be no us ec tr ag ge pe ho lo so we ca di il ac em ly un mo sh ss ut ' +
    'ot id ad po su ns wi ow ie ai wo ee pr rs rt da ke ol am ct ay fo fi mi op ul ir ei rd im ab bl os pl ev if ig ff if ' +
    'tt oo ap up ki po ob do ni ov pa ts ey ty sp rm rn ck ph gr cl au cr br pt ex ef fr ga ba va bo go vi fe cu fu du ru ' +
    'mp ep av iv od tu ub by my ip ok nk lk rk sk ws ms ds ks ls gs ps oc og ak em eg ug um ue ua ui ga gi mm nn pp cc rr'
  ).split(' '),
);

/** Share of neighbouring letters that are a common pair: about 0.8 for words, 0.2 for random letters; NaN without pairs. */
export function wordiness(text: string): number {
  const lower = text.toLowerCase();
  let pairs = 0;
  let common = 0;
  for (let i = 1; i < lower.length; i += 1) {
    const a = lower.charCodeAt(i - 1);
    const b = lower.charCodeAt(i);
    if (a < 97 || a > 122 || b < 97 || b > 122) continue;
    pairs += 1;
    if (COMMON_PAIRS.has(lower.slice(i - 1, i + 1))) common += 1;
  }
  return common / pairs;
}
