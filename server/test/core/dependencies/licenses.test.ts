import assert from 'node:assert/strict';
import { Budget } from '../../../src/core/budget';
import { DEPENDENCY_ANALYSER } from '../../../src/core/dependencies/analyser';
import { LICENSE_ANALYSER } from '../../../src/core/dependencies/licenses/analyser';
import { isAllowed, obligationOf } from '../../../src/core/dependencies/licenses/expression';
import { licensedDistribution, licensedModule } from '../../../src/core/dependencies/licenses/table';
import type { DependencyRecord } from '../../../src/core/finding';
import { readNotebook } from '../../../src/core/notebook/notebook';
import type { FindingDraft, ScanContext } from '../../../src/core/scanner';
import { DEFAULT_SETTINGS, type ScanSettings } from '../../../src/core/settings';
import { analyseDocument } from '../../../src/core/text/analyse';
import type { TextDocument } from '../../../src/core/text/document';
import { documentFromText } from '../../../src/core/text/fileDocument';
import { textAt } from '../secrets/support';

function analyse(document: TextDocument, allowed: string[] = []) {
  const drafts: FindingDraft[] = [];
  const dependencies: DependencyRecord[] = [];
  const settings: ScanSettings = { ...DEFAULT_SETTINGS, licenses: { enabled: true, allowed } };
  const context: ScanContext = {
    budget: new Budget(),
    settings,
    report: (draft) => drafts.push(draft),
    depend: (dependency) => dependencies.push(dependency),
    describe: () => undefined,
    scan: async () => [],
    incomplete: () => assert.fail('nothing is left out here'),
  };
  analyseDocument(document, [DEPENDENCY_ANALYSER, LICENSE_ANALYSER], context);
  return { drafts: drafts.filter(({ rule }) => rule.category === 'license'), dependencies };
}

/** Rule, severity and marked text of each finding. */
function told(text: string, name = 'train.py', allowed: string[] = []): string[] {
  return analyse(documentFromText(name, text), allowed).drafts.map(
    (draft) =>
      `${draft.rule.id.slice('license/'.length)} ${draft.severity ?? draft.rule.severity}: ${textAt(text, draft)}`,
  );
}

describe('licences of packages', () => {
  it('marks the import, up to the name of the module', () => {
    assert.deepEqual(
      told('import gmpy2\nimport pygsl as g\nfrom PyQt5 import QtCore\nfrom ultralytics.nn import tasks\n'),
      [
        'weak-copyleft low: import gmpy2',
        'strong-copyleft medium: import pygsl',
        'strong-copyleft medium: from PyQt5',
        'strong-copyleft medium: from ultralytics',
      ],
    );
    assert.deepEqual(told('import os, igraph as ig, numpy\n'), ['strong-copyleft medium: igraph']);
    assert.deepEqual(told('def f():\n    x = 1; import fitz\n'), ['strong-copyleft medium: import fitz']);
  });

  it('says it once for each package of a document, where it is needed most', () => {
    assert.deepEqual(told('import fitz\nimport pymupdf\nfrom fitz import open\n'), [
      'strong-copyleft medium: import fitz',
    ]);
    const text = 'try:\n    import cvxopt\nexcept ImportError:\n    cvxopt = None\n';
    assert.deepEqual(told(text), ['strong-copyleft low: import cvxopt'], 'the code goes on without it');
    assert.deepEqual(told(`${text}import cvxopt.solvers\n`), ['strong-copyleft medium: import cvxopt']);
  });

  it('leaves alone what is no import of the package', () => {
    const honest = [
      '"""\nimport fitz\n"""\n',
      'code = """\nfrom PyQt5 import QtCore\n"""\n',
      '# import fitz\n',
      '>>> import fitz\n',
      'from .igraph import x\nfrom . import fitz\n',
      'import fitz_tools, my.fitz\n',
      'import Fitz\nimport pyqt5\n',
      'yield_from = fitz\nraise ValueError from igraph\n',
      'import_fitz = 1\nfrom_fitz = 2\n',
      'import numpy as fitz\nfrom numpy import fitz\n',
      'import numpy, torch, transformers, tqdm, certifi, cv2\n',
      'import thefuzz, chardet, trafilatura\n',
    ];
    for (const text of honest) assert.deepEqual(told(text), [], text);
    assert.deepEqual(told('from ultralytics.nn import tasks\n', 'lib/ultralytics/engine/model.py'), [], 'its own file');
    assert.deepEqual(told('import fitz\n', 'notes.md'), []);
  });

  it('reads notebooks, their install commands and cells of other languages', () => {
    const source = (text: string) => ({
      cell_type: 'code',
      metadata: {},
      execution_count: null,
      outputs: [],
      source: text,
    });
    const notebook = {
      cells: [
        source('import os\n!pip install -q ultralytics==8.0.1 rpy2\n'),
        source('%%bash\necho import fitz\nimport fitz\n'),
        source('%matplotlib inline\nimport rpy2\nfrom  leidenalg import find_partition\n'),
      ],
      metadata: { language_info: { name: 'python' } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    const { document } = readNotebook('n.ipynb', JSON.stringify(notebook));
    const places = analyse(document).drafts.map(({ message, location }) => [
      message.split(' ', 1)[0],
      location?.cell,
      location?.line,
      location?.column,
      location?.endColumn,
    ]);
    assert.deepEqual(places, [
      ['ultralytics', 0, 2, 17, 35],
      ['rpy2', 0, 2, 36, 40],
      ['leidenalg', 2, 3, 1, 16],
    ]);
  });

  it('reads requirement files, and knows which releases changed their licence', () => {
    const text =
      'chardet==5.2.0\nthefuzz==0.19\ntrafilatura\nchardet>=5\nPyMuPDF>=1.23\npsycopg2_binary==2.9.9\ntqdm\nnumpy==1.26\n';
    assert.deepEqual(told(text, 'requirements.txt'), [
      'weak-copyleft low: chardet==5.2.0',
      'strong-copyleft medium: thefuzz==0.19',
      'strong-copyleft medium: PyMuPDF>=1.23',
      'weak-copyleft low: psycopg2_binary==2.9.9',
    ]);
    assert.deepEqual(told('thefuzz==0.20.0\nchardet==7.0\n', 'requirements.txt'), []);
  });

  it('takes what is only run for a fact', () => {
    assert.deepEqual(told('pylint==3.0\nyamllint\n', 'requirements-dev.txt'), [
      'strong-copyleft info: pylint==3.0',
      'strong-copyleft info: yamllint',
    ]);
    assert.deepEqual(told('import oct2py\n'), ['copyleft-program info: import oct2py']);
  });

  it('tells licences that do not allow every use', () => {
    assert.deepEqual(told('import nvdiffrast.torch as dr\nimport vectorbt as vbt\n'), [
      'restricted-use medium: import nvdiffrast',
      'restricted-use medium: import vectorbt',
    ]);
  });

  it('is quiet about licences that have been allowed', () => {
    const text = 'import gmpy2\nimport pygsl\nfrom PyQt5 import QtCore\nimport vectorbt\n';
    assert.deepEqual(told(text, 'a.py', ['GPL-2.0', 'lgpl-*', 'LicenseRef-Commons-Clause-1.0']), [
      'strong-copyleft medium: from PyQt5',
    ]);
    assert.deepEqual(told(text, 'a.py', ['GPL-3.0-only', 'GPL-2.0-or-later', '*']), []);
  });

  it('goes into the bill of materials', () => {
    const { dependencies } = analyse(
      documentFromText('requirements.txt', 'python_igraph==0.11\nnetworkx==3.2\ntqdm\nsome-package-of-ours==1\n'),
    );
    assert.deepEqual(
      dependencies.map(({ name, license }) => [name, license]),
      [
        ['python-igraph', 'GPL-2.0-or-later'],
        ['networkx', 'BSD-3-Clause'],
        ['tqdm', 'MPL-2.0 AND MIT'],
        ['some-package-of-ours', undefined],
      ],
    );
  });
});

describe('licences of model cards', () => {
  const card = (matter: string) =>
    `---\nlanguage: en\n${matter}\ntags:\n- vision\n---\n# Card\nlicense: cc-by-nc-4.0\n`;

  it('marks the terms in the front matter', () => {
    assert.deepEqual(told(card('license: cc-by-nc-4.0'), 'README.md'), ['model-terms low: cc-by-nc-4.0']);
    assert.deepEqual(told(card('license:\n- "cc-by-nc-sa-3.0"'), 'README.md'), ['model-terms low: cc-by-nc-sa-3.0']);
    assert.deepEqual(told(card('license: creativeml-openrail-m # see below'), 'sd/README.md'), [
      'model-terms info: creativeml-openrail-m',
    ]);
    assert.deepEqual(told(card('license: llama3.1'), 'README.md'), ['model-terms info: llama3.1']);
    assert.deepEqual(told(card('license: agpl-3.0'), 'README.md'), ['model-terms info: agpl-3.0']);
    const [draft] = analyse(documentFromText('README.md', card('license: other\nlicense_name: big-lab-research')))
      .drafts as [FindingDraft];
    assert.match(draft.message, /big-lab-research/);
  });

  it('is quiet about free licences, allowed ones and other texts', () => {
    for (const license of ['mit', 'apache-2.0', 'cc-by-4.0', 'cc-by-sa-4.0', 'openmdw-1.0', 'bsd-3-clause', 'unknown'])
      assert.deepEqual(told(card(`license: ${license}`), 'README.md'), [], license);
    assert.deepEqual(told(card('license: gemma'), 'README.md', ['gemma']), []);
    assert.deepEqual(told(card('license: cc-by-nc-4.0'), 'blog.md'), []);
    assert.deepEqual(told('# Model\nlicense: cc-by-nc-4.0\n', 'README.md'), []);
    assert.deepEqual(told('---\nlicense: cc-by-nc-4.0\n', 'README.md'), [], 'the front matter does not end');
  });
});

describe('licence expressions', () => {
  it('ask for the mildest of alternatives and the strictest of what holds together', () => {
    assert.equal(obligationOf('GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1'), 'file');
    assert.equal(obligationOf('LGPL-3.0-only OR GPL-2.0-only'), 'library');
    assert.equal(obligationOf('MPL-2.0 AND MIT'), 'file');
    assert.equal(obligationOf('Apache-2.0 AND LicenseRef-Commons-Clause-1.0'), 'use');
    assert.equal(obligationOf('GPL-2.0-only WITH Universal-FOSS-exception-1.0'), 'work');
    assert.equal(obligationOf('AGPL-3.0-only'), 'network');
    assert.equal(obligationOf('CECILL-2.1'), 'work');
    assert.equal(obligationOf('CECILL-C'), 'library');
    assert.equal(obligationOf('BSD-3-Clause'), 'notice');
  });

  it('are allowed when what they ask for is', () => {
    assert.ok(isAllowed('GPL-3.0-only', ['gpl-3.0-or-later']));
    assert.ok(!isAllowed('AGPL-3.0-only', ['GPL-*']));
    assert.ok(isAllowed('MIT', []));
    assert.ok(!isAllowed('GPL-2.0-only', ['GPL-3.0-only', '']));
  });

  it('are those of the distributions, by any spelling of their names', () => {
    assert.equal(licensedDistribution('Python_Levenshtein')?.license, 'GPL-2.0-or-later');
    assert.equal(licensedDistribution('constructor'), undefined);
    assert.equal(licensedModule('MySQLdb')?.name, 'mysqlclient');
    assert.equal(licensedModule('__proto__'), undefined);
  });
});
