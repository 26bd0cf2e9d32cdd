import type { DirectoryFormat, Format, GroupFormat } from '../scanner';
import { RAR_FORMAT } from './archive/rar';
import { SEVEN_ZIP_FORMAT } from './archive/sevenZip';
import { TAR_FORMAT } from './archive/tar';
import { ZIP_FORMAT } from './archive/zip';
import { CATBOOST_FORMAT, LIGHTGBM_FORMAT, XGBOOST_FORMAT } from './boosting/formats';
import { CAFFE_MODEL_FORMAT, CAFFE_TEXT_FORMAT } from './caffe/format';
import { COMPRESSED_FORMATS } from './compressed/streams';
import { JINJA_FORMAT } from './configs/jinjaFile';
import { CONFIG_JSON_FORMAT } from './configs/json';
import { LFS_POINTER_FORMAT } from './configs/lfsPointer';
import { CONFIG_YAML_FORMAT } from './configs/yaml';
import { COREML_FORMAT } from './coreml/format';
import { COREML_MIL_FORMAT, COREML_PACKAGE_FORMAT } from './coreml/package';
import { CTRANSLATE2_FORMAT } from './ctranslate2/format';
import { EXECUTORCH_DATA_FORMAT } from './executorch/data';
import { EXECUTORCH_FORMAT } from './executorch/format';
import { GGUF_FORMAT } from './gguf/format';
import { GGML_FORMAT } from './gguf/ggml';
import { LLAMAFILE_FORMAT } from './gguf/llamafile';
import { HDF5_FORMAT } from './hdf5/format';
import { JAVA_FORMAT } from './java/format';
import { JOBLIB_FORMAT } from './joblib/format';
import { KERAS_FORMAT, KERAS_JSON_FORMAT, KERAS_YAML_FORMAT } from './keras/formats';
import { KERAS_METADATA_FORMAT } from './keras/savedMetadata';
import { LITERTLM_FORMAT } from './litert/format';
import { MLFLOW_DIRECTORY, MLMODEL_FORMAT } from './mlflow/format';
import { MSGPACK_FORMAT } from './msgpack/format';
import { MXNET_PARAMS_FORMAT, MXNET_SYMBOL_FORMAT } from './mxnet/format';
import { NATIVE_FORMAT } from './native/format';
import { NPY_FORMAT, NPZ_FORMAT } from './numpy/format';
import { ONNX_FORMAT } from './onnx/format';
import { ORT_FORMAT } from './onnx/ort';
import { ONNX_JSON_FORMAT, ONNX_SYNTAX_FORMAT, ONNX_TEXTPROTO_FORMAT } from './onnx/text';
import { CLOSED_ARCHIVE_FORMATS } from './opaque/archives';
import { OPAQUE_FORMATS } from './opaque/formats';
import { PADDLE_FORMAT, PADDLE_PIR_FORMAT } from './paddle/format';
import { PICKLE_FORMAT } from './pickle/format';
import { TORCH_LEGACY_FORMAT, TORCH_TAR_FORMAT, TORCH_ZIP_FORMAT } from './pytorch/format';
import { R_FORMAT } from './r/format';
import { SAFETENSORS_FORMAT } from './safetensors/format';
import { SENTENCEPIECE_FORMAT } from './sentencepiece/format';
import { MODELFILE_FORMAT } from './serving/modelfile';
import { TRITON_FORMAT } from './serving/triton';
import { SKOPS_FORMAT } from './skops/format';
import { SHARDED_CHECKPOINT_GROUP, SNAPSHOT_GROUP } from './snapshot/format';
import { CHECKPOINT_FORMAT, CHECKPOINT_STATE_FORMAT } from './tensorflow/checkpoint';
import { SAVED_MODEL_DIRECTORY } from './tensorflow/directory';
import { TENSORFLOW_TEXT_FORMAT } from './tensorflow/pbtxt';
import { GRAPH_DEF_FORMAT, META_GRAPH_FORMAT, SAVED_MODEL_FORMAT } from './tensorflow/savedModel';
import { TFLITE_FORMAT } from './tflite/format';
import { TORCH7_FORMAT } from './torch7/format';
import { TORCHSERVE_FORMAT } from './torchserve/format';
import { OPENVINO_FORMAT, PMML_FORMAT } from './xml/format';

/** One line a format. The order decides only between formats that know a file by nothing but its name. */
export const MODEL_FORMATS: readonly Format[] = [
  TORCH_ZIP_FORMAT,
  TORCH_LEGACY_FORMAT,
  TORCH_TAR_FORMAT,
  JOBLIB_FORMAT,
  NPZ_FORMAT,
  NPY_FORMAT,
  PICKLE_FORMAT,
  ZIP_FORMAT,
  TAR_FORMAT,
  SEVEN_ZIP_FORMAT,
  RAR_FORMAT,
  ...COMPRESSED_FORMATS,
  ...CLOSED_ARCHIVE_FORMATS,
  SAFETENSORS_FORMAT,
  GGUF_FORMAT,
  GGML_FORMAT,
  LLAMAFILE_FORMAT,
  LFS_POINTER_FORMAT,
  CONFIG_JSON_FORMAT,
  CONFIG_YAML_FORMAT,
  JINJA_FORMAT,
  MODELFILE_FORMAT,
  TRITON_FORMAT,
  KERAS_FORMAT,
  KERAS_JSON_FORMAT,
  KERAS_YAML_FORMAT,
  KERAS_METADATA_FORMAT,
  HDF5_FORMAT,
  SAVED_MODEL_FORMAT,
  GRAPH_DEF_FORMAT,
  META_GRAPH_FORMAT,
  TENSORFLOW_TEXT_FORMAT,
  CHECKPOINT_FORMAT,
  CHECKPOINT_STATE_FORMAT,
  TFLITE_FORMAT,
  LITERTLM_FORMAT,
  EXECUTORCH_FORMAT,
  EXECUTORCH_DATA_FORMAT,
  ONNX_FORMAT,
  ONNX_TEXTPROTO_FORMAT,
  ONNX_JSON_FORMAT,
  ONNX_SYNTAX_FORMAT,
  ORT_FORMAT,
  COREML_FORMAT,
  COREML_PACKAGE_FORMAT,
  COREML_MIL_FORMAT,
  CAFFE_TEXT_FORMAT,
  CAFFE_MODEL_FORMAT,
  JAVA_FORMAT,
  SENTENCEPIECE_FORMAT,
  CTRANSLATE2_FORMAT,
  MLMODEL_FORMAT,
  MSGPACK_FORMAT,
  XGBOOST_FORMAT,
  LIGHTGBM_FORMAT,
  CATBOOST_FORMAT,
  MXNET_SYMBOL_FORMAT,
  MXNET_PARAMS_FORMAT,
  PADDLE_FORMAT,
  PADDLE_PIR_FORMAT,
  R_FORMAT,
  SKOPS_FORMAT,
  TORCH7_FORMAT,
  TORCHSERVE_FORMAT,
  PMML_FORMAT,
  OPENVINO_FORMAT,
  NATIVE_FORMAT,
  ...OPAQUE_FORMATS,
];

/** One line a kind of folder that is one artifact. The first that claims a folder has it. */
export const DIRECTORY_FORMATS: readonly DirectoryFormat[] = [MLFLOW_DIRECTORY, SAVED_MODEL_DIRECTORY];

/** One line a kind of files that are one model together. The first that claims a folder has it. */
export const GROUP_FORMATS: readonly GroupFormat[] = [SNAPSHOT_GROUP, SHARDED_CHECKPOINT_GROUP];
