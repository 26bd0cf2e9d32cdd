/**
 * What is dangerous, as families: a module (with everything below it) and what its callables can do. Single functions are
 * only listed where they differ from their family. The longest prefix decides.
 */
import type { Capability } from './policyTypes';

/** `module.prefix` words per capability. */
const FAMILIES: readonly [Capability, string][] = [
  [
    'process',
    `wmi _wmi gensim.utils.check_output pycparser.preprocess_file mimetools pyautogui pynput keyboard mouse xdist torch.utils.viz
     torch.cuda._memory_viz torch._strobelight torch.utils._strobelight torch.numa statsmodels.tsa.x13 jax._src.environment_info torch_geometric.graphgym.utils torch_geometric.profile xarray.util polars._cpu_check
     lightning.pytorch.strategies.launchers pytorch_lightning.strategies.launchers lightning.fabric.strategies.launchers transformers.testing_utils transformers.cli sympy.testing sympy.printing.gtk imageio_ffmpeg ffmpeg pytesseract pdfkit weasyprint matplotlib.texmanager matplotlib.testing matplotlib.animation
     sympy.printing.preview sympy.utilities.autowrap sympy.utilities._compilation networkx.drawing.nx_agraph networkx.drawing.nx_pydot ultralytics.utils.checks
     PIL.ImageGrab PIL.EpsImagePlugin horovod pyperclip tqdm.contrib.concurrent modal sounddevice torch.utils.data.communication torch.utils.data.dataloader._MultiProcessingDataLoaderIter dircache statvfs popen
     os posix nt os.path ntpath posixpath subprocess _posixsubprocess _bootsubprocess popen2 commands pty multiprocessing _multiprocessing
     moviepy billiard asyncio _asyncio concurrent.futures.process _winapi _osx_support _aix_support _pyrepl platform pipes mailcap
     test distutils distutils.spawn idlelib.run signal _signal posixshmem _posixshmem
     sh plumbum fabric fabric2 fabric3 invoke pexpect ptyprocess winpty delegator sarge envoy sultan shellinabox easyprocess
     psutil anyio trio gevent.subprocess gevent.os eventlet.green.subprocess eventlet.green.os twisted.internet.process
     twisted.internet.utils tornado.process nox tox invocations doit luigi celery huey rq dramatiq airflow prefect dagster
     apscheduler schedule supervisor circus honcho docker podman kubernetes ansible ansible_runner salt testinfra git dulwich
     pygit2 hgapi svn vagrant nmap scapy pwn pwnlib vim neovim pynvim sublime ranger
     torch.utils.collect_env torch.distributed.run torch.distributed.launch torch.distributed.launcher torch.distributed.elastic
     torch.multiprocessing torch.utils.hipify torch.utils.benchmark torch.utils.bottleneck torch.utils.model_dump
     torch.testing._internal numpy.distutils numpy.f2py.diagnose
     numpy.testing._private.extbuild scipy._build_utils sklearn._build_utils
     mlflow.projects mlflow.utils.process mlflow.pyfunc.backend mlflow.server mlflow.cli mlflow.sagemaker spacy.cli streamlit.web streamlit.cli gradio.cli gradio.tunneling
     wandb.sdk.launch wandb.cli ray._private.services ray.autoscaler ray.scripts dask.distributed distributed joblib.externals.loky
     accelerate.commands accelerate.launchers accelerate.utils.launch transformers.commands transformers.utils.notebook deepspeed.launcher horovod.runner
     pytorch_lightning.cli lightning.app lightning_app skypilot sky modal.cli bentoml_cli torchx kfp cog`,
  ],
  [
    'code',
    `parser.compilest patsy.dmatrix patsy.dmatrices patsy.highlevel patsy.eval patsy.incr_dbuilder debugpy pydevd ptvsd sympy.polys.monomials.MonomialOps jax._src.debugger transformers.utils.doc.copy_func networkx.algorithms.isomorphism.matchhelpers.copyfunc astropy.extern.ply attr._make._make_init attr._make._make_hash attr._make._compile_and_eval attr._make._linecache_and_compile attr.make_class attrs.make_class pydantic.create_model pydantic.main.create_model pydantic._internal._typing_extra pydantic.v1.utils decorator ply past future.utils.exec_ six.exec_
     parser.compileast parser.STType parser.ASTType parser.sequence2st parser.sequence2ast parser.tuple2st parser.tuple2ast parser._pickler
     _symtable hotshot _hotshot Tix FixTk FileDialog ScrolledText SimpleDialog Tkdnd tkColorChooser tkCommonDialog tkFileDialog tkFont tkMessageBox tkSimpleDialog ttk
     werkzeug typer coverage cmd dask.delayed dask.base dask.threaded dask.local dask.multiprocessing keras.layers.Lambda tensorflow.keras.layers.Lambda torch._jit_internal transformers.pipelines.custom keras.utils.custom_object_scope
     scipy._lib.decorator scipy.optimize._nonlin._nonlin_wrapper scipy.signal._signaltools.hilbert2 scipy.special._precompute scipy.stats._generate_pyx rexec Bastion copy._reconstruct concurrent.futures.thread._worker shlex.shlex.sourcehook
     code codeop pdb bdb cProfile profile _lsprof trace timeit doctest unittest runpy idlelib lib2to3 cgitb pyclbr
     rlcompleter site sitecustomize usercustomize tkinter _tkinter Tkinter turtle turtledemo dataclasses._create_fn annotationlib _interpreters
     _xxsubinterpreters _interpchannels interpreters concurrent.interpreters logging.config new compiler sets.eval user
     cgi.eval symtable types.FunctionType types.CodeType _testcapi _testinternalcapi _xxtestfuzz
     IPython ipykernel jupyter_client jupyter_core notebook nbconvert nbclient papermill nbformat.run ptpython bpython
     pytest _pytest nose nose2 hypothesis behave robot locust testtools trial mock py.test
     jinja2 mako chameleon genshi tornado.template bottle web2py cheetah Cheetah django.template kajiki
     sympy.parsing sympy.utilities.lambdify sympy.core.sympify numexpr asteval simpleeval RestrictedPython restrictedpython pyparsing.eval py_mini_racer js2py execjs dukpy quickjs lupa pyduktape
     cython Cython pyximport numba.core.compiler theano aesara pytensor cffi.verifier weave scipy.weave pythran
     torch._dynamo torch.fx torch.utils.bottleneck torch.jit torch._export torch.export torch._functorch torch.onnx torch.package
     torch.utils.data.datapipes torch._guards torch.testing torch.utils._sympy torch.utils._config_module torch._inductor.config torch.ao.quantization.fx
     torch.utils.data._utils.worker
     numpy.f2py numpy.testing torch._numpy.testing scipy._lib.array_api_compat._internal sklearn.externals.array_api_compat._internal sklearn.externals.array_api_extra.testing array_api_compat._internal sympy.plotting sympy.utilities.matchpy_connector
     numpy.lib.utils numpy.lib._utils_impl numpy.core.tests numpy.lib.format.read_array scipy._lib._pep440.eval
     pandas.core.computation pandas.eval pandas._testing pandas.util._tester pandas.conftest
     sklearn.utils._testing sklearn.utils.estimator_checks sklearn.externals._packaging.eval sklearn.conftest
     dill._dill dill.source dill.detect dill.settings dill cloudpickle joblib.externals.cloudpickle pyspark.cloudpickle ray.cloudpickle numba.cloudpickle numba.core.serialize sklearn.externals.joblib.externals.cloudpickle
     pathos multiprocess ppft jsonpickle yaml ruamel ruamel_yaml oyaml hyperpyyaml anyconfig confuse
     tensorflow.python.ops.script_ops tensorflow.py_function tensorflow.numpy_function tensorflow.compat.v1.py_func keras.src.ops.function
     keras.src.utils.python_utils keras.utils.generic_utils keras.src.layers.core.lambda_layer keras.layers.core.lambda_layer jax.experimental jax._src.callback jax.pure_callback
     hydra omegaconf.eval fire click.testing absl.app gin mlflow.recipes mlflow.models.eval mlflow.pyfunc
     transformers.dynamic_module_utils transformers.agents transformers.tools smolagents langchain langchain_experimental langchain_core llama_index llama_index_core autogen crewai
     guidance pandasai vanna interpreter open_interpreter e2b
     nltk.app nltk.test nltk.internals PIL.ImageMath PIL.ImageShow docutils sphinx
     execnet rpyc Pyro4 Pyro5 pyro4 xonsh py4j jpype jnius pyspark sage maxima rpy2 oct2py matlab`,
  ],
  [
    'import',
    `nltk.lazyimport gym.make gymnasium.make gym.envs.registration gymnasium.envs.registration pydantic._internal._validators entrypoints timm.models._factory timm.create_model scipy._lib.deprecation scipy.stats._distn_infrastructure.rv_generic pandas.plotting._core sklearn.utils.discovery sklearn.utils._show_versions warnings._getcategory warnings._setoption warnings._processoptions _codecs.lookup scipy.optimize._optimize.show_options numpy.core.function_base.add_newdoc codecs.lookup
     importlib imp _imp _frozen_importlib _frozen_importlib_external zipimport pkgutil pydoc modulefinder encodings ihooks
     imputil zope.dottedname werkzeug.utils django.utils.module_loading stevedore pluggy six.moves apipkg lazy_import lazy_loader
     torch._utils._import_dotted_name torch._dynamo.utils torch._sources torch._lazy transformers.utils.import_utils transformers.utils.imports
     numpy._pytesttester scipy._lib._bunch hydra.utils hydra._internal sklearn.utils._optional_dependencies
     google.protobuf.internal importlib_metadata importlib_resources fastcore.imports`,
  ],
  [
    'native',
    `ctypes _ctypes scipy.LowLevelCallable ctransformers vllm paddle.utils.cpp_extension _ctypes_test cffi _cffi_backend comtypes win32com win32api win32process pythoncom pywintypes clr pythonnet msilib _msi
     torch.ops torch._ops torch.classes torch._classes torch.utils.cpp_extension torch.library torch._C torch._inductor torch.cuda._nvrtc
     torch.backends.xeon torch._library torch.utils.dlpack torch._native torch.cuda.memory.CUDAPluggableAllocator torch.xpu.memory.XPUPluggableAllocator
     torch.cuda._preload_cuda_deps torch._preload_cuda_deps torch._preload_cuda_lib pandas.core.interchange
     numpy.ctypeslib numpy.core._internal._ctypes_eval scipy._lib._ccallback tensorflow.load_op_library tensorflow.load_library tensorflow.python.framework.load_library
     triton numba.cuda llvmlite onnxruntime tensorrt pycuda cupy.cuda.compiler cupy.RawModule cupy.RawKernel tvm openvino tflite_runtime
     xgboost.core._load_lib lightgbm.libpath llama_cpp ggml pyopencl mpi4py _xxinterpchannels`,
  ],
  [
    'unpickle',
    `Cookie pstats bentoml ultralytics.YOLO ultralytics.models.yolo.model networkx.readwrite.gpickle networkx.read_gpickle statsmodels.iolib.smpickle paddle.load paddle.jit.load paddle.framework.io mxnet.nd.load mxnet.ndarray.load mxnet.gluon.SymbolBlock.imports nbformat.read
     pickle _pickle cPickle pickletools shelve marshal dill.session klepto cloudpickle.load compress_pickle pickle5 pickleshare zodbpickle ZODB quickle
     joblib joblib.numpy_pickle joblib.numpy_pickle_utils joblib.numpy_pickle_compat joblib._store_backends joblib.memory sklearn.externals.joblib
     torch.serialization torch.hub torch.utils.serialization torch.package.package_importer torch.jit._serialization torch._weights_only_unpickler
     numpy.load numpy.lib.npyio numpy.lib._npyio_impl numpy.lib.format numpy.lib._format_impl numpy.compat.py3k
     pandas.compat.pickle_compat pandas.io.pickle pandas.read_pickle pandas.read_hdf
     skops.io mlflow.sklearn mlflow.pytorch mlflow.artifacts mlflow.keras mlflow.tracking mlflow.register_model mlflow.load
     fastai.learner fastai.torch_core.load fairseq.checkpoint_utils pytorch_lightning.core.saving pytorch_lightning.utilities.cloud_io lightning.fabric.utilities.cloud_io lightning_fabric.utilities.cloud_io
     tensorflow.saved_model tensorflow.keras.models tensorflow.python.saved_model keras.models.load_model keras.src.saving keras.saving keras.engine.saving keras.src.legacy.saving
     nltk.data spacy.load spacy.language.load gensim.utils.unpickle gensim.utils.SaveLoad flair.data.load
     django.core.cache redis.client werkzeug.contrib.cache diskcache cachetools.func sqlitedict peewee persistqueue
     hickle sklearn2pmml cebra.load timm.models._helpers timm.models.helpers huggingface_hub.serialization catboost.core._load
     stable_baselines3.common.save_util sentence_transformers.util.load ray.train torchvision.datasets.utils numpy.core._methods._load srsly._pickle_api srsly.cloudpickle`,
  ],
  [
    'install',
    `pip _pip pip._internal ensurepip venv virtualenv setuptools pkg_resources easy_install wheel conda mamba poetry pdm hatch hatchling flit flit_core build
     uv pipenv twine zipapp pipx distlib numpy.distutils.core scikit_build skbuild mesonpy maturin setuptools._distutils _distutils_hack bdist nbdev`,
  ],
  [
    'tamper',
    `picklescan modelscan fickling modelaudit watchtower guarddog bandit safety semgrep protectai llm_guard palisade modelscan_cli picklemagic
     copyreg.add_extension copyreg.pickle copyreg.dispatch_table copyreg._inverted_registry warnings.showwarning audit sysaudit`,
  ],
  [
    'file',
    `binhex mimify markdown.markdownFromFile charset_normalizer configobj dask.bag environs tifffile rasterio osgeo open3d.io pydicom SimpleITK databricks.koalas koalas matplotlib.cbook.get_sample_data matplotlib.cbook.open_file_cm matplotlib.cbook.to_filehandle matplotlib.style dateutil.zoneinfo tomlkit.toml_file rich.progress.open pycparser.parse_file toaiff sunaudio linuxaudiodev audiodev whichdb dbhash cookielib _LWPCookieJar _MozillaCookieJar _elementtree.parse _elementtree.ElementTree
     keyring secretstorage duckdb vaex.open vaex.from_csv modin.pandas.read_csv modin.pandas.io matplotlib.pyplot.savefig PIL.ImageFile.LoadFont
     tabnanny zoneinfo._common zoneinfo._tzpath torch.profiler torch.autograd.profiler torch.autograd.profiler_util torch.utils._crash_handler torch.utils.file_baton torch.utils.jit sklearn.tree._export pandas.util._print_versions pandas._version scipy._lib._tmpdirs scipy._lib._testutils base64.main quopri.main json.tool sklearn.feature_extraction.image mhlib multifile posixfile
     io _io _pyio pathlib shutil tempfile glob fileinput filecmp linecache mmap zipfile zipfile._path tarfile gzip bz2 lzma _compression compression
     dbm _dbm _gdbm gdbm anydbm dumbdbm bsddb sqlite3 _sqlite3 configparser plistlib netrc mailbox nis spwd pwd grp gettext locale.bindtextdomain readline
     genericpath stat _stat macpath aifc sunau wave chunk sndhdr imghdr audioop ossaudiodev winsound xml pyexpat uu mimetypes py_compile compileall winreg _winreg codecs.open codecs.EncodedFile
     tokenize.open tokenize.detect_encoding csv.open tomllib tomli dotenv toml logging.FileHandler logging.handlers logging.basicConfig
     numpy.fromfile numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.memmap numpy.loadtxt numpy.genfromtxt numpy.fromregex numpy.DataSource numpy.lib._datasource numpy.core.memmap numpy.core.records.fromfile
     numpy.ma.mrecords.fromtextfile numpy.ma.mrecords.openfile numpy.lib.tests numpy.recfromtxt numpy.recfromcsv numpy.tofile
     scipy.io scipy.datasets scipy.misc scipy.sparse._matrix_io scipy.sparse.load_npz scipy.sparse.save_npz scipy.odr._odrpack.ODR scipy.odr.ODR pandas.io pandas.ExcelWriter pandas.HDFStore pandas.ExcelFile sklearn.datasets sklearn.utils._testing.create_memmap_backed_data
     h5py tables zarr netCDF4 pyarrow.fs pyarrow.parquet pyarrow.csv pyarrow.feather pyarrow.orc pyarrow.dataset pyarrow.json pyarrow.memory_map pyarrow.OSFile safetensors onnx
     cv2 imageio PIL.Image.open skimage.io soundfile torchaudio.backend torchvision.io torchvision.datasets torch.utils.tensorboard tensorboard tensorboardX tensorflow.io tensorflow.python.lib.io tensorflow.python.platform.gfile
     openpyxl xlrd xlsxwriter docx pypdf PyPDF2 pdfplumber fitz lxml defusedxml bs4 watchdog send2trash appdirs platformdirs filelock portalocker fsspec.implementations.local
     tensorflow.train tensorflow.summary tensorflow.data torch.utils._content_store nibabel.load librosa.load`,
  ],
  [
    'network',
    `SimpleXMLRPCServer astropy.samp sentence_transformers.SentenceTransformer ultralytics.utils.downloads ultralytics.hub jsonschema.RefResolver deepspeed.init_inference DocXMLRPCServer robotparser transformers.pipeline transformers.pipelines transformers.modelcard transformers.onnx
     xgboost.tracker xgboost.dask xgboost.testing xgboost.collective xgboost.federated email.utils.make_msgid
     socket _socket ssl _ssl select selectors socketserver SocketServer asyncore asynchat http httplib urllib urllib2 urlparse.urlopen ftplib imaplib poplib smtplib smtpd nntplib
     telnetlib xmlrpc xmlrpclib wsgiref cgi webbrowser antigravity BaseHTTPServer SimpleHTTPServer CGIHTTPServer
     requests requests_html urllib3 httpx httpcore aiohttp httplib2 pycurl treq grequests niquests tornado twisted gevent eventlet websocket websockets socketio engineio
     paramiko asyncssh ssh2 scp pysftp ftputil smbclient smbprotocol impacket ldap ldap3 dns dnspython whois pyshark telnetlib3 zmq nanomsg stomp pika kombu kafka confluent_kafka paho mqtt
     boto boto3 botocore aiobotocore s3fs gcsfs adlfs s3transfer minio google.cloud google.auth googleapiclient azure msrest oauthlib openai anthropic cohere replicate mistralai groq together litellm
     redis pymongo motor psycopg2 psycopg pymysql MySQLdb mysql cx_Oracle oracledb sqlalchemy aiosqlite asyncpg elasticsearch opensearchpy cassandra neo4j influxdb clickhouse_driver snowflake
     fsspec smart_open gdown wget kaggle huggingface_hub datasets wandb comet_ml neptune clearml mlflow tensorboard_data_server modelscope
     torch.hub.download_url_to_file torch.hub.load_state_dict_from_url torch.distributed torch.distributed.rpc torchvision.datasets.utils.download_url transformers.utils.hub transformers.file_utils
     sklearn.datasets._openml sklearn.datasets._base._fetch_remote pandas.io.common.urlopen nltk.downloader spacy.cli.download gensim.downloader gradio streamlit dash flask django fastapi starlette uvicorn gunicorn aiofiles
     openml statsmodels.datasets.utils statsmodels.datasets.get_rdataset statsmodels.datasets.webuse tqdm.contrib.telegram tqdm.contrib.discord tqdm.contrib.slack dvc.api
     selenium playwright pyppeteer mechanize scrapy feedparser slack_sdk slack telegram discord tweepy twilio sendgrid smtplib2 yagmail pyngrok ngrok grpc thrift
     keras.utils.data_utils keras.src.utils.file_utils keras.utils.get_file tensorflow.keras.utils.get_file tensorflow.distribute tensorflow.config.experimental_connect_to_cluster ray`,
  ],
  [
    'attribute',
    `dataclasses._set_new_attribute functools.update_wrapper functools.wraps functools.total_ordering enum._simple_enum codecs.register codecs.register_error _codecs.register _codecs.register_error _codecs.unregister
     gc inspect sys _testcapi.get traceback faulthandler tracemalloc ctypes.util opcode dis sysconfig builtins.vars builtins.globals builtins.locals
     builtins.dir builtins.setattr builtins.delattr builtins.super string.Formatter reprlib.Repr atexit _thread thread threading _threading_local dummy_threading dummy_thread _dummy_thread _interpqueues
     _sitebuiltins types.DynamicClassAttribute _weakref.getweakrefs weakref.getweakrefs gettrace wrapt pydash glom toolz.curried objgraph pympler`,
  ],
  [
    'callback',
    `concurrent concurrent.futures contextlib contextvars _contextvars sched queue.Queue.join functools _functools itertools weakref _weakref types.MethodType _collections_abc abc
     heapq.merge logging graphlib sre_compile curses _curses optparse argparse.ArgumentParser getopt copy pprint tenacity retrying backoff toolz cytoolz more_itertools funcy pipe returns joblib.parallel joblib.Parallel blinker mutex future_builtins`,
  ],
];

/**
 * Single callables that differ from their module. `capability: path path`. Paths are `module.qualname`.
 */
const EXACT: readonly [Capability, string][] = [
  [
    'code',
    'builtins.eval builtins.exec builtins.compile builtins.execfile builtins.breakpoint builtins.input builtins.raw_input builtins.help builtins.copyright builtins.license builtins.credits builtins.__build_class__',
  ],
  [
    'import',
    'matplotlib.use matplotlib.pyplot.switch_backend builtins.__import__ builtins.reload builtins.__loader__ builtins.__spec__ sys.modules sys.meta_path sys.path_hooks sys.path sys.path_importer_cache sys.modules.get',
  ],
  [
    'file',
    'builtins.open builtins.file builtins.print argparse.FileType logging.FileHandler gzip.open bz2.open lzma.open',
  ],
  [
    'tamper',
    'keras.config.enable_unsafe_deserialization keras.src.saving.serialization_lib.enable_unsafe_deserialization sys.addaudithook sys.audit sys.excepthook sys.unraisablehook',
  ],
  [
    'attribute',
    'sys.settrace sys.setprofile sys._getframe sys._current_frames sys._getframemodulename builtins.classmethod.__get__ builtins.object.__getattribute__ operator.setitem operator.delitem operator.call operator.iconcat.__self__',
  ],
  [
    'code',
    'dataclasses.dataclass dataclasses._init_fn dataclasses._repr_fn dataclasses._cmp_fn dataclasses._hash_fn dataclasses._hash_add dataclasses._frozen_get_del_attr dataclasses._FuncBuilder dataclasses.make_dataclass dataclasses._process_class dataclasses._create_fn typing._eval_type typing.get_type_hints typing.ForwardRef typing.ForwardRef._evaluate typing.evaluate_forward_ref collections.namedtuple.__new__ ast.parse string.templatelib',
  ],
  [
    'code',
    'types.FunctionType types.CodeType types.LambdaType types.new_class types.prepare_class types.coroutine enum._test_simple_enum functools.singledispatchmethod',
  ],
  [
    'process',
    'uuid._get_command_stdout uuid._popen uuid._ip_getnode uuid._ifconfig_getnode uuid._arp_getnode uuid._lanscan_getnode uuid._netstat_getnode uuid.getnode uuid._find_mac imaplib.IMAP4_stream ctypes.util.find_library getpass.getuser getpass.getpass getpass.unix_getpass uuid.uuid1 uuid._find_mac_near_keyword uuid._find_mac_under_heading uuid._load_system_functions uuid._unix_getnode uuid._windll_getnode uuid._unixdll_getnode uuid._ipconfig_getnode webbrowser.open',
  ],
  [
    'unpickle',
    'torch.load torch.serialization.load torch.jit.load pandas.read_pickle numpy.load joblib.load multiprocessing.managers.BaseManager.connect multiprocessing.connection.Connection multiprocessing.connection.Client multiprocessing.spawn.spawn_main multiprocessing.reduction.ForkingPickler.loads logging.config.listen lib2to3.pgen2.driver.load_packaged_grammar lib2to3.pgen2.grammar.Grammar.load lib2to3.pgen2.grammar.Grammar.loads',
  ],
  [
    'file',
    'torch.save torch.from_file torch.export.save xgboost.core.Booster.load_model xgboost.core.Booster.save_model lightgbm.basic.Booster.save_model torch.onnx.export',
  ],
  [
    'code',
    'pandas.core.frame.DataFrame.query pandas.core.frame.DataFrame.eval pandas.DataFrame.query pandas.DataFrame.eval sympy.sympify sympy.lambdify sympy.parse_expr numpy.safe_eval numpy.lib.utils.safe_eval numpy.source numpy.info numpy.lookfor numpy.runtests torch.compile torch.vmap numpy.vectorize.__call__',
  ],
  [
    'callback',
    'pandas.core.generic.NDFrame.pipe pandas.core.frame.DataFrame.apply pandas.core.frame.DataFrame.applymap pandas.core.series.Series.apply pandas.core.series.Series.map numpy.apply_along_axis numpy.apply_over_axes numpy.fromfunction numpy.piecewise numpy.frompyfunc numpy.vectorize',
  ],
  [
    'terminate',
    'sys.exit builtins.exit builtins.quit os._exit os.abort os.kill _thread.interrupt_main _thread.exit faulthandler._sigsegv signal.raise_signal',
  ],
  ['native', 'tensorflow.load_op_library torch.ops.load_library torch.classes.load_library'],
  [
    'side-effect',
    'sys.setrecursionlimit sys.setswitchinterval sys.stdout.write sys.displayhook resource.setrlimit fcntl.ioctl fcntl.fcntl fcntl.flock time.sleep',
  ],
];

const FAMILY = new Map<string, Capability>();
for (const [capability, words] of FAMILIES) {
  for (const word of words.trim().split(/\s+/)) if (!FAMILY.has(word)) FAMILY.set(word, capability);
}
const SINGLE = new Map<string, Capability>();
for (const [capability, words] of EXACT) for (const word of words.split(' ')) SINGLE.set(word, capability);

/** Capability of exactly this callable. */
export function exactDanger(path: string): Capability | undefined {
  return SINGLE.get(path);
}

/** The longest module prefix that is a hazardous family. */
export function dangerousFamily(path: string): { family: string; capability: Capability } | undefined {
  for (let prefix = path; prefix; ) {
    const capability = FAMILY.get(prefix);
    if (capability) return { family: prefix, capability };
    const dot = prefix.lastIndexOf('.');
    if (dot < 0) return undefined;
    prefix = prefix.slice(0, dot);
  }
  return undefined;
}

/** Modules of the standard library that are in no family above: their functions compute, or have a local effect. */
export const OTHER_STDLIB: ReadonlySet<string> = new Set(
  `__future__ _abc _ast _bisect _blake2 _bz2 _codecs _collections _compat_pickle _crypt _csv _datetime _decimal _elementtree _hashlib
   _heapq _json _locale _lzma _markupbase _md5 _opcode _operator _overlapped _py_abc _pydecimal _queue _random _scproxy _sha1
   _sha256 _sha3 _sha512 _sre _statistics _string _strptime _struct _tokenize _tracemalloc _typing _uuid _warnings _weakrefset
   _zoneinfo argparse array ast base64 binascii bisect builtins calendar cmath codecs collections colorsys copyreg crypt csv
   dataclasses datetime decimal difflib email enum errno fcntl fnmatch formatter fractions getopt getpass graphlib hashlib heapq
   hmac html ipaddress json keyword locale math md5 mimetypes msvcrt numbers nturl2path operator optparse pprint pstats queue quopri
   random re repr reprlib resource secrets sha sre_constants sre_parse statistics string stringprep struct syslog tabnanny
   termios textwrap this time token tokenize tty typing unicodedata uuid warnings xdrlib zlib zoneinfo`
    .trim()
    .split(/\s+/),
);

/** Words in the name of a function that tell what it does, for libraries whose functions nobody can list. */
const WORDS: readonly [Capability, string][] = [
  [
    'process',
    'system popen spawn spawnv shell subprocess command commands cmd run runner launch fork main cli execv kill',
  ],
  [
    'code',
    'eval exec execute evaluate compile script interpret lambdify codegen repl console query runstring jit render template',
  ],
  ['import', 'import importlib imports locate'],
  ['native', 'dll cdll dlopen library ctypes'],
  ['unpickle', 'pickle unpickle loads deserialize unserialize load loader unmarshal restore checkpoint'],
  [
    'file',
    'open read write save dump dumps file files filename mkdir makedirs remove unlink rename rmtree tofile fromfile memmap mmap tempdir loadtxt savetxt csv json excel parquet path dir directory tempfile touch extractall',
  ],
  [
    'network',
    'url urlopen urls http https download fetch request requests socket connect connection server client upload hub remote ftp ssh wget curl pretrained',
  ],
  ['callback', 'apply pipe callback thread'],
];
const STRONG = new Set(
  'system popen spawn spawnv shell subprocess exec eval unpickle urlopen dlopen cdll importlib import loads download execv execute command'.split(
    ' ',
  ),
);
const WORD = new Map<string, Capability>();
for (const [capability, words] of WORDS) for (const word of words.split(' ')) WORD.set(word, capability);

/** Words in the name of a class whose constructor does more than to hold values. */
const CLASS_WORDS = new Map<string, Capability>(
  (
    [
      ['process', 'popen subprocess shell command launcher executive'],
      ['code', 'interpreter repl compiler debugger script notebook lambda'],
      ['unpickle', 'unpickler unmarshaller'],
      ['file', 'file filehandler writer archive zip tar memmap datasource'],
      ['network', 'socket server client http https url ftp smtp connection downloader session'],
    ] as [Capability, string][]
  ).flatMap(([capability, words]) => words.split(' ').map((word) => [word, capability] as [string, Capability])),
);

/** `readHTMLFile` and `read_html_file` as words in lower case. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);
}

/** @param strongOnly only words that leave no doubt, for packages that nothing is known of */
export function dangerousWord(name: string, strongOnly: boolean): { word: string; capability: Capability } | undefined {
  for (const word of wordsOf(name)) {
    const capability = WORD.get(word);
    if (capability && (!strongOnly || STRONG.has(word))) return { word, capability };
  }
  return undefined;
}

export function dangerousClassWord(name: string): { word: string; capability: Capability } | undefined {
  for (const word of wordsOf(name)) {
    const capability = CLASS_WORDS.get(word);
    if (capability) return { word, capability };
  }
  return undefined;
}
