import { pathHazard } from '../../archives/paths';
import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { CONFIG_RULES } from './rules';
import { isDottedPath, judgeTarget } from './target';

const LARGEST = 16 * 2 ** 20;
const MAX_NODES = 2_000_000;

/** Words without which nothing in a JSON file concerns this format. */
const TRIGGERS =
  /"(?:auto_map|custom_pipelines|chat_template|_target_|__target__|weight_map|trust_remote_code|auto_mapping|(?:_?attn_implementation)|py\/[a-z]+)"|"_class_name"|"idx"\s*:/;

/** JSON of Hugging Face and its neighbours that makes a loader import code, render a template or open files. */
export const CONFIG_JSON_FORMAT: Format = {
  id: 'config-json',
  title: 'Model configuration (JSON)',
  kind: 'text',
  extensions: ['.json'],
  async identify(probe) {
    if (probe.extension !== '.json' || probe.size > LARGEST) return undefined;
    const text = await jsonText(probe);
    return text !== undefined && TRIGGERS.test(text) ? 'certain' : undefined;
  },
  async scan(input, context) {
    context.budget.checkMemory(input.source.size, 'the configuration');
    const text = decode(await input.source.read(0, input.source.size));
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // A damaged JSON text is the text formats' to tell; nothing loads it.
      return;
    }
    await new ConfigScan(input, context, text).run(value);
  },
};

function jsonText(probe: Probe): Promise<string | undefined> {
  return probe.once('config-json-text', async () => {
    const first = decode(probe.head.subarray(0, 64)).trimStart()[0];
    if (first !== '{' && first !== '[') return undefined;
    return decode(await probe.source.read(0, probe.size));
  });
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** One object of the file with the path to it. */
interface Place {
  value: unknown;
  path: string;
}

class ConfigScan {
  #lines: LineIndex | undefined;
  #siblings: Promise<readonly string[]> | undefined;
  /** Callables of jsonpickle that have been told. */
  readonly #named = new Set<string>();

  constructor(
    private readonly input: ScanInput,
    private readonly context: ScanContext,
    private readonly text: string,
  ) {}

  async run(root: unknown): Promise<void> {
    const stack: Place[] = [{ value: root, path: '' }];
    for (let nodes = 0; stack.length; nodes += 1) {
      if (nodes % 10_000 === 0) this.context.budget.checkTime();
      if (nodes > MAX_NODES) {
        this.context.incomplete('the configuration has more values than are looked at');
        return;
      }
      const { value, path } = stack.pop() as Place;
      if (Array.isArray(value)) {
        for (let i = value.length - 1; i >= 0; i -= 1) stack.push({ value: value[i], path: `${path}/${i}` });
      } else if (isObject(value)) {
        await this.#object(value, path);
        for (const [key, child] of Object.entries(value)) {
          if (typeof child === 'object' && child !== null && key !== 'chat_template')
            stack.push({ value: child, path: `${path}/${key}` });
        }
      }
    }
    if (isModuleList(root)) this.#moduleList(root);
    if (isObject(root)) await this.#pipeline(root);
  }

  async #object(object: Record<string, unknown>, path: string): Promise<void> {
    for (const [key, value] of Object.entries(object)) {
      switch (key) {
        case 'auto_map':
          await this.#autoMap(value, path);
          break;
        case 'custom_pipelines':
          await this.#customPipelines(value);
          break;
        case 'chat_template':
          this.#template(value, path);
          break;
        case '_target_':
        case '__target__':
          if (typeof value === 'string') this.#target(value, key);
          break;
        case 'weight_map':
          if (isObject(value)) this.#weightMap(value);
          break;
        case 'trust_remote_code':
          if (value === true) {
            this.context.report({
              rule: CONFIG_RULES['trusts-remote-code'],
              message:
                'The configuration turns trust_remote_code on: code of model repositories is run without a question.',
              location: this.#locate(key, path),
              anchor: path,
            });
          }
          break;
        case 'auto_mapping':
          if (isObject(value) && typeof value.parent_library === 'string') this.#library(value.parent_library, key);
          break;
        case '_attn_implementation':
        case 'attn_implementation':
          if (typeof value === 'string' && value.includes('/')) {
            this.#remoteCode(
              `The attention kernel ${evidenceText(value, 100)} is fetched from a hub and run.`,
              key,
              value,
            );
          }
          break;
        default:
          if (key.startsWith('py/')) this.#jsonPickle(key, value);
          else if (typeof value === 'string' && /template/i.test(key) && hasTemplateSyntax(value))
            this.#template(value, path, key);
      }
    }
  }

  #locate(needle: string, path = ''): Location {
    const at = this.text.indexOf(`"${needle}"`);
    const node = path ? { node: path } : {};
    if (at < 0) return node;
    this.#lines ??= new LineIndex(this.text);
    return { ...this.#lines.locate(at, at + needle.length + 2), ...node };
  }

  #remoteCode(message: string, key: string, anchor: string): void {
    this.context.report({ rule: CONFIG_RULES['remote-code'], message, location: this.#locate(key), anchor });
  }

  async #isBeside(file: string): Promise<boolean> {
    this.#siblings ??= this.input.companions?.list() ?? Promise.resolve([]);
    return (await this.#siblings).includes(file);
  }

  /** `{"AutoModel": "modeling_x.Model"}`, also lists, and `owner/repo--module.Class` for code of another repository. */
  async #autoMap(value: unknown, path: string): Promise<void> {
    if (!isObject(value)) return;
    const references = new Set<string>();
    for (const entry of Object.values(value)) {
      for (const reference of Array.isArray(entry) ? entry : [entry]) {
        if (typeof reference === 'string' && reference) references.add(reference);
      }
    }
    if (references.size === 0) return;
    const files = new Set<string>();
    const foreign = new Set<string>();
    for (const reference of references) {
      const [repository, local] = reference.includes('--') ? reference.split('--', 2) : [undefined, reference];
      if (repository) foreign.add(repository);
      else files.add(`${(local as string).split('.').slice(0, -1).join('/')}.py`);
    }
    const parts: string[] = [];
    for (const file of [...files].slice(0, 5)) {
      parts.push(`${evidenceText(file, 80)} (${(await this.#isBeside(file)) ? 'beside it' : 'not in this folder'})`);
    }
    for (const repository of [...foreign].slice(0, 5))
      parts.push(`code of the repository ${evidenceText(repository, 80)}`);
    this.context.report({
      rule: CONFIG_RULES['remote-code'],
      message: `auto_map makes transformers import ${parts.join(', ')} when trust_remote_code is given: that code runs with all rights.`,
      location: this.#locate('auto_map', path),
      anchor: [...references].sort().join(' '),
      data: { references: [...references].slice(0, 20).map((r) => evidenceText(r, 120)) },
    });
  }

  async #customPipelines(value: unknown): Promise<void> {
    if (!isObject(value)) return;
    for (const [task, settings] of Object.entries(value)) {
      const implementation = isObject(settings) ? settings.impl : undefined;
      if (typeof implementation !== 'string') continue;
      const file = `${implementation.split('.').slice(0, -1).join('/')}.py`;
      const there = (await this.#isBeside(file)) ? 'beside it' : 'not in this folder';
      this.#remoteCode(
        `The pipeline ${evidenceText(task, 60)} is code of the repository: ${evidenceText(file, 80)} (${there}).`,
        'custom_pipelines',
        `${task} ${implementation}`,
      );
    }
  }

  #template(value: unknown, path: string, key = 'chat_template'): void {
    if (typeof value === 'string') {
      this.#judge(value, `${path}/${key}`, this.#locate(key));
      return;
    }
    const named = Array.isArray(value)
      ? value
          .filter(isObject)
          .map((item, i) => [typeof item.name === 'string' ? item.name : String(i), item.template] as const)
      : isObject(value)
        ? Object.entries(value)
        : [];
    for (const [name, template] of named) {
      if (typeof template === 'string') this.#judge(template, `${path}/${key}/${name}`, this.#locate(key));
    }
  }

  #judge(template: string, node: string, location: Location): void {
    judgeTemplate(template, {
      report: (draft) => this.context.report(draft),
      locate: () => ({ ...location, node }),
      checkTime: () => this.context.budget.checkTime(),
    });
  }

  #target(target: string, key: string): void {
    if (!isDottedPath(target)) return;
    const { severity, why, dangerous } = judgeTarget(target);
    const at = this.text.indexOf(JSON.stringify(target));
    this.#lines ??= new LineIndex(this.text);
    this.context.report({
      rule: CONFIG_RULES[dangerous ? 'dangerous-target' : 'call-target'],
      ...(dangerous && { severity }),
      message: dangerous
        ? `${key} names ${evidenceText(target, 100)} (${why}): instantiating the configuration calls it.`
        : `${key} names ${evidenceText(target, 100)}, which is called when the configuration is instantiated.`,
      location: at < 0 ? {} : this.#lines.locate(at, at + target.length + 2),
      anchor: target,
    });
  }

  #library(library: string, key: string): void {
    if (/^(?:transformers|diffusers|torch|timm|sentence_transformers|peft|__main__)(?:\.|$)/.test(library)) return;
    this.#remoteCode(`The adapter makes peft import the module ${evidenceText(library, 100)}.`, key, library);
  }

  #weightMap(map: Record<string, unknown>): void {
    const files = new Set(Object.values(map).filter((file) => typeof file === 'string'));
    for (const file of files) {
      const hazard = pathHazard(file);
      if (!hazard) continue;
      this.context.report({
        rule: CONFIG_RULES['path-escape'],
        message: `The index of shards names ${evidenceText(file, 120)}, outside the folder of the model.`,
        location: this.#locate('weight_map'),
        anchor: file,
      });
    }
  }

  #jsonPickle(key: string, value: unknown): void {
    const kind = key.slice(3);
    if (
      kind === 'reduce' ||
      kind === 'function' ||
      kind === 'type' ||
      kind === 'object' ||
      kind === 'newobj' ||
      kind === 'repr'
    ) {
      const named = typeof value === 'string' ? value : Array.isArray(value) ? firstNamed(value) : undefined;
      // The type inside a reduction has been told with it.
      if (named !== undefined && this.#named.has(named)) return;
      if (named !== undefined) this.#named.add(named);
      const verdict = named !== undefined && isDottedPath(named) ? judgeTarget(named) : undefined;
      const dangerous = verdict?.dangerous === true || kind === 'repr';
      const severity = dangerous ? 'high' : kind === 'reduce' || kind === 'function' ? 'medium' : 'low';
      this.context.report({
        rule: CONFIG_RULES['json-pickle'],
        severity,
        message: `jsonpickle's ${key} ${named === undefined ? '' : `of ${evidenceText(named, 100)} `}makes a Python object while the file is read.`,
        location: this.#locate(key),
        anchor: `${key} ${named ?? ''}`,
      });
    }
  }

  /** modules.json of sentence-transformers: each `type` is imported. */
  #moduleList(modules: readonly Record<string, unknown>[]): void {
    for (const { type } of modules) {
      if (typeof type !== 'string' || type.startsWith('sentence_transformers.')) continue;
      this.#remoteCode(
        `The module ${evidenceText(type, 100)} is imported by its name when the model is loaded.`,
        'type',
        type,
      );
    }
  }

  /** model_index.json of diffusers: `"part": ["library", "Class"]`, where a library may be a file of the repository. */
  async #pipeline(root: Record<string, unknown>): Promise<void> {
    if (typeof root._class_name !== 'string') return;
    for (const [part, value] of Object.entries(root)) {
      if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string') continue;
      const library = value[0];
      const verdict =
        isDottedPath(library) && typeof value[1] === 'string' ? judgeTarget(`${library}.${value[1]}`) : undefined;
      if (verdict?.dangerous) this.#target(`${library}.${value[1]}`, part);
      else if ((await this.#isBeside(`${library}.py`)) || (await this.#hasFile(`${part}/${library}.py`))) {
        this.#remoteCode(
          `The part ${evidenceText(part, 60)} of the pipeline is code of the repository: ${evidenceText(library, 80)}.py.`,
          part,
          library,
        );
      }
    }
  }

  async #hasFile(path: string): Promise<boolean> {
    return pathHazard(path) === undefined && (await this.input.companions?.open(path)) !== undefined;
  }
}

function firstNamed(list: readonly unknown[]): string | undefined {
  for (const item of list.slice(0, 5)) {
    if (isObject(item))
      for (const key of ['py/type', 'py/function']) if (typeof item[key] === 'string') return item[key];
  }
  return undefined;
}

function isModuleList(root: unknown): root is Record<string, unknown>[] {
  return (
    Array.isArray(root) &&
    root.length > 0 &&
    root.every((item) => isObject(item) && typeof item.type === 'string' && 'idx' in item && 'path' in item)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
