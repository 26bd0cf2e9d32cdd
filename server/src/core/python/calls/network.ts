/** Transport security, servers, and whom they let in. */
import { always, argument, argumentRange, type CallRule, type Check, isTrue } from './call';
import { plainHttp } from './remote';

const tlsOff: Check = (call, names) => {
  const verify = call.keywords.get('verify') ?? call.keywords.get('verify_ssl') ?? call.keywords.get('ssl');
  if (!verify || names.source(verify.value) !== 'False') return undefined;
  const name = verify.name as string;
  const here = call.node.args.includes(verify);
  return {
    rule: 'tls-verification-disabled',
    message: `${name}=False accepts any certificate: what is transferred can be read and replaced on the way.`,
    evidence: `(…, ${name}=False)`,
    ...(here && {
      fix: (fixes) => {
        const { from, to } = argumentRange(call, name, names);
        return fixes.replace(from, to, '', 'Verify certificates', true);
      },
    }),
  };
};

const EVERYWHERE = new Set(['0.0.0.0', '::', '']);

const serve: Check = (call, names) => {
  const debug = isTrue(call, 'debug', names);
  if (debug && /^flask\.Flask\(\)\.run$/.test(call.path)) {
    return {
      rule: 'debug-server',
      message: 'debug=True opens a debugger that runs Python for whoever reaches the page.',
      evidence: '(…, debug=True)',
    };
  }
  const host =
    call.keywords.get('host')?.value ??
    call.keywords.get('server_name')?.value ??
    call.keywords.get('ip')?.value ??
    (call.path.startsWith('flask.') ? call.args[0] : undefined);
  const text = host && names.constant(host);
  if (text !== undefined && text !== '' && EVERYWHERE.has(text)) {
    return {
      rule: 'bind-all-interfaces',
      message: `The server listens on ${text}: it is reachable from every network the machine is in.`,
      evidence: `(…, host=${text})`,
    };
  }
  if (isTrue(call, 'share', names) && /^gradio\./.test(call.path) && !call.keywords.has('auth')) {
    return {
      rule: 'public-share',
      message: 'share=True opens a public address, and no auth= protects it.',
      evidence: '(…, share=True)',
    };
  }
  return undefined;
};

const bind: Check = (call, names) => {
  const address = call.args[0];
  if (address?.kind !== 'sequence' || address.bracket !== '(') return undefined;
  const host = address.items[0];
  const text = host && names.constant(host);
  if (text === undefined || !EVERYWHERE.has(text)) return undefined;
  return { rule: 'bind-all-interfaces', message: 'The socket is bound to every network the machine is in.' };
};

const anyHostKey: Check = (call, names) => {
  const policy = argument(call, 0, 'policy');
  const path = policy && names.value(policy).path;
  return path && /^paramiko\.(?:client\.)?(?:AutoAddPolicy|WarningPolicy)(?:\(\))?$/.test(path)
    ? { rule: 'ssh-host-key', message: 'Any host key is accepted, so anybody on the way can be the server.' }
    : undefined;
};

const CLIENTS = [
  'requests',
  'requests.Session()',
  'requests.session()',
  'httpx',
  'httpx.Client()',
  'httpx.AsyncClient()',
  'aiohttp.ClientSession()',
];
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request', 'stream'];

export const NETWORK: readonly CallRule[] = [
  {
    paths: ['ssl._create_unverified_context'],
    check: always(
      'tls-verification-disabled',
      'The context accepts any certificate: what is transferred can be read and replaced on the way.',
    ),
  },
  {
    paths: CLIENTS.flatMap((client) => METHODS.map((method) => `${client}.${method}`)),
    check: (call, names, facts) =>
      tlsOff(call, names, facts) ?? (call.path === 'requests.get' ? plainHttp(call, names, facts) : undefined),
  },
  {
    paths: [
      'httpx.Client',
      'httpx.AsyncClient',
      'aiohttp.TCPConnector',
      'elasticsearch.Elasticsearch',
      'boto3.client',
      'boto3.resource',
      'minio.Minio',
    ],
    check: tlsOff,
  },
  {
    pattern:
      /^(?:flask\.Flask\(\)\.run|uvicorn\.run|waitress\.serve|aiohttp\.web\.run_app|gradio\.\w+\(\)\.(?:queue\(\)\.)?launch|dash\.Dash\(\)\.run(?:_server)?|bottle\.run|werkzeug\.serving\.run_simple|hypercorn\.run|quart\.Quart\(\)\.run|sanic\.Sanic\(\)\.run)$/,
    last: ['run', 'serve', 'run_app', 'launch', 'run_server', 'run_simple'],
    modules: [
      'flask',
      'uvicorn',
      'waitress',
      'aiohttp',
      'gradio',
      'dash',
      'bottle',
      'werkzeug',
      'hypercorn',
      'quart',
      'sanic',
    ],
    check: serve,
  },
  { paths: ['socket.socket().bind'], check: bind },
  { methods: ['set_missing_host_key_policy'], check: anyHostKey },
  { paths: ['paramiko.SSHClient().set_missing_host_key_policy'], check: anyHostKey },
];
