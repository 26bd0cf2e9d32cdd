/**
 * Callables that real pickles use and that are harmless in the position named here. Exact: module and qualified name.
 * `module: name name ...` per line, under the reason why they are harmless.
 */
const SAFE: readonly [why: string, entries: string][] = [
  [
    'a built-in type that only makes a value',
    `builtins: bool int float complex str bytes bytearray list tuple dict set frozenset range slice object memoryview
     NoneType Ellipsis NotImplemented ellipsis reversed enumerate zip iter property staticmethod classmethod
     ValueError TypeError KeyError IndexError RuntimeError Exception BaseException StopIteration AttributeError
     NameError LookupError ArithmeticError ZeroDivisionError OverflowError FloatingPointError AssertionError
     ImportError ModuleNotFoundError OSError IOError EOFError MemoryError NotImplementedError UnicodeDecodeError
     UnicodeEncodeError UnicodeError Warning UserWarning DeprecationWarning FutureWarning RuntimeWarning
     PendingDeprecationWarning ImportWarning UnicodeWarning BytesWarning ResourceWarning SyntaxWarning SyntaxError
     KeyboardInterrupt SystemExit GeneratorExit RecursionError TimeoutError ConnectionError FileNotFoundError
     FileExistsError PermissionError InterruptedError IsADirectoryError NotADirectoryError BrokenPipeError
     ConnectionResetError ConnectionRefusedError ConnectionAbortedError ChildProcessError ProcessLookupError
     BlockingIOError StopAsyncIteration ReferenceError SystemError UnboundLocalError EnvironmentError ExceptionGroup
     BaseExceptionGroup EncodingWarning`,
  ],
  [
    'a container that only holds values',
    'collections: OrderedDict deque Counter ChainMap UserDict UserList UserString',
  ],
  ['a container that only holds values', '_collections: OrderedDict deque'],
  ['a date or time', 'datetime: datetime date time timedelta timezone tzinfo'],
  ['a date or time', '_datetime: datetime date time timedelta timezone tzinfo'],
  ['a date or time', '_pydatetime: datetime date time timedelta timezone tzinfo'],
  ['a date or time', 'time: struct_time'],
  ['a time zone by name', 'zoneinfo: ZoneInfo ZoneInfo._unpickle'],
  ['a time zone by name', 'zoneinfo._zoneinfo: ZoneInfo'],
  ['a time zone by name', 'backports.zoneinfo: ZoneInfo ZoneInfo._unpickle'],
  ['a time zone by name', 'pytz: _UTC _p utc timezone'],
  ['a time zone by name', 'pytz.tzinfo: unpickler DstTzInfo StaticTzInfo'],
  ['a time zone by name', 'dateutil.tz.tz: tzutc tzlocal tzoffset tzfile tzrange tzstr'],
  ['a time zone by name', 'dateutil.tz: tzutc tzlocal tzoffset tzfile'],
  ['a date rule', 'dateutil.relativedelta: relativedelta'],
  ['a date rule', 'dateutil.rrule: rrule rruleset weekday'],
  ['a number', 'decimal: Decimal Context DefaultContext'],
  ['a number', '_decimal: Decimal Context'],
  ['a number', '_pydecimal: Decimal Context'],
  ['a number', 'fractions: Fraction'],
  ['an identifier', 'uuid: UUID SafeUUID'],
  ['a path that is not touched', 'pathlib: Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['a path that is not touched', 'pathlib._local: Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['a bag of attributes', 'argparse: Namespace'],
  ['a bag of attributes', 'types: SimpleNamespace GenericAlias NoneType MappingProxyType'],
  ['an array of numbers', 'array: array _array_reconstructor'],
  ['a compiled regular expression', 're: _compile compile'],
  ['a compiled regular expression', 're._compiler: compile'],
  ['a compiled regular expression', 'regex: _regex'],
  ['a compiled regular expression', '_regex_core: _compile'],
  ['a compiled regular expression', 'regex._regex_core: _compile'],
  ['a compiled regular expression', 'regex._main: _compile'],
  ['a random number generator', 'random: Random SystemRandom'],
  ['a random number generator', '_random: Random'],
  [
    'an iterator over values',
    'itertools: count cycle repeat chain chain.from_iterable islice product permutations combinations combinations_with_replacement zip_longest compress tee pairwise batched',
  ],
  ['a logger by name', 'logging: getLogger Logger RootLogger PlaceHolder LogRecord NullHandler Formatter'],
  [
    'a network address as a value',
    'ipaddress: IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface',
  ],
  ['a buffer in memory', '_io: BytesIO StringIO'],
  ['a buffer in memory', 'io: BytesIO StringIO'],
  ['a buffer in memory', 'pickle: PickleBuffer'],
  ['a buffer in memory', '_pickle: PickleBuffer'],
  ['a device by name', 'torch.distributed.remote_device: _remote_device'],
  ['text', 'string: Template'],
  ['the way a module was traced', 'torch.fx._symbolic_trace: Tracer'],
  ['the way a module was traced', 'torch.fx.graph_module: GraphModule'],
  [
    'a hook for packed weights',
    'torch.ao.quantization.fx.graph_module: _save_packed_weight _load_packed_weight ObservedGraphModule QuantizedGraphModule GraphModule',
  ],
  ['text as a tree', 'xml.etree.ElementTree: Element'],
  ['a context that does nothing', 'contextlib: nullcontext'],
  ['a value that is not there', 'jinja2.runtime: Undefined StrictUndefined ChainableUndefined DebugUndefined'],
  ['an enumeration', 'enum: Enum IntEnum Flag IntFlag StrEnum auto'],
  [
    'an array rebuilt from its bytes',
    'numpy: dtype ndarray generic matrix recarray record poly1d chararray void bool_ bool str_ bytes_ object_ number integer floating Inf nan newaxis',
  ],
  [
    'an array rebuilt from its bytes',
    'numpy: int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc uintc intp uintp longlong ulonglong float16 float32 float64 float128 longdouble complex64 complex128 complex256 datetime64 timedelta64 half single double byte short int_ float_ str unicode_ string_ bool8',
  ],
  ['an array rebuilt from its bytes', 'numpy.core.multiarray: _reconstruct scalar dtype ndarray'],
  ['an array rebuilt from its bytes', 'numpy.core._multiarray_umath: _reconstruct scalar'],
  ['an array rebuilt from its bytes', 'numpy.core.numeric: _frombuffer'],
  ['an array rebuilt from its bytes', 'numpy.core.records: recarray record'],
  ['an array rebuilt from its bytes', 'numpy.rec: recarray record'],
  ['an array rebuilt from its bytes', 'numpy.core.defchararray: chararray'],
  ['an array rebuilt from its bytes', 'numpy.matrixlib.defmatrix: matrix'],
  ['an array rebuilt from its bytes', 'numpy.matrixlib: matrix'],
  ['an array rebuilt from its bytes', 'numpy.ma.core: _mareconstruct MaskedArray MaskedConstant'],
  ['an array rebuilt from its bytes', 'numpy.ma.mrecords: _mrreconstruct MaskedRecords mrecarray'],
  ['an array rebuilt from its bytes', 'numpy.lib.polynomial: poly1d'],
  ['an array rebuilt from its bytes', 'numpy.lib._polynomial_impl: poly1d'],
  ['an array rebuilt from its bytes', 'numpy.core._internal: _ctypes dummy_ctype'],
  ['a random number generator', 'numpy.random._pickle: __bit_generator_ctor __generator_ctor __randomstate_ctor'],
  ['a random number generator', 'numpy.random: __RandomState_ctor RandomState'],
  ['a random number generator', 'numpy.random.mtrand: RandomState _rand'],
  ['a data frame rebuilt from its blocks', 'pandas._libs.internals: _unpickle_block'],
  ['a data frame rebuilt from its blocks', 'pandas.core.internals.blocks: new_block _unpickle_block make_block'],
  ['a data frame rebuilt from its blocks', 'pandas.core.internals.managers: BlockManager SingleBlockManager'],
  ['an index rebuilt from its values', 'pandas.core.indexes.base: _new_Index Index'],
  ['an index rebuilt from its values', 'pandas.core.index: _new_Index Index MultiIndex'],
  ['an index rebuilt from its values', 'pandas.indexes.base: _new_Index'],
  ['an index rebuilt from its values', 'pandas.core.indexes.datetimes: _new_DatetimeIndex'],
  ['an index rebuilt from its values', 'pandas.tseries.index: _new_DatetimeIndex'],
  ['an index rebuilt from its values', 'pandas.core.indexes.period: _new_PeriodIndex'],
  ['an index rebuilt from its values', 'pandas.core.indexes.interval: _new_IntervalIndex'],
  ['a time value', 'pandas._libs.tslibs.timestamps: _unpickle_timestamp'],
  ['a time value', 'pandas._libs.tslibs.timedeltas: _timedelta_unpickle'],
  ['a time value', 'pandas._libs.tslibs.nattype: _nat_unpickle __nat_unpickle'],
  ['a time value', 'pandas._libs.missing: NAType C_NA'],
  ['a time value', 'pandas._libs.tslib: _nat_unpickle __nat_unpickle Timestamp'],
  ['a time value', 'pandas._libs.tslibs.offsets: _offset_unpickle'],
  ['a time zone', 'pandas._libs.tslibs.timezones: maybe_get_tz'],
  [
    'a tensor rebuilt over a storage',
    `torch._utils: _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state
     _rebuild_parameter_v2 _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_sparse_compressed_tensor
     _rebuild_nested_tensor _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor
     _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass _rebuild_xla_tensor _rebuild_mlc_tensor _rebuild_hpu_tensor`,
  ],
  [
    'a tensor type, storage or descriptor',
    `torch: Size device Tensor Generator dtype FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage
     ShortStorage CharStorage ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage
     QInt32Storage QUInt4x2Storage QUInt2x4Storage UntypedStorage TypedStorage FloatTensor DoubleTensor HalfTensor LongTensor
     IntTensor ShortTensor CharTensor ByteTensor BoolTensor BFloat16Tensor per_tensor_affine per_channel_affine
     per_channel_affine_float_qparams per_tensor_symmetric per_channel_symmetric strided sparse_coo sparse_csr sparse_csc
     sparse_bsr sparse_bsc contiguous_format channels_last channels_last_3d preserve_format float float16 float32 float64
     bfloat16 half double int8 int16 int32 int64 uint8 uint16 uint32 uint64 int long short bool complex32 complex64 complex128
     quint8 qint8 qint32 quint4x2 quint2x4 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu
     float4_e2m1fn_x2 bits8 bits16 bits1x8 bits2x4 bits4x2`,
  ],
  ['a tensor type, storage or descriptor', 'torch.storage: UntypedStorage TypedStorage _TypedStorage _UntypedStorage'],
  [
    'a tensor type, storage or descriptor',
    'torch.nn.parameter: Parameter UninitializedParameter Buffer UninitializedBuffer',
  ],
  ['a tensor type, storage or descriptor', 'torch.tensor: Tensor'],
  ['a tensor type, storage or descriptor', 'torch._tensor: Tensor'],
  ['a tensor type, storage or descriptor', 'torch.serialization: _get_layout'],
  [
    'a value of TorchScript',
    'torch.jit._pickle: build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id restore_type_tag build_complexlist',
  ],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors._kd_tree: newObj newObj32 newObj64'],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors._ball_tree: newObj newObj32 newObj64'],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors.kd_tree: newObj'],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors.ball_tree: newObj'],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors.dist_metrics: newObj'],
  ['an index structure rebuilt from its arrays', 'sklearn.neighbors._dist_metrics: newObj'],
  ['an index structure rebuilt from its arrays', 'sklearn.metrics._dist_metrics: newObj newObj32 newObj64'],
  ['an index structure rebuilt from its arrays', 'pynndescent.pynndescent_: NNDescent'],
  ['an estimator taken apart and put together', 'sklearn.base: clone'],
  ['a status code', 'http: HTTPStatus HTTPMethod'],
  ['the description of a function', 'inspect: Signature Parameter _ParameterKind _empty BoundArguments'],
  ['vocabulary of a text pipeline', 'spacy.vocab: unpickle_vocab'],
  ['vocabulary of a text pipeline', 'spacy.vectors: unpickle_vectors'],
  ['vocabulary of a text pipeline', 'preshed.maps: unpickle_map'],
  ['vocabulary of a text pipeline', 'spacy.morphology: unpickle_morphology'],
  ['vocabulary of a text pipeline', 'spacy.tokens.underscore: Underscore'],
  ['a matrix in memory', 'scipy.sparse._base: _spbase'],
  ['an identifier', 'bson.objectid: ObjectId'],
  ['a bag of attributes', 'easydict: EasyDict'],
  ['a bag of attributes', 'addict.addict: Dict'],
  ['a bag of attributes', 'munch: Munch'],
  ['a bag of attributes', 'yacs.config: CfgNode'],
  ['an optional marker', 'dataclasses: MISSING _MISSING_TYPE _HAS_DEFAULT_FACTORY_CLASS'],
  [
    'an operator, which computes',
    `operator: or_ and_ xor not_ add sub mul truediv floordiv mod matmul pow neg pos abs invert inv lshift rshift eq ne lt le gt ge
     is_ is_not truth index concat contains countOf indexOf length_hint iadd isub imul iand ior ixor iconcat`,
  ],
  [
    'settings as values',
    `configparser: ConfigParser RawConfigParser SafeConfigParser SectionProxy ConverterMapping Interpolation BasicInterpolation
     ExtendedInterpolation LegacyInterpolation`,
  ],
  ['cookies as values', 'http.cookies: SimpleCookie BaseCookie Morsel CookieError'],
  ['cookies as values', 'http.cookiejar: Cookie CookieJar DefaultCookiePolicy'],
  [
    'the parts of an address as values',
    'urllib.parse: ParseResult SplitResult DefragResult ParseResultBytes SplitResultBytes DefragResultBytes',
  ],
  ['an enumeration', 'socket: AddressFamily SocketKind MsgFlag AddressInfo'],
  [
    'an enumeration',
    'ssl: TLSVersion VerifyMode VerifyFlags Options AlertDescription SSLErrorNumber Purpose _SSLMethod _TLSContentType',
  ],
  ['an enumeration', 're: RegexFlag'],
  ['an enumeration', 'plistlib: PlistFormat'],
  [
    'a table or array rebuilt from its buffers',
    `pyarrow.lib: type_for_alias _restore_array py_buffer _reconstruct_table _reconstruct_record_batch _reconstruct_block field schema
     chunked_array list_ large_list list_view large_list_view fixed_size_list map_ struct dictionary timestamp time32 time64 duration
     decimal32 decimal64 decimal128 decimal256 binary run_end_encoded sparse_union dense_union union bool8 uuid json_ opaque
     fixed_shape_tensor`,
  ],
  ['the description of a dtype', 'numpy.core._internal: _convert_to_stringdtype_kwargs'],
  ['a function whose pickled parts are judged themselves', 'numba.core.serialize: custom_rebuild'],
  ['vocabulary of a text pipeline', 'spacy.matcher.matcher: unpickle_matcher'],
  ['vocabulary of a text pipeline', 'spacy.matcher.phrasematcher: unpickle_matcher'],
  ['vocabulary of a text pipeline', 'spacy.matcher.dependencymatcher: unpickle_matcher'],
  ['a text whose pickled parts are judged themselves', 'spacy.tokens.doc: unpickle_doc'],
  ['a physical unit', 'astropy.units.core: _recreate_irreducible_unit'],
  ['a shape rebuilt from its coordinates', 'shapely.io: from_wkb from_wkt'],
  ['a random number generator', 'torch._C: Generator'],
  ['a handle on the local disk, which is not touched', 'fsspec.implementations.local: LocalFileSystem'],
  ['a symbol without a definition', 'sympy.core.function: _rebuild_undef'],
  [
    'a model whose archive in these bytes is scanned as one',
    'keras.src.saving.pickle_utils: deserialize_model_from_bytecode',
  ],
  [
    'a model whose archive in these bytes is scanned as one',
    'keras.saving.pickle_utils: deserialize_model_from_bytecode',
  ],
];

/** True when constructing `module:qualname` without calling it only makes an empty object. */
export function isEmptyObject(module: string, qualname: string): boolean {
  return EMPTY_OBJECTS.has(`${module}:${qualname}`);
}

/** Why `module:qualname` is harmless when it is called with data, or undefined when no entry says so. */
export function safeReason(module: string, qualname: string): string | undefined {
  return EXACT.get(`${module}:${qualname}`);
}

/**
 * Classes of families that are dangerous to call, but whose `__new__` makes an empty object and does nothing, as does what they
 * restore their state with. They are harmless as long as the file does no more than to construct them.
 */
const EMPTY: readonly string[] = [
  'requests.sessions: Session',
  'requests.structures: CaseInsensitiveDict LookupDict',
  'requests.cookies: RequestsCookieJar',
  'requests.adapters: HTTPAdapter',
  'requests.models: Request Response PreparedRequest',
  'urllib3.util.retry: Retry',
  'urllib3.util.timeout: Timeout',
  'mimetypes: MimeTypes',
  'gettext: NullTranslations GNUTranslations',
  'string: Formatter',
  'yaml.nodes: ScalarNode SequenceNode MappingNode',
  'yaml.error: Mark',
  'langchain.schema: Document',
  'langchain.schema.document: Document',
  'langchain.docstore.document: Document',
  'langchain.docstore.in_memory: InMemoryDocstore',
  'langchain_core.documents: Document',
  'langchain_core.documents.base: Document',
  'langchain_community.docstore.in_memory: InMemoryDocstore',
  'llama_index.schema: TextNode Document RelatedNodeInfo',
  'llama_index.core.schema: TextNode Document RelatedNodeInfo NodeWithScore IndexNode ImageNode',
  'datasets.features.features: Features Value ClassLabel Sequence Array2D Array3D Translation',
  'datasets.features.image: Image',
  'datasets.features.audio: Audio',
  'datasets.info: DatasetInfo SupervisedKeysData PostProcessedInfo',
  'datasets.splits: NamedSplit SplitDict SplitInfo',
  'ray.rllib.policy.sample_batch: SampleBatch MultiAgentBatch',
  'ray.air.result: Result',
  'ray.tune.result: Result',
  'ray.air.config: RunConfig ScalingConfig CheckpointConfig FailureConfig',
];

/** `module:name` of each name in `module: name name ...`. */
function namesOf(entries: string): string[] {
  const colon = entries.indexOf(':');
  const module = entries.slice(0, colon);
  return entries
    .slice(colon + 1)
    .trim()
    .split(/\s+/)
    .map((name) => `${module}:${name}`);
}

const EXACT = new Map(SAFE.flatMap(([why, entries]) => namesOf(entries).map((name): [string, string] => [name, why])));
const EMPTY_OBJECTS = new Set(EMPTY.flatMap(namesOf));

/** Modules of well-known model repositories that are no packages: their classes are found beside the program that loads the file. */
const REPOSITORY_MODULES: ReadonlySet<string> = new Set(
  `models.yolo models.common models.experimental models.yolov5 models.export models.tf utils.general utils.autoanchor utils.loss
   utils.torch_utils utils.activations utils.add_nms utils.google_utils`
    .trim()
    .split(/\s+/),
);

/** True for a module of a known package or repository, whose classes are objects of models. */
export function isModelModule(module: string): boolean {
  return LIBRARIES.has(module.split('.')[0] as string) || REPOSITORY_MODULES.has(module);
}

/** Packages of machine learning and their companions whose classes are objects of models, not gadgets. */
export const LIBRARIES: ReadonlySet<string> = new Set(
  `numpy scipy pandas sklearn torch torchvision torchaudio torchtext transformers tokenizers sentencepiece xgboost lightgbm
   catboost statsmodels patsy spacy thinc confection ml_dtypes srsly preshed cymem murmurhash keras tensorflow tf_keras keras_core joblib skops imblearn
   category_encoders gensim umap pynndescent hdbscan pytorch_lightning lightning lightning_fabric torchmetrics timm torch_geometric
   torch_sparse torch_scatter torch_cluster dgl sentence_transformers peft diffusers accelerate optuna hyperopt skopt skorch
   fastai fastcore flair allennlp omegaconf gym gymnasium stable_baselines3 sb3_contrib pyro gpytorch botorch linear_operator
   prophet pmdarima sktime tslearn lifelines mlxtend interpret deap tpot pyod networkx pytz dateutil xarray jax jaxlib flax
   optax haiku chex equinox orbax bayes_opt nltk feature_engine sklearn_pandas mord dask_ml cuml cudf cupy
   sklearn_crfsuite pycrfsuite crf fasttext ngboost econml causalml shap lime eli5 pygam glmnet surprise implicit lightfm
   annoy faiss kmodes minisom hmmlearn pomegranate filterpy statsforecast neuralprophet darts gluonts mapie imodels
   autogluon pycaret h2o evalml matplotlib seaborn cycler flaml sksurv group_lasso arch ruptures stumpy tsfresh pyts featuretools woodwork
   pyarrow polars numba mpmath sympy astropy skimage albumentations imgaug kornia monai nibabel trimesh shapely geopandas
   rdkit ase pymatgen openbabel datasketch rank_bm25 textblob stanza zoneinfo cftime bidict sortedcontainers frozendict pyrsistent
   attr attrs pydantic bert_score seqeval torchaudio torchdata fairscale deepspeed apex bitsandbytes optimum auto_gptq
   tensordict torchrl ray.rllib mmcv mmengine mmdet mmseg detectron2 fvcore segmentation_models_pytorch efficientnet_pytorch
   sacremoses nemo hydra_plugins speechbrain espnet pyannote asteroid librosa ignite catalyst poutyne braindecode mne
   trl unsloth setfit adapters span_marker bertopic keybert colbert whisper faster_whisper TTS torchao xformers flash_attn einops
   torchtune megatron fairseq composer colossalai segment_anything sam2 mobile_sam facenet_pytorch insightface easyocr doctr
   basicsr gfpgan realesrgan compressai pytorch3d e3nn mace nequip schnetpack dgllife deepchem chemprop torchani tabpfn
   pytorch_tabnet rtdl pytorch_forecasting pytorch_tabular neuralforecast mlforecast utilsforecast autots skforecast aeon river
   scikeras sklego skrub optbinning recbole tensorflow_addons tensorflow_probability tensorflow_hub dalex alibi alibi_detect aif360
   fairlearn dowhy pgmpy pymc arviz numpyro GPy GPyOpt emukit nevergrad ConfigSpace autosklearn ludwig nni parlai spacy_transformers
   tianshou pettingzoo minigrid d4rl anndata scanpy scvi squidpy cellpose stardist csbdeep torchio radiomics pycox torchtuples
   boost_histogram uproot awkward iminuit zfit tensorly torchsde torchdiffeq torchcde geomloss pykeops escnn dscribe matminer
   mofapy2 harmonypy scrublet doubletdetection snntorch spikingjelly norse brevitas nncf pytorch_metric_learning pytorch_msssim
   PIL pendulum arrow ahocorasick marisa_trie datrie pygtrie flashtext intervaltree igraph graph_tool ortools pulp cvxpy pyomo pygad
   treelib anytree wordcloud plotly bokeh altair holoviews tqdm multidict yarl frozenlist pyparsing lxml bs4 tldextract emoji ftfy
   lpips clip open_clip voyager hnswlib usearch fuzzywuzzy rapidfuzz phonenumbers holidays workalendar pint uncertainties
   __torch__ torch_utils dnnlib ultralytics`
    .trim()
    .split(/\s+/),
);
