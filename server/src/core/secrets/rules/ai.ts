import { decodeBase64 } from '../checksums';
import { assigned, type Service, token, UUID_SHAPE } from './define';

/** Services of machine learning: models, hubs, experiment tracking, vector stores, labelling, rented accelerators. */
export const AI_SERVICES: readonly Service[] = [
  {
    name: 'Hugging Face',
    kind: 'ai',
    revoke: 'under https://huggingface.co/settings/tokens',
    rules: {
      'huggingface-token': {
        what: 'access token',
        severity: 'critical',
        can: 'read private models and data sets and, with write scope, replace models that others download and load',
        tokens: [
          token('hf_', 'hf_[A-Za-z0-9]{30,40}'),
          token('api_org_', 'api_org_[A-Za-z0-9]{34}'),
          token('hf_oauth_', 'hf_oauth_[A-Za-z0-9_.-]{30,600}'),
        ],
        assigned: [assigned(['huggingface', 'hugging_face', 'hf_token', 'hf_api'], 'api_[A-Za-z]{34}')],
      },
    },
  },
  {
    name: 'OpenAI',
    kind: 'ai',
    revoke: 'under https://platform.openai.com/api-keys',
    rules: {
      'openai-api-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [
          token('sk-', 'sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}'),
          token(
            'sk-',
            'sk-(?:proj|svcacct|admin|service|None)-(?:[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}|[A-Za-z0-9_-]{100,200})',
          ),
          token('sess-', 'sess-[A-Za-z0-9]{40}'),
        ],
        assigned: [assigned('openai', 'sk-[A-Za-z0-9_-]{20,200}')],
      },
    },
  },
  {
    name: 'OpenAI-compatible',
    kind: 'ai',
    rules: {
      'openai-compatible-key': {
        what: 'API key',
        can: 'use the models that the service behind it offers, at the cost of its owner',
        tokens: [token('sk-', 'sk-[A-Za-z0-9]{48,64}', { entropy: 4, shared: true, notAfter: /[\w.-]/ })],
      },
    },
  },
  {
    name: 'Anthropic',
    kind: 'ai',
    revoke: 'under https://console.anthropic.com/settings/keys',
    rules: {
      'anthropic-api-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [
          token('sk-ant-', 'sk-ant-(?:api\\d\\d|admin\\d\\d|oat\\d\\d|ort\\d\\d|sid\\d\\d)-[A-Za-z0-9_-]{80,110}AA'),
        ],
        assigned: [assigned(['anthropic', 'claude'], 'sk-ant-[A-Za-z0-9_-]{30,120}')],
      },
    },
  },
  {
    name: 'Weights & Biases',
    kind: 'ai',
    revoke: 'under https://wandb.ai/authorize',
    rules: {
      'wandb-api-key': {
        what: 'API key',
        tokens: [
          token('wandb_v1_', 'wandb_v1_[A-Za-z0-9_-]{60,100}'),
          token('local-', 'local-[a-f0-9]{40}', { near: /wandb/i }),
          token('wandb login', 'wandb login (?:--\\w{1,20} ){0,4}[\'"]?(?<secret>[a-f0-9]{40})'),
        ],
        assigned: [assigned(['wandb', 'weights_and_biases', 'weightsandbiases'], '[a-f0-9]{40}')],
      },
    },
  },
  {
    name: 'Kaggle',
    kind: 'ai',
    revoke: 'under https://www.kaggle.com/settings',
    rules: {
      'kaggle-api-key': {
        what: 'API key',
        tokens: [
          token('kgat_', 'KGAT_[a-f0-9]{32}'),
          token(
            '"username"',
            '"username"\\s{0,8}:\\s{0,8}"[\\w.-]{1,60}"\\s{0,8},\\s{0,20}"key"\\s{0,8}:\\s{0,8}"(?<secret>[a-f0-9]{32})',
            { notAfter: /[\w]/ },
          ),
        ],
        assigned: [assigned('kaggle', '[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'Replicate',
    kind: 'ai',
    rules: {
      'replicate-api-token': {
        what: 'API token',
        tokens: [token('r8_', 'r8_[A-Za-z0-9]{37}')],
        assigned: [assigned('replicate', '[a-f0-9]{40}')],
      },
    },
  },
  {
    name: 'Cohere',
    kind: 'ai',
    rules: {
      'cohere-api-key': {
        what: 'API key',
        assigned: [assigned(['cohere', 'co_api_key'], '[A-Za-z0-9]{40}', { entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Mistral',
    kind: 'ai',
    rules: {
      'mistral-api-key': { what: 'API key', assigned: [assigned('mistral', '[A-Za-z0-9]{32}', { keyed: true })] },
    },
  },
  {
    name: 'Groq',
    kind: 'ai',
    rules: { 'groq-api-key': { what: 'API key', tokens: [token('gsk_', 'gsk_[A-Za-z0-9]{48,56}')] } },
  },
  {
    name: 'Together AI',
    kind: 'ai',
    rules: {
      'together-api-key': {
        what: 'API key',
        tokens: [token('tgp_v1_', 'tgp_v1_[A-Za-z0-9_-]{40,48}')],
        assigned: [assigned('together', '[a-f0-9]{64}', { keyed: true })],
      },
    },
  },
  {
    name: 'Pinecone',
    kind: 'ai',
    rules: {
      'pinecone-api-key': {
        what: 'API key',
        tokens: [token('pcsk_', 'pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,70}')],
        assigned: [assigned('pinecone', UUID_SHAPE)],
      },
    },
  },
  {
    name: 'Weaviate',
    kind: 'ai',
    rules: {
      'weaviate-api-key': {
        what: 'API key',
        assigned: [assigned(['weaviate', 'wcs', 'wcd'], '[A-Za-z0-9+/=_-]{36,90}', { keyed: true, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'Qdrant',
    kind: 'ai',
    rules: {
      'qdrant-api-key': {
        what: 'API key',
        assigned: [assigned('qdrant', '[A-Za-z0-9_.|-]{40,300}', { keyed: true, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'Zilliz',
    kind: 'ai',
    rules: {
      'zilliz-api-key': {
        what: 'API key',
        assigned: [assigned(['zilliz', 'milvus'], '[A-Za-z0-9_-]{40,120}', { keyed: true, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'LangSmith',
    kind: 'ai',
    rules: {
      'langsmith-api-key': {
        what: 'API key',
        tokens: [token('lsv2_', 'lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}'), token('ls__', 'ls__[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'Langfuse',
    kind: 'ai',
    rules: { 'langfuse-secret-key': { what: 'secret key', tokens: [token('sk-lf-', `sk-lf-${UUID_SHAPE}`)] } },
  },
  {
    name: 'Comet',
    kind: 'ai',
    rules: {
      'comet-api-key': {
        what: 'API key',
        assigned: [assigned(['comet', 'opik'], '[A-Za-z0-9]{25}', { keyed: true, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'Neptune',
    kind: 'ai',
    rules: {
      'neptune-api-token': {
        what: 'API token',
        tokens: [
          token('eyjhcglfywrkcmvzcyi6', 'eyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/]{40,400}={0,2}', {
            check: (text) => ({ accepted: decodeBase64(text)?.includes('api_key') ?? false }),
          }),
        ],
      },
    },
  },
  {
    name: 'Roboflow',
    kind: 'ai',
    rules: {
      'roboflow-api-key': {
        what: 'API key',
        tokens: [token('rf_', 'rf_[A-Za-z0-9]{28}', { near: /roboflow/i })],
        assigned: [assigned('roboflow', '[A-Za-z0-9]{20}', { entropy: 3.3 })],
      },
    },
  },
  {
    name: 'MLflow',
    kind: 'ai',
    rules: {
      'mlflow-token': {
        what: 'tracking token',
        assigned: [assigned('mlflow', '[A-Za-z0-9_.-]{32,400}', { key: /token|password|secret/i, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'Modal',
    kind: 'ai',
    rules: {
      'modal-token': {
        what: 'token',
        tokens: [token(['ak-', 'as-'], 'a[ks]-[A-Za-z0-9]{22}', { near: /modal/i, entropy: 3.5 })],
        assigned: [assigned('modal', 'a[ks]-[A-Za-z0-9]{22}')],
      },
    },
  },
  {
    name: 'RunPod',
    kind: 'ai',
    rules: {
      'runpod-api-key': {
        what: 'API key',
        tokens: [token('rpa_', 'rpa_[A-Z0-9]{40}[a-z0-9]{4,8}'), token('rpa_', 'rpa_[A-Za-z0-9]{40,50}')],
        assigned: [assigned('runpod', '[A-Z0-9]{40}')],
      },
    },
  },
  {
    name: 'Lambda',
    kind: 'ai',
    rules: {
      'lambda-cloud-key': {
        what: 'Cloud API key',
        tokens: [token('secret_', 'secret_[a-z0-9-]{8,40}_[a-f0-9]{32}\\.[A-Za-z0-9]{30,40}')],
      },
    },
  },
  {
    name: 'Vast.ai',
    kind: 'ai',
    rules: {
      'vast-api-key': {
        what: 'API key',
        assigned: [assigned(['vastai', 'vast_ai', 'vast.ai', 'vast_api'], '[a-f0-9]{64}')],
      },
    },
  },
  {
    name: 'Voyage AI',
    kind: 'ai',
    rules: {
      'voyage-api-key': {
        what: 'API key',
        tokens: [token('pa-', 'pa-[A-Za-z0-9_-]{43}', { near: /voyage/i, entropy: 3.8 })],
        assigned: [assigned('voyage', 'pa-[A-Za-z0-9_-]{40,60}')],
      },
    },
  },
  {
    name: 'Fireworks AI',
    kind: 'ai',
    rules: {
      'fireworks-api-key': {
        what: 'API key',
        tokens: [token('fw_', 'fw_[A-Za-z0-9]{22,24}', { entropy: 3.5 })],
        assigned: [assigned('fireworks', '[A-Za-z0-9_]{24,60}', { keyed: true, entropy: 3.5 })],
      },
    },
  },
  {
    name: 'DeepSeek',
    kind: 'ai',
    rules: {
      'deepseek-api-key': {
        what: 'API key',
        tokens: [token('sk-', 'sk-[a-f0-9]{32}', { entropy: 3, shared: true })],
        assigned: [assigned('deepseek', 'sk-[A-Za-z0-9]{32}')],
      },
    },
  },
  {
    name: 'xAI',
    kind: 'ai',
    rules: {
      'xai-api-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [token('xai-', 'xai-(?:token-)?[A-Za-z0-9]{70,90}')],
      },
    },
  },
  {
    name: 'ElevenLabs',
    kind: 'ai',
    rules: {
      'elevenlabs-api-key': {
        what: 'API key',
        tokens: [token('sk_', 'sk_[a-f0-9]{48}')],
        assigned: [assigned(['elevenlabs', 'eleven_labs', 'xi_api', 'xi-api'], '[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'Stability AI',
    kind: 'ai',
    rules: {
      'stability-api-key': {
        what: 'API key',
        assigned: [assigned(['stability', 'dreamstudio'], 'sk-[A-Za-z0-9]{48}')],
      },
    },
  },
  {
    name: 'Perplexity',
    kind: 'ai',
    rules: {
      'perplexity-api-key': { what: 'API key', tokens: [token('pplx-', 'pplx-[A-Za-z0-9]{48}', { entropy: 3.5 })] },
    },
  },
  {
    name: 'Tavily',
    kind: 'ai',
    rules: { 'tavily-api-key': { what: 'API key', tokens: [token('tvly-', 'tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}')] } },
  },
  {
    name: 'SerpApi',
    kind: 'ai',
    rules: {
      'serpapi-key': { what: 'key', assigned: [assigned(['serpapi', 'serp_api', 'serper'], '[a-f0-9]{40,64}')] },
    },
  },
  {
    name: 'Clarifai',
    kind: 'ai',
    rules: { 'clarifai-key': { what: 'access token', assigned: [assigned('clarifai', '[a-f0-9]{32}')] } },
  },
  {
    name: 'Label Studio',
    kind: 'ai',
    rules: {
      'label-studio-token': {
        what: 'access token',
        assigned: [assigned(['label_studio', 'labelstudio', 'label-studio'], '[a-f0-9]{40}')],
      },
    },
  },
  {
    name: 'Labelbox',
    kind: 'ai',
    rules: { 'labelbox-api-key': { what: 'API key', assigned: [assigned('labelbox', 'eyJ[A-Za-z0-9_.-]{60,600}')] } },
  },
  {
    name: 'ClearML',
    kind: 'ai',
    rules: {
      'clearml-credentials': {
        what: 'credentials',
        assigned: [
          assigned(['clearml', 'trains'], '[A-Z0-9]{20,30}|[A-Za-z0-9]{50,64}', {
            exact: true,
            key: /key|secret/i,
            entropy: 3.3,
          }),
        ],
      },
    },
  },
  {
    name: 'NVIDIA',
    kind: 'ai',
    rules: {
      'nvidia-api-key': {
        what: 'API key',
        tokens: [token('nvapi-', 'nvapi-[A-Za-z0-9_-]{60,70}')],
        assigned: [assigned(['ngc', 'nvidia'], '[A-Za-z0-9]{84}', { keyed: true })],
      },
    },
  },
  {
    name: 'OpenRouter',
    kind: 'ai',
    rules: { 'openrouter-api-key': { what: 'API key', tokens: [token('sk-or-', 'sk-or-v1-[a-f0-9]{64}')] } },
  },
  {
    name: 'Cerebras',
    kind: 'ai',
    rules: { 'cerebras-api-key': { what: 'API key', tokens: [token('csk-', 'csk-[a-z0-9]{48}')] } },
  },
  {
    name: 'Jina AI',
    kind: 'ai',
    rules: { 'jina-api-key': { what: 'API key', tokens: [token('jina_', 'jina_[a-f0-9]{32}[A-Za-z0-9_-]{28}')] } },
  },
  {
    name: 'LlamaCloud',
    kind: 'ai',
    rules: { 'llamacloud-api-key': { what: 'API key', tokens: [token('llx-', 'llx-[A-Za-z0-9]{48,52}')] } },
  },
  {
    name: 'AssemblyAI',
    kind: 'ai',
    rules: {
      'assemblyai-api-key': {
        what: 'API key',
        assigned: [assigned(['assemblyai', 'assembly_ai', 'aai'], '[a-f0-9]{32}', { keyed: true })],
      },
    },
  },
  {
    name: 'Deepgram',
    kind: 'ai',
    rules: { 'deepgram-api-key': { what: 'API key', assigned: [assigned('deepgram', '[a-f0-9]{40}')] } },
  },
  {
    name: 'AI21',
    kind: 'ai',
    rules: { 'ai21-api-key': { what: 'API key', assigned: [assigned('ai21', '[A-Za-z0-9]{32}')] } },
  },
  {
    name: 'Private AI',
    kind: 'ai',
    rules: {
      'privateai-api-token': {
        what: 'API token',
        assigned: [assigned(['privateai', 'private_ai', 'private-ai'], '[a-z0-9]{32}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Lightning AI',
    kind: 'ai',
    rules: { 'lightning-api-key': { what: 'API key', assigned: [assigned('lightning', UUID_SHAPE, { keyed: true })] } },
  },
  {
    name: 'Determined AI',
    kind: 'ai',
    rules: {
      'determined-token': { what: 'user token', tokens: [token('v2.public.', 'v2\\.public\\.[A-Za-z0-9_-]{80,400}')] },
    },
  },
  {
    name: 'DagsHub',
    kind: 'ai',
    rules: { 'dagshub-token': { what: 'access token', assigned: [assigned('dagshub', '[a-f0-9]{40}')] } },
  },
];
