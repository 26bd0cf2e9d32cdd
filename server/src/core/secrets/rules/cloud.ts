import { awsAccount, hasBech32Checksum, hasCrc32Suffix, hasMacaroonSignature, hasRoutableChecksum } from '../checksums';
import { assigned, checksumCheck, type Service, type TokenCheck, token, UUID_SHAPE } from './define';

/** Tokens with a CRC-32 at their end: a wrong one is no live token, whatever else it is. */
function crcChecked(text: string): TokenCheck {
  const body = text.slice(text.lastIndexOf('_') + 1);
  if (body.length !== 36) return { accepted: true };
  return checksumCheck(hasCrc32Suffix(text));
}

/** Nucleotides read like access key ids that begin with ACCA. */
function accessKeyId(text: string): TokenCheck {
  const account = awsAccount(text);
  return { accepted: !/^[ACGTUN]+$/.test(text), ...(account && { note: `of the account ${account}` }) };
}

/** A key of age ends in a checksum: a wrong one decrypts nothing. */
const ageKey = (text: string): TokenCheck =>
  hasBech32Checksum(text)
    ? { accepted: true, note: 'its checksum is right' }
    : { accepted: true, severity: 'medium', note: 'its checksum is wrong, so it is mistyped or made up' };

const pypiToken = (text: string): TokenCheck =>
  hasMacaroonSignature(text)
    ? { accepted: true, note: 'complete with its signature' }
    : { accepted: true, severity: 'medium', note: 'without its signature, so it is cut or made up' };

/**
 * Keys with a mark of the service that issued them, and a checksum behind it (Microsoft, "Identifiable secrets"):
 * the mark, the characters before it, and the whole.
 */
const IDENTIFIABLE_KEYS: readonly [mark: string, before: number, pattern: string][] = [
  // Storage, Batch, Cosmos DB: 64 bytes.
  ['+ast', 76, '[A-Za-z0-9+/]{76}\\+ASt[A-Za-z0-9+/]{5}[AQgw]=='],
  ['+aba', 76, '[A-Za-z0-9+/]{76}\\+ABa[A-Za-z0-9+/]{5}[AQgw]=='],
  ['acdb', 76, '[A-Za-z0-9+/]{76}ACDb[A-Za-z0-9+/]{5}[AQgw]=='],
  ['apim', 76, '[A-Za-z0-9]{76}APIM[A-Za-z0-9]{5}[AQgw]=='],
  // Event Hubs, Service Bus, Relay, IoT Hub, Event Grid, Cache for Redis: 32 bytes.
  ['+aeh', 33, '[A-Za-z0-9+/]{33}\\+AEh[A-P][A-Za-z0-9+/]{5}='],
  ['+asb', 33, '[A-Za-z0-9+/]{33}\\+ASb[A-P][A-Za-z0-9+/]{5}='],
  ['+arm', 33, '[A-Za-z0-9+/]{33}\\+ARm[A-P][A-Za-z0-9+/]{5}='],
  ['aiot', 33, '[A-Za-z0-9+/]{33}AIoT[A-P][A-Za-z0-9+/]{5}='],
  ['azeg', 33, '[A-Za-z0-9]{33}AZEG[A-P][A-Za-z0-9]{5}='],
  ['azca', 33, '[A-Za-z0-9]{33}AzCa[A-P][A-Za-z0-9]{5}='],
  // AI Search, Container Registry, Functions.
  ['azse', 42, '[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}'],
  ['+acr', 42, '[A-Za-z0-9+/]{42}\\+ACR[A-D][A-Za-z0-9+/]{5}'],
  ['azfu', 44, '[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=='],
];

/** Cloud providers, hosting, source code, packages, deployment, infrastructure. */
export const CLOUD_SERVICES: readonly Service[] = [
  {
    name: 'AWS',
    kind: 'cloud',
    revoke: 'in the IAM console',
    rules: {
      'aws-access-key-id': {
        what: 'access key ID',
        severity: 'high',
        can: 'use it together with its secret key, which often stands nearby',
        tokens: [
          token(
            ['akia', 'asia', 'abia', 'acca', 'a3t'],
            '(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9_/+-])',
            { check: accessKeyId, notAfter: /[\w/+-]/ },
          ),
          token('a3t', 'A3T[A-Z0-9]{18}', {
            severity: 'medium',
            check: () => ({ accepted: true, note: 'it is one character too long for a real one' }),
          }),
        ],
      },
      'aws-secret-access-key': {
        what: 'secret access key',
        severity: 'critical',
        assigned: [
          assigned(['aws', 'secret_access_key', 'secretaccesskey', 'secret-access-key'], '[A-Za-z0-9/+=]{40}', {
            key: /key|secret|pass|token/i,
            entropy: 3.5,
          }),
        ],
      },
      'aws-bedrock-api-key': {
        what: 'Bedrock API key',
        severity: 'critical',
        tokens: [
          token('absk', 'ABSK[A-Za-z0-9+/]{109,269}={0,2}'),
          token('bedrock-api-key-', 'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=]{0,2000}', {
            entropy: 2.5,
          }),
        ],
      },
      'aws-session-token': {
        what: 'session token',
        assigned: [assigned('aws', '[A-Za-z0-9/+=]{100,2000}', { key: /token/i, entropy: 4 })],
      },
      'aws-mws-token': {
        what: 'Marketplace token',
        tokens: [token('amzn.mws.', `amzn\\.mws\\.${UUID_SHAPE}`)],
      },
      'aws-account-id': {
        what: 'account ID',
        severity: 'low',
        can: 'address resources of the account; it is no credential, but helps whoever looks for one',
        assigned: [
          assigned(['aws_account', 'awsaccount', 'aws-account', 'account_id_aws'], '\\d{4}-?\\d{4}-?\\d{4}', {
            entropy: 0,
          }),
        ],
      },
    },
  },
  {
    name: 'Azure',
    kind: 'cloud',
    rules: {
      'azure-ad-client-secret': {
        what: 'AD client secret',
        severity: 'critical',
        tokens: [
          token('q~', '[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}(?![\\w~.-])', {
            back: 4,
            before: /\d/,
            notAfter: /[\w~.@\-/%]/,
            entropy: 3.3,
          }),
        ],
      },
      'azure-storage-key': {
        what: 'Storage account key',
        severity: 'critical',
        tokens: [token('accountkey=', 'AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)')],
        assigned: [
          assigned(['azure', 'storage', 'account_key', 'accountkey', 'blob', 'abfs', 'wasb'], '[A-Za-z0-9+/]{86}==', {
            entropy: 4,
          }),
        ],
      },
      'azure-cosmos-key': {
        what: 'Cosmos DB key',
        severity: 'critical',
        assigned: [assigned(['cosmos', 'documentdb'], '[A-Za-z0-9+/]{86}==', { entropy: 4 })],
      },
      'azure-sas-token': {
        what: 'shared access signature',
        tokens: [
          token('&sig=', '&sig=(?<secret>[A-Za-z0-9%+/]{40,100}(?:%3D|=)?)', { notAfter: /^$/, near: /[?&]s[vepr]=/ }),
        ],
      },
      'azure-service-bus-key': {
        what: 'shared access key',
        severity: 'critical',
        tokens: [token('sharedaccesskey=', 'SharedAccessKey=(?<secret>[A-Za-z0-9+/]{43}=)')],
      },
      'azure-openai-key': {
        what: 'AI services key',
        severity: 'critical',
        tokens: [token('jqqj99', '[A-Za-z0-9]{52}JQQJ99[A-Z0-9]{5}[A-Za-z0-9]{21}', { back: 52 })],
        assigned: [assigned(['azure', 'cognitive'], '[a-f0-9]{32}', { keyed: true })],
      },
      'azure-identifiable-key': {
        what: 'service key',
        severity: 'critical',
        tokens: IDENTIFIABLE_KEYS.map(([mark, lead, pattern]) => token(mark, pattern, { lead, entropy: 3.8 })),
      },
      'azure-devops-token': {
        what: 'DevOps token',
        tokens: [token('azdo', '[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}', { lead: 76, entropy: 3.8 })],
        assigned: [
          assigned(
            ['azure_devops', 'azuredevops', 'vsts', 'ado_pat', 'system_accesstoken'],
            '[a-z0-9]{52}|[A-Za-z0-9]{84}',
          ),
        ],
      },
    },
  },
  {
    name: 'Google',
    kind: 'cloud',
    revoke: 'under https://console.cloud.google.com/apis/credentials',
    rules: {
      'google-api-key': {
        what: 'API key',
        severity: 'high',
        tokens: [token('aiza', 'AIza[A-Za-z0-9_-]{35}(?![\\w-])', { entropy: 3.6, notAfter: /[\w-]/ })],
        assigned: [
          assigned(
            ['google', 'gcloud', 'gcp', 'youtube', 'firebase', 'maps', 'gemini', 'palm'],
            'AIza[A-Za-z0-9_-]{12,60}',
            { severity: 'medium', entropy: 3 },
          ),
        ],
      },
      'google-oauth-client-secret': {
        what: 'OAuth client secret',
        tokens: [token('gocspx-', 'GOCSPX-[A-Za-z0-9_-]{28}')],
      },
      'google-hmac-access-id': {
        what: 'Cloud Storage HMAC access ID',
        severity: 'medium',
        can: 'use it together with its secret, which often stands nearby',
        tokens: [token('goog1', 'GOOG1[A-Z0-9]{56}', { entropy: 3.5 })],
      },
      'google-oauth-token': {
        what: 'OAuth token',
        tokens: [
          token('ya29.', 'ya29\\.[A-Za-z0-9_-]{40,400}'),
          token('1//0', '1//0[A-Za-z0-9_-]{60,120}', { notAfter: /[\w/:]/ }),
        ],
      },
    },
  },
  {
    name: 'Alibaba Cloud',
    kind: 'cloud',
    rules: {
      'alibaba-access-key-id': {
        what: 'access key ID',
        tokens: [token('ltai', 'LTAI[A-Za-z0-9]{12,24}', { entropy: 3 })],
      },
      'alibaba-secret-key': {
        what: 'secret key',
        severity: 'critical',
        assigned: [assigned(['alibaba', 'aliyun', 'aliyuncs'], '[a-z0-9]{30}')],
      },
    },
  },
  {
    name: 'Tencent Cloud',
    kind: 'cloud',
    rules: { 'tencent-secret-id': { what: 'secret ID', tokens: [token('akid', 'AKID[A-Za-z0-9]{32}')] } },
  },
  {
    name: 'IBM Cloud',
    kind: 'cloud',
    rules: {
      'ibm-cloud-api-key': {
        what: 'IAM key',
        severity: 'critical',
        assigned: [
          assigned(['ibm', 'iam', 'apikey', 'api_key', 'api-key', 'cloud'], '[A-Za-z0-9_-]{44}', {
            key: /(?:ibm|iam|cloud|bluemix|watson).{0,60}(?:key|pass|pwd|pw|token|secret)|^api[-_]?key$/i,
            entropy: 3,
          }),
        ],
      },
      'ibm-cos-hmac-key': {
        what: 'Object Storage HMAC key',
        severity: 'critical',
        assigned: [
          assigned(
            ['secret_access_key', 'secret-access-key', 'secretaccesskey', 'cos', 'hmac', 'secret_key'],
            '[a-f0-9]{48}',
            { key: /secret/i },
          ),
        ],
      },
      'softlayer-api-key': {
        what: 'Classic Infrastructure (SoftLayer) key',
        severity: 'critical',
        assigned: [
          assigned(['softlayer', 'sl_', 'sl-', 'slapi'], '[a-z0-9]{64}', {
            key: /(?:^|[^a-z])sl[-_]?[\w-]{0,8}(?:key|pass|pwd|pw|token|secret)|softlayer/i,
          }),
        ],
      },
      'cloudant-password': {
        what: 'Cloudant password',
        assigned: [assigned(['cloudant', 'cl_', 'clou'], '[a-f0-9]{64}|[a-z]{24}', { key: /cloudant|^cl[-_]/i })],
      },
    },
  },
  {
    name: 'Yandex Cloud',
    kind: 'cloud',
    rules: {
      'yandex-token': {
        what: 'token',
        tokens: [
          token('aqvn', 'AQVN[A-Za-z0-9_-]{35,38}', { entropy: 3.5 }),
          token('t1.', 't1\\.[A-Z0-9a-z_-]{20,200}={0,2}\\.[A-Z0-9a-z_-]{86}={0,2}', { entropy: 4 }),
        ],
        assigned: [
          assigned('yandex', 't1\\.[A-Z0-9a-z_-]{1,80}={0,2}\\.[A-Z0-9a-z_-]{86}={0,2}'),
          assigned('yandex', 'AQVN[A-Za-z0-9_-]{35,38}|YC[A-Za-z0-9_-]{38}|[a-z0-9_-]{38,43}'),
        ],
      },
    },
  },
  {
    name: 'DigitalOcean',
    kind: 'cloud',
    rules: {
      'digitalocean-token': {
        what: 'token',
        severity: 'critical',
        tokens: [token(['dop_v1_', 'doo_v1_', 'dor_v1_'], 'do[opr]_v1_[a-f0-9]{64}')],
      },
    },
  },
  {
    name: 'Heroku',
    kind: 'cloud',
    rules: {
      'heroku-api-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [token('hrku-aa', 'HRKU-AA[A-Za-z0-9_-]{58}')],
        assigned: [assigned('heroku', UUID_SHAPE)],
      },
    },
  },
  {
    name: 'Scalingo',
    kind: 'cloud',
    rules: { 'scalingo-api-token': { what: 'API token', tokens: [token('tk-us-', 'tk-us-[A-Za-z0-9_-]{48}')] } },
  },
  {
    name: 'Fly.io',
    kind: 'cloud',
    rules: {
      'flyio-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [
          token('fo1_', 'fo1_[A-Za-z0-9_-]{43}', { entropy: 3.5 }),
          token(['fm1', 'fm2_'], 'fm(?:1[ar]?|2)_[A-Za-z0-9+/]{90,500}={0,3}', { entropy: 3.8 }),
        ],
      },
    },
  },
  {
    name: 'Netlify',
    kind: 'cloud',
    rules: {
      'netlify-token': {
        what: 'access token',
        tokens: [token('nfp_', 'nfp_[A-Za-z0-9]{36}')],
        assigned: [assigned('netlify', '[a-z0-9=_-]{40,46}')],
      },
    },
  },
  {
    name: 'Vercel',
    kind: 'cloud',
    rules: {
      'vercel-token': {
        what: 'token',
        tokens: [token(['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'], 'vc[piark]_[A-Za-z0-9]{24,60}')],
        assigned: [assigned('vercel', '[A-Za-z0-9]{24}', { keyed: true, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'Render',
    kind: 'cloud',
    rules: { 'render-api-key': { what: 'API key', tokens: [token('rnd_', 'rnd_[A-Za-z0-9]{28,40}')] } },
  },
  {
    name: 'Cloudflare',
    kind: 'cloud',
    rules: {
      'cloudflare-api-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [token(['cfk_', 'cfut_', 'cfat_'], 'cf(?:k|ut|at)_[A-Za-z0-9]{40}[a-f0-9]{8}')],
        assigned: [assigned('cloudflare', '[a-z0-9_-]{40}'), assigned('cloudflare', '[a-f0-9]{37}')],
      },
      'cloudflare-origin-ca-key': {
        what: 'Origin CA key',
        severity: 'critical',
        tokens: [token('v1.0-', 'v1\\.0-[a-f0-9]{24}-[a-f0-9]{146}')],
      },
    },
  },
  {
    name: 'Fastly',
    kind: 'cloud',
    rules: { 'fastly-api-token': { what: 'API token', assigned: [assigned('fastly', '[a-z0-9=_-]{32}')] } },
  },
  {
    name: 'Tailscale',
    kind: 'cloud',
    rules: {
      'tailscale-key': {
        what: 'key',
        severity: 'critical',
        tokens: [token('tskey-', 'tskey-(?:api|auth|client|scim|webhook)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}')],
      },
    },
  },
  {
    name: 'Defined Networking',
    kind: 'cloud',
    rules: {
      'defined-networking-token': {
        what: 'API token',
        tokens: [token('dnkey-', 'dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}')],
      },
    },
  },
  {
    name: 'Cisco Meraki',
    kind: 'cloud',
    rules: {
      'meraki-api-key': {
        what: 'API key',
        assigned: [assigned('meraki', '[0-9a-f]{40}', { entropy: 3.3, exact: true })],
      },
    },
  },
  {
    name: 'Infracost',
    kind: 'cloud',
    rules: {
      'infracost-api-token': {
        what: 'API token',
        tokens: [token('ico-', 'ico-[A-Za-z0-9]{32}', { notAfter: /[\w.-]/, entropy: 3 })],
      },
    },
  },
  {
    name: 'Pulumi',
    kind: 'cloud',
    rules: {
      'pulumi-token': { what: 'access token', severity: 'critical', tokens: [token('pul-', 'pul-[a-f0-9]{40}')] },
    },
  },
  {
    name: 'Terraform Cloud',
    kind: 'cloud',
    rules: {
      'terraform-token': {
        what: 'API token',
        severity: 'critical',
        tokens: [token('.atlasv1.', '[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,70}', { back: 14, entropy: 3.3 })],
      },
    },
  },
  {
    name: 'HashiCorp Vault',
    kind: 'cloud',
    rules: {
      'vault-token': {
        what: 'token',
        severity: 'critical',
        can: 'read every secret that the token gives access to',
        tokens: [
          token('hvb.', 'hvb\\.[A-Za-z0-9_-]{130,300}'),
          token('hvs.', 'hvs\\.[A-Za-z0-9_-]{24}(?:[A-Za-z0-9_-]{60,110})?'),
          token('hvr.', 'hvr\\.[A-Za-z0-9_-]{90,300}'),
          token('s.', 's\\.(?=[A-Za-z]{0,23}\\d)[A-Za-z0-9]{24}', { entropy: 3.5, notAfter: /[\w.\-)\]/]/ }),
        ],
        assigned: [assigned('vault', 's\\.[A-Za-z0-9]{24}', { keyed: true, entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Doppler',
    kind: 'cloud',
    rules: {
      'doppler-token': {
        what: 'token',
        severity: 'critical',
        tokens: [
          token(
            ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
            'dp\\.(?:pt|st(?:\\.[a-z0-9_-]{2,35})?|ct|sa|scim|audit)\\.[A-Za-z0-9]{40,44}',
          ),
        ],
      },
    },
  },
  {
    name: 'OpenShift',
    kind: 'cloud',
    rules: {
      'openshift-token': {
        what: 'user token',
        severity: 'critical',
        tokens: [token('sha256~', 'sha256~[A-Za-z0-9_-]{43}', { entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Age',
    kind: 'identity',
    rules: {
      'age-secret-key': {
        what: 'secret key',
        severity: 'critical',
        can: 'decrypt everything that is encrypted for it',
        tokens: [
          token('age-secret-key-1', 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}', { check: ageKey }),
        ],
      },
    },
  },
  {
    name: '1Password',
    kind: 'identity',
    rules: {
      '1password-secret-key': {
        what: 'secret key',
        severity: 'critical',
        tokens: [
          token('a3-', 'A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}', {
            entropy: 3.5,
          }),
        ],
      },
      '1password-service-account-token': {
        what: 'service account token',
        severity: 'critical',
        tokens: [token('ops_', 'ops_eyJ[A-Za-z0-9+/]{250,1200}={0,3}', { entropy: 4 })],
      },
    },
  },
  {
    name: 'GitHub',
    kind: 'code',
    revoke: 'under https://github.com/settings/tokens',
    rules: {
      'github-token': {
        what: 'token',
        severity: 'critical',
        tokens: [
          token(['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36,251}', { check: crcChecked }),
          token('github_pat_', 'github_pat_[A-Za-z0-9_]{82}'),
        ],
        assigned: [assigned(['github', 'gh_token'], '[a-f0-9]{40}', { key: /token|pat|secret|pass/i })],
      },
    },
  },
  {
    name: 'GitLab',
    kind: 'code',
    rules: {
      'gitlab-token': {
        what: 'token',
        severity: 'critical',
        tokens: [
          token('glpat-', 'glpat-[A-Za-z0-9_-]{20}(?![\\w-])', { entropy: 3 }),
          token(
            [
              ...['glpat-', 'gldt-', 'glft-', 'glrt-', 'glsoat-', 'glffct-', 'glcbt-', 'glimt-', 'glptt-', 'glagent-'],
              'gloas-',
            ],
            'gl(?:pat|[dfr]t|soat|ffct|cbt|imt|ptt|agent|oas)-(?:t\\d_)?[A-Za-z0-9_-]{27,300}\\.(?:[0-9a-z]{2}\\.)?[0-9a-z]{9}(?![\\w-])',
            { entropy: 3, check: (text) => checksumCheck(hasRoutableChecksum(text)) },
          ),
          token(
            ['gldt-', 'glft-', 'glrt-', 'glsoat-', 'glffct-'],
            'gl(?:dt|ft|rt|soat|ffct)-[A-Za-z0-9_-]{20,50}(?![\\w-])',
            { entropy: 3 },
          ),
          token('gr1348941', 'GR1348941[A-Za-z0-9_-]{20,50}(?![\\w-])', { entropy: 3 }),
          token('glcbt-', 'glcbt-(?:[A-Za-z0-9]{1,5}_)?[A-Za-z0-9_-]{20}(?![\\w-])'),
          token('glimt-', 'glimt-[A-Za-z0-9_-]{25}(?![\\w-])'),
          token('glptt-', 'glptt-[A-Za-z0-9_-]{40}(?![\\w-])'),
          token('glagent-', 'glagent-[A-Za-z0-9_-]{50,1024}'),
          token('gloas-', 'gloas-[A-Za-z0-9_-]{64}(?![\\w-])'),
        ],
      },
      'gitlab-session-cookie': {
        what: 'session cookie',
        tokens: [token('_gitlab_session=', '_gitlab_session=[0-9a-z]{32}')],
      },
    },
  },
  {
    name: 'Bitbucket',
    kind: 'code',
    rules: {
      'bitbucket-token': {
        what: 'token',
        tokens: [
          token(
            ['atbb', 'atctt3', 'bbdc-'],
            '(?:ATBB[A-Za-z0-9]{32}|ATCTT3xFfG[A-Za-z0-9+/=_-]{150,200}|BBDC-[A-Za-z0-9+/@_-]{40,50})',
            { entropy: 3.3 },
          ),
        ],
        assigned: [assigned('bitbucket', '[a-z0-9]{32}|[a-z0-9=_-]{64}')],
      },
    },
  },
  {
    name: 'Gitea',
    kind: 'code',
    rules: {
      'gitea-token': { what: 'access token', assigned: [assigned(['gitea', 'forgejo', 'gogs'], '[a-f0-9]{40}')] },
    },
  },
  {
    name: 'npm',
    kind: 'code',
    revoke: 'with `npm token revoke`',
    rules: {
      'npm-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [
          token('npm_', 'npm_[A-Za-z0-9]{36}', { check: crcChecked }),
          token(':_authtoken', `:_authToken\\s{0,4}=\\s{0,4}(?<secret>${UUID_SHAPE}|npm_[A-Za-z0-9]{36})`, {
            notAfter: /^$/,
          }),
        ],
      },
    },
  },
  {
    name: 'PyPI',
    kind: 'code',
    revoke: 'under https://pypi.org/manage/account/',
    rules: {
      'pypi-token': {
        what: 'upload token',
        severity: 'critical',
        tokens: [
          token('pypi-age', 'pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{60,1000}', { check: pypiToken }),
        ],
      },
    },
  },
  {
    name: 'RubyGems',
    kind: 'code',
    rules: {
      'rubygems-token': {
        what: 'API token',
        severity: 'critical',
        tokens: [token('rubygems_', 'rubygems_[a-f0-9]{48}')],
      },
    },
  },
  {
    name: 'Clojars',
    kind: 'code',
    rules: {
      'clojars-token': {
        what: 'deploy token',
        severity: 'critical',
        tokens: [token('clojars_', 'CLOJARS_[A-Za-z0-9]{60}')],
      },
    },
  },
  {
    name: 'crates.io',
    kind: 'code',
    rules: {
      'cratesio-token': {
        what: 'API token',
        severity: 'critical',
        tokens: [token('cio', 'cio[A-Za-z0-9]{32}', { entropy: 3.8 })],
      },
    },
  },
  {
    name: 'NuGet',
    kind: 'code',
    rules: { 'nuget-api-key': { what: 'API key', tokens: [token('oy2', 'oy2[a-z0-9]{43}', { entropy: 3.3 })] } },
  },
  {
    name: 'Docker Hub',
    kind: 'code',
    rules: {
      'docker-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [token(['dckr_pat_', 'dckr_oat_'], 'dckr_[po]at_[A-Za-z0-9_-]{27,32}')],
      },
    },
  },
  {
    name: 'JFrog',
    kind: 'code',
    rules: {
      'jfrog-token': {
        what: 'API key or token',
        severity: 'critical',
        tokens: [
          token('akcp', 'AKCp[A-Za-z0-9]{69}', { entropy: 4 }),
          token('cmvmd', 'cmVmd[A-Za-z0-9]{59}', { entropy: 4 }),
          token('akc', 'AKC[A-Za-z0-9]{10,80}(?![\\w+/=])', { entropy: 3, notAfter: /[\w+/.-]/, severity: 'medium' }),
          // Without a word of JFrog beside it the beginning says little.
          token('ap', 'AP[\\dA-F](?:x{8,80}|[A-Za-z0-9]{20,80})(?![\\w+/=])', {
            entropy: 3.5,
            notAfter: /[\w+/.-]/,
            severity: 'info',
          }),
          token(['akc', 'ap'], '(?:AKC[A-Za-z0-9]{10,80}|AP[\\dA-F][A-Za-z0-9]{8,80})', {
            near: /(?:jfrog|artif|artifactory)[^\n]{0,40}$/i,
          }),
        ],
        assigned: [assigned(['jfrog', 'artifactory', 'bintray', 'xray'], '[a-z0-9]{73}|[a-z0-9]{64}')],
      },
    },
  },
  {
    name: 'Sourcegraph',
    kind: 'code',
    rules: {
      'sourcegraph-token': {
        what: 'access token',
        tokens: [token('sgp_', 'sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}')],
        assigned: [assigned('sourcegraph', '[a-f0-9]{40}')],
      },
    },
  },
  {
    name: 'Codecov',
    kind: 'code',
    rules: { 'codecov-token': { what: 'upload token', assigned: [assigned('codecov', `[a-z0-9]{32}|${UUID_SHAPE}`)] } },
  },
  {
    name: 'Snyk',
    kind: 'code',
    rules: { 'snyk-token': { what: 'API token', assigned: [assigned('snyk', UUID_SHAPE)] } },
  },
  {
    name: 'SonarQube',
    kind: 'code',
    rules: {
      'sonar-token': {
        what: 'token',
        tokens: [token(['squ_', 'sqp_', 'sqa_'], 'sq[upa]_[a-f0-9]{40}')],
        assigned: [assigned('sonar', '(?:sq[upa]_)?[a-z0-9=_-]{40}', { key: /token|login|key|secret/i })],
      },
    },
  },
  {
    name: 'Atlassian',
    kind: 'code',
    revoke: 'under https://id.atlassian.com/manage-profile/security/api-tokens',
    rules: {
      'atlassian-api-token': {
        what: 'API token',
        severity: 'critical',
        tokens: [token('atatt3', 'ATATT3[A-Za-z0-9_=-]{180,200}', { entropy: 3.5 })],
        assigned: [assigned(['atlassian', 'confluence', 'jira'], '[a-z0-9]{24}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Linear',
    kind: 'code',
    rules: {
      'linear-api-key': {
        what: 'API key',
        tokens: [token('lin_api_', 'lin_api_[A-Za-z0-9]{40}'), token('lin_oauth_', 'lin_oauth_[a-f0-9]{64}')],
        assigned: [assigned('linear', '[a-f0-9]{32}', { keyed: true })],
      },
    },
  },
  {
    name: 'Octopus Deploy',
    kind: 'deploy',
    rules: {
      'octopus-api-key': {
        what: 'API key',
        tokens: [token('api-', 'API-[A-Z0-9]{26}', { entropy: 3, notAfter: /[\w/.-]/ })],
      },
    },
  },
  {
    name: 'Harness',
    kind: 'deploy',
    rules: {
      'harness-api-key': {
        what: 'API key',
        tokens: [token(['pat.', 'sat.'], '[ps]at\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}')],
      },
    },
  },
  {
    name: 'Drone CI',
    kind: 'deploy',
    rules: { 'droneci-token': { what: 'token', assigned: [assigned(['droneci', 'drone_'], '[a-z0-9]{32}')] } },
  },
  {
    name: 'Travis CI',
    kind: 'deploy',
    rules: { 'travisci-token': { what: 'token', assigned: [assigned('travis', '[a-z0-9_-]{22}', { entropy: 3 })] } },
  },
  {
    name: 'CircleCI',
    kind: 'deploy',
    rules: {
      'circleci-token': {
        what: 'token',
        tokens: [token(['ccipat_', 'cciprj_'], 'CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}')],
        assigned: [assigned('circle', '[a-f0-9]{40}', { keyed: true })],
      },
    },
  },
  {
    name: 'Prefect',
    kind: 'deploy',
    rules: { 'prefect-api-token': { what: 'API key', tokens: [token(['pnu_', 'pnb_'], 'pn[ub]_[A-Za-z0-9]{36}')] } },
  },
  {
    name: 'Airflow',
    kind: 'deploy',
    rules: {
      'airflow-fernet-key': {
        what: 'Fernet key',
        severity: 'critical',
        can: 'decrypt the connections and variables that Airflow stores',
        assigned: [assigned(['fernet'], '[A-Za-z0-9_-]{43}=', { entropy: 4 })],
      },
    },
  },
  {
    name: 'LaunchDarkly',
    kind: 'deploy',
    rules: {
      'launchdarkly-token': {
        what: 'access token',
        tokens: [token(['api-', 'sdk-', 'mob-'], `(?:api|sdk|mob)-${UUID_SHAPE}`, { entropy: 3 })],
        assigned: [assigned('launchdarkly', '[a-z0-9=_-]{40}')],
      },
    },
  },
  {
    name: 'SettleMint',
    kind: 'deploy',
    rules: {
      'settlemint-token': {
        what: 'access token',
        tokens: [token(['sm_aat_', 'sm_pat_', 'sm_sat_'], 'sm_[aps]at_[A-Za-z0-9]{16}(?![A-Za-z0-9])')],
      },
    },
  },
  {
    name: 'Postman',
    kind: 'deploy',
    rules: { 'postman-api-key': { what: 'API key', tokens: [token('pmak-', 'PMAK-[a-f0-9]{24}-[a-f0-9]{34}')] } },
  },
  {
    name: 'Sidekiq',
    kind: 'code',
    rules: {
      'sidekiq-credentials': {
        what: 'Enterprise credentials',
        tokens: [
          token(
            ['gems.contribsys.com', 'enterprise.contribsys.com'],
            'https?://[a-f0-9]{8}:[a-f0-9]{8}@(?:gems|enterprise)\\.contribsys\\.com',
            { back: 40, entropy: 2.5 },
          ),
        ],
        assigned: [assigned(['contribsys__com'], '[a-f0-9]{8}:[a-f0-9]{8}')],
      },
    },
  },
  {
    name: 'Freemius',
    kind: 'code',
    rules: {
      'freemius-secret-key': {
        what: 'secret key',
        assigned: [assigned('secret_key', 'sk_[\\x21-\\x26\\x28-\\x7e]{29}', { entropy: 3 })],
      },
    },
  },
];
