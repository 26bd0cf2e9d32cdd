/** What the model inspector and the AI bill of materials show of a model. Types only. Everything in it is data of the file: show it escaped. */

export interface TensorDescription {
  name: string;
  dtype: string;
  /** Sizes of the dimensions, outermost first; -1 where the file leaves one open. */
  shape: number[];
  bytes?: number;
}

export interface LayerDescription {
  name: string;
  className: string;
  /** Path inside the model for nested layers. */
  path?: string;
  details?: Record<string, unknown>;
}

/** Every list is capped by the scanner; `truncated` names the lists that were. */
export interface ModelDescription {
  format: string;
  framework?: string;
  frameworkVersion?: string;
  /** Producer, opset, protocol, ... as the format calls them. */
  properties?: Record<string, string | number | boolean>;
  /** The file's own metadata (GGUF key/values, safetensors __metadata__, ...), values shortened. */
  metadata?: Record<string, string | number | boolean>;
  license?: string;
  parameters?: number;
  tensorCount?: number;
  tensors?: TensorDescription[];
  layers?: LayerDescription[];
  /** Operator or opcode name -> how often. */
  operators?: Record<string, number>;
  /** Callables a pickle refers to, `module.qualname`, with how they are judged. */
  globals?: { name: string; verdict: 'safe' | 'unknown' | 'dangerous'; called: boolean; why?: string }[];
  inputs?: TensorDescription[];
  outputs?: TensorDescription[];
  members?: { name: string; bytes: number; format?: string }[];
  sha256?: string;
  truncated?: string[];
}
