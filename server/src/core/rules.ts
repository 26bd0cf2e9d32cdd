import { ARCHIVE_RULES } from './archives/rules';
import { COVERAGE_RULES } from './coverage';
import { LICENSE_RULES } from './dependencies/licenses/rules';
import { DEPENDENCY_RULES } from './dependencies/rules';
import { BOOSTING_RULES } from './models/boosting/formats';
import { CAFFE_RULES } from './models/caffe/format';
import { CONFIG_RULES } from './models/configs/rules';
import { COREML_RULES } from './models/coreml/format';
import { CTRANSLATE2_RULES } from './models/ctranslate2/format';
import { EMBEDDING_RULES } from './models/embeddingRows';
import { EXECUTORCH_RULES } from './models/executorch/rules';
import { LLAMAFILE_RULES } from './models/gguf/llamafile';
import { GGUF_RULES } from './models/gguf/rules';
import { HDF5_RULES } from './models/hdf5/rules';
import { JAVA_RULES } from './models/java/format';
import { TEMPLATE_RULES } from './models/jinja/rules';
import { KERAS_RULES } from './models/keras/rules';
import { LITERT_RULES } from './models/litert/format';
import { MLFLOW_RULES } from './models/mlflow/format';
import { MSGPACK_RULES } from './models/msgpack/format';
import { MXNET_RULES } from './models/mxnet/format';
import { NATIVE_RULES } from './models/native/format';
import { NUMPY_RULES } from './models/numpy/format';
import { ONNX_RULES } from './models/onnx/rules';
import { OPAQUE_RULES } from './models/opaque/formats';
import { PADDLE_RULES } from './models/paddle/format';
import { TORCH_RULES } from './models/pytorch/rules';
import { R_RULES } from './models/r/rules';
import { SAFETENSORS_RULES } from './models/safetensors/rules';
import { SENTENCEPIECE_RULES } from './models/sentencepiece/format';
import { SERVING_RULES } from './models/serving/rules';
import { SKOPS_RULES } from './models/skops/format';
import { TENSORFLOW_RULES } from './models/tensorflow/rules';
import { TFLITE_RULES } from './models/tflite/rules';
import { TORCH7_RULES } from './models/torch7/format';
import { TORCHSERVE_RULES } from './models/torchserve/format';
import { XML_RULES } from './models/xml/format';
import { PICKLE_RULES } from './pickle/rules';
import { PII_RULES } from './pii/rules';
import { PYTHON_RULES } from './python/rules';
import type { Rule } from './rule';
import { SECRET_RULES } from './secrets/rules';
import { SUPPRESSION_RULES } from './suppress/rules';

/** Every rule of the product, one family a line. Faces, reports and documentation read this list. */
const FAMILIES: readonly Record<string, Rule>[] = [
  COVERAGE_RULES,
  PICKLE_RULES,
  TORCH_RULES,
  NUMPY_RULES,
  ARCHIVE_RULES,
  CONFIG_RULES,
  GGUF_RULES,
  LLAMAFILE_RULES,
  TEMPLATE_RULES,
  SAFETENSORS_RULES,
  DEPENDENCY_RULES,
  LICENSE_RULES,
  BOOSTING_RULES,
  CAFFE_RULES,
  COREML_RULES,
  CTRANSLATE2_RULES,
  EMBEDDING_RULES,
  EXECUTORCH_RULES,
  HDF5_RULES,
  JAVA_RULES,
  KERAS_RULES,
  LITERT_RULES,
  MLFLOW_RULES,
  MSGPACK_RULES,
  MXNET_RULES,
  NATIVE_RULES,
  ONNX_RULES,
  OPAQUE_RULES,
  PADDLE_RULES,
  PII_RULES,
  PYTHON_RULES,
  R_RULES,
  SECRET_RULES,
  SENTENCEPIECE_RULES,
  SERVING_RULES,
  SKOPS_RULES,
  SUPPRESSION_RULES,
  TENSORFLOW_RULES,
  TFLITE_RULES,
  TORCH7_RULES,
  TORCHSERVE_RULES,
  XML_RULES,
];

export const RULES: readonly Rule[] = FAMILIES.flatMap((family) => Object.values(family));

const BY_ID = new Map(RULES.map((rule) => [rule.id, rule]));

export function ruleById(id: string): Rule | undefined {
  return BY_ID.get(id);
}
