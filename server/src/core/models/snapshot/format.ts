import type { GroupFormat } from '../../scanner';
import { CARD, claimShards, claimSnapshot, LICENSE, MARKERS } from './claim';
import { isNamedWeight, isSupport, shardName } from './files';
import { describeSnapshot, judgeShards, judgeSnapshot } from './whole';

/** A repository of a model hub, or a folder that `save_pretrained` wrote: transformers, diffusers, peft, sentence-transformers, timm. */
export const SNAPSHOT_GROUP: GroupFormat = {
  id: 'huggingface-snapshot',
  title: 'Hugging Face model',
  concerns: (name) =>
    MARKERS.has(name) ||
    isSupport(name) ||
    isNamedWeight(name) ||
    /\.(?:gguf|onnx|safetensors)$/.test(name) ||
    CARD.test(name) ||
    LICENSE.test(name),
  claim: claimSnapshot,
  judge(members, facts, report) {
    judgeShards(members, facts, report);
    judgeSnapshot(members, report);
  },
  describe: (members, facts) => describeSnapshot('huggingface-snapshot', members, facts),
};

/** Shards of one checkpoint that lie without a model's configuration. */
export const SHARDED_CHECKPOINT_GROUP: GroupFormat = {
  id: 'sharded-checkpoint',
  title: 'Sharded checkpoint',
  concerns: (name) => shardName(name) !== undefined || name.endsWith('.index.json'),
  claim: claimShards,
  judge: judgeShards,
  describe: (members, facts) => describeSnapshot('sharded-checkpoint', members, facts),
};
