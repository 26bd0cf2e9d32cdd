/**
 * Classes that Keras itself registers (Keras 1 to 3 and tf.keras), by the name that stands in a configuration. They bring
 * no code with them and do no more than their documentation says; exceptions are judged before this list is asked. The last
 * lines are the operations (`keras.ops`) and feature columns, which stand in a configuration like layers.
 */
const BUILT_IN = new Set(
  `Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization BatchNormalizationV1 BatchNormalizationV2
Bidirectional CategoryEncoding CategoryCrossing CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM2DCell ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D
Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense
DenseFeatures DepthwiseConv1D DepthwiseConv2D DepthwiseConvolution1D DepthwiseConvolution2D Discretization Dot Dropout ELU
EinsumDense Embedding Equalization FeatureSpace Flatten FlaxLayer GRU GRUCell GRUCellV1 GRUCellV2 GRUV1 GRUV2
GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D
GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D
GlobalMaxPooling3D GroupNormalization GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing Highway Identity
InputLayer InputSpec IntegerLookup JaxLayer LSTM LSTMCell LSTMCellV1 LSTMCellV2 LSTMV1 LSTMV2 LayerNormalization LeakyReLU
LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D
MaxPooling3D Maximum MaxoutDense MelSpectrogram Merge Minimum MixUp MultiHeadAttention Multiply Normalization PReLU
Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast
RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomFourierFeatures RandomGaussianBlur RandomGrayscale
RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram
SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax Solarization
SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract
SyncBatchNormalization TFOpLambda SlicingOpLambda ClassMethod InstanceMethod InstanceProperty TensorFlowOpLayer
TextVectorization ThresholdedReLU TimeDistributed TimeDistributedDense TimestepDropout UnitNormalization UpSampling1D
UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D AddLoss AddMetric AbstractRNNCell Layer
PeepholeLSTMCell DeviceWrapper DropoutWrapper ResidualWrapper SequenceFeatures LinearModel WideDeepModel ExperimentalLinearModel
Functional Sequential Model Ensemble Graph SavedModel BinaryAccuracy
Constant Ones Zeros RandomNormal RandomUniform TruncatedNormal VarianceScaling Orthogonal OrthogonalInitializer Identity
IdentityInitializer GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform STFT STFTInitializer Initializer
glorot_uniform glorot_normal he_normal he_uniform lecun_normal lecun_uniform zeros ones
L1 L2 L1L2 OrthogonalRegularizer Regularizer MaxNorm MinMaxNorm NonNeg UnitNorm RadialConstraint Constraint
SGD RMSprop RMSProp Adagrad Adadelta Adam Adamax Nadam Ftrl Lion AdamW Adafactor LossScaleOptimizer LossScaleOptimizerV1
LossScaleOptimizerV3 Lamb Muon ScheduleFreeAdamW Optimizer OptimizerV2 TFOptimizer DynamicLossScale FixedLossScale
ExponentialDecay PiecewiseConstantDecay PolynomialDecay InverseTimeDecay CosineDecay CosineDecayRestarts LearningRateSchedule
MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError BinaryCrossentropy
BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy SparseCategoricalCrossentropy CosineSimilarity
Hinge SquaredHinge CategoricalHinge KLDivergence LogCosh Poisson Huber Dice Tversky Circle CTC CategoricalGeneralizedCrossEntropy
LossFunctionWrapper Loss
Accuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy SparseTopKCategoricalAccuracy AUC Precision
Recall PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity TruePositives TrueNegatives
FalsePositives FalseNegatives Mean MeanTensor MeanMetricWrapper MeanRelativeError RootMeanSquaredError LogCoshError Sum
BinaryIoU IoU MeanIoU OneHotIoU OneHotMeanIoU F1Score FBetaScore R2Score ConcordanceCorrelation PearsonCorrelation Metric
SumOverBatchSize SumOverBatchSizeMetricWrapper KLDivergence Poisson
Policy PolicyV1 DTypePolicy DTypePolicyMap FloatDTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy KerasTensor
TensorShape TypeSpec SeedGenerator CompileMetrics CompileLoss CrossingFeature Feature Cross
__tensor__ __keras_tensor__ __symbolic_tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __typespec__ __tuple__ set tuple dict list
relu relu6 silu swish gelu selu elu sigmoid hard_sigmoid hard_silu hard_swish softmax softplus softsign tanh linear
exponential leaky_relu log_softmax mish celu glu tanh_shrink hard_tanh hard_shrink soft_shrink squareplus sparse_plus
sparsemax sparse_sigmoid log_sigmoid threshold
mse mae mape msle kld bce binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy mean_squared_error
mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error cosine_similarity kl_divergence hinge
squared_hinge categorical_hinge log_cosh poisson huber binary_accuracy categorical_accuracy sparse_categorical_accuracy
top_k_categorical_accuracy sparse_top_k_categorical_accuracy binary_focal_crossentropy categorical_focal_crossentropy ctc
dice tversky circle
Abs Absolute AdaptiveAveragePool AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
AdaptiveMaxPool AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AffineTransform All AllClose Amax
Amin Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort
Array ArraySplit AssociativeScan AveragePool BatchNorm Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot
BitwiseOr BitwiseRightShift BitwiseXor BroadcastTo CDist CTCDecode CTCLoss Cast Cbrt Ceil Celu Cholesky
CholeskyInverse Clip Cond Conj Conjugate ContrastLimitedAdaptiveHistogramEqualization Conv ConvLSTM ConvLSTMCell
ConvTranspose ConvertToTensor Copy Corrcoef Correlate Cos Cosh CountNonzero CropImages Cumprod Cumsum DataLayer
Deg2rad DepthToSpace DepthwiseConv Det Diag Diagflat Diagonal Diff Digitize Distiller Divide DivideNoNan
DotProductAttention Dsplit Dstack Eig Eigh Einsum ElasticTransform Elu EmptyLike Equal Erf Erfc Erfinv Exp Exp2
ExpandDims Expm1 ExtractPatches ExtractSequences FFT FFT2 Fabs FakeQuantWithMinMaxVars Flip Fliplr Flipud Floor
FloorDivide Fmax Fmin Fmod Fold ForiLoop Full FullLike GaussianBlur Gcd Gelu Geomspace GetItem Glu Greater
GreaterEqual HSVToRGB HardShrink HardSigmoid HardSilu HardTanh Heaviside Histogram Hsplit Hstack Hypot I0 IFFT2
IRFFT ISTFT Imag InTopK IndexLookup Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal JVP Kron
LayerNorm LayerScale Lcm Ldexp LeakyRelu LeftShift Less LessEqual Linspace Log Log10 Log1p Log2 LogSigmoid
LogSoftmax Logaddexp Logaddexp2 Logdet LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Logsumexp Lstsq LuFactor
Map MapCoordinates Matmul MatrixRank Max MaxPool Median Meshgrid MetricsList Min Mish Mod Moments Moveaxis MultiHot
MultiOptimizer NanToNum Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile
Nanprod Nanquantile Nanstd Nansum Nanvar Ndim Negative Nextafter Nonzero Norm Normalize NotEqual OneHot OnesLike
Operation Outer PSNR Pad PadImages Percentile PerspectiveTransform Pinv Polar Power Prod Ptp Qr Quantile RFFT
RGBToGrayscale RGBToHSV RMSNorm Rad2deg Ravel Real Rearrange Reciprocal Relu Relu6 Repeat Resize RightShift Roll
Rot90 Round Rsqrt SSIM SVD SaturateCast ScaleAndTranslate Scan Scatter ScatterUpdate SearchSorted SegmentMax
SegmentMin SegmentProd SegmentReduction SegmentSum Select Selu SeparableConv Sigmoid Sign Signbit Silu Sin Sinc Sinh
Size Slice SliceUpdate Slogdet SobelEdges SoftShrink Softplus Softsign Solve SolveTriangular Sort SpaceToDepth
SparsePlus SparseSigmoid Sparsemax Split Sqrt Square Squareplus Squeeze Stack Std StochasticDepth StopGradient
Swapaxes Switch Take TakeAlongAxis Tan Tanh TanhShrink Tensordot Threshold Tile TopK Trace Transpose Trapezoid Tril
Triu TrueDivide Trunc Unfold Unique UnravelIndex Unstack Vander Var Vdot VectorizedMap View ViewAsComplex ViewAsReal
Vsplit Vstack Where WhileLoop ZerosLike NumericColumn BucketizedColumn EmbeddingColumn SharedEmbeddingColumn
IndicatorColumn HashedCategoricalColumn CrossedColumn IdentityCategoricalColumn VocabularyListCategoricalColumn
VocabularyFileCategoricalColumn WeightedCategoricalColumn SequenceCategoricalColumn SequenceNumericColumn
DenseColumn`.split(/\s+/),
);

/** Packages that Keras itself, its domain libraries and TensorFlow bring; their classes are imported when they are installed. */
const FIRST_PARTY = [
  'keras',
  'tf_keras',
  'keras_core',
  'keras_nlp',
  'keras_hub',
  'keras_cv',
  'keras_rs',
  'keras_tuner',
  'tensorflow.keras',
  'tensorflow.python.keras',
  'tensorflow.python.framework',
  'tensorflow.python.trackable',
  'tensorflow_addons',
];

export function isBuiltInClass(name: string): boolean {
  return BUILT_IN.has(name);
}

/**
 * Package under which a class or function was registered (`register_keras_serializable(package)`): configurations name it
 * as `package>name`. Nothing of that name is imported; loading finds it only when the program has registered it before.
 */
export function registeredPackage(name: string | undefined): string | undefined {
  const match = /^([^>]+)>[^>]+$/.exec(name ?? '');
  return match?.[1];
}

/** Packages under which Keras's own libraries register. */
export function isFirstPartyPackage(name: string): boolean {
  return /^(?:keras|tf_keras|keras_core|keras_nlp|keras_hub|keras_cv|keras_rs|keras_tuner|Addons|TFText)$/.test(name);
}

/** Whether a module belongs to Keras or a library of the same house. */
export function isFirstPartyModule(module: string): boolean {
  return FIRST_PARTY.some((name) => module === name || module.startsWith(`${name}.`));
}

/** Packages of layers that many models are made with; whoever loads one of these models has the package. */
const LAYER_PACKAGES = new Set(
  `qkeras tcn larq spektral tensorflow_gnn tf_agents kapre keras_self_attention keras_multi_head keras_pos_embd
   keras_layer_normalization keras_transformer keras_bert keras_contrib keras_unet_collection segmentation_models efficientnet
   classification_models stellargraph deepxde tensorflow_probability tensorflow_addons tensorflow_model_optimization
   tensorflow_recommenders tensorflow_text tensorflow_ranking tensorflow_lattice tensorflow_decision_forests official vit_keras
   autokeras transformers deepctr attention`
    .trim()
    .split(/\s+/),
);

/** Whether a module belongs to a well-known package of layers. */
export function isLayerModule(module: string): boolean {
  return LAYER_PACKAGES.has(module.split('.')[0] as string);
}

/** Functions that the modules of layers and mathematics have besides: they build objects from configurations of their own. */
export const BUILDERS = /^(?:de)?serialize(?:_\w+)?$|^get$|^from_config$/;

/** Modules of Keras whose functions are mathematics: anything in them may be named. */
export function isComputationModule(module: string): boolean {
  return /^(?:keras|tf_keras|keras_core|tensorflow\.keras)(?:\.src)?\.(?:activations|losses|metrics|initializers|regularizers|constraints|ops|layers|optimizers|dtype_policies|backend|random|quantizers)(?:\.|$)/.test(
    module,
  );
}
