/** What the files of a model tell together: one description, and where two forms of the weights disagree. */
import type { ModelDescription, TensorDescription } from '../../description';
import { evidenceText } from '../../redact';
import type { FindingDraft, GroupFacts, GroupMember } from '../../scanner';
import { CONFIG_RULES } from '../configs/rules';
import { namesDigest } from './digest';
import { isSupport, OTHER_FORMS, type WeightName, weightName } from './files';

const LISTED_TENSORS = 10_000;

/** The form that is counted when a model has several: what today's loaders take first. */
const FORMS = ['safetensors', 'bin', 'pth', 'pt', 'h5', 'msgpack', 'gguf', 'onnx', 'openvino', 'ot'];
const STEMS = ['model', 'pytorch_model', 'diffusion_pytorch_model'];
const LAST_STEMS = ['consolidated', 'adapter_model', 'pytorch_lora_weights'];

/** Weights of one form, in one file or in shards. */
interface WeightSet {
  name: WeightName;
  members: GroupMember[];
}

function setsOf(members: readonly GroupMember[]): WeightSet[] {
  const sets = new Map<string, WeightSet>();
  for (const member of members) {
    if (isSupport(member.name.slice(member.name.lastIndexOf('/') + 1))) continue;
    const name = weightName(member.name);
    if (!name) continue;
    const key = `${name.folder}\0${name.stem}\0${name.variant}\0${name.extension}`;
    const set = sets.get(key);
    if (set) set.members.push(member);
    else sets.set(key, { name, members: [member] });
  }
  return [...sets.values()];
}

/** The lower, the sooner it is the one that is counted. */
function rankOf({ name: { stem, variant, extension } }: WeightSet): number {
  const form = FORMS.indexOf(extension);
  const known = STEMS.indexOf(stem);
  const late = LAST_STEMS.indexOf(stem);
  return (late >= 0 ? 10_000 + late * 1000 : 0) + form * 100 + (variant ? 50 : 0) + (known >= 0 ? known : 20);
}

/**
 * The weights that are loaded: of every part of a pipeline one form. The same model in another form or precision is
 * none of them, so that parameters are counted once.
 */
function countedSets(members: readonly GroupMember[]): WeightSet[] {
  const byPart = new Map<string, WeightSet[]>();
  for (const set of setsOf(members)) {
    const other = (OTHER_FORMS as readonly string[]).includes(set.name.folder);
    const part = other ? '' : set.name.folder;
    const list = byPart.get(part);
    if (list) list.push(set);
    else byPart.set(part, [set]);
  }
  return [...byPart.values()].flatMap((sets) => {
    const direct = sets.filter(({ name }) => !(OTHER_FORMS as readonly string[]).includes(name.folder));
    const counted = (direct.length ? direct : sets).filter((set) => parametersOf(set) > 0);
    counted.sort((a, b) => rankOf(a) - rankOf(b) || parametersOf(b) - parametersOf(a));
    return counted.slice(0, 1);
  });
}

function parametersOf({ members }: WeightSet): number {
  return members.reduce((sum, { report }) => sum + (report?.description?.parameters ?? 0), 0);
}

export function describeSnapshot(format: string, members: readonly GroupMember[], facts: GroupFacts): ModelDescription {
  const sets = countedSets(members);
  const weights = sets.flatMap((set) => set.members);
  const tensors = weights.flatMap(({ report }) => report?.description?.tensors ?? []);
  const tensorCount = weights.reduce((sum, { report }) => sum + (report?.description?.tensorCount ?? 0), 0);
  const cut =
    tensors.length > LISTED_TENSORS ||
    weights.some(({ report }) => report?.description?.truncated?.includes('tensors') ?? false);
  const counted = weights.map(({ name }) => name);
  const { shards: _shards, ...told } = facts;
  return {
    format,
    ...told,
    ...(!facts.framework && frameworkOf(weights)),
    properties: {
      ...facts.properties,
      ...(counted.length > 0 && {
        weights: counted.length > 3 ? `${counted[0]} and ${counted.length - 1} more` : counted.join(', '),
      }),
    },
    ...(sets.length > 0 && { parameters: sets.reduce((sum, set) => sum + parametersOf(set), 0) }),
    ...(tensorCount > 0 && { tensorCount }),
    ...(tensors.length > 0 && { tensors: tensors.slice(0, LISTED_TENSORS) }),
    ...(cut && { truncated: ['tensors'] }),
    members: members.map(({ name, bytes, report }) => ({ name, bytes, ...(report && { format: report.format }) })),
  };
}

function frameworkOf(weights: readonly GroupMember[]): Pick<ModelDescription, 'framework'> {
  const framework = weights.find(({ report }) => report?.description?.framework)?.report?.description?.framework;
  return framework === undefined ? {} : { framework };
}

/** Stems under which safetensors and PyTorch files hold the same weights. */
function twinOf({ folder, stem, variant }: WeightName): string {
  return `${folder}\0${stem === 'pytorch_model' ? 'model' : stem}\0${variant}`;
}

/** The tensors of a set by name; undefined when not all of them are known. */
function shapesOf({ members }: WeightSet): Map<string, TensorDescription> | undefined {
  const shapes = new Map<string, TensorDescription>();
  for (const { report } of members) {
    const description = report?.description;
    if (report?.status !== 'scanned' || !description?.tensors || description.truncated?.includes('tensors'))
      return undefined;
    for (const tensor of description.tensors) shapes.set(tensor.name, tensor);
  }
  return shapes.size ? shapes : undefined;
}

const shownTensor = ({ name, shape }: TensorDescription) => `${evidenceText(name, 80)} [${shape.join(', ')}]`;

/**
 * Compares what the indexes place in shards with what the shards' own scans have said, wherever the model lies. Where an
 * index has been compared with the shards beside it, name by name, that has been told.
 */
export function judgeShards(
  members: readonly GroupMember[],
  { shards = {} }: GroupFacts,
  report: (draft: FindingDraft) => void,
): void {
  const byName = new Map(members.map((member) => [member.name, member.report]));
  for (const [shard, { index, tensors, digest }] of Object.entries(shards)) {
    const scanned = byName.get(shard);
    // Names of other formats' tensors are shown, not kept.
    if (!shard.endsWith('.safetensors')) continue;
    const told = byName.get(index)?.findings.some(({ ruleId }) => ruleId === CONFIG_RULES['shard-mismatch'].id);
    const held = scanned?.description?.tensors;
    if (told || !held || scanned.status !== 'scanned' || scanned.description?.truncated?.includes('tensors')) continue;
    if (held.length === tensors && namesDigest(held.map(({ name }) => name)) === digest) continue;
    report({
      rule: CONFIG_RULES['shard-mismatch'],
      message: `${evidenceText(shard, 80)} holds other tensors (${held.length}) than the index places there (${tensors}).`,
      location: { member: index },
      anchor: `shard\0${shard}`,
    });
  }
}

/**
 * Compares weights that lie there as safetensors and as pickle. Tied tensors are left out of safetensors, and buffers of old
 * versions lie in pickles only, so that what only the pickle has says nothing.
 */
export function judgeSnapshot(members: readonly GroupMember[], report: (draft: FindingDraft) => void): void {
  const twins = new Map<string, { safe?: WeightSet; pickle?: WeightSet }>();
  for (const set of setsOf(members)) {
    const { extension } = set.name;
    if (extension !== 'safetensors' && extension !== 'bin') continue;
    const key = twinOf(set.name);
    const pair = twins.get(key) ?? {};
    pair[extension === 'bin' ? 'pickle' : 'safe'] = set;
    twins.set(key, pair);
  }
  for (const { safe, pickle } of twins.values()) {
    const [left, right] = [safe && shapesOf(safe), pickle && shapesOf(pickle)];
    if (!safe || !pickle || !left || !right) continue;
    const common = [...left.values()].filter(({ name }) => right.has(name));
    // Names with another prefix, or a checkpoint that wraps its weights: nothing to compare.
    if (common.length * 2 < Math.min(left.size, right.size) || common.length === 0) continue;
    const differing = common.filter(({ name, shape }) => {
      const other = right.get(name) as TensorDescription;
      return shape.length !== other.shape.length || shape.some((size, i) => size !== other.shape[i]);
    });
    const added = [...left.values()].filter(({ name }) => !right.has(name));
    const [first, second] = [safe.members[0] as GroupMember, pickle.members[0] as GroupMember];
    const tell = (tensors: readonly TensorDescription[], what: string, anchor: string) =>
      report({
        rule: CONFIG_RULES['weights-disagree'],
        message: `${tensors.length} tensors of ${evidenceText(first.name, 80)} ${what} in ${evidenceText(second.name, 80)} (${tensors.slice(0, 3).map(shownTensor).join(', ')}${tensors.length > 3 ? ', ...' : ''}): which weights are loaded depends on the loader.`,
        location: { member: first.name },
        anchor: `${anchor}\0${first.name}\0${second.name}`,
      });
    if (differing.length) tell(differing, 'have another shape', 'shape');
    if (added.length) tell(added, 'are not', 'added');
  }
}
