/**
 * Licences of distributions as SPDX expressions (SPDX 3.0, annex on licence expressions): those that ask more of whoever
 * ships them than to keep a notice, and for the bill of materials the usual ones of the field. Facts of the distributions'
 * own metadata (`License-Expression`, classifiers of PyPI) and licence files, and of Debian's copyright files. What is not
 * here is not known, not free.
 */
import { compareVersions, normalizeName, parseVersion } from '../version';
import { type Obligation, obligationOf } from './expression';

export interface LicensedDistribution {
  /** Normalised name (PEP 503). */
  readonly name: string;
  /** SPDX expression. */
  readonly license: string;
  readonly obligation: Obligation;
  /** It is run beside a program, and no part of it. */
  readonly tool: boolean;
  /** The program that it runs, when that has another licence than the distribution itself. */
  readonly runs?: string;
  /** Its maker sells another licence to who cannot live with this one. */
  readonly sold: boolean;
}

/**
 * By expression: `name`, or `name=module,module` when the modules that it brings are called otherwise; `name=` when an
 * import does not tell it, because other things bring modules of that name too.
 */
const BY_LICENSE: Readonly<Record<string, string>> = {
  'AGPL-3.0-only':
    'borb boxmot doclayout-yolo ebooklib essentia magic-pdf pymupdf=pymupdf,fitz pymupdf4llm pymupdf-layout= ' +
    'pymupdfpro= pyreadr ultralytics ultralytics-thop=',
  'AGPL-3.0-or-later': 'backtesting',
  'GPL-2.0-only':
    'ale-py atari-py caiman fuzzywuzzy multi-agent-ale-py openbabel openbabel-wheel=openbabel scapy thefuzz',
  'GPL-2.0-or-later':
    'codespell gmsh healpy igraph levenshtein=Levenshtein mutagen mysqlclient=MySQLdb pygsl pylint python-igraph=igraph ' +
    'python-levenshtein=Levenshtein qgis rpy2 sagemath=sage sagemath-standard=sage unidecode',
  'GPL-2.0-only WITH Universal-FOSS-exception-1.0': 'mysql-connector-python=mysql',
  'GPL-3.0-only':
    'ecos ete3 extract-msg freqtrade gender-guesser kilosort language-tool-python matchering medpy minepy pedalboard ' +
    'pingouin polyglot pyqt=PyQt5 pyqt5=PyQt5 pyqt5-qt5= pyqt6=PyQt6 pyqtchart= pyqtwebengine= pyqt6-webengine= ' +
    'qscintilla= suite2p swiglpk yolov5',
  'GPL-3.0-or-later':
    'abydos ansible ansible-core aubio backtrader blenderproc bpy courlan cvxopt eyed3 gpaw gwpy html2text htmldate ' +
    'htseq=HTSeq konlpy labelme leidenalg louvain marker-pdf= mdfreader orange3=Orange patool=patoolib phonemizer ' +
    'platypus-opt=platypus praat-parselmouth=parselmouth py-bobyqa=pybobyqa pycbc pygmsh pykakasi pymaxflow=maxflow ' +
    'pymeshlab pystan python-nmap=nmap python-weka-wrapper3=weka satpy scikit-survival=sksurv surya-ocr=surya ' +
    'trafilatura yamllint',
  'CECILL-2.1': 'brian2',
  'LGPL-2.1-only': 'gensim num2words openslide-python=openslide paramiko pycountry',
  'LGPL-2.1-or-later':
    'ase astroid chardet mdtraj nameparser py7zr pyenchant=enchant pygame pygame-ce=pygame pygobject=gi pymssql ' +
    'python-stdnum=stdnum python-vlc=vlc zeroconf',
  'LGPL-3.0-only': 'deap fpdf2=fpdf jaydebeapi nptdms obspy psi4 pyboy pylops pynput python-telegram-bot=telegram tpot',
  'LGPL-3.0-or-later':
    'asammdf asyncua cartopy casadi deeplabcut fenics-dolfinx=dolfinx gmpy2 graph-tool ldap3 nautilus-trader opcua ' +
    'psycopg psycopg-binary= psycopg2 psycopg2-binary=psycopg2 pymavlink pyresample pyrogram python-bidi=bidi ' +
    'python-can= segyio',
  'LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only':
    'pyside2=PySide2 pyside6=PySide6 pyside6-essentials= pyside6-addons= shiboken6=',
  'LGPL-2.1-only OR MPL-1.1': 'pycairo=cairo',
  'GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1': 'pyphen',
  'GPL-2.0-or-later OR LGPL-2.0-or-later': 'cobra',
  'MPL-2.0': 'certifi coqui-tts=TTS datatable deepspeech hypothesis ocrmypdf pathspec pikepdf tts=TTS',
  'MPL-2.0 AND MIT': 'tqdm',
  'EPL-2.0': 'cyipopt mip',
  'EPL-2.0 OR GPL-2.0-or-later': 'eclipse-sumo= libsumo sumolib traci',
  // Licences that are not on SPDX's list have names as SPDX gives them there.
  'LicenseRef-NVIDIA-Source-Code': 'nvdiffrast',
  'LicenseRef-Inria-Gaussian-Splatting': 'diff-gaussian-rasterization simple-knn',
  'LicenseRef-MPI-SMPL-X': 'smplx',
  'Apache-2.0 AND LicenseRef-Commons-Clause-1.0': 'vectorbt',
  'Apache-2.0':
    'accelerate datasets diffusers evaluate google-cloud-storage huggingface-hub keras mlflow peft pyspark ray requests ' +
    'safetensors sentence-transformers streamlit tensorflow tokenizers transformers vllm xgboost',
  'BSD-2-Clause': 'imageio-ffmpeg numba',
  'BSD-3-Clause':
    'dask flask httpx ipython jinja2 joblib jupyterlab networkx notebook pandas python-gnupg=gnupg scikit-learn scipy ' +
    'seaborn statsmodels',
  MIT:
    'beautifulsoup4 fastapi langchain lightgbm llama-index oct2py onnxruntime plotly pydantic pypandoc ' +
    'pypandoc-binary=pypandoc pyyaml rich spacy sqlalchemy wandb',
};

/** The first release under a permissive licence, of those that changed it. */
const FREE_FROM: Readonly<Record<string, string>> = {
  cartopy: '0.23',
  chardet: '7',
  courlan: '1.0',
  htmldate: '1.8',
  pystan: '3',
  thefuzz: '0.20',
  trafilatura: '1.8',
};

const TOOLS = new Set(['ansible', 'ansible-core', 'astroid', 'codespell', 'labelme', 'pylint', 'yamllint']);

const PROGRAMS: Readonly<Record<string, string>> = {
  'imageio-ffmpeg': 'FFmpeg, which it ships in a build under the GPL',
  oct2py: 'GNU Octave, which is under GPL-3.0-or-later',
  pypandoc: 'Pandoc, which is under GPL-2.0-or-later',
  'pypandoc-binary': 'Pandoc, which it ships and which is under GPL-2.0-or-later',
  'python-gnupg': 'GnuPG, which is under GPL-3.0-or-later',
};

const SOLD = new Set(
  'borb essentia mysql-connector-python pymupdf pymupdf4llm pyqt pyqt5 pyqt6 pyside2 pyside6 ultralytics'.split(' '),
);

const DISTRIBUTIONS = new Map<string, LicensedDistribution>();
/** Only of distributions that there is something to say of: code imports little else than the others. */
const MODULES = new Map<string, LicensedDistribution>();
/** By the first letter of their modules a bit for each length; longer ones have that of {@link LONG}. */
const LENGTHS = new Int32Array(128);
const LONG = 30;
for (const [license, names] of Object.entries(BY_LICENSE)) {
  const obligation = obligationOf(license);
  const quiet = obligation === 'notice' || obligation === 'file';
  for (const entry of names.split(' ')) {
    const [name, modules] = entry.split('=') as [string, string?];
    const runs = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
    const distribution = {
      name,
      license,
      obligation,
      tool: TOOLS.has(name),
      sold: SOLD.has(name),
      ...(runs !== undefined && { runs }),
    };
    DISTRIBUTIONS.set(name, distribution);
    if ((quiet && runs === undefined) || Object.hasOwn(FREE_FROM, name)) continue;
    for (const module of modules === undefined ? [name.replaceAll('-', '_')] : modules.split(',')) {
      if (module === '' || MODULES.has(module)) continue;
      MODULES.set(module, distribution);
      const first = module.charCodeAt(0);
      LENGTHS[first] = (LENGTHS[first] as number) | (1 << Math.min(module.length, LONG));
    }
  }
}

/**
 * The distribution of a name, when its licence is in the table.
 * @param name as written; PEP 503 says which spellings are the same
 * @param version the one release that is asked for, when it is one: some changed their licence
 */
export function licensedDistribution(name: string, version?: string): LicensedDistribution | undefined {
  const normalized = normalizeName(name);
  const found = DISTRIBUTIONS.get(normalized);
  if (!found || !Object.hasOwn(FREE_FROM, normalized)) return found;
  const free = parseVersion(FREE_FROM[normalized] as string);
  const asked = version === undefined ? undefined : parseVersion(version);
  // Without a version the newest is installed.
  return free && asked && compareVersions(asked, free) < 0 ? found : undefined;
}

/** The distribution that a top-level module is of. @param module as in an import, upper and lower case being different */
export function licensedModule(module: string): LicensedDistribution | undefined {
  return MODULES.get(module);
}

/** Whether `[start, end)` of a text is a module that {@link licensedModule} knows. Few are, and most are told without a look-up. */
export function isLicensedModule(text: string, start: number, end: number): boolean {
  const lengths = LENGTHS[text.charCodeAt(start)] ?? 0;
  return ((lengths >> Math.min(end - start, LONG)) & 1) === 1 && MODULES.has(text.slice(start, end));
}
