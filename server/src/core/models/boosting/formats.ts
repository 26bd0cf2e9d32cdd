/**
 * Gradient boosting models in their own formats. None of them holds code; what can go wrong is arithmetic in native
 * loaders, so counts are checked against what the file can hold, and the rest is description.
 */
import { type ByteSource, readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { findCodeAtEnds } from '../codeText';

export const BOOSTING_RULES = defineRules('boosting', {
  'impossible-size': {
    title: 'Boosting model claims more than the file can hold',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description: 'A count in the file is negative or larger than the file. Native loaders allocate and index by it.',
    remediation: 'Do not load the file; ask for it again.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-787', 'CWE-190'] },
  },
  'code-text': {
    title: 'Program code as text in a boosting model',
    category: 'model',
    severity: 'medium',
    risk: 'runtime',
    description:
      'A text of the model (a name, an attribute, a parameter) is program code. It does nothing by itself, but runs where a tool evaluates what the model says of itself.',
    remediation: 'Do not evaluate texts of the model; find out who put them there.',
    references: { ...MODEL_REFERENCES.runtime, cwe: ['CWE-94', 'CWE-95'] },
  },
});

function impossible(context: ScanContext, what: string, value: number | bigint, offset?: number): void {
  context.report({
    rule: BOOSTING_RULES['impossible-size'],
    message: `${what} is ${value}, more than the file can hold`,
    anchor: what,
    ...(offset !== undefined && { location: { offset } }),
  });
}

/** Trees are numbers; what a model says of itself stands at its two ends. */
async function judgeTexts(source: ByteSource, context: ScanContext): Promise<void> {
  const found = await findCodeAtEnds(source);
  if (!found) return;
  context.report({
    rule: BOOSTING_RULES['code-text'],
    message: `A text of the model is program code: ${evidenceText(found.text, 60)}`,
    anchor: found.text,
    location: { offset: found.offset },
  });
}

type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/** Reader of Universal Binary JSON, draft 12, as XGBoost writes it; typed arrays are counted, their numbers skipped. */
function readUbjson(bytes: Uint8Array, context: ScanContext): Json {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let steps = 0;
  const SIZES: Record<string, number> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8, T: 0, F: 0, Z: 0, C: 1, B: 1 };
  const need = (n: number): void => {
    if (at + n > bytes.length) throw new Error(`the data ends early at offset ${at}`);
  };
  const marker = (): string => {
    need(1);
    at += 1;
    return String.fromCharCode(bytes[at - 1] as number);
  };
  const number = (type: string): number => {
    const size = SIZES[type];
    if (size === undefined) throw new Error(`unknown type at offset ${at}`);
    need(size);
    at += size;
    switch (type) {
      case 'i':
        return view.getInt8(at - 1);
      case 'U':
      case 'C':
      case 'B':
        return view.getUint8(at - 1);
      case 'I':
        return view.getInt16(at - 2);
      case 'l':
        return view.getInt32(at - 4);
      case 'L':
        return Number(view.getBigInt64(at - 8));
      case 'd':
        return view.getFloat32(at - 4);
      default:
        return view.getFloat64(at - 8);
    }
  };
  const count = (what: string): number => {
    const value = number(marker());
    if (!Number.isInteger(value) || value < 0 || value > bytes.length) {
      impossible(context, what, value, at);
      throw new Error(`${what} is ${value}`);
    }
    return value;
  };
  const text = (): string => {
    const length = count('a string length');
    need(length);
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const value = (type: string, depth: number): Json => {
    steps += 1;
    if (steps % 4096 === 0) context.budget.checkTime();
    if (depth > 100) throw new Error('nested deeper than 100 levels');
    if (type === 'Z' || type === 'N') return null;
    if (type === 'T' || type === 'F') return type === 'T';
    if (type === 'S' || type === 'H') return text();
    if (type === '[') {
      let element = '';
      let length = -1;
      if (bytes[at] === 0x24) {
        at += 1;
        element = marker();
      }
      if (bytes[at] === 0x23) {
        at += 1;
        length = count('an array length');
      }
      if (element && length >= 0 && SIZES[element] !== undefined) {
        need(length * (SIZES[element] as number));
        at += length * (SIZES[element] as number);
        return length;
      }
      const items: Json[] = [];
      for (let i = 0; length < 0 ? bytes[at] !== 0x5d : i < length; i += 1) {
        need(1);
        const item = value(element || marker(), depth + 1);
        if (items.length < 100_000) items.push(item);
      }
      if (length < 0) at += 1;
      return items;
    }
    if (type === '{') {
      const object = new Map<string, Json>();
      while (bytes[at] !== 0x7d) {
        need(1);
        const key = text();
        object.set(key, value(marker(), depth + 1));
      }
      at += 1;
      return object;
    }
    return number(type);
  };
  return value(marker(), 0);
}

/** JSON values into Maps, so that no key of the file can reach a prototype. */
function mapped(value: unknown, depth = 0): Json {
  if (depth > 200) return null;
  if (Array.isArray(value)) return value.length > 100_000 ? value.length : value.map((v) => mapped(v, depth + 1));
  if (value !== null && typeof value === 'object') {
    return new Map(Object.entries(value).map(([k, v]) => [k, mapped(v, depth + 1)]));
  }
  return value as Json;
}

function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) current = current instanceof Map ? current.get(key) : undefined;
  return current;
}

function describeXgboost(model: Json, context: ScanContext, size: number): void {
  const learner = at(model, 'learner');
  const parameter = at(learner, 'learner_model_param');
  const trees = Number(at(learner, 'gradient_booster', 'model', 'gbtree_model_param', 'num_trees') ?? 0);
  const features = Number(at(parameter, 'num_feature') ?? 0);
  const version = at(model, 'version');
  for (const [what, value] of [
    ['num_trees', trees],
    ['num_feature', features],
    ['num_class', Number(at(parameter, 'num_class') ?? 0)],
    ['num_target', Number(at(parameter, 'num_target') ?? 0)],
  ] as const) {
    if (value < 0 || value > 2 ** 31 - 1 || (what === 'num_trees' && value > size)) impossible(context, what, value);
  }
  context.describe({
    format: 'xgboost',
    framework: 'XGBoost',
    ...(Array.isArray(version) && { frameworkVersion: version.join('.') }),
    properties: {
      objective: evidenceText(String(at(learner, 'objective', 'name') ?? ''), 80),
      booster: evidenceText(String(at(learner, 'gradient_booster', 'name') ?? ''), 80),
      trees,
      features,
    },
  });
}

async function whole(input: ScanInput, context: ScanContext): Promise<Uint8Array> {
  return readAll(input.source, (size) => context.budget.checkMemory(size, 'the model'));
}

const latin = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

/** XGBoost models as JSON or Universal Binary JSON (doc/model.schema of XGBoost) and in the old binary form. */
export const XGBOOST_FORMAT: Format = {
  id: 'xgboost',
  title: 'XGBoost',
  kind: 'model',
  extensions: ['.bst', '.ubj', '.model', '.xgb'],
  identify({ head, extension }: Probe) {
    const text = latin(head);
    if (/^\s*\{\s*"(?:learner|version|Config)"/.test(text) && text.includes('"learner"')) return 'certain';
    if (head[0] === 0x7b && /^\{[iUIlL][\0-\x20]+(?:learner|version|Config)/.test(text)) return 'certain';
    if (text.startsWith('binf')) return 'certain';
    return extension === '.bst' || extension === '.ubj' || extension === '.xgb' ? 'named' : undefined;
  },
  async scan(input, context) {
    await judgeTexts(input.source, context);
    const bytes = await whole(input, context);
    const text = latin(bytes.subarray(0, 16));
    if (text.startsWith('binf')) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const features = bytes.length >= 12 ? view.getUint32(8, true) : 0;
      context.describe({
        format: 'xgboost',
        framework: 'XGBoost',
        properties: { encoding: 'binary (deprecated)', features },
      });
      return;
    }
    const binary = /^\{[iUIlL]/.test(text);
    const model = binary ? readUbjson(bytes, context) : mapped(JSON.parse(new TextDecoder().decode(bytes)));
    describeXgboost(model, context, bytes.length);
  },
};

/** LightGBM's text model (`Booster.save_model`). */
export const LIGHTGBM_FORMAT: Format = {
  id: 'lightgbm',
  title: 'LightGBM',
  kind: 'model',
  extensions: ['.lgb'],
  identify({ head, extension }) {
    if (/^tree\r?\nversion=v\d/.test(latin(head))) return 'certain';
    return extension === '.lgb' ? 'named' : undefined;
  },
  async scan(input, context) {
    await judgeTexts(input.source, context);
    const text = new TextDecoder().decode(await whole(input, context));
    const header = new Map<string, string>();
    let trees = 0;
    let inHeader = true;
    for (const line of text.split('\n')) {
      if (line.startsWith('Tree=')) {
        trees += 1;
        inHeader = false;
      } else if (inHeader && line.includes('='))
        header.set(line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim());
      const leaves = /^num_leaves=(-?\d+)/.exec(line);
      if (leaves && (Number(leaves[1]) < 0 || Number(leaves[1]) > text.length))
        impossible(context, 'num_leaves', Number(leaves[1]));
    }
    const features = Number(header.get('max_feature_idx') ?? -1) + 1;
    if (features < 0 || features > 2 ** 31) impossible(context, 'max_feature_idx', features);
    context.describe({
      format: 'lightgbm',
      framework: 'LightGBM',
      frameworkVersion: header.get('version') ?? '',
      properties: { objective: header.get('objective') ?? '', trees, features },
    });
  },
};

/** CatBoost's binary model: `CBM1`, a 32-bit size, and a FlatBuffer of that size (catboost/libs/model/model.cpp). */
export const CATBOOST_FORMAT: Format = {
  id: 'catboost',
  title: 'CatBoost',
  kind: 'model',
  extensions: ['.cbm'],
  identify: ({ head, extension }) =>
    latin(head.subarray(0, 4)) === 'CBM1' ? 'certain' : extension === '.cbm' ? 'named' : undefined,
  async scan(input, context) {
    await judgeTexts(input.source, context);
    const head = await input.source.read(0, 8);
    if (latin(head.subarray(0, 4)) !== 'CBM1' || head.length < 8) throw new Error('no CBM1 header');
    const core = new DataView(head.buffer, head.byteOffset, 8).getUint32(4, true);
    if (core > input.source.size - 8) impossible(context, 'the model core', core, 4);
    context.describe({ format: 'catboost', framework: 'CatBoost', properties: { coreBytes: core } });
  },
};
