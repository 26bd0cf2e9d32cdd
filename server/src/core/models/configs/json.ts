import { pathHazard } from '../../archives/paths';
import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import type { Format, Probe, ScanContext, ScanInput } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { hasTemplateSyntax, judgeTemplate } from '../jinja/judge';
import { decodeConfig } from './decode';
import { CONFIG_RULES } from './rules';
import { compareShards, type ShardReport } from './shards';
import { isCommand, isDottedPath, judgeTarget, LOOSE_KEY } from './target';
import { type JsonMember, type JsonNode, readTolerantJson, withoutAsciiEscapes } from './tolerantJson';

/** As much as is read of a text. */
const LARGEST = 32 * 2 ** 20;
const EXTENSIONS = ['.json', '.jsonc', '.json5'];

/** Words without which nothing in a JSON file concerns this format. */
const TRIGGERS =
  /\b(?:auto_map|custom_pipelines|chat_template|_target_|__target__|class_path|weight_map|trust_remote_code|auto_mapping|_?attn_implementation|_class_name|base_model_name_or_path)\b|\bpy\/[a-z]+|"idx"\s*:|["'](?:\w{1,60}\.){0,8}_?(?:os|posix|subprocess|pty|builtins|importlib|runpy|pickle|marshal|ctypes|shutil|sys|urllib\.request)\.[a-z_]\w*["']|(?:template|jinja)\w*["']?\s*:\s*["'[{]/;

/** Files that loaders of models read by name: what cannot be looked at of them is said. */
const READ_BY_NAME =
  /^(?:config|tokenizer_config|chat_template|processor_config|preprocessor_config|adapter_config|generation_config|model_index|modules)\.json$|\.index\.json$/;

/** JSON of Hugging Face and its neighbours that makes a loader import code, render a template or open files. */
export const CONFIG_JSON_FORMAT: Format = {
  id: 'config-json',
  title: 'Model configuration (JSON)',
  kind: 'text',
  extensions: EXTENSIONS,
  async identify(probe) {
    if (!EXTENSIONS.includes(probe.extension)) return undefined;
    if (probe.size > LARGEST) return READ_BY_NAME.test(probe.name) ? 'certain' : undefined;
    const text = await configText(probe);
    if (text === undefined) return undefined;
    return TRIGGERS.test(text) || TRIGGERS.test(withoutAsciiEscapes(text)) ? 'certain' : undefined;
  },
  async scan(input, context) {
    if (input.source.size > LARGEST) context.incomplete(`the configuration is read up to ${LARGEST} bytes`);
    const size = Math.min(input.source.size, LARGEST);
    context.budget.checkMemory(size, 'the configuration');
    await new ConfigScan(input, context, decodeConfig(await input.source.read(0, size))).run();
  },
};

function configText(probe: Probe): Promise<string | undefined> {
  return probe.once('config-json-text', async () => {
    const head = decodeConfig(probe.head).replace(/^[\s\ufeff]+/, '');
    if (!/^(?:[{["']|\/[/*]|#)/.test(head)) return undefined;
    return decodeConfig(await probe.source.read(0, probe.size));
  });
}

/** A value of the file with the way to it. */
interface Place {
  node: JsonNode;
  parent: Place | undefined;
  step: string;
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

  async run(): Promise<void> {
    const checkTime = () => this.context.budget.checkTime();
    const { roots, damage, truncated } = readTolerantJson(this.text, checkTime);
    if (truncated) this.context.incomplete('the configuration has more values than are looked at');
    if (damage) {
      this.context.incomplete(
        `the text is damaged (${damage.what}); what could be read of it was judged`,
        this.#at(damage.at),
      );
    }
    const stack: Place[] = roots.toReversed().map((node) => ({ node, parent: undefined, step: '' }));
    for (let nodes = 0; stack.length; nodes += 1) {
      if (nodes % 10_000 === 0) checkTime();
      const place = stack.pop() as Place;
      const { node } = place;
      if (node.kind === 'array') {
        for (let i = node.items.length - 1; i >= 0; i -= 1) {
          const item = node.items[i] as JsonNode;
          if (item.kind === 'object' || item.kind === 'array')
            stack.push({ node: item, parent: place, step: String(i) });
        }
      } else if (node.kind === 'object') {
        for (const member of node.members) {
          await this.#member(member, place);
          const { kind } = member.value;
          if ((kind === 'object' || kind === 'array') && member.key !== 'chat_template')
            stack.push({ node: member.value, parent: place, step: member.key });
        }
      }
    }
    for (const root of roots) {
      if (isModuleList(root)) this.#moduleList(root);
      if (root.kind === 'object') await this.#pipeline(root);
    }
  }

  async #member(member: JsonMember, place: Place): Promise<void> {
    const { key, value } = member;
    switch (key) {
      case 'auto_map':
        await this.#autoMap(member, place);
        return;
      case 'custom_pipelines':
        await this.#customPipelines(member);
        return;
      case 'chat_template':
        this.#template(member, place);
        return;
      case '_target_':
      case '__target__':
      case 'class_path':
        if (value.kind === 'string') this.#target(value.value, key, value.at, value.end);
        return;
      case 'weight_map':
        await this.#weightMap(member);
        return;
      case 'trust_remote_code':
        if (
          value.kind === 'literal'
            ? value.value === true || value.value === 1
            : value.kind === 'string' && /^true$/i.test(value.value)
        ) {
          this.context.report({
            rule: CONFIG_RULES['trusts-remote-code'],
            message:
              'The configuration turns trust_remote_code on: code of model repositories is run without a question.',
            location: this.#locate(member, place),
            anchor: pathOf(place),
          });
        }
        return;
      case 'base_model_name_or_path':
        if (value.kind === 'string') this.#baseModel(value.value, member);
        return;
      case 'auto_mapping': {
        const library = value.kind === 'object' ? textOf(value, 'parent_library') : undefined;
        if (library !== undefined) this.#library(library, member);
        return;
      }
      case '_attn_implementation':
      case 'attn_implementation':
        if (value.kind === 'string' && value.value.includes('/')) {
          this.#remoteCode(
            `The attention kernel ${evidenceText(value.value, 100)} is fetched from a hub and run.`,
            member,
            value.value,
          );
        }
        return;
    }
    if (key.startsWith('py/')) this.#jsonPickle(member);
    if (value.kind !== 'string') return;
    if (hasTemplateSyntax(value.value) && /template|jinja/i.test(key)) this.#template(member, place);
    else if (LOOSE_KEY.test(key) && isCommand(value.value)) this.#target(value.value, key, value.at, value.end);
    else if (/(?:path|file|dir)$/.test(key) && pathHazard(value.value) === 'unc')
      this.#networkPath(value.value, member);
  }

  #at(offset: number, end = offset): Location {
    this.#lines ??= new LineIndex(this.text);
    return this.#lines.locate(offset, end);
  }

  #locate(member: JsonMember, place?: Place): Location {
    const node = place ? pathOf(place) : '';
    return { ...this.#at(member.at, member.end), ...(node && { node }) };
  }

  #remoteCode(message: string, member: JsonMember, anchor: string): void {
    this.context.report({ rule: CONFIG_RULES['remote-code'], message, location: this.#locate(member), anchor });
  }

  async #isBeside(file: string): Promise<boolean> {
    this.#siblings ??= this.input.companions?.list() ?? Promise.resolve([]);
    return (await this.#siblings).includes(file);
  }

  /** `{"AutoModel": "modeling_x.Model"}`, also lists, and `owner/repo--module.Class` for code of another repository. */
  async #autoMap(member: JsonMember, place: Place): Promise<void> {
    const references = new Set(stringsOf(member.value).filter(Boolean));
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
      location: this.#locate(member, place),
      anchor: [...references].sort().join(' '),
      data: { references: [...references].slice(0, 20).map((r) => evidenceText(r, 120)) },
    });
  }

  async #customPipelines(member: JsonMember): Promise<void> {
    if (member.value.kind !== 'object') return;
    for (const { key: task, value } of member.value.members) {
      const implementation = value.kind === 'object' ? textOf(value, 'impl') : undefined;
      if (implementation === undefined) continue;
      const file = `${implementation.split('.').slice(0, -1).join('/')}.py`;
      const there = (await this.#isBeside(file)) ? 'beside it' : 'not in this folder';
      this.#remoteCode(
        `The pipeline ${evidenceText(task, 60)} is code of the repository: ${evidenceText(file, 80)} (${there}).`,
        member,
        `${task} ${implementation}`,
      );
    }
  }

  /** One template, a list of `{name, template}`, or an object of templates by name. */
  #template({ key, value }: JsonMember, place: Place): void {
    const node = `${pathOf(place)}/${key}`;
    if (value.kind === 'string') this.#judge(value, node);
    else if (value.kind === 'array') {
      for (const [i, item] of value.items.entries()) {
        if (item.kind === 'string') this.#judge(item, `${node}/${i}`);
        if (item.kind !== 'object') continue;
        const name = textOf(item, 'name') ?? String(i);
        for (const member of item.members)
          if (member.key !== 'name' && member.value.kind === 'string') this.#judge(member.value, `${node}/${name}`);
      }
    } else if (value.kind === 'object') {
      for (const member of value.members)
        if (member.value.kind === 'string') this.#judge(member.value, `${node}/${member.key}`);
    }
  }

  #judge({ value, at, end }: JsonNode & { kind: 'string' }, node: string): void {
    const location = this.#at(at, end);
    judgeTemplate(value, {
      report: (draft) => this.context.report(draft),
      locate: () => ({ ...location, node }),
      checkTime: () => this.context.budget.checkTime(),
    });
  }

  #target(target: string, key: string, at: number, end: number): void {
    if (!isDottedPath(target)) return;
    const { severity, why, dangerous } = judgeTarget(target);
    this.context.report({
      rule: CONFIG_RULES[dangerous ? 'dangerous-target' : 'call-target'],
      ...(dangerous && { severity }),
      message: dangerous
        ? `${evidenceText(key, 40)} names ${evidenceText(target, 100)} (${why}): instantiating the configuration calls it.`
        : `${evidenceText(key, 40)} names ${evidenceText(target, 100)}, which is called when the configuration is instantiated.`,
      location: this.#at(at, end),
      anchor: target,
    });
  }

  #library(library: string, member: JsonMember): void {
    if (/^(?:transformers|diffusers|torch|timm|sentence_transformers|peft|__main__)(?:\.|$)/.test(library)) return;
    this.#remoteCode(`The adapter makes peft import the module ${evidenceText(library, 100)}.`, member, library);
  }

  /** peft loads what it names: a repository of a hub, or a folder when there is one of that name. */
  #baseModel(model: string, member: JsonMember): void {
    const hazard = pathHazard(model);
    if (hazard === 'unc') this.#networkPath(model, member);
    else if (hazard || /^[~.][\\/]/.test(model)) {
      this.context.report({
        rule: CONFIG_RULES['base-model-path'],
        message: `The adapter's base model is ${evidenceText(model, 120)}, a path and no repository: what lies there decides what is loaded.`,
        location: this.#locate(member),
        anchor: model,
      });
    }
  }

  #networkPath(path: string, member: JsonMember): void {
    this.context.report({
      rule: CONFIG_RULES['path-escape'],
      severity: 'medium',
      message: `${evidenceText(member.key, 60)} is the network path ${evidenceText(path, 120)}: opening it sends the user's credentials to that machine on Windows.`,
      location: this.#locate(member),
      anchor: path,
    });
  }

  async #weightMap(member: JsonMember): Promise<void> {
    for (const file of new Set(stringsOf(member.value))) {
      if (!pathHazard(file) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) continue;
      this.context.report({
        rule: CONFIG_RULES['path-escape'],
        message: `The index of shards names ${evidenceText(file, 120)}, outside the folder of the model.`,
        location: this.#locate(member),
        anchor: file,
      });
    }
    if (member.value.kind !== 'object') return;
    const pairs = member.value.members.flatMap(({ key, value }) =>
      value.kind === 'string' ? [[key, value.value] as const] : [],
    );
    const shards = [...new Set(pairs.map(([, shard]) => shard))];
    if (this.input.companions)
      this.#reportShards(await compareShards(pairs, this.input.companions, this.input.name), shards.length, member);
  }

  #reportShards({ missing, absent, extra, stray }: ShardReport, count: number, member: JsonMember): void {
    const location = this.#locate(member);
    const shown = (names: readonly string[]) =>
      names
        .slice(0, 3)
        .map((name) => evidenceText(name, 80))
        .join(', ') + (names.length > 3 ? ', ...' : '');
    if (missing.length) {
      this.context.report({
        rule: CONFIG_RULES['missing-shard'],
        message: `${missing.length} of ${count} shards that the index names are not beside it (${shown(missing)}): they were not scanned.`,
        location,
        anchor: 'missing',
      });
    }
    if (stray.length) {
      this.context.report({
        rule: CONFIG_RULES['shard-mismatch'],
        message: `${stray.length} shards lie beside the index and are in none of its entries (${shown(stray)}): loaders pass over them.`,
        location,
        anchor: 'stray',
      });
    }
    for (const [list, what] of [
      [absent, 'that the index names are not in their shards'],
      [extra, 'of the shards are not named by the index, so that loaders pass over them'],
    ] as const) {
      if (list.length === 0) continue;
      this.context.report({
        rule: CONFIG_RULES['shard-mismatch'],
        message: `${list.length} tensors ${what} (${shown(list.map(({ tensor, shard }) => `${tensor} in ${shard}`))}).`,
        location,
        anchor: what,
      });
    }
  }

  #jsonPickle(member: JsonMember): void {
    const kind = member.key.slice(3);
    if (!/^(?:reduce|function|type|object|newobj|newargs|newargsex|initargs|repr|ref)$/.test(kind)) return;
    if (kind === 'ref' || kind.startsWith('newargs') || kind === 'initargs') return;
    const named = member.value.kind === 'string' ? member.value.value : firstNamed(member.value);
    // The type inside a reduction has been told with it.
    if (named !== undefined && this.#named.has(named)) return;
    if (named !== undefined) this.#named.add(named);
    const verdict = named !== undefined && isDottedPath(named) ? judgeTarget(named) : undefined;
    const dangerous = (verdict?.dangerous === true && verdict.severity !== 'low') || kind === 'repr';
    const severity = dangerous ? 'high' : kind === 'reduce' || kind === 'function' ? 'medium' : 'low';
    this.context.report({
      rule: CONFIG_RULES['json-pickle'],
      severity,
      message: `jsonpickle's ${evidenceText(member.key, 40)} ${named === undefined ? '' : `of ${evidenceText(named, 100)} `}makes a Python object while the file is read.`,
      location: this.#locate(member),
      anchor: `${member.key} ${named ?? ''}`,
    });
  }

  /** modules.json of sentence-transformers: each `type` is imported, each `path` is a folder of the model. */
  #moduleList(modules: JsonNode & { kind: 'array' }): void {
    for (const module of modules.items) {
      if (module.kind !== 'object') continue;
      for (const member of module.members) {
        if (member.value.kind !== 'string') continue;
        const text = member.value.value;
        if (member.key === 'type' && !text.startsWith('sentence_transformers.')) {
          this.#remoteCode(
            `The module ${evidenceText(text, 100)} is imported by its name when the model is loaded.`,
            member,
            text,
          );
        } else if (member.key === 'path' && pathHazard(text)) {
          this.context.report({
            rule: CONFIG_RULES['path-escape'],
            message: `A module is loaded from ${evidenceText(text, 120)}, outside the folder of the model.`,
            location: this.#locate(member),
            anchor: text,
          });
        }
      }
    }
  }

  /** model_index.json of diffusers: `"part": ["library", "Class"]`, where a library may be a file of the repository. */
  async #pipeline(root: JsonNode & { kind: 'object' }): Promise<void> {
    if (
      textOf(root, '_class_name') === undefined &&
      !root.members.some(({ key, value }) => key === '_class_name' && value.kind === 'array')
    )
      return;
    for (const member of root.members) {
      const { key: part, value } = member;
      if (value.kind !== 'array' || value.items.length !== 2) continue;
      const [library, name] = value.items;
      if (library?.kind !== 'string') continue;
      if (part === '_class_name') {
        this.#remoteCode(
          `The pipeline itself is code of the repository: ${evidenceText(library.value, 80)}.py.`,
          member,
          library.value,
        );
        continue;
      }
      const callable = name?.kind === 'string' ? `${library.value}.${name.value}` : undefined;
      if (callable !== undefined && isDottedPath(callable) && judgeTarget(callable).dangerous) {
        this.#target(callable, part, value.at, library.end);
      } else if (
        (await this.#isBeside(`${library.value}.py`)) ||
        (await this.#hasFile(`${part}/${library.value}.py`))
      ) {
        this.#remoteCode(
          `The part ${evidenceText(part, 60)} of the pipeline is code of the repository: ${evidenceText(library.value, 80)}.py.`,
          member,
          library.value,
        );
      }
    }
  }

  async #hasFile(path: string): Promise<boolean> {
    return pathHazard(path) === undefined && (await this.input.companions?.open(path)) !== undefined;
  }
}

/** `/a/0/b` of a place. */
function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at?.parent && steps.length < 64; at = at.parent) steps.unshift(at.step);
  return steps.length ? `/${steps.join('/')}` : '';
}

/** The last value of a key, which Python keeps, when it is a text. */
function textOf(object: JsonNode & { kind: 'object' }, key: string): string | undefined {
  const value = object.members.findLast((member) => member.key === key)?.value;
  return value?.kind === 'string' ? value.value : undefined;
}

/** Every text in a value, two levels deep. */
function stringsOf(node: JsonNode, depth = 0): string[] {
  if (node.kind === 'string') return [node.value];
  if (node.kind === 'literal' || depth > 2) return [];
  const children = node.kind === 'array' ? node.items : node.members.map(({ value }) => value);
  const found: string[] = [];
  for (const child of children) found.push(...stringsOf(child, depth + 1));
  return found;
}

/** The callable of `py/reduce`: the first type or function named in it. */
function firstNamed(node: JsonNode): string | undefined {
  const items =
    node.kind === 'array'
      ? node.items.slice(0, 5)
      : node.kind === 'object'
        ? node.members.map(({ value }) => value)
        : [];
  for (const item of items) {
    if (item.kind === 'object') {
      const named = textOf(item, 'py/type') ?? textOf(item, 'py/function') ?? textOf(item, 'py/object');
      if (named !== undefined) return named;
    } else if (item.kind === 'array') {
      const named = firstNamedOf(item);
      if (named !== undefined) return named;
    }
  }
  return undefined;
}

function firstNamedOf(list: JsonNode & { kind: 'array' }): string | undefined {
  for (const item of list.items.slice(0, 5)) {
    const named = item.kind === 'object' ? (textOf(item, 'py/type') ?? textOf(item, 'py/function')) : undefined;
    if (named !== undefined) return named;
  }
  return undefined;
}

function isModuleList(root: JsonNode): root is JsonNode & { kind: 'array' } {
  return (
    root.kind === 'array' &&
    root.items.length > 0 &&
    root.items.every(
      (item) =>
        item.kind === 'object' && ['type', 'idx', 'path'].every((key) => item.members.some((m) => m.key === key)),
    )
  );
}
