/** What a callable can do when a pickle calls it. */
export type Capability =
  | 'process'
  | 'code'
  | 'import'
  | 'native'
  | 'unpickle'
  | 'install'
  | 'tamper'
  | 'file'
  | 'network'
  | 'attribute'
  | 'terminate'
  | 'callback'
  | 'side-effect';

/** One sentence of what would happen, after "Loading the file ". */
export const CAPABILITY_TEXT: Record<Capability, string> = {
  process: 'starts a process or runs a shell command',
  code: 'runs Python code that the file brings along',
  import: 'imports a module of the file’s choosing, which runs its code',
  native: 'loads or calls native code',
  unpickle: 'deserialises further data, which can run code of its own',
  install: 'drives a package manager or build tool, which runs code',
  tamper: 'interferes with the tools that scan models or with the import system',
  file: 'reads, writes or lists files',
  network: 'opens a network connection',
  attribute: 'reaches into interpreter or module internals, from where any function can be called',
  terminate: 'ends the loading process',
  callback: 'hands control to another callable',
  'side-effect': 'changes the state of the loading process',
};

/** The judgement needs the arguments. */
export type ArgumentRule =
  /** Calls, now or later, the callables among its arguments: as good or bad as they are. */
  | 'adapter'
  | 'getattr'
  | 'attribute-getter'
  | 'reconstructor'
  | 'load-from-bytes'
  | 'codec'
  | 'type'
  | 'ufunc'
  | 'subscript'
  | 'dill-type'
  | 'dill-repr'
  | 'graph-source'
  | 'sympify';

export interface Verdict {
  tier: 'safe' | 'library' | 'unknown' | 'dangerous';
  capability?: Capability;
  argument?: ArgumentRule;
  /** Why it is harmless or what makes it dangerous; a phrase for people. */
  why: string;
  /** The entry, family or word that decided, for explanations. */
  by: 'exact' | 'class' | 'family' | 'word' | 'shape' | 'default';
}
