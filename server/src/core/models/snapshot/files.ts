/**
 * Names that the loaders of the Hugging Face libraries look for: transformers `utils/__init__.py` (WEIGHTS_NAME ...), diffusers
 * `utils/constants.py`, peft, sentence-transformers `modules.json`, optimum's ONNX and OpenVINO exports, the Trainer's checkpoints.
 */

/** What a file of weights is called, taken apart. */
export interface WeightName {
  /** Folder inside the model, '' for its root. */
  folder: string;
  /** `model`, `pytorch_model`, `diffusion_pytorch_model` ... */
  stem: string;
  /** `fp16`, `non_ema`, '' */
  variant: string;
  shard: boolean;
  extension: string;
}

const WEIGHT =
  /^((?:(?:pytorch_|tf_|flax_|rust_|adapter_|open_clip_|open_clip_pytorch_|diffusion_pytorch_|diffusion_flax_)?model|consolidated|pytorch_lora_weights))(?:\.([\w-]{1,40}?))?(-\d{5,6}-of-\d{5,6})?(?:\.([\w-]{1,40}))?\.(safetensors|bin|h5|msgpack|ot|pth)$/;
const ONNX = /^(?:[a-z]+_)*model(?:_\w{1,60})?\.(onnx)(?:[._]data[\w.-]*)?$/;
const OPENVINO = /^openvino_(?:\w+_)?model\w*\.(xml|bin)$/;
const SHARD = /^(.+)-\d{5,6}-of-\d{5,6}\.(safetensors|bin|pth|pt|h5|msgpack|gguf)$/;

/** Files that belong to a model and hold none of its weights. */
const SUPPORT =
  /^(?:(?:config|generation_config|tokenizer_config|tokenizer|vocab|special_tokens_map|added_tokens|preprocessor_config|processor_config|image_processor_config|video_preprocessor_config|chat_template|adapter_config|modules|model_index|scheduler_config|quantize_config|quantization_config|quant_config|config_sentence_transformers|sentence_\w{1,40}_config|open_clip_config|normalizer|params|tekken|trainer_state)\.json|[\w.-]{1,120}\.(?:safetensors|bin|h5|msgpack)\.index\.json|(?:merges|vocab)\.txt|chat_template\.(?:jinja|txt)|(?:tokenizer|spiece|sentencepiece\.bpe|sentencepiece)\.model(?:\.v\d+)?|(?:source|target)\.spm|[\w.-]{1,80}\.tiktoken|training_args\.bin|(?:optimizer|scheduler|scaler)\.(?:pt|bin)|rng_state(?:_\d+)?\.pth|random_states_\d+\.pkl)$/;

/** Folders that hold the same model in another form. */
export const OTHER_FORMS = ['onnx', 'openvino', 'original'] as const;

/** @param path a file that is of the model @returns undefined when it is none of its weights */
export function weightName(path: string): WeightName | undefined {
  const slash = path.lastIndexOf('/');
  const folder = slash < 0 ? '' : path.slice(0, slash);
  const name = path.slice(slash + 1);
  const match = WEIGHT.exec(name);
  if (match) {
    const [, stem = '', before, shard, after, extension = ''] = match;
    return { folder, stem, variant: before ?? after ?? '', shard: shard !== undefined, extension };
  }
  const exported = ONNX.exec(name) ?? OPENVINO.exec(name);
  if (exported) {
    const extension = exported[1] as string;
    return {
      folder,
      stem: name.slice(0, name.indexOf('.')),
      variant: '',
      shard: false,
      extension: extension === 'onnx' ? 'onnx' : 'openvino',
    };
  }
  const quantised = ggufBase(name);
  if (quantised !== undefined) return { folder, stem: name, variant: '', shard: false, extension: 'gguf' };
  const shard = shardName(name);
  if (shard) return { folder, stem: shard.stem, variant: '', shard: true, extension: shard.extension };
  // Of another name, which an index knows: all of them together are one checkpoint.
  const extension = /\.(safetensors|bin|pth|pt)$/.exec(name)?.[1];
  return extension === undefined ? undefined : { folder, stem: '', variant: '', shard: true, extension };
}

/** `name-00001-of-00002.safetensors`, whatever its name. */
export function shardName(name: string): { stem: string; extension: string } | undefined {
  const match = SHARD.exec(name);
  return match ? { stem: match[1] as string, extension: match[2] as string } : undefined;
}

/** A GGUF file's name without what tells its quantisation: all of one model have the same. */
export function ggufBase(name: string): string | undefined {
  const match = /^(.+?)(?:-\d{5}-of-\d{5})?\.gguf$/i.exec(name);
  if (!match) return undefined;
  return (match[1] as string)
    .toLowerCase()
    .replace(/[-._]?(?:ud-)?(?:i?q\d[a-z\d_.]{0,20}|bf16|f16|f32|fp16|fp32|mxfp4(?:_moe)?)$/, '');
}

export function isSupport(name: string): boolean {
  return SUPPORT.test(name);
}

/** A file that only the weights of these libraries are called: not a shard or GGUF of any name. */
export function isNamedWeight(name: string): boolean {
  return WEIGHT.test(name) || ONNX.test(name) || OPENVINO.test(name);
}
