/** What an address in an option or a requirement is. */
export interface Address {
  scheme: string;
  host: string;
  path: string;
}

/** @returns undefined when it is no address with a host, or its host is a variable */
export function parseAddress(url: string): Address | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s]*)([^\s]*)$/i.exec(url);
  if (!match) return undefined;
  const [, scheme, authority, path] = match as unknown as [string, string, string, string];
  const at = authority.lastIndexOf('@');
  const hostPort = authority.slice(at + 1);
  const host = (
    hostPort.startsWith('[') ? hostPort.slice(1, hostPort.indexOf(']')) : hostPort.replace(/:\d*$/, '')
  ).toLowerCase();
  if (host === '' || /[${}<>]/.test(host)) return undefined;
  return { scheme: scheme.toLowerCase(), host, path };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) || host.endsWith('.localhost');
}

const PYPI = new Set(['pypi.org', 'files.pythonhosted.org', 'pypi.python.org']);

export function isPypi(host: string): boolean {
  return PYPI.has(host);
}

/** Indexes that the makers of well-known packages run for them, and copies of PyPI: named, but no cause for alarm. */
const KNOWN_PUBLIC = new Map<string, string>([
  ['download.pytorch.org', 'the PyTorch project'],
  ['pypi.nvidia.com', 'NVIDIA'],
  ['pypi.ngc.nvidia.com', 'NVIDIA'],
  ['developer.download.nvidia.com', 'NVIDIA'],
  ['data.pyg.org', 'the PyTorch Geometric project'],
  ['pytorch-geometric.com', 'the PyTorch Geometric project'],
  ['data.dgl.ai', 'the DGL project'],
  ['wheels.vllm.ai', 'the vLLM project'],
  ['flashinfer.ai', 'the FlashInfer project'],
  ['download.openmmlab.com', 'OpenMMLab'],
  ['dl.fbaipublicfiles.com', 'Meta'],
  ['abetlen.github.io', 'the llama-cpp-python project'],
  ['pip.repos.neuron.amazonaws.com', 'AWS Neuron'],
  ['download.openxlab.org.cn', 'OpenXLab'],
  ['pypi.tuna.tsinghua.edu.cn', 'a mirror of PyPI'],
  ['mirrors.tuna.tsinghua.edu.cn', 'a mirror of PyPI'],
  ['mirrors.aliyun.com', 'a mirror of PyPI'],
  ['mirrors.cloud.tencent.com', 'a mirror of PyPI'],
  ['mirrors.ustc.edu.cn', 'a mirror of PyPI'],
  ['mirrors.bfsu.edu.cn', 'a mirror of PyPI'],
  ['mirror.baidu.com', 'a mirror of PyPI'],
  ['pypi.douban.com', 'a mirror of PyPI'],
  ['pypi.doubanio.com', 'a mirror of PyPI'],
]);

/** Who runs a public index, when it is a known one. */
export function knownOperator({ host, path, scheme }: Address): string | undefined {
  if (scheme !== 'https') return undefined;
  // Anyone can have a bucket there; these two belong to Google's projects.
  if (host === 'storage.googleapis.com' && /^\/(?:jax-releases|libtpu-releases)(?:\/|$)/.test(path)) return 'Google';
  return KNOWN_PUBLIC.get(host);
}
