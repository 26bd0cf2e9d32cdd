/** Transport security, servers, and whom they let in. */
import { childrenOf, type Node } from '../ast';
import {
  always,
  argument,
  argumentRange,
  type CallRule,
  type Check,
  certainty,
  FALSE,
  isTrue,
  type Judgement,
  turnOff,
  weighed,
} from './call';
import { plainHttp } from './remote';

/** Arguments that switch the check of certificates off, each in its own library. */
const VERIFY = ['verify', 'verify_ssl', 'verify_certs', 'ssl', 'cert_check'];

const tlsOff: Check = (call, names) => {
  const verify = call.keywords.get(VERIFY.find((name) => call.keywords.has(name)) ?? '');
  const sure = certainty(verify, FALSE, names);
  if (!verify || !sure) return undefined;
  const name = verify.name as string;
  const here = call.node.args.includes(verify);
  const judged: Judgement = {
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
  return weighed(judged, sure);
};

/** urllib3 and pymongo have their own words for it, and ssl.wrap_socket verifies nothing unless it is told to. */
const otherTlsOff: Check = (call, names) => {
  const certificates = call.keywords.get('cert_reqs')?.value;
  const value = certificates && (names.constant(certificates) ?? names.value(certificates).path);
  const off =
    (value !== undefined && /(?:^|\.)CERT_NONE$/.test(value)) ||
    isTrue(call, 'tlsAllowInvalidCertificates', names) ||
    (call.path === 'ssl.wrap_socket' && !certificates && !call.spread);
  return off
    ? {
        rule: 'tls-verification-disabled',
        message: `${call.path} accepts any certificate: what is transferred can be read and replaced on the way.`,
      }
    : undefined;
};

/** Files that hold nothing but credentials. */
const CREDENTIAL_FILE =
  /(?:^|\/)\.(?:ssh\/(?:id_\w+|identity)|aws\/credentials|kube\/config|git-credentials|netrc|pypirc|docker\/config\.json|config\/gcloud\/\S+|huggingface\/token|cache\/huggingface\/token|kaggle\/kaggle\.json|bash_history)$|^\/etc\/shadow$/;
/** Calls that give the text or the copy of what they are given. */
const PASSES_ON =
  /^(?:json\.dumps|urllib\.parse\.(?:urlencode|quote)|urllib\.request\.Request|base64\.\w+|pickle\.dumps|pprint\.pformat|os\.environ\.(?:copy|items)|os\.path\.expanduser|pathlib\.Path)\(\)$/;
const PASSING_BUILTIN = new Set(['dict', 'str', 'repr', 'list', 'open', 'tuple', 'sorted']);
/** Expressions that are looked at in one request. */
const SENT = 100;

/** The whole environment, or a file of credentials, as a part of what is sent. One variable of it is how programs log in. */
const CREDENTIAL_NAME = /^(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.git-credentials|\.pypirc)$/;
const exfiltrates: Check = (call, names) => {
  const open: Node[] = call.node.args.flatMap(({ name, value }) =>
    name === 'headers' || name === 'auth' || name === 'env' ? [] : [value],
  );
  for (let budget = SENT; budget > 0; budget -= 1) {
    const at = open.pop();
    if (!at) return undefined;
    if (at.kind === 'name' || at.kind === 'member') {
      const { path, origin } = names.value(at);
      if (path === 'os.environ')
        return {
          rule: 'exfiltration',
          message: 'The whole environment is sent away, with every token and password in it.',
        };
      if (at.kind === 'name' && origin && origin.names.module === names.module && origin.node.kind !== 'name')
        open.push(origin.node);
      if (at.kind === 'member') open.push(at.object);
    } else if (at.kind === 'call') {
      const { callee } = at;
      if (
        callee.kind === 'name'
          ? !PASSING_BUILTIN.has(callee.name) && !PASSES_ON.test(names.value(at).path ?? '')
          : false
      )
        continue;
      if (callee.kind === 'member') {
        if (PASSES_ON.test(names.value(at).path ?? '')) open.push(...childrenOf(at));
        else if (/^(?:read|read_text|read_bytes|encode|decode|format|copy|items|strip|hex)$/.test(callee.property))
          open.push(callee.object, ...at.args.map(({ value }) => value));
      } else open.push(...at.args.map(({ value }) => value));
    } else if (at.kind === 'string') {
      const text = names.constant(at) ?? '';
      if (CREDENTIAL_FILE.test(text) || CREDENTIAL_NAME.test(text))
        return { rule: 'exfiltration', message: 'A file that holds credentials is sent away.' };
    } else if (at.kind !== 'subscript' && at.kind !== 'lambda') open.push(...childrenOf(at));
  }
  return undefined;
};

/** PyJWT before and since 2.0, python-jose and Authlib's relatives: `verify`, or a dictionary of options. */
const unverifiedToken: Check = (call, names) => {
  const options = argument(call, call.path.startsWith('jose.') ? 4 : 3, 'options');
  const held = options && names.value(options).held;
  const entry = held?.entries(0).find(({ key }) => key === 'verify_signature')?.value;
  const sure = (entry && certainty(entry, FALSE, held.names)) ?? certainty(call.keywords.get('verify'), FALSE, names);
  return (
    sure &&
    weighed(
      {
        rule: 'unverified-token',
        message: `${call.path} reads the token without checking its signature: whoever sends it can write what it says.`,
        evidence: '(…, verify_signature=False)',
      },
      sure,
    )
  );
};

/** A tunnel to a server of this machine; some ask for a login. */
const tunnel: Check = (call) =>
  [...call.keywords.keys()].some((name) => /auth|oauth|oidc|allow_emails|ip_restriction/.test(name)) || call.spread
    ? undefined
    : {
        rule: 'public-share',
        message: `${call.path} opens a public address of this machine, and nobody who uses it has to log in.`,
      };

/** Every site may send requests with the login of whoever visits it, and read the answers. */
const openOrigin: Check = (call, names) => {
  const middleware = call.args[0] && names.value(call.args[0]).path;
  const star = (node: Node | undefined): boolean =>
    node !== undefined &&
    (names.constant(node) === '*' ||
      (node.kind === 'sequence' && node.items.some((item) => names.constant(item) === '*')));
  const open = call.path.startsWith('flask_cors.')
    ? isTrue(call, 'supports_credentials', names) &&
      (!call.keywords.has('origins') || star(call.keywords.get('origins')?.value))
    : (middleware === undefined || /CORSMiddleware$/.test(middleware)) &&
      isTrue(call, 'allow_credentials', names) &&
      star(call.keywords.get('allow_origins')?.value);
  return open
    ? {
        rule: 'open-origin',
        message: 'Pages of every site may use the server with the login of whoever visits them: name the sites.',
      }
    : undefined;
};

const EVERYWHERE = new Set(['0.0.0.0', '::', '']);

const serve: Check = (call, names) => {
  const debug = isTrue(call, 'debug', names);
  if (debug && /^flask\.Flask\(\)\.run$/.test(call.path)) {
    return {
      rule: 'debug-server',
      message: 'debug=True opens a debugger that runs Python for whoever reaches the page.',
      evidence: '(…, debug=True)',
      ...turnOff(call, 'debug', 'Switch debug off'),
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
      ...turnOff(call, 'share', 'Set share to False'),
    };
  }
  return undefined;
};

/** Nothing is known of it, or it is of the program's own modules, or a factory gives it. */
const MADE_ELSEWHERE = /^$|^\.|(?:^|\.)(?:create|make|build|get)_app\(\)$/;

/** `app.run(debug=True)` of an application that is made somewhere else. */
const appRun: Check = (call, names, facts) => {
  const { callee } = call.node;
  const isApp =
    callee.kind === 'member' &&
    callee.object.kind === 'name' &&
    /^(?:app|application|server)$/.test(callee.object.name) &&
    MADE_ELSEWHERE.test(names.value(callee.object).path ?? '');
  return isApp ? serve({ ...call, path: 'flask.Flask().run' }, names, facts) : undefined;
};

const bind: Check = (call, names) => {
  const address = argument(call, 0, 'address', 'server_address', 'addr');
  if (address?.kind !== 'sequence' || address.bracket !== '(') return undefined;
  const host = address.items[0];
  const text = host && names.constant(host);
  if (text === undefined || !EVERYWHERE.has(text)) return undefined;
  // Port 0 is asked for to learn which one is free.
  const port = address.items[1];
  if (port && names.literal(port) === '0') return undefined;
  return {
    rule: 'bind-all-interfaces',
    message: `${call.path.endsWith('.bind') ? 'The socket' : 'The server'} is bound to every network the machine is in.`,
  };
};

const openPort: Check = (call, names) => {
  const address = call.args[0];
  const text = address && names.constant(address);
  return text !== undefined && /^(?:\[::\]|0\.0\.0\.0|\*):/.test(text)
    ? {
        rule: 'bind-all-interfaces',
        message: 'The server is reachable from every network the machine is in, without encryption.',
      }
    : undefined;
};

/** Whoever reaches the dashboard of Ray submits jobs (CVE-2023-48022). */
const rayInit: Check = (call, names) => {
  const host = call.keywords.get('dashboard_host')?.value;
  const text = host && names.constant(host);
  return text !== undefined && EVERYWHERE.has(text)
    ? {
        rule: 'bind-all-interfaces',
        severity: 'medium',
        message: 'Ray’s dashboard runs the jobs of whoever reaches it, and it is reachable from every network.',
        evidence: `(…, dashboard_host=${text})`,
      }
    : undefined;
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
      tlsOff(call, names, facts) ??
      exfiltrates(call, names, facts) ??
      (call.path === 'requests.get' ? plainHttp(call, names, facts) : undefined),
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
    words: VERIFY,
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
  {
    paths: [
      'socket.socket().bind',
      'http.server.HTTPServer',
      'http.server.ThreadingHTTPServer',
      'socketserver.TCPServer',
      'socketserver.ThreadingTCPServer',
      'xmlrpc.server.SimpleXMLRPCServer',
      'multiprocessing.managers.BaseManager',
      'multiprocessing.managers.SyncManager',
      'multiprocessing.connection.Listener',
    ],
    check: bind,
  },
  {
    paths: ['urllib.request.urlopen'],
    check: (call, names, facts) => exfiltrates(call, names, facts) ?? plainHttp(call, names, facts),
  },
  {
    paths: ['socket.socket().send', 'socket.socket().sendall', 'socket.socket().sendto'],
    check: exfiltrates,
  },
  {
    paths: [
      'pyngrok.ngrok.connect',
      'ngrok.connect',
      'flask_ngrok.run_with_ngrok',
      'flask_cloudflared.run_with_cloudflared',
    ],
    check: tunnel,
  },
  { methods: ['add_middleware'], check: openOrigin },
  {
    paths: ['fastapi.middleware.cors.CORSMiddleware', 'starlette.middleware.cors.CORSMiddleware', 'flask_cors.CORS'],
    check: openOrigin,
  },
  { methods: ['add_insecure_port'], check: openPort },
  { methods: ['run'], modules: ['flask', 'dash', 'quart', 'create_app'], check: appRun },
  { paths: ['ray.init'], check: rayInit },
  { paths: ['jwt.decode', 'jwt.decode_complete', 'jwt.PyJWT().decode', 'jose.jwt.decode'], check: unverifiedToken },
  {
    paths: ['urllib3.PoolManager', 'urllib3.HTTPSConnectionPool', 'pymongo.MongoClient', 'ssl.wrap_socket'],
    words: ['cert_reqs', 'tlsAllowInvalidCertificates', 'wrap_socket'],
    check: otherTlsOff,
  },
  { methods: ['set_missing_host_key_policy'], check: anyHostKey },
  { paths: ['paramiko.SSHClient().set_missing_host_key_policy'], check: anyHostKey },
];
