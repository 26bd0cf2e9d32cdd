/** What is known of classes that a stream of Java serialization names. */
export interface ClassHazard {
  severity: 'critical' | 'high' | 'medium';
  what: string;
}

const RUNS = 'runs code when it is deserialized with what stands around it';
const FETCHES = 'looks up or loads an object from an address when it is deserialized';
const AGAIN = 'deserializes bytes of its own, past the filter of the outer stream';

/** Classes of the gadget chains of ysoserial and marshalsec, by the first part of their name that tells them. */
const HAZARDS: readonly (readonly [pattern: RegExp, severity: ClassHazard['severity'], what: string])[] = [
  [
    /^org\.apache\.commons\.collections4?\.(?:functors\.(?:Invoker|Instantiate|Chained|Factory|Prototype|Closure|Map)\w*|comparators\.TransformingComparator|keyvalue\.TiedMapEntry|map\.(?:LazyMap|DefaultedMap|TransformedMap)|bag\.TreeBag)/,
    'critical',
    RUNS,
  ],
  [/(?:^|\.)xalan\.(?:internal\.)?xsltc\.trax\.TemplatesImpl$/, 'critical', 'holds bytecode and defines it as a class'],
  [/^org\.codehaus\.groovy\.runtime\.(?:ConvertedClosure|MethodClosure|CurriedClosure)$/, 'critical', RUNS],
  [
    /^(?:bsh\.(?:XThis|Interpreter|This)|org\.python\.core\.Py(?:Function|Bytecode|Method)|org\.jython)/,
    'critical',
    RUNS,
  ],
  [/^org\.mozilla\.javascript\.(?:NativeJavaObject|MemberBox|NativeError|NativeJavaMethod)/, 'critical', RUNS],
  [/^clojure\.(?:core\$(?:comp|constantly|eval|partial)|main\$eval|inspector\.proxy)/, 'critical', RUNS],
  [/^java\.lang\.(?:ProcessBuilder|Runtime|ProcessImpl|UNIXProcess)$/, 'critical', 'starts programs'],
  [/^javax\.script\.ScriptEngineManager$/, 'critical', 'loads script engines from an address'],
  [/^scala\.sys\.process\./, 'critical', 'starts programs'],
  [/^org\.apache\.commons\.beanutils\.BeanComparator$/, 'critical', RUNS],
  [
    /^org\.springframework\.(?:core\.SerializableTypeWrapper|beans\.factory\.(?:ObjectFactory|config\.\w+FactoryBean)|aop\.framework\.(?:JdkDynamicAopProxy|AdvisedSupport)|transaction\.jta\.JtaTransactionManager|jndi\.)/,
    'critical',
    RUNS,
  ],
  [
    /^(?:com\.sun\.)?(?:com\.)?(?:sun\.)?rowset\.JdbcRowSetImpl$|^com\.sun\.rowset\.JdbcRowSetImpl$/,
    'critical',
    FETCHES,
  ],
  [/^com\.mchange\.v2\.(?:c3p0|naming)\./, 'critical', FETCHES],
  [/^(?:com\.sun\.jndi\.|javax\.naming\.|org\.apache\.xbean\.naming\.|com\.caucho\.naming\.)/, 'critical', FETCHES],
  [/^(?:java\.rmi\.server\.|sun\.rmi\.|javax\.management\.remote\.rmi\.)/, 'critical', FETCHES],
  [
    /^(?:com\.zaxxer\.hikari\.|ch\.qos\.logback\.core\.db\.|org\.apache\.commons\.configuration2?\.ConfigurationMap|org\.apache\.shiro\.jndi\.|oracle\.jdbc\.rowset\.)/,
    'critical',
    FETCHES,
  ],
  [
    /^org\.(?:hibernate\.engine\.spi\.TypedValue|hibernate\.property\.|hibernate\.tuple\.component\.)/,
    'critical',
    RUNS,
  ],
  [
    /^(?:net\.sf\.json\.JSONObject|com\.vaadin\.data\.util\.|org\.apache\.click\.control\.|com\.(?:sun\.syndication|rometools\.rome)\.feed\.impl\.|org\.apache\.myfaces\.|org\.jboss\.(?:interceptor|weld)\.|de\.javakaffee\.)/,
    'critical',
    RUNS,
  ],
  [
    /^org\.(?:apache\.(?:commons\.fileupload|wicket\.util\.upload)\.(?:disk\.)?DiskFileItem|aspectj\.weaver\.tools\.cache\.)/,
    'critical',
    'writes files when it is deserialized',
  ],
  [
    /^java\.security\.SignedObject$|^org\.apache\.(?:commons\.lang3?\.SerializationUtils|catalina\.ha\.)|^javax\.management\.MarshalledObject$|^java\.rmi\.MarshalledObject$/,
    'high',
    AGAIN,
  ],
  [
    /^javax\.management\.BadAttributeValueExpException$/,
    'high',
    'calls a method of what it holds while it is deserialized',
  ],
  [/^com\.fasterxml\.jackson\.databind\.node\.POJONode$/, 'high', 'calls the getters of what it holds'],
  [/^com\.alibaba\.fastjson2?\.JSON(?:Array|Object)$/, 'high', 'calls the getters of what it holds'],
  [
    /^sun\.reflect\.annotation\.AnnotationInvocationHandler$/,
    'high',
    'turns calls on a proxy into calls of what it holds',
  ],
  [/^java\.net\.URL$/, 'medium', 'resolves its host name when it is put into a hash table: a call home'],
  [/^java\.lang\.invoke\.SerializedLambda$/, 'medium', 'has a class of the program build a lambda from names'],
  [
    /^(?:javax\.swing\.event\.EventListenerList|javax\.swing\.undo\.UndoManager|java\.beans\.EventHandler)$/,
    'medium',
    'calls methods of what it holds, as a part of gadget chains',
  ],
];

/** Packages of the Java platform's data classes and of the libraries of the field. */
const KNOWN =
  /^(?:java\.(?:lang|util|math|io|text|time|sql|awt|nio)\.|javax\.swing\.|weka\.|moa\.|com\.yahoo\.labs\.samoa\.|org\.(?:deeplearning4j|nd4j|datavec|apache\.(?:spark|mahout|hadoop|commons\.math\d?|lucene|opennlp|flink|ignite\.ml)|encog|neuroph|jblas|ejml|tribuo|jpmml|dmg\.pmml|openml|nlpcraft|tensorflow|pytorch|bytedeco|json4s|joda\.time|dkpro|maltparser)\.|opennlp\.|edu\.(?:stanford\.nlp|umass\.cs|berkeley\.nlp)\.|cc\.mallet\.|hex\.|water\.|ai\.(?:h2o|djl|onnxruntime)\.|ml\.(?:dmlc|combust)\.|smile\.|scala\.(?!sys\.)|breeze\.|no\.uib\.cipr|gnu\.trove\.|it\.unimi\.dsi\.|com\.(?:rapidminer|google\.common|carrotsearch|clearspring|esotericsoftware|oracle\.labs\.mlrg|microsoft\.ml)\.|de\.(?:lmu|bwaldvogel)\.|libsvm\.|liblinear\.|umontreal\.|net\.sf\.javaml\.|org\.knime\.|org\.jfree\.)/;

export function classHazard(name: string): ClassHazard | undefined {
  const bare = elementClass(name);
  const found = HAZARDS.find(([pattern]) => pattern.test(bare));
  return found && { severity: found[1], what: found[2] };
}

export function isKnownClass(name: string): boolean {
  const bare = elementClass(name);
  return /^[BCDFIJSZ]$/.test(bare) || KNOWN.test(bare);
}

/** The class of an array's elements: `[Lweka.core.Instance;` is `weka.core.Instance`. */
function elementClass(name: string): string {
  const array = /^\[+(?:L(.*);|([BCDFIJSZ]))$/.exec(name);
  return array ? (array[1] ?? (array[2] as string)) : name;
}
