/** What Python code can do to the machine that runs it. */
export type HazardKind = 'process' | 'code' | 'native' | 'network' | 'file' | 'environment' | 'traversal';

export const HAZARD_WORDS: Readonly<Record<HazardKind, string>> = {
  process: 'starts a process',
  code: 'runs or loads further code',
  native: 'runs native code',
  network: 'uses the network',
  file: 'reads or changes files',
  environment: 'reads the environment of the process',
  traversal: 'climbs from an object to the interpreter',
};

const byPath = new Map<string, HazardKind>();
const byPrefix: [string, HazardKind][] = [];

function exact(kind: HazardKind, paths: string): void {
  for (const path of paths.split(' ')) byPath.set(path, kind);
}

function everything(kind: HazardKind, modules: string): void {
  for (const module of modules.split(' ')) {
    byPath.set(module, kind);
    byPrefix.push([`${module}.`, kind]);
  }
}

everything(
  'process',
  'subprocess pty commands popen2 multiprocessing concurrent.futures _posixsubprocess pexpect sh plumbum',
);
exact(
  'process',
  'os.system os.popen os.popen2 os.popen3 os.popen4 os.fork os.forkpty os.kill os.killpg os.startfile ' +
    'os.posix_spawn os.posix_spawnp os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe ' +
    'os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.abort os._exit ' +
    'platform.popen asyncio.create_subprocess_exec asyncio.create_subprocess_shell webbrowser.open signal.signal ' +
    'signal.raise_signal threading.Thread _thread.start_new_thread get_ipython posix.system nt.system',
);
everything(
  'code',
  'importlib runpy code codeop marshal pickle cPickle _pickle dill cloudpickle shelve imp zipimport pdb bdb ' +
    'timeit cProfile profile trace jsonpickle pip ensurepip distutils setuptools',
);
exact(
  'code',
  'eval exec execfile compile __import__ breakpoint types.FunctionType types.CodeType types.LambdaType ' +
    'joblib.load torch.load numpy.load np.load yaml.load yaml.unsafe_load pandas.read_pickle pd.read_pickle ' +
    'keras.models.load_model tf.keras.models.load_model tensorflow.keras.models.load_model tf.saved_model.load ' +
    'keras.config.enable_unsafe_deserialization sys.settrace sys.setprofile sys.modules tf.py_function ' +
    'site.addsitedir builtins.eval builtins.exec builtins.compile builtins.__import__ __builtin__.eval __builtin__.exec ' +
    '__builtins__ tf.compat.v1.py_func tf.numpy_function',
);
// A wrapped Python function is as harmless as the function, which is judged on its own.
for (const wrapper of ['tf.py_function', 'tf.numpy_function', 'tf.compat.v1.py_func']) byPath.delete(wrapper);
everything('native', 'ctypes _ctypes cffi numpy.ctypeslib np.ctypeslib');
exact(
  'native',
  'tf.load_op_library tf.load_library tensorflow.load_op_library tensorflow.load_library torch.ops.load_library ' +
    'torch.classes.load_library',
);
everything(
  'network',
  'socket _socket ssl urllib urllib2 urllib3 requests http httplib httplib2 httpx ftplib smtplib ' +
    'telnetlib poplib imaplib nntplib xmlrpc xmlrpclib aiohttp websocket websockets paramiko pycurl boto3 socketserver ' +
    'SocketServer webbrowser asyncio.streams dns wget',
);
exact(
  'network',
  'asyncio.open_connection asyncio.start_server keras.utils.get_file tf.keras.utils.get_file ' +
    'tensorflow.keras.utils.get_file get_file',
);
everything(
  'file',
  'shutil tempfile zipfile tarfile glob fileinput mmap sqlite3 dbm linecache tf.io.gfile tf.gfile ' +
    'tensorflow.io.gfile tensorflow.gfile pathlib',
);
exact(
  'file',
  'open file io.open io.FileIO codecs.open os.open os.remove os.unlink os.rename os.renames os.replace os.rmdir ' +
    'os.removedirs os.mkdir os.makedirs os.chmod os.chown os.link os.symlink os.listdir os.scandir os.walk os.read ' +
    'os.write os.truncate os.chdir os.mkfifo os.utime tf.io.read_file tf.io.write_file tf.io.matching_files ' +
    'tf.read_file tf.write_file tensorflow.io.read_file tensorflow.io.write_file tf.raw_ops.ReadFile tf.raw_ops.WriteFile ' +
    'np.save numpy.save np.savez numpy.savez np.savetxt numpy.savetxt np.fromfile numpy.fromfile np.memmap numpy.memmap ' +
    'np.loadtxt numpy.loadtxt np.genfromtxt numpy.genfromtxt pandas.read_csv pd.read_csv builtins.open __builtin__.open ' +
    'input raw_input',
);
exact(
  'environment',
  'os.environ os.getenv os.environb os.putenv os.environ.get os.getlogin getpass.getuser getpass.getpass',
);

/** Modules whose import alone is no ordinary part of a layer. */
const TELLTALE_IMPORTS = new Set(
  (
    'subprocess pty commands popen2 socket ctypes _ctypes marshal pickle cPickle _pickle dill cloudpickle runpy importlib ' +
    'paramiko telnetlib ftplib smtplib multiprocessing pexpect webbrowser urllib urllib2 requests http httplib shutil'
  ).split(' '),
);

/** Attribute names that mean the same on whatever object they are found. */
const TRAVERSAL = new Set([
  '__subclasses__',
  '__globals__',
  '__builtins__',
  '__bases__',
  '__base__',
  '__mro__',
  '__code__',
  '__loader__',
  '__closure__',
  'gi_frame',
  'f_globals',
  'f_builtins',
  'tb_frame',
  'func_globals',
  '__getattribute__',
]);
const TELLING_METHODS: ReadonlyMap<string, HazardKind> = new Map([
  ['system', 'process'],
  ['popen', 'process'],
  ['Popen', 'process'],
  ['check_output', 'process'],
  ['check_call', 'process'],
  ['spawn', 'process'],
  ['execv', 'process'],
  ['execve', 'process'],
  ['load_module', 'code'],
  ['exec_module', 'code'],
  ['import_module', 'code'],
  ['urlopen', 'network'],
  ['urlretrieve', 'network'],
  ['load_op_library', 'native'],
  ['LoadLibrary', 'native'],
  ['CDLL', 'native'],
  ['write_file', 'file'],
  ['read_file', 'file'],
  ['write_text', 'file'],
  ['write_bytes', 'file'],
]);

/**
 * Judges a dotted name that code calls or uses.
 * @param resolved false when what the name begins with is some object of unknown type
 */
export function hazardOf(path: string, resolved: boolean): HazardKind | undefined {
  if (resolved) {
    const found = byPath.get(path);
    if (found) return found;
    for (const [prefix, kind] of byPrefix) if (path.startsWith(prefix)) return kind;
    if (path.startsWith('os.environ.')) return 'environment';
    // `random._os.system`: a module reached through another.
    const parts = path.split('.');
    for (let i = 1; i < parts.length; i += 1) {
      const rest = parts.slice(i).join('.').replace(/^_+/, '');
      const inner = parts.length - i > 1 ? byPath.get(rest) : undefined;
      if (inner) return inner;
    }
  }
  const last = path.slice(path.lastIndexOf('.') + 1);
  return TRAVERSAL.has(last) ? 'traversal' : TELLING_METHODS.get(last);
}

export function isTellingImport(module: string): boolean {
  return TELLTALE_IMPORTS.has(module) || TELLTALE_IMPORTS.has(module.split('.')[0] as string);
}
