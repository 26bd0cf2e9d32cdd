/** What a model's configuration and its card say of it: claims of their author, shown and never judged by. */
import { evidenceText } from '../../redact';
import type { GroupFacts } from '../../scanner';

export type Json = Record<string, unknown>;

export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** @returns undefined for a text that is no JSON: Python's reader, which the loaders use, takes no other */
export function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** Whether a `config.json` is that of a model: many programs call their settings so. */
export function isModelConfiguration(value: unknown): boolean {
  const config = asObject(value);
  if (!config) return false;
  return (
    isName(config.model_type) ||
    (Array.isArray(config.architectures) && config.architectures.length > 0 && config.architectures.every(isName)) ||
    asObject(config.auto_map) !== undefined ||
    isName(config._class_name) ||
    isName(config.transformers_version) ||
    isName(config._diffusers_version) ||
    (isName(config.architecture) && asObject(config.pretrained_cfg) !== undefined)
  );
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Facts of `config.json`, `model_index.json`, `adapter_config.json`. */
export function factsOf(framework: string, ...configurations: unknown[]): GroupFacts {
  const all = Object.assign({}, ...configurations.map((value) => asObject(value) ?? {})) as Json;
  const version = framework === 'diffusers' ? all._diffusers_version : all.transformers_version;
  const properties: Record<string, string> = {};
  const tell = (key: string, value: unknown) => {
    const text = Array.isArray(value) ? value.filter(isName).slice(0, 5).join(', ') : value;
    if (isName(text)) properties[key] = evidenceText(text, 200);
  };
  tell('modelType', all.model_type);
  tell('architectures', all.architectures ?? all.architecture ?? all._class_name);
  tell('dtype', all.torch_dtype ?? all.dtype);
  tell('adapter', all.peft_type);
  tell('baseModel', all.base_model_name_or_path);
  return {
    framework,
    ...(isName(version) && { frameworkVersion: evidenceText(version, 40) }),
    properties,
  };
}

/** The fields of a model card's front matter that describe the model (hub-docs, modelcard.md). */
export function cardFacts(text: string): { license?: string; baseModel?: string; library?: string; task?: string } {
  const body = /^\ufeff?---[ \t]*\r?\n([\s\S]{0,65536}?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[1];
  if (body === undefined) return {};
  const lines = body.split(/\r?\n/);
  const field = (key: string): string | undefined => {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    if (at < 0) return undefined;
    const own = scalar((lines[at] as string).slice(key.length + 1));
    if (own) return own.startsWith('[') ? own.slice(1, -1).split(',').map(scalar).filter(Boolean).join(', ') : own;
    const items: string[] = [];
    for (let i = at + 1; i < lines.length && items.length < 5; i += 1) {
      const item = /^\s*-\s+(.*)$/.exec(lines[i] as string);
      if (!item) break;
      items.push(scalar(item[1] as string));
    }
    return items.join(', ') || undefined;
  };
  const license = field('license');
  const named = license === 'other' || license === undefined ? (field('license_name') ?? license) : license;
  const [baseModel, library, task] = [field('base_model'), field('library_name'), field('pipeline_tag')];
  return {
    ...(named !== undefined && { license: evidenceText(named, 100) }),
    ...(baseModel !== undefined && { baseModel: evidenceText(baseModel, 200) }),
    ...(library !== undefined && { library: evidenceText(library, 60) }),
    ...(task !== undefined && { task: evidenceText(task, 60) }),
  };
}

function scalar(text: string): string {
  return text
    .replace(/\s+#.*$/, '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2');
}

/** By the words that the texts of the usual licences begin with; SPDX identifiers in the hub's spelling. */
const LICENSES: readonly [RegExp, string][] = [
  [/apache license[\s,]+version 2\.0/i, 'apache-2.0'],
  [/^\s*(?:the )?mit license\b/i, 'mit'],
  [/gnu affero general public license\s+version 3/i, 'agpl-3.0'],
  [/gnu lesser general public license\s+version 3/i, 'lgpl-3.0'],
  [/gnu general public license\s+version 3/i, 'gpl-3.0'],
  [/gnu general public license\s+version 2/i, 'gpl-2.0'],
  [/mozilla public license,? version 2\.0/i, 'mpl-2.0'],
  [/bsd 3-clause license/i, 'bsd-3-clause'],
  [/bsd 2-clause license/i, 'bsd-2-clause'],
];

/** The licence that a `LICENSE` file is, or the first line of it: many models have one of their own. */
export function licenseOfText(text: string): string | undefined {
  const head = text.slice(0, 1000);
  const known = LICENSES.find(([words]) => words.test(head));
  if (known) return known[1];
  const first = head.split(/\r?\n/).find((line) => line.trim() !== '');
  return first === undefined ? undefined : evidenceText(first.trim().replace(/^#+\s*/, ''), 100);
}
