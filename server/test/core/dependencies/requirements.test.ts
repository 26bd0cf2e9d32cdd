import assert from 'node:assert/strict';
import { parseInstallCommands } from '../../../src/core/dependencies/installCommand';
import {
  distributionOfUrl,
  type InstallOption,
  parseRequirements,
  type Requirement,
  type RequirementItem,
} from '../../../src/core/dependencies/requirements';

const requirements = (items: readonly RequirementItem[]) =>
  items.filter((item): item is Requirement => item.kind === 'requirement');
const options = (items: readonly RequirementItem[]) =>
  items.filter((item): item is InstallOption => item.kind === 'option');
const places = (text: string, items: readonly RequirementItem[]) =>
  requirements(items).map(({ start, end }) => text.slice(start, end));

describe('requirements files', () => {
  it('reads names, extras, specifiers, markers and comments with their places', () => {
    const text = [
      '\ufeff# head',
      'django==1.11.15   # pinned',
      'Flask [async,dotenv] >= 2.0 , !=2.1.*, <3 ; python_version < "3.11"',
      'numpy (>=1.2,<2)',
      'a',
      'b===1.0+local',
    ].join('\r\n');
    const items = requirements(parseRequirements(text));
    assert.deepEqual(places(text, items), [
      'django==1.11.15',
      'Flask [async,dotenv] >= 2.0 , !=2.1.*, <3',
      'numpy (>=1.2,<2)',
      'a',
      'b===1.0+local',
    ]);
    assert.deepEqual(items[1]?.extras, ['async', 'dotenv']);
    assert.equal(items[1]?.marker, 'python_version < "3.11"');
    assert.deepEqual(
      items[1]?.clauses.map(({ operator, version }) => operator + version),
      ['>=2.0', '!=2.1.*', '<3'],
    );
    for (const { clauses } of items) {
      for (const clause of clauses) assert.equal(text.slice(clause.start, clause.end), clause.version);
    }
  });

  it('joins continued lines and counts hashes, and does not continue a comment', () => {
    const text = 'a==1.0 \\\n    --hash=sha256:00 \\\r\n    --hash=sha256:11\n# not continued \\\nb==2.0\n';
    const items = requirements(parseRequirements(text));
    assert.deepEqual(places(text, items), ['a==1.0', 'b==2.0']);
    assert.deepEqual(
      items.map(({ hashes }) => hashes),
      [2, 0],
    );
  });

  it('reads options in every spelling', () => {
    const text = [
      '-i https://a.example/simple',
      '--index-url=https://b.example/simple --trusted-host b.example',
      '-ihttps://c.example/simple',
      '--pre',
      '-r other.txt',
      '-c constraints.txt',
      '--no-binary :all:',
    ].join('\n');
    assert.deepEqual(
      options(parseRequirements(text)).map(({ name, value }) => [name, value?.text]),
      [
        ['--index-url', 'https://a.example/simple'],
        ['--index-url', 'https://b.example/simple'],
        ['--trusted-host', 'b.example'],
        ['--index-url', 'https://c.example/simple'],
        ['--pre', undefined],
        ['--requirement', 'other.txt'],
        ['--constraint', 'constraints.txt'],
      ],
    );
  });

  it('reads editable, version control and direct addresses', () => {
    const text = [
      '-e git+https://github.com/a/b.git@main#egg=bb',
      'c @ https://x.example/c-1.0.zip ; sys_platform == "linux"',
      'https://x.example/urllib3-1.24.1-py2.py3-none-any.whl',
      '-e .',
      './local/package',
    ].join('\n');
    const items = requirements(parseRequirements(text));
    assert.deepEqual(
      items.map(({ name, editable, url }) => [name, editable, url?.text]),
      [
        ['bb', true, 'git+https://github.com/a/b.git@main#egg=bb'],
        ['c', false, 'https://x.example/c-1.0.zip'],
        ['urllib3', false, 'https://x.example/urllib3-1.24.1-py2.py3-none-any.whl'],
      ],
    );
    for (const { url } of items) assert.equal(text.slice(url?.start, url?.end), url?.text);
    assert.deepEqual(distributionOfUrl('https://x.example/torch-1.8.0%2Bcu101-cp37-cp37m-linux_x86_64.whl'), {
      name: 'torch',
      version: '1.8.0+cu101',
    });
  });

  it('goes on after lines that nobody understands', () => {
    const text = `<<<<<<< HEAD\n==1.0\n[broken\nname with spaces\n\u0000\nok==1.0\n\${NAME}==1\n`;
    assert.deepEqual(places(text, parseRequirements(text)), ['ok==1.0']);
  });

  it('takes linear time on long lines and many continuations', () => {
    for (const hostile of [
      'a'.repeat(200_000),
      'a,'.repeat(100_000),
      'x==1,'.repeat(50_000),
      '\\\n'.repeat(100_000),
      '- '.repeat(100_000),
      `a[${','.repeat(200_000)}]`,
    ]) {
      parseRequirements(hostile);
      parseInstallCommands(`pip install ${hostile}`);
    }
  });
});

describe('install commands', () => {
  const read = (text: string) => parseInstallCommands(text);

  it('reads several packages with quotes, flags, comments and continuations at their places', () => {
    const text =
      'pip install -q -U \'torch>=1.0\' "numpy==1.16.0" scikit-learn==0.19.0 \\\n  flask[async]==0.12.2  # the rest\npip install x';
    assert.deepEqual(places(text, read(text)), [
      'torch>=1.0',
      'numpy==1.16.0',
      'scikit-learn==0.19.0',
      'flask[async]==0.12.2',
      'x',
    ]);
  });

  it('knows the ways to call pip and its kin', () => {
    for (const command of [
      'pip install a==1',
      'pip3.11 install a==1',
      'sudo -H pip install a==1',
      'python -m pip install a==1',
      'python3 -u -m pip install a==1',
      '/usr/bin/python3 -m pip install a==1',
      '{sys.executable} -m pip install a==1',
      'uv pip install a==1',
      'uv add a==1',
      'PIP_NO_CACHE=1 pip -q install a==1',
      'cd x && pip install a==1',
      'conda install -y -c conda-forge a=1',
      'mamba install conda-forge::a=1=py37_0',
      'RUN pip install --no-cache-dir a==1 && rm -rf /x',
    ]) {
      const [item, ...rest] = requirements(read(command));
      assert.equal(item?.name, 'a', command);
      assert.equal(item?.clauses[0]?.version, '1', command);
      assert.equal(rest.length, 0, command);
    }
    for (const command of [
      'pip uninstall a',
      'pip list',
      'echo pip install a',
      'apt-get install a',
      'npm install a',
      'pip freeze > x',
    ]) {
      assert.deepEqual(requirements(read(command)), [], command);
    }
  });

  it('does not take values of options, redirections or variables for packages', () => {
    const text =
      'pip install --target out -r req.txt --progress-bar off $EXTRA {name} a==1 2>&1 > log.txt --cache-dir /x && echo b==2 | tee c';
    assert.deepEqual(places(text, read(text)), ['a==1']);
    assert.deepEqual(
      options(read(text)).map(({ name, value }) => [name, value?.text]),
      [['--requirement', 'req.txt']],
    );
  });

  it('reads options where they stand', () => {
    const text = 'pip install --extra-index-url "https://i.example/simple" -f https://l.example/x.html --pre a';
    const found = options(read(text));
    assert.deepEqual(
      found.map(({ name }) => name),
      ['--extra-index-url', '--find-links', '--pre'],
    );
    for (const { value } of found) if (value) assert.equal(text.slice(value.start, value.end), value.text);
  });
});
