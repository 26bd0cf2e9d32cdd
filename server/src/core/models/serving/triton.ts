import { pathHazard } from '../../archives/paths';
import { evidenceText } from '../../redact';
import type { Rule } from '../../rule';
import type { Format, ScanContext } from '../../scanner';
import { decodeConfig } from '../configs/decode';
import { parseTextProto, type TextMessage } from '../tensorflow/textProto';
import { SERVING_RULES } from './rules';

const LARGEST = 4 * 2 ** 20;
/** Fields of ModelConfig without which a text is none (triton-inference-server/common, protobuf/model_config.proto). */
const FIELD =
  /^\s*(?:name|platform|backend|max_batch_size|instance_group|ensemble_scheduling|dynamic_batching|input|output)\s*(?::|\[|\{)/m;
/** Backends that come with the server. */
const KNOWN_BACKEND =
  /^(?:tensorrt|tensorrtllm|onnxruntime|pytorch|libtorch|tensorflow[12]?|openvino|dali|python|vllm|fil|identity|repeat|square|ensemble|fastertransformer|stateful|paddle)$/;
/** Keys of `parameters` whose values are files (Python backend, TensorRT-LLM, vLLM). */
const PATH_PARAMETER =
  /^(?:EXECUTION_ENV_PATH|gpt_model_path|engine_dir|tokenizer_dir|.*_(?:path|dir|file)|plugins?)$/i;

function judge(root: TextMessage, context: ScanContext): void {
  const report = (rule: Rule, message: string, node: string) =>
    context.report({ rule, message, anchor: message, location: { node } });
  const [backend, platform] = [root.text('backend'), root.text('platform')];
  for (const [field, value] of [
    ['backend', backend],
    ['default_model_filename', root.text('default_model_filename')],
    ['runtime', root.text('runtime')],
  ] as const) {
    if (value !== undefined && (pathHazard(value) || value.includes('..'))) {
      report(
        SERVING_RULES['path-outside'],
        `${field} is ${evidenceText(value, 160)}, which lies outside the model`,
        field,
      );
    }
  }
  const runtime = root.text('runtime') ?? '';
  const codeFile = [root.text('default_model_filename'), runtime].find((name) => name?.endsWith('.py'));
  if (backend === 'python' || codeFile !== undefined) {
    report(
      SERVING_RULES['python-backend'],
      `The server runs ${evidenceText(codeFile ?? 'model.py', 100)} of the model repository`,
      'backend',
    );
  } else if (backend !== undefined && !KNOWN_BACKEND.test(backend)) {
    report(
      SERVING_RULES['native-backend'],
      `The backend ${evidenceText(backend, 100)} does not come with the server: its library is loaded from the model repository`,
      'backend',
    );
  }
  if (/\.(?:so|dll)\b/.test(runtime) && !/^libtriton_\w+\.so$/.test(runtime)) {
    report(SERVING_RULES['native-backend'], `The server loads the library ${evidenceText(runtime, 100)}`, 'runtime');
  }
  for (const operations of root.messages('model_operations')) {
    for (const library of operations.texts('op_library_filename')) {
      report(
        SERVING_RULES['native-backend'],
        `The server loads the operators of ${evidenceText(library, 160)}`,
        'model_operations',
      );
    }
  }
  for (const parameter of root.messages('parameters')) {
    const key = parameter.text('key') ?? '';
    const value = parameter.message('value')?.text('string_value');
    if (value === undefined || !PATH_PARAMETER.test(key)) continue;
    const hazard = pathHazard(value.replace(/^\$\$TRITON_MODEL_DIRECTORY\/?/, ''));
    // An absolute path is where an administrator put engines; a network share or `..` is where nobody does.
    if (hazard === 'unc' || hazard === 'parent' || /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
      report(
        SERVING_RULES['path-outside'],
        `The parameter ${evidenceText(key, 60)} is ${evidenceText(value, 160)}, which lies outside the model`,
        `parameters/${evidenceText(key, 60)}`,
      );
    }
  }
  context.describe({
    format: 'triton-config',
    framework: 'Triton Inference Server',
    properties: {
      backend: evidenceText(backend ?? platform ?? '', 80),
      name: evidenceText(root.text('name') ?? '', 120),
    },
  });
}

/** `config.pbtxt`, by which Triton Inference Server decides what runs a model. */
export const TRITON_FORMAT: Format = {
  id: 'triton-config',
  title: 'Triton model configuration',
  kind: 'text',
  extensions: [],
  supersedes: ['tensorflow-text'],
  // No more than likely, so that the scanners of text look at it as well.
  identify: ({ name, head, size }) =>
    name === 'config.pbtxt' && size <= LARGEST && FIELD.test(decodeConfig(head)) ? 'likely' : undefined,
  async scan({ source }, context) {
    const { root, error } = parseTextProto(decodeConfig(await source.read(0, source.size)), context.budget);
    judge(root, context);
    if (error) context.incomplete(`the configuration is damaged: ${error.message}`);
  },
};
