import { parse } from 'yaml';
import { pathHazard } from '../../archives/paths';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { DirectoryFormat, Format, ScanContext, ScanInput } from '../../scanner';

export const MLFLOW_RULES = defineRules('mlflow', {
  'custom-loader': {
    title: 'MLflow model loads through a module of its own',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'The model names a loader module that is not part of MLflow. `mlflow.pyfunc.load_model` imports it, from the code folder of the model if there is one, and calls it.',
    remediation: 'Read the module before loading the model.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-829', 'CWE-502'] },
  },
  'model-code': {
    title: 'MLflow model brings code',
    category: 'model',
    severity: 'low',
    risk: 'deserialization',
    description: 'A code folder is put on the import path when the model is loaded, before the installed packages.',
    remediation: 'Read the code before loading the model.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-427'] },
  },
  'path-outside': {
    title: 'MLflow model names a path outside itself',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description: 'A path of the model leaves its folder, so that loading reads files elsewhere.',
    remediation: 'Do not load the model.',
    references: { ...MODEL_REFERENCES.deserialization, cwe: ['CWE-22'], see: ['CVE-2023-1177'] },
  },
});

/** Loader modules of MLflow's own flavours, and of packages that ship one under their name. */
const KNOWN_LOADER = /^(?:mlflow(?:\.[a-z_][\w]*)+|mleap|prophet|pmdarima)$/;
const PATH_KEYS = new Set([
  'code',
  'data',
  'env',
  'model_code_path',
  'python_model',
  'pickled_model',
  'model_data',
  'model_path',
  'serialized_model_file',
  'saved_input_example_info',
  'artifact_path',
  'path',
  'conda',
  'virtualenv',
]);
const LARGEST = 2 ** 20;

interface Flavour {
  name: string;
  values: Record<string, unknown>;
}

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const { source } = input;
  if (source.size > LARGEST) context.incomplete(`an MLmodel file of ${source.size} bytes is read up to ${LARGEST}`);
  const text = new TextDecoder().decode(await source.read(0, LARGEST));
  const root: unknown = parse(text, { maxAliasCount: 50, logLevel: 'silent' });
  if (root === null || typeof root !== 'object') throw new Error('no mapping of flavors');
  const { flavors, mlflow_version: version, run_id: run } = root as Record<string, unknown>;
  const flavours: Flavour[] =
    flavors !== null && typeof flavors === 'object'
      ? Object.entries(flavors).map(([name, values]) => ({ name, values: (values ?? {}) as Record<string, unknown> }))
      : [];
  context.describe({
    format: 'mlflow',
    framework: 'MLflow',
    ...(typeof version === 'string' && { frameworkVersion: version }),
    properties: { flavors: flavours.map((f) => f.name).join(', ') },
    ...(typeof run === 'string' && { metadata: { run_id: run } }),
  });
  const lineOf = (needle: string): number => {
    const at = text.indexOf(needle);
    return at < 0 ? 1 : text.slice(0, at).split('\n').length;
  };
  for (const { name, values } of flavours) {
    const loader = values.loader_module;
    if (typeof loader === 'string' && !KNOWN_LOADER.test(loader)) {
      context.report({
        rule: MLFLOW_RULES['custom-loader'],
        message: `Loading the model imports the module ${evidenceText(loader, 120)} and calls it`,
        anchor: loader,
        location: { line: lineOf(loader), column: 1, node: `flavors/${name}/loader_module` },
      });
    }
    if (typeof values.model_code_path === 'string' || typeof values.code === 'string') {
      const code = String(values.model_code_path ?? values.code);
      context.report({
        rule: MLFLOW_RULES['model-code'],
        message: `Loading the model puts its folder ${evidenceText(code, 120)} on the import path`,
        anchor: code,
        location: { line: lineOf('code'), column: 1, node: `flavors/${name}/code` },
      });
    }
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== 'string' || !PATH_KEYS.has(key) || !pathHazard(value)) continue;
      context.report({
        rule: MLFLOW_RULES['path-outside'],
        message: `The path ${evidenceText(value, 160)} of ${evidenceText(`${name}/${key}`, 80)} leaves the model's folder`,
        anchor: `${key}\0${value}`,
        location: { line: lineOf(value), column: 1, node: `flavors/${name}/${key}` },
      });
    }
  }
}

/** `MLmodel`, the description that MLflow writes beside a model (mlflow.models.Model). */
export const MLMODEL_FORMAT: Format = {
  id: 'mlflow-mlmodel',
  title: 'MLflow MLmodel',
  kind: 'model',
  extensions: [],
  identify({ head, name }) {
    if (name !== 'mlmodel') return undefined;
    return /(?:^|\n)flavors:/.test(new TextDecoder('latin1').decode(head)) ? 'certain' : 'named';
  },
  scan,
};

/** Binary members of a logged model. Code and requirement files stay artifacts of their own, so that editors show findings in them. */
const MEMBER =
  /\.(?:pkl|pickle|joblib|pt|pth|bin|h5|keras|pb|index|onnx|safetensors|npy|npz|cbm|bst|ubj|xgb|lgb|data-\d{5}-of-\d{5})$/i;

/** The folder that `mlflow.*.log_model` writes. */
export const MLFLOW_DIRECTORY: DirectoryFormat = {
  id: 'mlflow-model',
  title: 'MLflow model',
  claim(files) {
    if (!files.includes('MLmodel')) return undefined;
    return files.filter(
      (file) => file === 'MLmodel' || (MEMBER.test(file) && !/(?:^|\/)requirements[^/]*\.txt$/i.test(file)),
    );
  },
};
