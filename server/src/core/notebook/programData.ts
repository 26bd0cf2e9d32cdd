/**
 * What programs write into the metadata of notebooks and into JSON outputs and no person does. Each such string would be a
 * segment of its own, a few for each cell, and everyone who reads segments would read it to find nothing.
 */

const INLINE_LIMIT = 4096;

/** Last keys of values that refer to something: models of widgets, addresses of pictures, layouts. */
const REFERENCES = new Set([
  'bdata',
  'model_id',
  'outputId',
  'base_uri',
  'photoUrl',
  'nuid',
  'origin_id',
  'layout',
  'style',
]);
/** What a person types into a widget; the rest of its state is its model. */
const TYPED = new Set(['value', 'description', 'placeholder']);
const PAYLOADS = new Set(['data', 'b64', 'base64', 'buffers', 'image', 'png', 'jpg', 'jpeg']);

/**
 * True for what its key says to be data of a program, whatever it is: widget models but for what a person typed, plot data.
 * @param path keys that lead to the value, joined by `/`
 * @param length of the value as it is written
 */
export function isProgramKey(path: string, length: number): boolean {
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (REFERENCES.has(last)) return true;
  if (path.includes('widget-state+json') && !TYPED.has(last)) return true;
  return length > INLINE_LIMIT && PAYLOADS.has(last.toLowerCase());
}

/** Up to three words as people write them, so no key, whose letters are mixed, and no number. */
const WORDS = /^[A-Z]?[a-z]{1,12}(?:[ -][A-Z]?[a-z]{1,12}){0,2}$/;
/** A moment as programs write it (ISO 8601), to the second or finer: no date of a person. */
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;
/**
 * Eight hexadecimal digits (nbformat), twelve characters (Colab) or a UUID (JupyterLab). The short ones are shorter than
 * any credential; those with seven digits in a row are left, since that is how long numbers of a person are.
 */
const GENERATED_ID = /^(?:(?!.{0,6}(?:\d-?){7})(?:[\da-f]{8}|[\w-]{12})|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;
/**
 * Values that are known by where they stand and by what they look like, both: what looks otherwise is read as any string
 * is, so nothing can be hidden under these keys.
 */
const SHAPES: readonly (readonly [shape: RegExp, paths: readonly string[]])[] = [
  // The id of a cell (nbformat 4.5, JEP 62), which editors make; Colab had its own before.
  [GENERATED_ID, ['id', 'metadata/id']],
  // What the kernel tells of itself (nbformat's `kernelspec` and `language_info`).
  [/^(?:python|ir|julia|bash)[\d.-]{0,6}$/, ['metadata/kernelspec/name']],
  [/^(?:Python|R|Julia)(?: \d(?:\.\d{1,2}){0,2})?(?: \(ipykernel\))?$/, ['metadata/kernelspec/display_name']],
  [
    /^[A-Za-z]{1,12}\d?$/,
    [
      'metadata/kernelspec/language',
      'metadata/language_info/name',
      'metadata/language_info/codemirror_mode',
      'metadata/language_info/codemirror_mode/name',
      'metadata/language_info/nbconvert_exporter',
      'metadata/language_info/pygments_lexer',
    ],
  ],
  [/^\.[A-Za-z]{1,5}$/, ['metadata/language_info/file_extension']],
  [/^text\/(?:x-)?[a-z]{1,12}$/, ['metadata/language_info/mimetype']],
  [/^\d\.\d{1,2}(?:\.\d{1,2})?(?:(?:a|b|rc)\d)?\+?$/, ['metadata/language_info/version']],
  // How editors show a cell: Colab, RISE, PyCharm, VS Code, pandas' and plotly's outputs.
  [
    WORDS,
    [
      'metadata/cellView',
      'metadata/colab_type',
      'metadata/slideshow/slide_type',
      'metadata/vscode/languageId',
      'metadata/needs_background',
    ],
  ],
  [/^[GT]PU$/, ['metadata/accelerator']],
  [/^#%%(?: md| raw)?\s?$/, ['metadata/pycharm/name']],
  // When and how a cell ran: JupyterLab and Kaggle, papermill, the ExecuteTime extension, Colab.
  [
    MOMENT,
    [
      ...['iopub.execute_input', 'iopub.status.busy', 'iopub.status.idle', 'shell.execute_reply'].map(
        (key) => `metadata/execution/${key}`,
      ),
      'metadata/execution/shell.execute_reply.started',
      'metadata/papermill/start_time',
      'metadata/papermill/end_time',
      'metadata/ExecuteTime/start_time',
      'metadata/ExecuteTime/end_time',
    ],
  ],
  [WORDS, ['metadata/papermill/status', 'metadata/executionInfo/status']],
  [/^1\d{12}$/, ['metadata/executionInfo/timestamp']],
  // SageMaker Studio's list of machines, some fifty in each notebook.
  [/^ml\.[a-z\d-]{1,8}\.[a-z\d]{1,10}$/, ['metadata/availableInstances/name', 'metadata/instance_type']],
  [WORDS, ['metadata/availableInstances/category']],
];

const SHAPE_OF: ReadonlyMap<string, RegExp> = new Map(
  SHAPES.flatMap(([shape, paths]) => paths.map((path) => [path, shape] as const)),
);

/** True for what stands where a program writes it and looks as that program writes it. */
export function isProgramValue(path: string, text: string): boolean {
  return SHAPE_OF.get(path)?.test(text) ?? false;
}
