import { assigned, type SecretSpec, type Service, token, UUID_SHAPE } from './define';

/** A service with one rule. */
const one = (name: string, kind: Service['kind'], id: string, spec: SecretSpec): Service => ({
  name,
  kind,
  rules: { [id]: spec },
});

/** Services of machine learning that came with hosted models: inference, agents, evaluation, vector search, orchestration. */
export const MLOPS_SERVICES: readonly Service[] = [
  one('Anyscale', 'ai', 'anyscale-token', {
    what: 'token',
    tokens: [
      token('esecret_', 'esecret_[A-Za-z0-9]{20,60}', { entropy: 3.3 }),
      token('aph0_', 'aph0_[A-Za-z0-9_-]{40,200}'),
    ],
  }),
  one('Baseten', 'ai', 'baseten-api-key', {
    what: 'API key',
    assigned: [assigned('baseten', '[A-Za-z0-9]{8}\\.[A-Za-z0-9]{32}')],
  }),
  one('BentoCloud', 'ai', 'bentocloud-token', {
    what: 'API token',
    assigned: [assigned(['bento_cloud', 'bentocloud', 'bentoml'], '[A-Za-z0-9]{20,60}', { keyed: true, entropy: 3.3 })],
  }),
  one('Ultralytics', 'ai', 'ultralytics-api-key', {
    what: 'API key',
    tokens: [token('ul_', 'ul_[a-f0-9]{40}', { entropy: 3 })],
    assigned: [assigned('ultralytics', '[a-f0-9]{40,42}')],
  }),
  one('Scale AI', 'ai', 'scale-api-key', {
    what: 'API key',
    // The word alone is that of every second program with numbers.
    assigned: [
      assigned('scale', '(?:live|test)_[a-f0-9]{32}', { key: /scale\W?_?(?:ai|api|key|token|secret|live|test)/i }),
    ],
  }),
  one('Firecrawl', 'ai', 'firecrawl-api-key', {
    what: 'API key',
    tokens: [token('fc-', 'fc-[a-f0-9]{32}', { entropy: 3, notAfter: /[\w.-]/ })],
  }),
  one('Apify', 'data', 'apify-token', {
    what: 'API token',
    tokens: [token('apify_api_', 'apify_api_[A-Za-z0-9]{30,40}')],
  }),
  one('fal', 'ai', 'fal-key', {
    what: 'key',
    assigned: [assigned('fal', `${UUID_SHAPE}:[a-f0-9]{32}`, { keyed: true })],
  }),
  one('Alpha Vantage', 'data', 'alphavantage-key', {
    what: 'API key',
    severity: 'medium',
    assigned: [assigned(['alphavantage', 'alpha_vantage', 'alpha-vantage'], '[A-Z0-9]{15,17}', { exact: true })],
  }),
  one('News API', 'data', 'newsapi-key', {
    what: 'key',
    severity: 'medium',
    assigned: [assigned(['newsapi', 'news_api', 'news-api'], '[a-f0-9]{32}')],
  }),
  one('Copernicus Climate Data Store', 'data', 'copernicus-key', {
    what: 'personal access token',
    assigned: [assigned(['cds', 'cdsapi', 'copernicus', 'ecmwf'], `(?:\\d{1,7}:)?${UUID_SHAPE}`, { keyed: true })],
  }),
  one('E2B', 'ai', 'e2b-api-key', { what: 'API key', tokens: [token('e2b_', 'e2b_[a-f0-9]{40,72}', { entropy: 3 })] }),
  one('Exa', 'ai', 'exa-api-key', {
    what: 'API key',
    assigned: [assigned('exa', UUID_SHAPE, { keyed: true, key: /(?:^|[^a-z])exa(?![a-z])/i })],
  }),
  one('Google AI Studio', 'ai', 'google-ai-studio-key', {
    what: 'authorization key',
    severity: 'critical',
    tokens: [token('aq.ab', 'AQ\\.Ab[A-Za-z0-9_-]{40,60}', { notAfter: /[\w.-]/, entropy: 3.8 })],
  }),
  one('Helicone', 'ai', 'helicone-api-key', {
    what: 'API key',
    tokens: [token('sk-helicone-', 'sk-helicone-(?:[a-z]{2}-)?[a-z0-9]{7}(?:-[a-z0-9]{7}){3}')],
  }),
  one('Humanloop', 'ai', 'humanloop-api-key', {
    what: 'API key',
    tokens: [token('hl_sk_', 'hl_sk_[a-f0-9]{48}')],
  }),
  one('PromptLayer', 'ai', 'promptlayer-api-key', {
    what: 'API key',
    tokens: [token('pl_', 'pl_[a-f0-9]{32}', { entropy: 3 })],
  }),
  one('Braintrust', 'ai', 'braintrust-api-key', {
    what: 'API key',
    assigned: [assigned('braintrust', 'sk-[A-Za-z0-9]{40,60}')],
  }),
  one('Portkey', 'ai', 'portkey-api-key', {
    what: 'API key',
    assigned: [assigned('portkey', '[A-Za-z0-9+/]{24,40}={0,2}', { keyed: true, entropy: 3.3 })],
  }),
  one('Arize', 'ai', 'arize-api-key', {
    what: 'API key',
    assigned: [assigned(['arize', 'phoenix_api'], '[A-Za-z0-9._:-]{20,200}', { keyed: true, entropy: 3.5 })],
  }),
  one('DeepInfra', 'ai', 'deepinfra-api-key', {
    what: 'API key',
    assigned: [assigned('deepinfra', '[A-Za-z0-9]{32}')],
  }),
  one('SambaNova', 'ai', 'sambanova-api-key', {
    what: 'API key',
    assigned: [assigned('sambanova', UUID_SHAPE)],
  }),
  one('FriendliAI', 'ai', 'friendli-token', {
    what: 'token',
    tokens: [token('flp_', 'flp_[A-Za-z0-9]{40,60}', { entropy: 3.5 })],
  }),
  one('Zhipu AI', 'ai', 'zhipu-api-key', {
    what: 'API key',
    assigned: [assigned(['zhipu', 'bigmodel', 'glm', 'zai'], '[a-f0-9]{32}\\.[A-Za-z0-9]{16}')],
  }),
  one('Alibaba DashScope', 'ai', 'dashscope-api-key', {
    what: 'API key',
    assigned: [assigned(['dashscope', 'qwen', 'bailian'], 'sk-[a-f0-9]{32}')],
  }),
  one('Moonshot AI', 'ai', 'moonshot-api-key', {
    what: 'API key',
    assigned: [assigned(['moonshot', 'kimi'], 'sk-(?:kimi-)?[A-Za-z0-9]{48,64}')],
  }),
  one('SiliconFlow', 'ai', 'siliconflow-api-key', {
    what: 'API key',
    assigned: [assigned('siliconflow', 'sk-[a-z]{48}')],
  }),
  one('MiniMax', 'ai', 'minimax-api-key', {
    what: 'API key',
    tokens: [token('sk-api-', 'sk-api-[A-Za-z0-9_-]{80,140}', { entropy: 4 })],
  }),
  one('ModelScope', 'ai', 'modelscope-token', {
    what: 'token',
    tokens: [token('ms-', `ms-${UUID_SHAPE}`)],
    assigned: [assigned('modelscope', UUID_SHAPE)],
  }),
  one('Baidu', 'ai', 'baidu-api-key', {
    what: 'Qianfan API key',
    tokens: [token('bce-v3/altak-', 'bce-v3/ALTAK-[A-Za-z0-9]{21}/[a-f0-9]{40}')],
  }),
  one('Volcengine', 'cloud', 'volcengine-access-key', {
    what: 'access key ID',
    tokens: [token('aklt', 'AKLT[A-Za-z0-9]{40,48}={0,2}', { entropy: 3.5 })],
  }),
  one('Chroma', 'ai', 'chroma-api-key', {
    what: 'Cloud API key',
    tokens: [token('ck-', 'ck-[A-Za-z0-9]{43,44}', { near: /chroma/i, entropy: 3.8 })],
    assigned: [assigned('chroma', 'ck-[A-Za-z0-9]{43,44}')],
  }),
  one('turbopuffer', 'ai', 'turbopuffer-api-key', {
    what: 'API key',
    tokens: [token('tpuf_', 'tpuf_[A-Za-z0-9]{32}', { entropy: 3.3 })],
  }),
  one('Vectara', 'ai', 'vectara-api-key', {
    what: 'API key',
    tokens: [token(['zut_', 'zwt_', 'zqt_'], 'z[uwq]t_[A-Za-z0-9_-]{35,60}', { entropy: 3.8 })],
  }),
  one('DataStax', 'data', 'astra-token', {
    what: 'Astra token',
    severity: 'critical',
    tokens: [token('astracs:', 'AstraCS:[A-Za-z0-9]{24}:[a-f0-9]{64}')],
  }),
  one('Nomic', 'ai', 'nomic-api-key', {
    what: 'API key',
    tokens: [token('nk-', 'nk-[A-Za-z0-9_-]{43}', { near: /nomic/i, entropy: 3.8 })],
    assigned: [assigned('nomic', 'nk-[A-Za-z0-9_-]{43}')],
  }),
  one('Mem0', 'ai', 'mem0-api-key', {
    what: 'API key',
    tokens: [token('m0-', 'm0-[A-Za-z0-9]{40}', { entropy: 3.8 })],
  }),
  one('LangFlow', 'ai', 'langflow-api-key', {
    what: 'API key',
    assigned: [assigned('langflow', 'sk-[A-Za-z0-9_-]{43}')],
  }),
  one('Iterative Studio', 'ai', 'iterative-studio-token', {
    what: 'access token',
    tokens: [token('isat_', 'isat_[A-Za-z0-9]{40,60}', { entropy: 3.5 })],
  }),
  one('ZenML', 'deploy', 'zenml-api-key', {
    what: 'API key',
    tokens: [token(['zenkey_', 'zenprokey_'], 'ZEN(?:PRO)?KEY_[A-Za-z0-9+/=_-]{60,600}')],
  }),
  one('Dagster', 'deploy', 'dagster-token', {
    what: 'Cloud token',
    assigned: [assigned('dagster', '(?:user|agent):[a-z0-9-]{1,60}:[a-f0-9]{32}|(?:user|agent):[a-f0-9]{32}')],
  }),
  one('Airbyte', 'data', 'airbyte-credentials', {
    what: 'credentials',
    assigned: [assigned('airbyte', '[A-Za-z0-9]{32,64}|eyJ[A-Za-z0-9_.-]{60,1500}', { keyed: true, entropy: 3.3 })],
  }),
  one('Valohai', 'deploy', 'valohai-token', {
    what: 'API token',
    assigned: [assigned('valohai', '[A-Za-z0-9]{40}', { keyed: true, entropy: 3.3 })],
  }),
  one('Paperspace', 'cloud', 'paperspace-api-key', {
    what: 'API key',
    assigned: [assigned(['paperspace', 'gradient_api'], '[a-f0-9]{30}')],
  }),
  one('V7 Darwin', 'ai', 'v7-api-key', {
    what: 'API key',
    assigned: [assigned(['v7_', 'darwin'], '[A-Za-z0-9]{7}\\.[A-Za-z0-9_-]{32}', { keyed: true })],
  }),
  one('Planet', 'data', 'planet-api-key', { what: 'API key', tokens: [token('plak', 'PLAK[a-f0-9]{32}')] }),
  one('Anaconda', 'code', 'anaconda-token', {
    what: 'access token',
    tokens: [token('/t/', `/t/(?<secret>[a-z]{2}-${UUID_SHAPE})`, { notAfter: /^$/ })],
    assigned: [assigned(['anaconda', 'conda_token', 'conda_api'], `[a-z]{2}-${UUID_SHAPE}`)],
  }),
  one('Aiven', 'data', 'aiven-credentials', {
    what: 'credential',
    severity: 'critical',
    tokens: [
      token('avns_', 'AVNS_[A-Za-z0-9_-]{19}', { entropy: 3.3 }),
      token('aivenv1_', 'aivenv1_[A-Za-z0-9_-]{40,400}', { entropy: 3.5 }),
    ],
  }),
  one('CockroachDB', 'data', 'cockroachdb-api-key', {
    what: 'Cloud API key',
    tokens: [token('ccdb1_', 'CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}')],
  }),
  one('Upstash', 'data', 'upstash-token', {
    what: 'token',
    assigned: [assigned('upstash', '[A-Za-z0-9_-]{36,140}={0,2}', { keyed: true, entropy: 3.5 })],
  }),
  one('Xata', 'data', 'xata-api-key', {
    what: 'API key',
    tokens: [token('xau_', 'xau_[A-Za-z0-9]{32,50}', { entropy: 3.3 })],
  }),
  one('Honeycomb', 'monitoring', 'honeycomb-key', {
    what: 'key',
    tokens: [token(['hcaik_', 'hcbik_', 'hcxmk_'], 'hc[a-z](?:ik|mk|lk)_[a-z0-9]{58,64}')],
  }),
  one('Axiom', 'monitoring', 'axiom-token', {
    what: 'token',
    tokens: [token(['xaat-', 'xapt-'], `xa[ap]t-${UUID_SHAPE}`)],
  }),
  one('n8n', 'product', 'n8n-api-key', { what: 'API key', tokens: [token('n8n_api_', 'n8n_api_[a-f0-9]{40,96}')] }),
  one('Zapier', 'product', 'zapier-webhook', {
    what: 'webhook',
    severity: 'medium',
    tokens: [
      token('hooks.zapier.com', 'hooks\\.zapier\\.com/hooks/catch/\\d{4,9}/[a-z0-9]{5,20}', {
        notAfter: /[\w.]/,
        entropy: 2,
      }),
    ],
  }),
  one('Infisical', 'identity', 'infisical-token', {
    what: 'service token',
    severity: 'critical',
    tokens: [token('st.', 'st\\.[a-f0-9]{24}\\.[a-f0-9]{32}\\.[a-f0-9]{32}', { notAfter: /[\w.]/ })],
  }),
  one('Bitwarden', 'identity', 'bitwarden-access-token', {
    what: 'Secrets Manager access token',
    severity: 'critical',
    tokens: [token('0.', `0\\.${UUID_SHAPE}\\.[A-Za-z0-9]{20,40}:[A-Za-z0-9+/]{22}==`, { notAfter: /[\w.]/ })],
  }),
  one('ngrok', 'cloud', 'ngrok-token', {
    what: 'authentication token',
    assigned: [assigned(['ngrok', 'authtoken'], '[A-Za-z0-9]{20,30}_[A-Za-z0-9]{18,24}')],
  }),
  one('Hetzner', 'cloud', 'hetzner-token', {
    what: 'Cloud token',
    severity: 'critical',
    assigned: [assigned(['hcloud', 'hetzner'], '[A-Za-z0-9]{64}')],
  }),
  one('Linode', 'cloud', 'linode-token', {
    what: 'access token',
    severity: 'critical',
    assigned: [assigned('linode', '[a-f0-9]{64}')],
  }),
  one('Vultr', 'cloud', 'vultr-api-key', {
    what: 'API key',
    severity: 'critical',
    assigned: [assigned('vultr', '[A-Z0-9]{36}', { exact: true })],
  }),
  one('Scaleway', 'cloud', 'scaleway-secret-key', {
    what: 'secret key',
    severity: 'critical',
    assigned: [assigned(['scaleway', 'scw'], UUID_SHAPE, { key: /secret|token|key/i })],
  }),
  one('Backblaze', 'cloud', 'backblaze-key', {
    what: 'application key',
    severity: 'critical',
    tokens: [token('k00', 'K00\\d[A-Za-z0-9+/]{27}', { near: /b2|backblaze/i, entropy: 3.8 })],
    assigned: [assigned(['backblaze', 'b2_'], 'K00\\d[A-Za-z0-9+/]{27}')],
  }),
  one('CoreWeave', 'cloud', 'coreweave-token', {
    what: 'access token',
    severity: 'critical',
    tokens: [token('cw-secret-', 'CW-SECRET-[A-Za-z0-9]{10,30}-[A-Za-z0-9_-]{20,80}')],
  }),
  one('Buildkite', 'deploy', 'buildkite-token', {
    what: 'token',
    tokens: [token(['bkua_', 'bkaj_', 'bkct_'], 'bk(?:ua|aj|ct)_[a-f0-9]{40}')],
  }),
  one('ClickUp', 'product', 'clickup-token', {
    what: 'API token',
    tokens: [token('pk_', 'pk_\\d{6,10}_[A-Z0-9]{32}')],
  }),
  one('Trello', 'product', 'trello-token', { what: 'token', tokens: [token('atta', 'ATTA[a-f0-9]{64}[A-F0-9]{8}')] }),
  one('Razorpay', 'payment', 'razorpay-key', {
    what: 'live key',
    severity: 'critical',
    tokens: [token('rzp_live_', 'rzp_live_[A-Za-z0-9]{14}')],
  }),
  one('PayPal', 'payment', 'paypal-client-secret', {
    what: 'client secret',
    severity: 'critical',
    assigned: [assigned('paypal', 'E[A-Z][A-Za-z0-9_-]{78}', { exact: true, key: /secret|key|token|pass/i })],
  }),
  one('Firebase', 'cloud', 'firebase-server-key', {
    what: 'messaging server key',
    tokens: [token('aaaa', 'AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{140}')],
  }),
  one('Telnyx', 'messaging', 'telnyx-api-key', {
    what: 'API key',
    tokens: [token('key0', 'KEY0[A-F0-9]{16}[A-F0-9]{14}_[A-Za-z0-9]{22}')],
  }),
];
