/** Models, code and data that a call fetches from a hub or an address. */

import type { Node } from '../ast';
import type { Names } from '../names';
import {
  allow,
  argument,
  type Call,
  type CallRule,
  type Check,
  certainty,
  FROM,
  flag,
  isForeign,
  isTrue,
  type Judgement,
  TRUE,
  turnOff,
  weighed,
} from './call';

const COMMIT = /^[0-9a-f]{40}$/i;

/** A name of a repository on a hub, not of a file or folder here. */
function hubName(text: string | undefined): text is string {
  return (
    text !== undefined &&
    /^[A-Za-z0-9][\w.-]{0,95}(?:\/[\w.-]{1,96})?$/.test(text) &&
    !/^\.|\.(?:pt|pth|bin|json|onnx|csv|txt|py|h5|gguf|parquet)$/.test(text)
  );
}

const isLocal = (text: string | undefined): boolean =>
  text !== undefined &&
  (/^(?:\.{0,2}\/|~|[A-Za-z]:[\\/])/.test(text) ||
    /^(?:\.|models?\/|checkpoints?\/|output|results?\/|data\/|saved|tmp|my_|\/)/.test(text));

/** Branches move; a word for the precision of the weights, as diffusers has it, is a branch as well. */
const MOVING = /^(?:main|master|dev|latest|head)$/i;

const pinned = (call: Call, names: Names): boolean => {
  const revision = call.keywords.get('revision') ?? call.keywords.get('code_revision');
  const text = revision && names.constant(revision.value);
  return revision !== undefined && (text === undefined || COMMIT.test(text));
};

/** Whatever takes trust_remote_code runs the repository's code; from_pretrained and its like fetch a moving target. */
const hubLoad: Check = (call, names) => {
  // peft takes the model to which it adds first.
  const adapter = /^peft\.Peft\w+\.from_pretrained$/.test(call.path);
  const subject = argument(
    call,
    adapter ? 1 : 0,
    'pretrained_model_name_or_path',
    'repo_id',
    'path',
    'model',
    'model_id',
  );
  const name = subject && names.constant(subject);
  const trusts = certainty(call.keywords.get('trust_remote_code'), TRUE, names);
  if (trusts) {
    if (isLocal(name)) return undefined;
    const fixed = pinned(call, names);
    const judged: Judgement = {
      rule: 'trust-remote-code',
      severity: fixed ? 'low' : 'medium',
      message: `trust_remote_code=True runs Python files of the model repository${fixed ? ', at a pinned revision' : ' as they are at the time of loading'}.`,
      evidence: '(…, trust_remote_code=True)',
      ...turnOff(call, 'trust_remote_code', 'Set trust_remote_code to False'),
    };
    return weighed(judged, trusts);
  }
  const revision = call.keywords.get('revision');
  if (
    call.spread ||
    (revision && !MOVING.test(names.constant(revision.value) ?? '')) ||
    call.keywords.has('version') ||
    isTrue(call, 'local_files_only', names)
  )
    return undefined;
  if (!hubName(name) || isLocal(name)) return undefined;
  return {
    rule: 'unpinned-revision',
    message: 'The newest state of the repository is loaded: pin revision= to a reviewed commit.',
  };
};

/** A metric of somebody's own is a script of the hub that is run; those without an owner are the library's. */
const evaluateLoad: Check = (call, names, facts) => {
  const subject = argument(call, 0, 'path');
  const name = subject && names.constant(subject);
  if (name === undefined || !name.includes('/') || !hubName(name) || isLocal(name) || pinned(call, names))
    return hubLoad(call, names, facts);
  if (/^evaluate-(?:metric|measurement|comparison)\//.test(name)) return hubLoad(call, names, facts);
  return {
    rule: 'trust-remote-code',
    severity: 'low',
    message:
      'evaluate.load downloads a Python script of the repository and runs it: pin revision= to a reviewed commit.',
  };
};

/** `model_args="pretrained=o/m,trust_remote_code=True"`, as the evaluation harness takes it. */
const argumentText: Check = (call, names) => {
  const given = call.keywords.get('model_args');
  const text = given && names.constant(given.value);
  return text !== undefined && /(?:^|,)\s{0,4}trust_remote_code=(?:True|true|1)\b/.test(text)
    ? {
        rule: 'trust-remote-code',
        message: 'trust_remote_code=True runs Python files of the model repository as they are at the time of loading.',
        evidence: '(…, model_args=…)',
      }
    : undefined;
};

/** Whatever it is that takes trust_remote_code, it hands it on. */
const trustedHubLoad: Check = (call, names, facts) =>
  certainty(call.keywords.get('trust_remote_code'), TRUE, names) ? hubLoad(call, names, facts) : undefined;

/** A pipeline of diffusers can bring a file of Python from another repository or from the newest state of the library's. */
const customPipeline: Check = (call, names, facts) => {
  const given = call.keywords.get('custom_pipeline');
  const text = given && names.constant(given.value);
  if (text === undefined || isLocal(text) || /\.py$/.test(text)) return hubLoad(call, names, facts);
  const revision = call.keywords.get('custom_revision');
  return {
    rule: 'trust-remote-code',
    severity: revision && COMMIT.test(names.constant(revision.value) ?? '') ? 'low' : 'medium',
    message: 'custom_pipeline downloads a Python file and runs it.',
    evidence: '(…, custom_pipeline=…)',
  };
};

/** `lc://` addresses and those of the network: chains, agents and prompts are configurations that name code. */
const remoteChain: Check = (call, names) => {
  const subject = argument(call, 0, 'path');
  const text = subject && names.constant(subject);
  if (text === undefined || !/^(?:lc|https?):\/\//.test(text)) return undefined;
  return {
    rule: 'remote-model-load',
    severity: 'medium',
    message: `${call.path} fetches a configuration that names what is run, and nothing vouches for it.`,
  };
};

/** A shared library; those that a package brings itself are as good as the package. */
const nativeLibrary: Check = (call, names) => {
  const subject = argument(call, 0, 'path', 'library_filename', 'library_path');
  if (!subject || /(?:get_library_path|get_lib_path)\(\)$/.test(names.value(subject).path ?? '')) return undefined;
  const taint = names.taint(subject);
  return {
    rule: 'native-library',
    severity: isForeign(taint) ? 'high' : 'low',
    message: `${call.path.replace('?.', '')} loads a shared library: its code runs at once.`,
  };
};

const torchHub: Check = (call, names) => {
  const source = call.keywords.get('source');
  if (source && names.constant(source.value) === 'local') return undefined;
  const repository = call.args[0] && names.constant(call.args[0]);
  const reference = repository?.split(':')[1];
  if (reference && COMMIT.test(reference)) return undefined;
  const trusted = /^(?:True|['"]force['"])$/.test(flag(call, 'trust_repo', names) ?? '');
  return {
    rule: 'torch-hub-load',
    severity: trusted ? 'medium' : 'low',
    message: `torch.hub.load runs code of a repository${trusted ? ' without asking' : ''}, and no commit is pinned.`,
    ...(trusted && { evidence: '(…, trust_repo=True)' }),
  };
};

export const remoteModel: Check = (call, names) => {
  const subject = argument(call, 0, 'model_uri', 'model');
  const text = subject && names.constant(subject);
  if (text === undefined || !/^(?:https?|ftp):\/\//.test(text)) return undefined;
  return {
    rule: 'remote-model-load',
    message: 'A model is loaded straight from an address: its format can run code, and nothing vouches for it.',
  };
};

/** Flavors whose files are pickles, and the one that runs the Python a model brings. */
const mlflowModel: Check = (call, names, facts) => {
  const remote = remoteModel(call, names, facts);
  if (remote || !/^mlflow\.(?:pyfunc|sklearn|pytorch|statsmodels|pmdarima|fastai)\./.test(call.path)) return remote;
  const subject = argument(call, 0, 'model_uri');
  const taint = subject && names.taint(subject);
  const brings = call.path.startsWith('mlflow.pyfunc') ? ' and runs the code it brings' : '';
  return {
    rule: 'pickle-load',
    severity: isForeign(taint) ? 'high' : 'low',
    message: isForeign(taint)
      ? `${call.path} unpickles the model${brings}: ${FROM[taint]} decides which.`
      : `${call.path} unpickles the model${brings}: whoever can write to the store runs code here.`,
  };
};

const FETCHED =
  /\.(?:pkl|pickle|pt|pth|bin|ckpt|joblib|h5|hdf5|keras|onnx|pb|zip|tar|gz|tgz|whl|py|sh|npy|npz|exe|deb|so)(?:$|[?#])/i;

export const plainHttp: Check = (call, names) => {
  const address = argument(call, 0, 'url', 'origin');
  const candidates = address ? [address, ...call.args.slice(1, 2)] : [];
  for (const candidate of candidates) {
    const text = names.constant(candidate);
    if (text !== undefined && /^http:\/\/(?!localhost|127\.|0\.0\.0\.0|\[::1\])/.test(text) && FETCHED.test(text)) {
      return {
        rule: 'insecure-download',
        message: 'A file that is loaded or run comes over plain HTTP: anybody on the way can replace it.',
      };
    }
  }
  return undefined;
};

/** An index or a repository of packages without transport security, in the command that installs from it. */
export function insecureIndex(command: Node, names: Names): Judgement | undefined {
  const parts = command.kind === 'sequence' ? command.items : [command];
  const text = parts.map((part) => names.constant(part) ?? '?').join(' ');
  return /(?:--(?:extra-)?index-url|--find-links|\s-[if])[\s=]{1,4}http:\/\/(?!localhost|127\.|\[::1\])|\bgit\+http:\/\//.test(
    text,
  )
    ? {
        rule: 'insecure-download',
        message: 'Packages are installed over plain HTTP: anybody on the way can replace what is run.',
      }
    : undefined;
}

const unsafeStore = allow(
  'allow_dangerous_deserialization',
  'dangerous-deserialization',
  'medium',
  'allow_dangerous_deserialization=True unpickles the files of the store: whoever can write them runs code here.',
);

/** The objects that a text of langchain names may carry `{"lc": 1, "type": "secret"}`: variables of the environment are read for it. */
const langchainLoad: Check = allow(
  'secrets_from_env',
  'dangerous-deserialization',
  'medium',
  'secrets_from_env=True fills in whatever variable of the environment the text asks for (CVE-2025-68664).',
);

export const REMOTE: readonly CallRule[] = [
  { paths: ['torch.hub.load'], check: torchHub },
  {
    paths: [
      'urllib.request.urlretrieve',
      'urllib.urlretrieve',
      'wget.download',
      'torch.hub.load_state_dict_from_url',
      'torch.hub.download_url_to_file',
      'torch.utils.model_zoo.load_url',
      'tensorflow.keras.utils.get_file',
      'keras.utils.get_file',
    ],
    check: plainHttp,
  },
  {
    paths: [
      'xgboost.Booster',
      'tensorflow.saved_model.load',
      'tensorflow.keras.layers.TFSMLayer',
      'onnxruntime.InferenceSession',
      'ultralytics.YOLO',
    ],
    check: remoteModel,
  },
  {
    paths: [
      'datasets.load_dataset',
      'huggingface_hub.snapshot_download',
      'huggingface_hub.hf_hub_download',
      'transformers.pipeline',
      'sentence_transformers.SentenceTransformer',
      'vllm.LLM',
      'huggingface_hub.from_pretrained_keras',
    ],
    check: hubLoad,
  },
  { paths: ['evaluate.load'], check: evaluateLoad },
  { keywords: ['model_args'], check: argumentText },
  { pattern: /^diffusers\..*\.from_pretrained$/, last: ['from_pretrained'], check: customPipeline },
  {
    pattern:
      /^(?:transformers|peft|optimum|sentence_transformers|timm|open_clip|auto_gptq|awq|unsloth|trl|adapters|setfit|spacy_transformers)\..*\.from_pretrained$/,
    last: ['from_pretrained'],
    check: hubLoad,
  },
  { pattern: /^(?:transformers|diffusers|peft)\.[\w.]+\.from_config$/, last: ['from_config'], check: hubLoad },
  { pattern: /^mlflow\.\w+\.load_model$/, last: ['load_model'], modules: ['mlflow'], check: mlflowModel },
  { keywords: ['trust_remote_code'], check: trustedHubLoad },
  {
    paths: [
      ...['langchain.chains.load_chain', 'langchain.chains.loading.load_chain', 'langchain.agents.load_agent'],
      ...[
        'langchain.prompts.load_prompt',
        'langchain_core.prompts.load_prompt',
        'langchain.prompts.loading.load_prompt',
      ],
    ],
    check: remoteChain,
  },
  {
    paths: ['langchain_core', 'langchain'].flatMap((module) =>
      ['load.loads', 'load.load', 'load.load.loads', 'load.load.load'].map((name) => `${module}.${name}`),
    ),
    check: langchainLoad,
  },
  { methods: ['register_custom_ops_library'], check: nativeLibrary },
  { paths: ['tensorflow.load_op_library', 'tensorflow.load_library', 'torch.ops.load_library'], check: nativeLibrary },
  { keywords: ['allow_dangerous_deserialization'], check: unsafeStore },
];
