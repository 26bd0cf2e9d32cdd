import { HUGGING_FACE } from './huggingface';
import type { GitSpec, HuggingFaceSpec, RemoteSpec, S3Spec } from './source';

/** What flags and settings add to a target; none of them is a credential. */
export interface TargetOptions {
  /** Branch, tag, commit or revision, when the target itself names none. */
  ref?: string;
  depth?: number;
  /** Folder or file of a repository, prefix of a bucket; when the target itself names none. */
  subfolder?: string;
  /** Of a hub's repository, whatever the target says. */
  repoType?: HuggingFaceSpec['repoType'];
  /** Endpoint of another hub or S3 store. */
  hubEndpoint?: string;
  s3Endpoint?: string;
  region?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  requesterPays?: boolean;
  through?: GitSpec['through'];
}

const FORMS = 'hf:owner/name, github:owner/name, s3://bucket/prefix or the https address of one';

/** The target is no address of a remote source, or not a safe one. The message says how it should look. */
export class TargetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TargetError';
  }
}

/** True when the text means a remote source and no path of this machine. */
export function isRemoteTarget(text: string): boolean {
  return /^(?:https?:\/\/|git\+https?:\/\/|ssh:\/\/|git:\/\/|git@|ext::|github:|hf:|s3:\/\/)/i.test(text);
}

/**
 * Makes a specification of what a person typed: `hf:owner/name@rev`, `https://huggingface.co/owner/name/tree/rev`,
 * `github:owner/name@ref`, `https://github.com/owner/name/tree/ref/folder`, any https address of a git repository,
 * `s3://bucket/prefix`.
 * @throws TargetError
 */
export function parseTarget(text: string, options: TargetOptions = {}): RemoteSpec {
  const target = text.trim();
  if (/[\u0000-\u0020\u007f]/.test(target) && !/^s3:\/\//i.test(target)) {
    throw new TargetError('the address holds blanks or control characters');
  }
  if (target === '') throw new TargetError(`${FORMS} is expected`);
  const scheme = /^([a-z0-9+]+):/i.exec(target)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'hf':
      return huggingFace(target.slice(3), options);
    case 'github':
      return github(target.slice(7), options);
    case 's3':
      return s3(target.slice(5), options);
    case 'git+https':
    case 'git+http':
      return git(target.slice(4), options);
    case 'https':
    case 'http':
      return web(target, options);
    default:
      throw new TargetError(`this kind of address is not read; it is one of ${FORMS}`);
  }
}

/**
 * The other way: an address without what options can say, and those options. Parsing the two gives the same specification
 * (but for the hub's and the store's endpoint, which the caller has).
 */
export function targetOf(spec: RemoteSpec): { target: string; options: TargetOptions } {
  switch (spec.kind) {
    case 'huggingface': {
      const { repo, repoType, revision, subfolder } = spec;
      return {
        target: `hf:${repo}`,
        options: {
          ...(repoType !== 'model' && { repoType }),
          ...(revision && { ref: revision }),
          ...(subfolder && { subfolder }),
        },
      };
    }
    case 'git': {
      const { url, ref, refAndFolder, subfolder, depth, through } = spec;
      const page = refAndFolder && `${url}/tree/${refAndFolder.split('/').map(encodeURIComponent).join('/')}`;
      return {
        target: page ?? url.replace(/^https:\/\/github\.com\//, 'github:'),
        options: {
          ...(ref && { ref }),
          ...(subfolder && { subfolder }),
          ...(depth !== undefined && { depth }),
          ...(through && { through }),
        },
      };
    }
    case 's3': {
      const { bucket, prefix, region, pathStyle, anonymous, requesterPays } = spec;
      return {
        target: `s3://${bucket}`,
        options: {
          ...(prefix && { subfolder: prefix }),
          ...(region && { region }),
          ...(pathStyle !== undefined && { pathStyle }),
          ...(anonymous && { anonymous }),
          ...(requesterPays && { requesterPays }),
        },
      };
    }
  }
}

function checkEndpoint(address: string | undefined): void {
  if (address === undefined) return;
  const url = urlOf(address);
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.search || url.hash) {
    throw new TargetError('an endpoint is an https address such as https://host:port');
  }
}

function web(target: string, options: TargetOptions): RemoteSpec {
  const url = urlOf(target);
  checkEndpoint(options.hubEndpoint);
  const hub = new URL(options.hubEndpoint ?? HUGGING_FACE);
  if (url.origin === hub.origin || url.hostname === 'hf.co') return huggingFacePage(url, options);
  return git(target, options);
}

function urlOf(target: string): URL {
  let url: URL;
  try {
    url = new URL(target);
  } catch {
    throw new TargetError('the address is not a URL');
  }
  if (url.username || url.password) {
    throw new TargetError('the address holds a user name or password; give the token through the environment instead');
  }
  return url;
}

function huggingFacePage(url: URL, options: TargetOptions): HuggingFaceSpec {
  const segments = url.pathname.split('/').filter(Boolean).map(decode);
  let repoType: HuggingFaceSpec['repoType'] = 'model';
  if (segments[0] === 'datasets' || segments[0] === 'spaces')
    repoType = segments.shift() === 'spaces' ? 'space' : 'dataset';
  const cut = segments.findIndex((part) => ['tree', 'blob', 'resolve', 'raw'].includes(part));
  const name = cut < 0 ? segments.slice(0, 2) : segments.slice(0, cut);
  const [revision, ...folder] = cut < 0 ? [] : segments.slice(cut + 1);
  return hub(repoType, name.join('/'), revision, folder.join('/'), options);
}

function huggingFace(rest: string, options: TargetOptions): HuggingFaceSpec {
  let text = rest.replace(/^\/+/, '');
  let repoType: HuggingFaceSpec['repoType'] = 'model';
  const typed = /^(models?|datasets?|spaces?)\//.exec(text);
  if (typed) {
    repoType = (typed[1] as string).replace(/s$/, '') as HuggingFaceSpec['repoType'];
    text = text.slice(typed[0].length);
  }
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const [owner = '', repo = '', ...folder] = name.split('/');
  return hub(
    repoType,
    repo ? `${owner}/${repo}` : owner,
    at < 0 ? undefined : text.slice(at + 1),
    folder.join('/'),
    options,
  );
}

function hub(
  repoType: HuggingFaceSpec['repoType'],
  repo: string,
  revision: string | undefined,
  folder: string,
  options: TargetOptions,
): HuggingFaceSpec {
  if (!/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(repo)) throw new TargetError('a repository of the hub is owner/name');
  checkEndpoint(options.hubEndpoint);
  const rev = revision || options.ref;
  if (rev) checkRef(rev);
  const subfolder = cleanFolder(folder || options.subfolder);
  return {
    kind: 'huggingface',
    repoType: options.repoType ?? repoType,
    repo,
    ...(rev && { revision: rev }),
    ...(subfolder && { subfolder }),
    ...(options.hubEndpoint && { endpoint: options.hubEndpoint }),
  };
}

function github(rest: string, options: TargetOptions): GitSpec {
  const match = /^\/*([\w.-]+)\/([\w.-]+?)(?:\.git)?(?:\/([^@]*))?(?:@(.+))?$/.exec(rest);
  if (!match) throw new TargetError('a repository on GitHub is github:owner/name or github:owner/name@ref');
  const [, owner, name, folder, ref] = match;
  return gitSpec(`https://github.com/${owner}/${name}`, ref, folder, undefined, options);
}

function git(target: string, options: TargetOptions): GitSpec {
  const url = urlOf(target.replace(/#.*$/, ''));
  if (url.search) throw new TargetError('the address of a git repository has no query');
  let path = url.pathname.replace(/\/+$/, '');
  let ref: string | undefined;
  const at = path.lastIndexOf('@');
  if (at > path.lastIndexOf('/')) {
    ref = decode(path.slice(at + 1));
    path = path.slice(0, at);
  }
  // github.com, an Enterprise server and gitea have owner/name/tree/REF; GitLab puts a dash before it.
  const page = /^(\/[^/]+(?:\/[^/]+)+?)\/(?:-\/)?(?:tree|blob|src\/branch)\/(.+)$/.exec(path);
  const refAndFolder = page ? decode(page[2] as string) : undefined;
  const repository = page ? (page[1] as string) : path;
  if (repository.split('/').filter(Boolean).length < 1) throw new TargetError('the address names no repository');
  return gitSpec(`${url.origin}${repository}`, ref, undefined, refAndFolder, options);
}

function gitSpec(
  url: string,
  ref: string | undefined,
  folder: string | undefined,
  refAndFolder: string | undefined,
  options: TargetOptions,
): GitSpec {
  const wanted = ref || (refAndFolder ? undefined : options.ref);
  if (wanted !== undefined) checkRef(wanted);
  if (refAndFolder !== undefined) checkRef(refAndFolder);
  if (options.depth !== undefined && (!Number.isSafeInteger(options.depth) || options.depth < 1)) {
    throw new TargetError('the depth is a whole number of commits, at least 1');
  }
  const subfolder = cleanFolder(folder || options.subfolder);
  return {
    kind: 'git',
    url,
    ...(wanted && { ref: wanted }),
    ...(refAndFolder && { refAndFolder }),
    ...(subfolder && { subfolder }),
    ...(options.depth !== undefined && { depth: options.depth }),
    ...(options.through && { through: options.through }),
  };
}

/**
 * Names that git itself would refuse, or take for an option or a refspec (git-check-ref-format(1)).
 * @throws TargetError
 */
export function checkRef(ref: string): void {
  if (/^[-/.]|[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(?:\/|$)|[/.]$/.test(ref) || ref === '@') {
    throw new TargetError('that is no name of a branch, tag or commit');
  }
}

function s3(rest: string, options: TargetOptions): S3Spec {
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/i.test(bucket) || bucket.includes('..')) {
    throw new TargetError('an S3 source is s3://bucket or s3://bucket/prefix');
  }
  checkEndpoint(options.s3Endpoint);
  if (options.region !== undefined && !/^[a-z0-9][a-z0-9-]{0,62}$/i.test(options.region)) {
    throw new TargetError('a region is a name such as eu-central-1');
  }
  return {
    kind: 's3',
    bucket,
    prefix: (slash < 0 ? '' : rest.slice(slash + 1)) || options.subfolder || '',
    ...(options.region && { region: options.region }),
    ...(options.s3Endpoint && { endpoint: options.s3Endpoint }),
    ...(options.pathStyle !== undefined && { pathStyle: options.pathStyle }),
    ...(options.anonymous && { anonymous: true }),
    ...(options.requesterPays && { requesterPays: true }),
  };
}

function cleanFolder(folder: string | undefined): string {
  const parts = (folder ?? '').split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new TargetError('the folder leaves the repository');
  return parts.join('/');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
