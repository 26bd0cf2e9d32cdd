import { type Document, isAlias, isMap, isPair, isScalar, parseDocument, visit } from 'yaml';
import { pathHazard } from '../../archives/paths';
import type { Location } from '../../finding';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { DirectoryFormat, Format, ScanContext, ScanInput } from '../../scanner';
import { LineIndex } from '../../text/lineIndex';
import { decodeConfig } from '../configs/decode';
import { scanYaml } from '../configs/yaml';

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

/** A scalar of the file with its key and the way to it. */
interface Entry {
  key: string;
  value: string;
  path: string;
  location: Location;
}

/** Every pair with a scalar value, those of a repeated key too: PyYAML keeps the last, other readers the first. */
function entriesOf(document: Document.Parsed, text: string, context: ScanContext): Entry[] {
  const lines = new LineIndex(text);
  const entries: Entry[] = [];
  let steps = 0;
  visit(document, {
    Pair(_, pair, ancestors) {
      steps += 1;
      if (steps % 1000 === 0) context.budget.checkTime();
      const { key } = pair;
      const value = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
      if (!isScalar(key) || !isScalar(value)) return;
      const names = ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []));
      const [start, end] = (isScalar(pair.value) ? pair.value.range : key.range) ?? [0, 0];
      const path = [...names, String(key.value)].join('/');
      entries.push({
        key: String(key.value),
        value: String(value.value),
        path,
        location: { ...lines.locate(start, end), node: evidenceText(path, 200) },
      });
    },
  });
  return entries;
}

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const { source } = input;
  if (source.size > LARGEST) context.incomplete(`an MLmodel file of ${source.size} bytes is read up to ${LARGEST}`);
  const text = decodeConfig(await source.read(0, LARGEST));
  const document = parseDocument(text, { uniqueKeys: false, strict: false, logLevel: 'silent' });
  if (!isMap(document.contents)) throw new Error('no mapping of flavors');
  if (document.errors.length) context.incomplete('the YAML of the MLmodel file is damaged');
  const entries = entriesOf(document, text, context);
  scanYaml(text, context);
  const first = (path: string) => entries.find((entry) => entry.path === path)?.value;
  const flavors = new Set(
    entries.flatMap(({ path }) => (path.startsWith('flavors/') ? [path.split('/')[1] as string] : [])),
  );
  const [version, run] = [first('mlflow_version'), first('run_id')];
  context.describe({
    format: 'mlflow',
    framework: 'MLflow',
    ...(version !== undefined && { frameworkVersion: version }),
    properties: { flavors: [...flavors].join(', ') },
    ...(run !== undefined && { metadata: { run_id: run } }),
  });
  for (const { key, value, path, location } of entries) {
    if (key === 'loader_module' && !KNOWN_LOADER.test(value)) {
      context.report({
        rule: MLFLOW_RULES['custom-loader'],
        message: `Loading the model imports the module ${evidenceText(value, 120)} and calls it`,
        anchor: value,
        location,
      });
    }
    if ((key === 'model_code_path' || key === 'code') && path.startsWith('flavors/') && value && value !== 'null') {
      context.report({
        rule: MLFLOW_RULES['model-code'],
        message: `Loading the model puts its folder ${evidenceText(value, 120)} on the import path`,
        anchor: value,
        location,
      });
    }
    if (PATH_KEYS.has(key) && pathHazard(value)) {
      context.report({
        rule: MLFLOW_RULES['path-outside'],
        message: `The path ${evidenceText(value, 160)} of ${evidenceText(path, 80)} leaves the model's folder`,
        anchor: `${key}\0${value}`,
        location,
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
