/**
 * Operators of the default domain: all that ONNX has defined (`onnx.defs`, every version), the experimental ones of its
 * first years, and those that ONNX Runtime puts there itself.
 */
const STANDARD = new Set(
  `ATen Abs Acos Acosh Add Affine AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast
CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant
ConstantFill ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh Crop CumProd CumSum DFT DeformConv DepthToSpace
DequantizeLinear Det Div Dropout DynamicQuantizeLinear DynamicSlice Einsum Elu Equal Erf Exp Expand EyeLike Flatten
Floor GRU GRUUnit Gather GatherElements GatherND Gelu Gemm GivenTensorFill GlobalAveragePool GlobalLpPool
GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish
Hardmax Identity If ImageDecoder ImageScaler InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu
Less LessOrEqual LinearAttention Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool
MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix MemcpyFromHost MemcpyToHost Min Mish Mod Mul
Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement
OptionalHasElement Or PRelu Pad ParametricSoftplus Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN
RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape
Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scale ScaledTanh Scan Scatter ScatterElements ScatterND
Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink
Sigmoid Sign SimplifiedLayerNormalization Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign
SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum SwiGLU Swish Tan
Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor`.split(
    /\s+/,
  ),
);

/** Domains of the standard. */
const STANDARD_DOMAINS = new Set(['ai.onnx.ml', 'ai.onnx.training', 'ai.onnx.preview.training', 'ai.onnx.preview']);

/** Domains whose operators ONNX Runtime, exporters and well-known accelerators bring. */
const VENDORS =
  /^(?:com\.microsoft(?:\.(?:nchwc|experimental|mlfeaturizers|extensions|dml))?|com\.ms\.(?:internal\.)?nhwc(?:dnn)?|com\.xilinx|com\.amd(?:\.\w+)?|com\.nvidia|trt\.plugins|TRT|org\.pytorch\.(?:aten|prim|_caffe2)|ai\.onnx\.contrib|mmdeploy|mmcv|org\.openvinotoolkit|onnxscript\.atenlib|qonnx\.custom_op\.(?:general|channels_last)|finn\.custom_op\.\w+(?:\.\w+)?|com\.intel\.ai|com\.qualcomm\.qti(?:\.\w+)?|aimet\w*|spox\.\w+)$/;

export type Provider = 'standard' | 'vendor' | 'unknown';

/** Who brings an operator. */
export function providerOf(domain: string, op: string): Provider {
  if (domain === '' || domain === 'ai.onnx') {
    if (STANDARD.has(op)) return 'standard';
    // TensorRT's plug-ins stand in the default domain.
    return /_TRT$/.test(op) ? 'vendor' : 'unknown';
  }
  if (STANDARD_DOMAINS.has(domain)) return 'standard';
  return VENDORS.test(domain) ? 'vendor' : 'unknown';
}
