import type { Severity } from '../finding';
import { defineRules, type Rule } from '../rule';

type Entry = Omit<Rule, 'id'>;

const code = (
  title: string,
  severity: Severity,
  cwe: readonly string[],
  description: string,
  remediation: string,
  extra: { owasp?: readonly string[]; atlas?: readonly string[]; see?: readonly string[] } = {},
): Entry => ({
  title,
  category: 'code',
  severity,
  description,
  remediation,
  references: {
    cwe,
    owasp: extra.owasp ?? ['A03:2021'],
    atlas: extra.atlas ?? ['AML.T0010'],
    nist: ['MAP 4.1', 'MEASURE 2.7'],
    ...(extra.see && { see: extra.see }),
  },
});

const SUPPLY = { owasp: ['A08:2021', 'LLM03:2025', 'ML06:2023'], atlas: ['AML.T0010', 'AML.T0011.000'] };

export const PYTHON_RULES = defineRules('python', {
  'pickle-load': code(
    'Unpickling', 'medium', ['CWE-502'],
    'The call rebuilds objects from a pickle (or a format that is one inside). Whoever can write the data runs any code here.',
    'Load only data you made yourself, or use a format without code: safetensors, Parquet, JSON, skops.',
    SUPPLY,
  ),
  'torch-load': code(
    'torch.load without weights_only=True', 'medium', ['CWE-502'],
    'torch.load unpickles the file. Before PyTorch 2.6, and with weights_only=False, a checkpoint runs any code it holds.',
    'Pass weights_only=True, or store the weights as safetensors.',
    { ...SUPPLY, see: ['CVE-2025-32434'] },
  ),
  'torch-hub-load': code(
    'Code fetched by torch.hub', 'medium', ['CWE-494', 'CWE-829'],
    'torch.hub.load downloads a repository and runs its hubconf.py. Whoever controls the branch runs code here.',
    'Pin a full commit (owner/repo:sha), read the code, and leave trust_repo at "check".',
    SUPPLY,
  ),
  'torchscript-load': code(
    'TorchScript program loaded', 'info', ['CWE-829'],
    'A TorchScript file is a program; loading it from somewhere else means running it.',
    'Load TorchScript only from sources you trust and verify its hash.',
    SUPPLY,
  ),
  'numpy-allow-pickle': code(
    'numpy.load with allow_pickle=True', 'medium', ['CWE-502'],
    'Object arrays in .npy and .npz are pickles: with allow_pickle=True the file runs any code it holds.',
    'Leave allow_pickle at False and store plain arrays.',
    { ...SUPPLY, see: ['CVE-2019-6446'] },
  ),
  'keras-unsafe-load': code(
    'Keras safe mode switched off', 'high', ['CWE-502', 'CWE-94'],
    'Without safe mode Keras rebuilds Lambda layers, which are Python bytecode: the model runs any code it holds.',
    'Leave safe_mode at True and replace Lambda layers by registered ones.',
    { ...SUPPLY, see: ['CVE-2024-3660', 'CVE-2025-1550'] },
  ),
  'yaml-load': code(
    'yaml.load with an unsafe loader', 'high', ['CWE-502'],
    'The loader builds any Python object the document names, calls included. Whoever writes the document runs code here.',
    'Use yaml.safe_load, or pass Loader=yaml.SafeLoader.',
    { owasp: ['A08:2021'], see: ['CVE-2017-18342', 'CVE-2020-14343'] },
  ),
  'jsonpickle-decode': code(
    'jsonpickle decoding', 'medium', ['CWE-502'],
    'jsonpickle rebuilds any object the JSON names, so the data decides what runs.',
    'Use json, and build the objects yourself.',
    SUPPLY,
  ),
  'trust-remote-code': code(
    'Code of a model repository is run', 'medium', ['CWE-494', 'CWE-829'],
    'trust_remote_code=True downloads Python files from the repository and runs them. Whoever controls the repository runs code here.',
    'Use a model that the library supports itself, or read the code and pin revision to its full commit.',
    SUPPLY,
  ),
  'unpinned-revision': code(
    'Model or data set without a pinned revision', 'info', ['CWE-494'],
    'The name of a repository on a hub points at its newest state: what is loaded tomorrow may be something else.',
    'Pass revision= with the full commit hash that was reviewed.',
    SUPPLY,
  ),
  'dynamic-code': code(
    'Text run as code', 'medium', ['CWE-95', 'CWE-94'],
    'eval, exec or compile gets text that is put together while the program runs. Whoever controls a part of it runs code here.',
    'Use ast.literal_eval for values, a dictionary of functions for choices, and importlib for modules.',
    { owasp: ['A03:2021', 'LLM05:2025'] },
  ),
  'shell-injection': code(
    'Shell line put together from parts', 'medium', ['CWE-78'],
    'A shell interprets the whole line: a part with ; or $() in it is run as a command.',
    'Pass a list of arguments to subprocess.run without shell=True; quote with shlex.quote where a shell is needed.',
  ),
  'sql-injection': code(
    'SQL put together from parts', 'medium', ['CWE-89'],
    'The statement is built from text and values, so a value can change what the statement does.',
    'Pass the values as parameters of execute().',
  ),
  'tls-verification-disabled': code(
    'TLS certificates are not verified', 'medium', ['CWE-295'],
    'Without verification anybody on the way can read and replace what is transferred, models and packages included.',
    'Leave verification on; give the path of your own certificate authority where one is needed.',
    { owasp: ['A02:2021', 'A07:2021'] },
  ),
  'insecure-download': code(
    'Download without transport security', 'low', ['CWE-319', 'CWE-494'],
    'Something that is run or loaded comes over plain HTTP: anybody on the way can replace it.',
    'Use https and verify a hash.',
    SUPPLY,
  ),
  'debug-server': code(
    'Web server in debug mode', 'medium', ['CWE-489', 'CWE-94'],
    'The debugger of Werkzeug runs Python for whoever reaches the page.',
    'Switch debug off, and take it from the environment during development.',
    { owasp: ['A05:2021'] },
  ),
  'bind-all-interfaces': code(
    'Server open to every network', 'low', ['CWE-668'],
    'The address 0.0.0.0 or :: makes the server reachable from every network the machine is in.',
    'Bind to 127.0.0.1 and put authentication in front of what has to be reached.',
    { owasp: ['A05:2021'] },
  ),
  'public-share': code(
    'Application published through a tunnel', 'low', ['CWE-668', 'CWE-306'],
    'share=True opens a public address; without auth everybody who has it uses the application, and its files and tokens with it.',
    'Leave share off, or pass auth=.',
    { owasp: ['A01:2021', 'LLM06:2025'] },
  ),
  'no-authentication': code(
    'Notebook server without authentication', 'high', ['CWE-306'],
    'An empty token or password lets everybody who reaches the server run code on it.',
    'Remove the setting so that a token is generated, or set a hashed password.',
    { owasp: ['A07:2021'] },
  ),
  'archive-extraction': code(
    'Archive unpacked without a filter', 'low', ['CWE-22'],
    'Before Python 3.14 tarfile follows absolute names, `..` and links in the archive: it writes outside the folder.',
    "Pass filter='data'.",
    { owasp: ['A01:2021'], see: ['CVE-2007-4559'] },
  ),
  'temporary-file': code(
    'Temporary name without a file', 'low', ['CWE-377'],
    'tempfile.mktemp only makes up a name: somebody else can create the file first.',
    'Use tempfile.NamedTemporaryFile or tempfile.mkstemp.',
    { owasp: ['A01:2021'] },
  ),
  'weak-password-hash': code(
    'Password hashed by a fast function', 'medium', ['CWE-916', 'CWE-327'],
    'MD5, SHA-1 and plain SHA-2 are so fast that stolen password hashes are guessed in hours.',
    'Use argon2, bcrypt or hashlib.scrypt with a salt.',
    { owasp: ['A02:2021'] },
  ),
  'predictable-secret': code(
    'Secret made by a predictable generator', 'medium', ['CWE-338'],
    'The random module can be predicted from what it gave before; a token made by it can be guessed.',
    'Use the secrets module.',
    { owasp: ['A02:2021'] },
  ),
  'ssh-host-key': code(
    'SSH host keys are not checked', 'medium', ['CWE-295', 'CWE-322'],
    'Any host key is accepted, so anybody on the way can be the server.',
    'Load known hosts and leave the policy at RejectPolicy.',
    { owasp: ['A07:2021'] },
  ),
  'agent-code-execution': code(
    'Model output may be run as code', 'medium', ['CWE-94'],
    'The tool runs what a language model writes. A prompt in a document or a page can make it write anything.',
    'Run it in a sandbox without network and secrets, and ask a person before each run.',
    { owasp: ['LLM01:2025', 'LLM05:2025', 'LLM06:2025'], atlas: ['AML.T0051', 'AML.T0050'] },
  ),
  'dangerous-deserialization': code(
    'Vector store or chain unpickled', 'medium', ['CWE-502'],
    'allow_dangerous_deserialization=True unpickles the files of the store: whoever can write them runs code here.',
    'Load only stores you made yourself, or use one that does not pickle.',
    SUPPLY,
  ),
  'remote-model-load': code(
    'Model loaded straight from the network', 'high', ['CWE-494', 'CWE-502'],
    'The model comes from an address that nothing vouches for, and its format can run code when it is loaded.',
    'Fetch it over https, verify its hash, scan it, then load it.',
    SUPPLY,
  ),
  'removed-module': code(
    'Module that Python no longer has', 'info', ['CWE-477'],
    'The module was removed from the standard library; a package of that name on an index would be somebody else’s.',
    'Use what replaced it (importlib for imp, and so on).',
    { owasp: ['A06:2021'] },
  ),
  'hidden-execution': code(
    'Decoded payload is run', 'critical', ['CWE-506', 'CWE-94'],
    'Text is decoded from an encoded form and run as code: the usual dress of malicious packages and models.',
    'Do not run the file. Decode the text in a safe place and read what it does.',
    { owasp: ['A08:2021', 'LLM03:2025'], atlas: ['AML.T0010', 'AML.T0011'] },
  ),
  'reverse-shell': code(
    'Reverse shell', 'critical', ['CWE-506'],
    'The code connects to another machine and hands it a shell.',
    'Do not run the file. Find out how it came here.',
    { owasp: ['A08:2021', 'LLM03:2025'], atlas: ['AML.T0011', 'AML.T0072'] },
  ),
  'download-and-run': code(
    'Something downloaded is run', 'high', ['CWE-494', 'CWE-506'],
    'A program is fetched from the network and run in one step, without anything that vouches for it.',
    'Download first, verify, read, then run.',
    { owasp: ['A08:2021', 'LLM03:2025'], atlas: ['AML.T0010', 'AML.T0011'] },
  ),
  'import-time-execution': code(
    'Command run while the module is imported', 'high', ['CWE-506', 'CWE-829'],
    'A file that is only there to be imported (model code, build script) starts a process at once: loading the model is enough.',
    'Do not import the file. Read what the command does and where the file came from.',
    { owasp: ['A08:2021', 'LLM03:2025'], atlas: ['AML.T0010', 'AML.T0011'] },
  ),
});

export type PythonRule = keyof typeof PYTHON_RULES;
