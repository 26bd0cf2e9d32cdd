import { hasGrafanaChecksum } from '../checksums';
import { assigned, checksumCheck, type Service, token, UUID_SHAPE } from './define';

/** Data, payments, messaging, monitoring, identity, social networks, markets, mail and other services. */
export const OTHER_SERVICES: readonly Service[] = [
  {
    name: 'Databricks',
    kind: 'data',
    revoke: 'in the user settings of the workspace',
    rules: {
      'databricks-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [
          token(['dapi', 'dkea', 'dose', 'dosee'], '(?:dapi|dkea|dosee?)[a-f0-9]{32}(?:-\\d{1,2})?', { entropy: 3 }),
        ],
      },
    },
  },
  {
    name: 'Snowflake',
    kind: 'data',
    rules: {
      'snowflake-password': {
        what: 'password',
        severity: 'critical',
        assigned: [
          assigned('snowflake', '(?=.*\\d)[^\\s"\'<>{}$]{8,64}', { key: /pass|pwd|token|secret/i, entropy: 2.5 }),
        ],
      },
    },
  },
  {
    name: 'ClickHouse Cloud',
    kind: 'data',
    rules: {
      'clickhouse-secret-key': {
        what: 'API secret key',
        tokens: [token('4b1d', '4b1d[A-Za-z0-9]{38}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'PlanetScale',
    kind: 'data',
    rules: {
      'planetscale-token': {
        what: 'credential',
        severity: 'critical',
        tokens: [
          token(['pscale_tkn_', 'pscale_oauth_', 'pscale_pw_'], 'pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_=.-]{32,64}'),
        ],
      },
    },
  },
  {
    name: 'Supabase',
    kind: 'data',
    rules: {
      'supabase-token': {
        what: 'token',
        severity: 'critical',
        tokens: [token(['sbp_', 'sb_secret_'], '(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{31})')],
      },
    },
  },
  {
    name: 'Neon',
    kind: 'data',
    rules: {
      'neon-password': { what: 'database password', tokens: [token('npg_', 'npg_[A-Za-z0-9]{12,20}', { entropy: 3 })] },
      'neon-api-key': { what: 'API key', tokens: [token('napi_', 'napi_[a-z0-9]{60,72}', { entropy: 3.5 })] },
    },
  },
  {
    name: 'MongoDB Atlas',
    kind: 'data',
    rules: {
      'mongodb-atlas-token': {
        what: 'service account secret',
        tokens: [token('mdb_sa_sk_', 'mdb_sa_sk_[A-Za-z0-9_-]{40}')],
      },
    },
  },
  {
    name: 'Airtable',
    kind: 'data',
    rules: {
      'airtable-token': {
        what: 'access token',
        tokens: [token('pat', 'pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}')],
        assigned: [assigned('airtable', '[a-z0-9]{17}|pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}')],
      },
    },
  },
  {
    name: 'Notion',
    kind: 'data',
    rules: {
      'notion-token': {
        what: 'integration token',
        tokens: [
          token('ntn_', 'ntn_\\d{11}[A-Za-z0-9]{35}', { entropy: 3.5 }),
          token('secret_', 'secret_[A-Za-z0-9]{43}', { entropy: 4 }),
        ],
      },
    },
  },
  {
    name: 'Algolia',
    kind: 'data',
    rules: { 'algolia-api-key': { what: 'API key', assigned: [assigned('algolia', '[a-z0-9]{32}')] } },
  },
  {
    name: 'Elastic',
    kind: 'data',
    rules: {
      'elastic-api-key': {
        what: 'API key',
        tokens: [token('essu_', 'essu_[A-Za-z0-9+/=]{40,200}')],
        assigned: [assigned('elastic', '[A-Za-z0-9+/_-]{58,62}={0,2}', { keyed: true, entropy: 4 })],
      },
    },
  },
  {
    name: 'Confluent',
    kind: 'data',
    rules: {
      'confluent-key': {
        what: 'API key or secret',
        tokens: [token('cflt', 'cflt[A-Za-z0-9+/]{60}(?![A-Za-z0-9+/=])', { entropy: 4 })],
        assigned: [assigned('confluent', '[a-z0-9]{16}|[a-z0-9]{64}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Ably',
    kind: 'messaging',
    rules: {
      'ably-api-key': {
        what: 'API key',
        assigned: [assigned('ably', '[a-z0-9_-]{6}\\.[a-z0-9_-]{6}:[a-z0-9_-]{16,43}')],
      },
    },
  },
  {
    name: 'Contentful',
    kind: 'data',
    rules: {
      'contentful-token': {
        what: 'API token',
        tokens: [token('cfpat-', 'CFPAT-[A-Za-z0-9_-]{43}')],
        assigned: [assigned('contentful', '[a-z0-9=_-]{43}')],
      },
    },
  },
  {
    name: 'Looker',
    kind: 'data',
    rules: {
      'looker-credentials': {
        what: 'API credential',
        assigned: [assigned('looker', '[a-z0-9]{20}|[a-z0-9]{24}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Mapbox',
    kind: 'data',
    rules: {
      'mapbox-token': {
        what: 'access token',
        tokens: [token(['pk.eyj', 'sk.eyj', 'tk.eyj'], '[pst]k\\.eyJ[A-Za-z0-9_-]{50,150}\\.[A-Za-z0-9_-]{22}')],
        assigned: [assigned('mapbox', '[ps]k\\.[a-z0-9]{60}\\.[a-z0-9]{22}')],
      },
    },
  },
  {
    name: 'MaxMind',
    kind: 'data',
    rules: {
      'maxmind-license-key': {
        what: 'license key',
        tokens: [token('_mmk', '[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk', { back: 36, entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Dropbox',
    kind: 'data',
    rules: {
      'dropbox-token': {
        what: 'token',
        tokens: [token('sl.', 'sl\\.(?:u\\.)?[A-Za-z0-9=_-]{130,1400}', { notAfter: /[\w.]/ })],
        assigned: [
          assigned('dropbox', '[a-z0-9]{15}|[a-z0-9]{11}AAAAAAAAAA[a-z0-9\\-_=]{43}|sl\\.[a-z0-9\\-=_]{135,1400}'),
        ],
      },
    },
  },
  {
    name: 'Finnhub',
    kind: 'data',
    rules: { 'finnhub-token': { what: 'API key', assigned: [assigned('finnhub', '[a-z0-9]{20}')] } },
  },
  {
    name: 'RapidAPI',
    kind: 'data',
    rules: {
      'rapidapi-key': { what: 'key', assigned: [assigned(['rapidapi', 'rapid_api', 'rapid-api'], '[a-z0-9_-]{50}')] },
    },
  },
  {
    name: 'New York Times',
    kind: 'data',
    rules: {
      'nytimes-key': {
        what: 'API key',
        assigned: [assigned(['nytimes', 'new-york-times', 'newyorktimes', 'new_york_times'], '[a-z0-9=_-]{32}')],
      },
    },
  },
  {
    name: 'Stripe',
    kind: 'payment',
    revoke: 'under https://dashboard.stripe.com/apikeys',
    rules: {
      'stripe-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [
          token(
            ['sk_test', 'sk_live', 'sk_prod', 'rk_test', 'rk_live', 'rk_prod'],
            '[sr]k_(?:test|live|prod)_[A-Za-z0-9]{10,99}',
            { entropy: 2.5 },
          ),
          token('whsec_', 'whsec_[A-Za-z0-9+/=]{32,64}'),
        ],
      },
    },
  },
  {
    name: 'Square',
    kind: 'payment',
    rules: {
      'square-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [
          token(
            ['sq0atp-', 'sq0csp-', 'sq0idp-'],
            'sq0(?:atp-[A-Za-z0-9_-]{22}|csp-[A-Za-z0-9_-]{43}|idp-[A-Za-z0-9_-]{22})',
          ),
          token('eaaa', 'EAAA[A-Za-z0-9_+=-]{22,60}', { entropy: 3 }),
        ],
      },
    },
  },
  {
    name: 'Plaid',
    kind: 'payment',
    rules: {
      'plaid-credentials': {
        what: 'credential',
        severity: 'critical',
        tokens: [token('access-', `access-(?:sandbox|development|production)-${UUID_SHAPE}`)],
        assigned: [assigned('plaid', '[a-z0-9]{24}|[a-z0-9]{30}', { entropy: 2.8 })],
      },
    },
  },
  {
    name: 'PayPal Braintree',
    kind: 'payment',
    rules: {
      'braintree-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [token('access_token$', 'access_token\\$(?:production|sandbox)\\$[a-z0-9]{16}\\$[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'GoCardless',
    kind: 'payment',
    rules: {
      'gocardless-token': {
        what: 'API token',
        severity: 'critical',
        assigned: [assigned('gocardless', 'live_[a-z0-9\\-_=]{40}')],
      },
    },
  },
  {
    name: 'Flutterwave',
    kind: 'payment',
    rules: {
      'flutterwave-key': {
        what: 'key',
        tokens: [token(['flwseck', 'flwpubk'], 'FLW(?:SECK|PUBK)(?:_TEST)?-(?:[a-h0-9]{32}-X|[a-h0-9]{12})')],
        assigned: [assigned(['flutterwave', 'flw'], 'FLWSECK_TEST-?[a-h0-9]{12}')],
      },
    },
  },
  {
    name: 'Finicity',
    kind: 'payment',
    rules: {
      'finicity-credentials': { what: 'credential', assigned: [assigned('finicity', '[a-f0-9]{32}|[a-z0-9]{20}')] },
    },
  },
  {
    name: 'Shopify',
    kind: 'payment',
    rules: {
      'shopify-token': {
        what: 'token',
        severity: 'critical',
        tokens: [token(['shpat_', 'shpca_', 'shppa_', 'shpss_'], 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}')],
      },
    },
  },
  {
    name: 'Shippo',
    kind: 'product',
    rules: {
      'shippo-token': { what: 'API token', tokens: [token('shippo_', 'shippo_(?:live|test)_[a-fA-F0-9]{40}')] },
    },
  },
  {
    name: 'EasyPost',
    kind: 'product',
    rules: { 'easypost-token': { what: 'API token', tokens: [token(['ezak', 'eztk'], 'EZ[AT]K[A-Za-z0-9]{54}')] } },
  },
  {
    name: 'Duffel',
    kind: 'product',
    rules: {
      'duffel-token': { what: 'API token', tokens: [token('duffel_', 'duffel_(?:test|live)_[A-Za-z0-9_=-]{43}')] },
    },
  },
  {
    name: 'Lob',
    kind: 'product',
    rules: {
      'lob-api-key': {
        what: 'API key',
        tokens: [token(['test_', 'live_'], '(?:live|test)_(?:[a-f0-9]{35}|pub_[a-f0-9]{31})')],
        assigned: [assigned('lob', '(?:live|test)_[a-f0-9]{35}|(?:test|live)_pub_[a-f0-9]{31}')],
      },
    },
  },
  {
    name: 'FreshBooks',
    kind: 'payment',
    rules: { 'freshbooks-token': { what: 'access token', assigned: [assigned('freshbooks', '[a-z0-9]{64}')] } },
  },
  {
    name: 'Squarespace',
    kind: 'product',
    rules: { 'squarespace-token': { what: 'access token', assigned: [assigned('squarespace', UUID_SHAPE)] } },
  },
  {
    name: 'Coinbase',
    kind: 'finance',
    rules: {
      'coinbase-token': {
        what: 'access token',
        severity: 'critical',
        assigned: [assigned('coinbase', '[a-z0-9_-]{64}')],
      },
    },
  },
  {
    name: 'Kraken',
    kind: 'finance',
    rules: {
      'kraken-token': {
        what: 'access token',
        severity: 'critical',
        assigned: [assigned('kraken', '[a-z0-9/=_+-]{80,90}')],
      },
    },
  },
  {
    name: 'KuCoin',
    kind: 'finance',
    rules: {
      'kucoin-token': {
        what: 'credential',
        severity: 'critical',
        assigned: [assigned('kucoin', `[a-f0-9]{24}|${UUID_SHAPE}`)],
      },
    },
  },
  {
    name: 'Bittrex',
    kind: 'finance',
    rules: { 'bittrex-key': { what: 'key', assigned: [assigned('bittrex', '[a-z0-9]{32}')] } },
  },
  {
    name: 'Binance',
    kind: 'finance',
    rules: {
      'binance-key': { what: 'API key', severity: 'critical', assigned: [assigned('binance', '[A-Za-z0-9]{64}')] },
    },
  },
  {
    name: 'Slack',
    kind: 'messaging',
    revoke: 'under https://api.slack.com/apps',
    rules: {
      'slack-token': {
        what: 'token',
        severity: 'critical',
        tokens: [
          token('xapp-', 'xapp-\\d-[A-Za-z0-9]{8,20}-\\d{8,20}-[A-Za-z0-9]{20,100}'),
          token('xoxb-', 'xoxb-\\d{8,14}-(?:\\d{10}[A-Za-z0-9-]{0,65}|[A-Za-z0-9]{18,26})', { entropy: 2.5 }),
          token(['xoxp-', 'xoxe-'], 'xox[pe](?:-\\d{10,13}){3}-[A-Za-z0-9-]{28,40}', { entropy: 2.5 }),
          token('xoxe.xox', 'xoxe\\.xox[bp]-\\d-[A-Za-z0-9]{150,180}'),
          token('xoxe-', 'xoxe-\\d-[A-Za-z0-9]{130,160}'),
          token(['xoxo-', 'xoxs-'], 'xox[os]-\\d{1,20}-\\d{1,20}-\\d{1,20}-[a-fA-F\\d]{6,80}', { entropy: 2.3 }),
          token(
            ['xoxa-', 'xoxr-'],
            'xox[ar]-(?:\\d-)?(?=[0-9a-zA-Z-]{0,40}\\d)[0-9a-zA-Z]{8,48}(?:-[0-9a-zA-Z]{8,60}){0,4}',
            { entropy: 2 },
          ),
          token(['xoxc-', 'xoxd-'], 'xoxc-\\d{9,14}-\\d{9,14}-\\d{9,14}-[a-f0-9]{64}|xoxd-[A-Za-z0-9%+/=]{80,300}'),
        ],
      },
      'slack-webhook': {
        what: 'webhook',
        tokens: [
          token('hooks.slack.com', 'hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{34,90}', {
            notAfter: /[\w.]/,
          }),
        ],
      },
    },
  },
  {
    name: 'Discord',
    kind: 'messaging',
    rules: {
      'discord-token': {
        what: 'token',
        severity: 'critical',
        tokens: [
          token(
            ['mt', 'mj', 'mz', 'nd', 'nt', 'nj', 'nz', 'od', 'ot'],
            '[MNO][A-Za-z\\d]{23,25}\\.[A-Za-z\\d_-]{6}\\.[A-Za-z\\d_-]{27,38}',
            { entropy: 4 },
          ),
        ],
        assigned: [
          assigned('discord', '[a-f0-9]{64}|[a-z0-9=_-]{32}', { entropy: 2.5 }),
          // Servers, channels and people have such numbers too, and they are no secret.
          assigned('discord', '\\d{18,19}', {
            entropy: 2,
            key: /^(?!.*(?:server|guild|channel|role|message|invite|user|owner|member|category|emoji)[-_.]?id)/i,
          }),
        ],
      },
      'discord-webhook': {
        what: 'webhook',
        tokens: [
          token(
            ['discord.com/api/webhooks', 'discordapp.com/api/webhooks'],
            'discord(?:app)?\\.com/api/webhooks/\\d{17,20}/[A-Za-z0-9_-]{60,80}',
            { notAfter: /[\w]/ },
          ),
        ],
      },
    },
  },
  {
    name: 'Telegram',
    kind: 'messaging',
    revoke: 'with @BotFather',
    rules: {
      'telegram-bot-token': {
        what: 'bot token',
        severity: 'critical',
        tokens: [token(':aa', '\\d{8,10}:AA[A-Za-z0-9_-]{32,33}(?![\\w-])', { back: 10, before: /\d/, entropy: 3.3 })],
        assigned: [assigned('telegr', '\\d{5,16}:A[A-Za-z0-9_-]{34}')],
      },
    },
  },
  {
    name: 'Microsoft Teams',
    kind: 'messaging',
    rules: {
      'teams-webhook': {
        what: 'webhook',
        tokens: [
          token(
            '.webhook.office.com',
            `https://[a-z0-9-]{1,60}\\.webhook\\.office\\.com/webhookb2/[a-z0-9-]{36}@[a-z0-9-]{36}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36}`,
            { back: 70 },
          ),
          token('outlook.office.com/webhook', `outlook\\.office\\.com/webhook/${UUID_SHAPE}@${UUID_SHAPE}`, {
            notAfter: /\w/,
          }),
        ],
      },
    },
  },
  {
    name: 'Twilio',
    kind: 'messaging',
    rules: {
      'twilio-api-key': {
        what: 'API key',
        tokens: [token('sk', 'SK(?:[0-9a-fA-F]{32}|x{32})', { entropy: 2.8 })],
        assigned: [assigned('twilio', '[a-f0-9]{32}')],
      },
      'twilio-account': {
        what: 'account identifier',
        severity: 'info',
        can: 'tell whose account it is, and needs its token besides to use it',
        tokens: [token('ac', 'AC(?:[0-9a-f]{32}|x{32})', { entropy: 2.8 })],
      },
      'twilio-webhook': {
        what: 'service address',
        severity: 'medium',
        tokens: [
          token('chat.twilio.com', 'chat\\.twilio\\.com/v2/Services/[A-Z]{2}[A-Za-z0-9]{28,34}(?:/[\\w-]{1,60})?', {
            notAfter: /\w/,
          }),
        ],
      },
    },
  },
  {
    name: 'Mattermost',
    kind: 'messaging',
    rules: { 'mattermost-token': { what: 'access token', assigned: [assigned('mattermost', '[a-z0-9]{26}')] } },
  },
  {
    name: 'Gitter',
    kind: 'messaging',
    rules: { 'gitter-token': { what: 'access token', assigned: [assigned('gitter', '[a-z0-9_-]{40}')] } },
  },
  {
    name: 'MessageBird',
    kind: 'messaging',
    rules: {
      'messagebird-token': {
        what: 'API token',
        assigned: [assigned(['messagebird', 'message-bird', 'message_bird'], `[a-z0-9]{25}|${UUID_SHAPE}`)],
      },
    },
  },
  {
    name: 'Sendbird',
    kind: 'messaging',
    rules: { 'sendbird-token': { what: 'credential', assigned: [assigned('sendbird', `[a-f0-9]{40}|${UUID_SHAPE}`)] } },
  },
  {
    name: 'Intercom',
    kind: 'messaging',
    rules: { 'intercom-api-key': { what: 'API key', assigned: [assigned('intercom', '[a-z0-9=_-]{60}')] } },
  },
  {
    name: 'HubSpot',
    kind: 'mail',
    rules: {
      'hubspot-key': {
        what: 'API key',
        tokens: [token('pat-', `pat-(?:na|eu)\\d-${UUID_SHAPE}`)],
        assigned: [assigned('hubspot', `${UUID_SHAPE}|pat-(?:na|eu)\\d-${UUID_SHAPE}`)],
      },
      'hubspot-webhook': {
        what: 'webhook address',
        severity: 'medium',
        tokens: [
          token('api.hubapi.com/webhooks', 'api\\.hubapi\\.com/webhooks/v1/[A-Za-z0-9]{6,40}/[\\w-]{10,60}', {
            notAfter: /\w/,
          }),
        ],
      },
    },
  },
  {
    name: 'SendGrid',
    kind: 'mail',
    rules: {
      'sendgrid-key': {
        what: 'API key',
        severity: 'critical',
        tokens: [
          token('sg.', 'SG\\.(?!\\.)[A-Za-z0-9_=-][A-Za-z0-9_=.-]{65}(?![\\w=-])', {
            notAfter: /[\w.]/,
            check: (text) => ({ accepted: !text.includes('..') }),
          }),
        ],
      },
    },
  },
  {
    name: 'Brevo',
    kind: 'mail',
    rules: {
      'brevo-key': {
        what: '(Sendinblue) API key',
        tokens: [token(['xkeysib-', 'xsmtpsib-'], 'x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}')],
      },
    },
  },
  {
    name: 'Mailchimp',
    kind: 'mail',
    rules: {
      'mailchimp-key': {
        what: 'API key',
        tokens: [token('-us', '[0-9a-f]{32}-us[0-9]{1,2}(?![\\w-])', { back: 32, before: /[0-9a-f]/, entropy: 3 })],
        assigned: [assigned('mailchimp', '[a-f0-9]{32}-us\\d\\d?')],
      },
    },
  },
  {
    name: 'Mailgun',
    kind: 'mail',
    rules: {
      'mailgun-key': {
        what: 'key',
        assigned: [assigned('mailgun', '(?:pub)?key-[a-f0-9]{32}|[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8}')],
        tokens: [token('key-', 'key-[a-f0-9]{32}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Postmark',
    kind: 'mail',
    rules: { 'postmark-token': { what: 'server token', assigned: [assigned('postmark', UUID_SHAPE)] } },
  },
  {
    name: 'Resend',
    kind: 'mail',
    rules: {
      'resend-api-key': {
        what: 'API key',
        tokens: [token('re_', 're_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}', { entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Datadog',
    kind: 'monitoring',
    rules: {
      'datadog-key': {
        what: 'access token',
        assigned: [assigned(['datadog', 'dd_api', 'dd_app'], '[a-z0-9]{40}|[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'New Relic',
    kind: 'monitoring',
    rules: {
      'newrelic-key': {
        what: 'key',
        tokens: [
          token(
            ['nrak-', 'nrii-', 'nrjs-', 'nraa-'],
            'NR(?:AK-[A-Za-z0-9]{27}|II-[A-Za-z0-9_-]{32}|JS-[a-f0-9]{19}|AA-[a-f0-9]{27})',
          ),
          token('nrak', 'NRAK-?[A-Za-z0-9]{27}'),
          token('nral', '[a-f0-9]{36}(?:FFFF)?NRAL', { back: 40, before: /[a-f0-9F]/ }),
        ],
        assigned: [
          assigned(['new-relic', 'newrelic', 'new_relic'], '[a-z0-9]{64}|NRAK-[a-z0-9]{27}'),
          assigned(
            ['nrii', 'nrjs', 'nrak', 'newrelic', 'new_relic', 'new-relic'],
            'NR(?:II-[a-z0-9-]{32}|JS-[a-f0-9]{19}|AK-[a-z0-9]{27})',
          ),
        ],
      },
    },
  },
  {
    name: 'Grafana',
    kind: 'monitoring',
    rules: {
      'grafana-token': {
        what: 'token',
        tokens: [
          token('eyjrijoi', 'eyJrIjoi[A-Za-z0-9]{60,400}={0,3}'),
          token('glc_', 'glc_[A-Za-z0-9+/]{32,400}={0,3}', { entropy: 3.3 }),
          token('glsa_', 'glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}', {
            check: (text) => checksumCheck(hasGrafanaChecksum(text)),
          }),
        ],
      },
    },
  },
  {
    name: 'Sentry',
    kind: 'monitoring',
    rules: {
      'sentry-token': {
        what: 'token',
        tokens: [
          token('sntrys_', 'sntrys_eyJpYXQiO[A-Za-z0-9+/=]{10,300}_[A-Za-z0-9+/]{43}'),
          token('sntryu_', 'sntryu_[a-f0-9]{64}', { entropy: 3 }),
        ],
        assigned: [assigned('sentry', '[a-f0-9]{64}')],
      },
    },
  },
  {
    name: 'Dynatrace',
    kind: 'monitoring',
    rules: {
      'dynatrace-token': {
        what: 'API token',
        tokens: [token('dt0c01.', 'dt0c01\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{64}', { entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Sumo Logic',
    kind: 'monitoring',
    rules: {
      'sumologic-key': {
        what: 'access credential',
        assigned: [
          assigned('sumo', 'su[a-z0-9]{12}', { key: /(?:^|[^a-z])sumo(?=[^a-z]|logic|$)|S(?:umo|UMO)/, entropy: 3 }),
          assigned('sumo', '[a-z0-9]{64}', { key: /(?:^|[^a-z])sumo(?=[^a-z]|logic|$)|S(?:umo|UMO)/, entropy: 3 }),
        ],
      },
    },
  },
  {
    name: 'PagerDuty',
    kind: 'monitoring',
    rules: {
      'pagerduty-key': {
        what: 'API key',
        assigned: [assigned('pagerduty', '[A-Za-z0-9+_-]{20}|[a-f0-9]{32}', { keyed: true, entropy: 3 })],
      },
    },
  },
  {
    name: 'PostHog',
    kind: 'monitoring',
    rules: { 'posthog-key': { what: 'API key', tokens: [token(['phx_', 'phs_'], 'ph[xs]_[A-Za-z0-9]{40,50}')] } },
  },
  {
    name: 'Okta',
    kind: 'identity',
    rules: {
      'okta-token': {
        what: 'API token',
        severity: 'critical',
        tokens: [token('00', '00[A-Za-z0-9_-]{40}(?![\\w-])', { near: /okta|ssws/i, entropy: 4 })],
        assigned: [assigned('okta', '00[A-Za-z0-9_=-]{40}', { entropy: 3.5 })],
      },
    },
  },
  {
    name: 'Authress',
    kind: 'identity',
    rules: {
      'authress-key': {
        what: 'service client access key',
        tokens: [
          token(
            ['sc_', 'ext_', 'scauth_', 'authress_'],
            '(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\\.[A-Za-z0-9]{4,6}\\.acc[_-][A-Za-z0-9-]{10,32}\\.[A-Za-z0-9+/_=-]{30,120}',
            { entropy: 2.5 },
          ),
        ],
      },
    },
  },
  {
    name: 'Adobe',
    kind: 'identity',
    rules: {
      'adobe-credentials': {
        what: 'client credential',
        tokens: [token('p8e-', 'p8e-[A-Za-z0-9]{32}')],
        assigned: [assigned('adobe', '[a-f0-9]{32}')],
      },
    },
  },
  {
    name: 'Intra 42',
    kind: 'identity',
    rules: {
      'intra42-secret': {
        what: 'client secret',
        tokens: [token(['s-s4t2ud-', 's-s4t2af-'], 's-s4t2(?:ud|af)-[a-f0-9]{64}')],
      },
    },
  },
  {
    name: 'Facebook',
    kind: 'social',
    rules: {
      'facebook-token': {
        what: 'access token',
        severity: 'critical',
        tokens: [
          token(['eaam', 'eaac', 'eaag', 'eaab'], 'EAA[MCGB][A-Za-z0-9]{90,300}', { entropy: 3.8 }),
          token(['|', '%7c'], '\\d{15,16}(?:\\||%7[Cc])[A-Za-z0-9_-]{27,40}', {
            back: 16,
            before: /\d/,
            entropy: 3,
            near: /facebook|meta|graph|fb/i,
          }),
        ],
      },
      'facebook-secret': {
        what: 'app secret',
        assigned: [assigned(['facebook', 'fb_', 'fbapp'], '[a-f0-9]{32}', { entropy: 3 })],
      },
    },
  },
  {
    name: 'Twitter',
    kind: 'social',
    rules: {
      'twitter-credentials': {
        what: 'credential',
        tokens: [
          token('aaaaaaaaaaaaaaaaaaaaa', 'A{21}[A-Za-z0-9%]{60,111}', { entropy: 3, near: /twitter|bearer|\bx_/i }),
          // Base64 of which `+`, `/` and `=` are escaped, as in no image.
          token('aaaaaaaaaaaaaaaaaaaaa', 'A{21}[A-Za-z0-9]{5,21}%(?:2[BF]|3D)[A-Za-z0-9%]{40,100}', { entropy: 3 }),
        ],
        assigned: [
          assigned(
            ['twitter', 'tweepy'],
            '[a-z0-9]{45}|\\d{15,25}-[a-z0-9]{20,40}|[a-z0-9]{25}|[a-z0-9]{50}|A{22}[a-z0-9%]{60,110}',
            { entropy: 2.5 },
          ),
        ],
      },
    },
  },
  {
    name: 'Twitch',
    kind: 'social',
    rules: { 'twitch-token': { what: 'API token', assigned: [assigned('twitch', '[a-z0-9]{30}')] } },
  },
  {
    name: 'LinkedIn',
    kind: 'social',
    rules: {
      'linkedin-credentials': {
        what: 'client credential',
        assigned: [assigned(['linkedin', 'linked_in', 'linked-in'], '[a-z0-9]{14}|[a-z0-9]{16}', { entropy: 2.2 })],
      },
    },
  },
  {
    name: 'Flickr',
    kind: 'social',
    rules: { 'flickr-token': { what: 'access token', assigned: [assigned('flickr', '[a-z0-9]{32}')] } },
  },
  {
    name: 'Etsy',
    kind: 'social',
    rules: {
      'etsy-token': {
        what: 'access token',
        assigned: [assigned('etsy', '[a-z0-9]{24}', { entropy: 3, key: /(?:^|[^a-z])etsy/i })],
      },
    },
  },
  {
    name: 'Adafruit IO',
    kind: 'product',
    rules: {
      'adafruit-key': {
        what: 'key',
        tokens: [token('aio_', 'aio_[A-Za-z0-9]{28}')],
        assigned: [assigned('adafruit', '[a-z0-9_-]{32}')],
      },
    },
  },
  {
    name: 'Asana',
    kind: 'product',
    rules: {
      'asana-credentials': {
        what: 'credential',
        assigned: [assigned('asana', '\\d{16}|[a-z0-9]{32}', { entropy: 2 })],
      },
    },
  },
  {
    name: 'Beamer',
    kind: 'product',
    rules: { 'beamer-token': { what: 'API token', assigned: [assigned('beamer', 'b_[a-z0-9=_-]{44}')] } },
  },
  {
    name: 'Typeform',
    kind: 'product',
    rules: { 'typeform-token': { what: 'API token', tokens: [token('tfp_', 'tfp_[A-Za-z0-9_.=-]{40,70}')] } },
  },
  {
    name: 'Frame.io',
    kind: 'product',
    rules: { 'frameio-token': { what: 'API token', tokens: [token('fio-u-', 'fio-u-[A-Za-z0-9_=-]{64}')] } },
  },
  {
    name: 'ReadMe',
    kind: 'product',
    rules: { 'readme-token': { what: 'API token', tokens: [token('rdme_', 'rdme_[a-z0-9]{70}')] } },
  },
  {
    name: 'Zendesk',
    kind: 'product',
    rules: { 'zendesk-key': { what: 'secret key', assigned: [assigned('zendesk', '[a-z0-9]{40}')] } },
  },
  {
    name: 'Figma',
    kind: 'product',
    rules: { 'figma-token': { what: 'access token', tokens: [token('figd_', 'figd_[A-Za-z0-9_-]{40}')] } },
  },
  {
    name: 'OpenWeather',
    kind: 'data',
    rules: {
      'openweather-key': {
        what: 'API key',
        severity: 'medium',
        assigned: [assigned(['openweather', 'open_weather', 'owm'], '[a-f0-9]{32}')],
      },
    },
  },
];
