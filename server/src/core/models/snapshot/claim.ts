/** Which files of a folder are one model, by what the loaders go by: the configuration first, names second. */
import type { FolderView, GroupFacts } from '../../scanner';
import { namesDigest } from './digest';
import { asObject, cardFacts, factsOf, isModelConfiguration, isName, type Json, licenseOfText, parsed } from './facts';
import { ggufBase, isNamedWeight, isSupport, OTHER_FORMS, shardName } from './files';

/** Files one of which a folder must have to be a model of these libraries. */
export const MARKERS: ReadonlySet<string> = new Set([
  'config.json',
  'model_index.json',
  'adapter_config.json',
  'modules.json',
  'open_clip_config.json',
]);
const INDEX = /\.index\.json$/;
/** As many parts of a pipeline are looked into; the largest have some ten. */
const MOST_PARTS = 64;
/** Files beside a model that say something of it and are none of its members. */
export const CARD = /^readme\.md$/i;
export const LICENSE = /^(?:licen[cs]e|copying)(?:\.(?:md|txt))?$/i;

export async function claimSnapshot(
  view: FolderView,
): Promise<{ members: readonly string[]; facts: GroupFacts } | undefined> {
  const names = await view.names('');
  if (!names.some((name) => MARKERS.has(name))) return undefined;
  if (!(await mayHaveWeights(names, view))) return undefined;
  const has = (name: string) => names.includes(name);
  const json = async (name: string) => (has(name) ? parsed(await view.read(name)) : undefined);
  const [pipeline, config, adapter, modules, clip] = await Promise.all([
    json('model_index.json'),
    json('config.json'),
    json('adapter_config.json'),
    json('modules.json'),
    json('open_clip_config.json'),
  ]);
  const parts = pipelineParts(pipeline);
  const folders = moduleFolders(modules);
  const framework = parts
    ? 'diffusers'
    : folders
      ? 'sentence-transformers'
      : isModelConfiguration(config)
        ? libraryOf(config as Json)
        : isName(asObject(adapter)?.peft_type)
          ? 'peft'
          : asObject(asObject(clip)?.model_cfg)
            ? 'open_clip'
            : undefined;
  if (framework === undefined) return undefined;
  const indexes = await readIndexes(names, view);
  const own = ownFiles(names, indexedFiles(names, indexes));
  const inside = async (folder: string, wanted: (name: string) => boolean) =>
    (await view.names(folder)).filter(wanted).map((name) => `${folder}/${name}`);
  const ofPart = (name: string) => isSupport(name) || isNamedWeight(name) || shardName(name) !== undefined;
  const below = await Promise.all([
    ...[...(parts ?? []), ...(folders ?? [])].slice(0, MOST_PARTS).map((folder) => inside(folder, ofPart)),
    ...OTHER_FORMS.filter((folder) => !parts?.includes(folder)).map((folder) =>
      inside(folder, (name) => isSupport(name) || isNamedWeight(name) || (folder === 'onnx' && /\.onnx/.test(name))),
    ),
  ]);
  const members = [...new Set([...own, ...below.flat()])].sort();
  if (!members.some((name) => !isSupport(name.slice(name.lastIndexOf('/') + 1)))) return undefined;
  const facts = { ...factsOf(framework, pipeline, adapter, config), ...shardFacts(indexes, members) };
  return { members, facts: await withCard(facts, names, view) };
}

/** Names alone: on another machine every file that is read is a request, and most configurations are of something else. */
async function mayHaveWeights(names: readonly string[], view: FolderView): Promise<boolean> {
  if (names.some((name) => isNamedWeight(name) || INDEX.test(name) || /\.(?:gguf|safetensors)$/.test(name)))
    return true;
  if (names.includes('model_index.json') || names.includes('modules.json')) return true;
  const other = await Promise.all(OTHER_FORMS.map((folder) => view.names(folder)));
  return other.some((inside) => inside.length > 0);
}

function libraryOf({ _class_name, _diffusers_version, architecture, pretrained_cfg }: Json): string {
  if (isName(_class_name) && isName(_diffusers_version)) return 'diffusers';
  return isName(architecture) && asObject(pretrained_cfg) ? 'timm' : 'transformers';
}

/** Folders that `model_index.json` of diffusers names: `"unet": ["diffusers", "UNet2DConditionModel"]`. */
function pipelineParts(value: unknown): string[] | undefined {
  const index = asObject(value);
  if (!index || !(isName(index._class_name) || Array.isArray(index._class_name))) return undefined;
  return Object.entries(index)
    .filter(([key, part]) => isFolderName(key) && !key.startsWith('_') && Array.isArray(part) && part.length === 2)
    .map(([key]) => key);
}

/** Folders that `modules.json` of sentence-transformers names: `{"path": "1_Pooling", "type": ...}`. */
function moduleFolders(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const modules = value.map(asObject);
  if (!modules.every((module) => isName(module?.type) && typeof module?.path === 'string')) return undefined;
  return modules.map((module) => module?.path as string).filter(isFolderName);
}

function isFolderName(name: string): boolean {
  return /^[\w-][\w.-]{0,100}$/.test(name);
}

/** As many indexes of one folder are read: one a form of the weights. */
const MOST_INDEXES = 8;

/** `weight_map` of the folder's indexes by their names; empty where one is too large or damaged. */
async function readIndexes(names: readonly string[], view: FolderView): Promise<Map<string, Json>> {
  const indexes = names.filter((name) => INDEX.test(name)).slice(0, MOST_INDEXES);
  const maps = await Promise.all(
    indexes.map(async (name) => asObject(asObject(parsed(await view.read(name)))?.weight_map) ?? {}),
  );
  return new Map(indexes.map((name, i) => [name, maps[i] as Json]));
}

/** What the indexes place in the shards that lie in the folder. */
function shardFacts(indexes: ReadonlyMap<string, Json>, members: readonly string[]): Pick<GroupFacts, 'shards'> {
  const there = new Set(members);
  const placed = new Map<string, { index: string; names: string[] }>();
  for (const [index, map] of indexes) {
    for (const [tensor, shard] of Object.entries(map)) {
      if (typeof shard !== 'string' || !there.has(shard)) continue;
      const known = placed.get(shard);
      if (known) known.names.push(tensor);
      else placed.set(shard, { index, names: [tensor] });
    }
  }
  if (placed.size === 0) return {};
  return {
    shards: Object.fromEntries(
      [...placed].map(([shard, { index, names }]) => [
        shard,
        { index, tensors: names.length, digest: namesDigest(names) },
      ]),
    ),
  };
}

/** Files in the folder that the indexes of sharded checkpoints name, and shards that are called like their index. */
function indexedFiles(names: readonly string[], indexes: ReadonlyMap<string, Json>): Set<string> {
  const listed = new Set<unknown>([...indexes.values()].flatMap((map) => Object.values(map)));
  const checkpoints = new Set([...indexes.keys()].map((name) => name.replace(INDEX, '')));
  return new Set(
    names.filter((name) => {
      const shard = shardName(name);
      return listed.has(name) || (shard && checkpoints.has(`${shard.stem}.${shard.extension}`));
    }),
  );
}

/**
 * The files directly in the folder that are of the model. Files of other names only when an index names them, or when there
 * are no other weights: one safetensors file, or GGUF files that are quantisations of one. Anything else is another model
 * that lies beside.
 */
function ownFiles(names: readonly string[], indexed: ReadonlySet<string>): string[] {
  const known = names.filter((name) => isSupport(name) || isNamedWeight(name) || indexed.has(name));
  if (known.some((name) => !isSupport(name))) return known;
  const tensors = names.filter((name) => name.endsWith('.safetensors'));
  if (tensors.length) return tensors.length === 1 ? [...known, ...tensors] : known;
  const quantised = names.filter((name) => ggufBase(name) !== undefined);
  return new Set(quantised.map(ggufBase)).size === 1 ? [...known, ...quantised] : known;
}

async function withCard(facts: GroupFacts, names: readonly string[], view: FolderView): Promise<GroupFacts> {
  const [cardFile, licenseFile] = [names.find((name) => CARD.test(name)), names.find((name) => LICENSE.test(name))];
  const card = cardFacts((cardFile && (await view.read(cardFile))) || '');
  const text = card.license === undefined && licenseFile ? await view.read(licenseFile) : undefined;
  const license = card.license ?? (text === undefined ? undefined : licenseOfText(text));
  return {
    ...facts,
    ...(license !== undefined && { license }),
    properties: {
      ...facts.properties,
      ...(card.baseModel !== undefined && { baseModel: card.baseModel }),
      ...(card.library !== undefined && { library: card.library }),
      ...(card.task !== undefined && { task: card.task }),
    },
  };
}

/** Shards of one checkpoint without a configuration, with or without their index. Two checkpoints in a folder stay files. */
export async function claimShards(
  view: FolderView,
): Promise<{ members: readonly string[]; facts: GroupFacts } | undefined> {
  const names = await view.names('');
  const checkpoints = new Map<string, string[]>();
  for (const name of names) {
    const shard = shardName(name);
    if (!shard) continue;
    const key = `${shard.stem}.${shard.extension}`;
    const files = checkpoints.get(key);
    if (files) files.push(name);
    else checkpoints.set(key, [name]);
  }
  const [only, ...others] = checkpoints;
  if (!only || others.length) return undefined;
  const [key, files] = only;
  const index = `${key}.index.json`;
  const members = [...files, ...(names.includes(index) ? [index] : [])].sort();
  return { members, facts: shardFacts(await readIndexes(names.includes(index) ? [index] : [], view), members) };
}
