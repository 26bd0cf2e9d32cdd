import { readAll } from '../../io/byteSource';
import { evidenceText } from '../../redact';
import { defineRules, MODEL_REFERENCES } from '../../rule';
import type { Format, ScanContext, ScanInput } from '../../scanner';

export const TORCH7_RULES = defineRules('torch7', {
  'lua-code': {
    title: 'Torch7 file holds Lua code that leaves the model',
    category: 'model',
    severity: 'high',
    risk: 'deserialization',
    description:
      'The file holds Lua code or bytecode naming functions that run commands, load code or touch files. torch.load rebuilds such functions, and modules call them.',
    remediation: 'Do not load the file with Torch7; convert its weights with a reader that ignores functions.',
    references: MODEL_REFERENCES.deserialization,
  },
  function: {
    title: 'Torch7 file holds a serialized function',
    category: 'model',
    severity: 'medium',
    risk: 'deserialization',
    description:
      'Lua bytecode is stored in the file. It is not verified when loaded, and malformed bytecode can run native code.',
    remediation: 'Ask for weights without functions, or convert the model to a format that holds tensors only.',
    references: MODEL_REFERENCES.deserialization,
  },
});

/** Type tags of torch.File (torch7/File.lua). */
const NIL = 0;
const NUMBER = 1;
const STRING = 2;
const TABLE = 3;
const TORCH = 4;
const BOOLEAN = 5;
const FUNCTION = 6;
const LEGACY_RECURSIVE_FUNCTION = 7;
const RECURSIVE_FUNCTION = 8;

/** Lua globals and library functions that a tensor file has no use for. */
const DANGEROUS_LUA =
  /\b(?:os\s*\.\s*(?:execute|remove|rename|tmpname|exit)|io\s*\.\s*(?:popen|open|output|lines)|package\s*\.\s*loadlib|loadstring|dofile|loadfile|ffi\s*\.\s*(?:load|C|cdef)|debug\s*\.\s*(?:setmetatable|getregistry))\b/;
/** The same as constants of Lua bytecode, where each name is a string of its own. */
const DANGEROUS_BYTECODE =
  /\b(?:os|io|package)\b[^\w]{0,16}(?:execute|popen|loadlib|remove|rename)\b|\b(?:loadstring|dofile|loadfile)\b/;
const SHOWN_CLASSES = 64;

interface Contents {
  classes: Map<string, number>;
  functions: number[];
  strings: { text: string; offset: number; bytecode?: boolean }[];
  stopped?: { reason: string; offset: number };
}

/** Walks the object stream; tensors and storages end the walk of their object, their numbers are skipped by class. */
function readObjects(bytes: Uint8Array, context: ScanContext): Contents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const contents: Contents = { classes: new Map(), functions: [], strings: [] };
  const indices = new Set<number>();
  let at = 0;
  const stop = (reason: string): false => {
    contents.stopped = { reason, offset: at };
    return false;
  };
  const int = (): number | undefined => {
    if (at + 4 > bytes.length) return undefined;
    at += 4;
    return view.getInt32(at - 4, true);
  };
  const text = (): string | undefined => {
    const length = int();
    if (length === undefined || length < 0 || at + length > bytes.length) return undefined;
    at += length;
    return new TextDecoder('latin1').decode(bytes.subarray(at - length, at));
  };
  const SIZES: Record<string, number> = { Byte: 1, Char: 1, Short: 2, Int: 4, Long: 8, Float: 4, Double: 8, Half: 2 };

  /** Objects still to be read; a table's pairs are counted, not recursed into. */
  let open = 1;
  let steps = 0;
  const object = (): boolean => {
    const tag = int();
    if (tag === undefined) return stop('the data ends early');
    switch (tag) {
      case NIL:
        return true;
      case NUMBER:
        at += 8;
        return at <= bytes.length || stop('the data ends early');
      case BOOLEAN:
        at += 4;
        return at <= bytes.length || stop('the data ends early');
      case STRING: {
        const offset = at;
        const value = text();
        if (value === undefined) return stop('a string is longer than the file');
        if (contents.strings.length < 10_000) contents.strings.push({ text: value, offset });
        return true;
      }
      case FUNCTION:
      case LEGACY_RECURSIVE_FUNCTION:
      case RECURSIVE_FUNCTION: {
        const index = int();
        if (index === undefined) return stop('the data ends early');
        if (indices.has(index)) return true;
        indices.add(index);
        const offset = at;
        const code = text();
        if (code === undefined) return stop('a function is longer than the file');
        contents.functions.push(offset);
        contents.strings.push({ text: code, offset, bytecode: true });
        open += 1;
        return true;
      }
      case TABLE: {
        const index = int();
        if (index === undefined) return stop('the data ends early');
        if (indices.has(index)) return true;
        indices.add(index);
        const pairs = int();
        if (pairs === undefined || pairs < 0 || pairs > bytes.length)
          return stop('a table claims more pairs than the file can hold');
        open += pairs * 2;
        return true;
      }
      case TORCH: {
        const index = int();
        if (index === undefined) return stop('the data ends early');
        if (indices.has(index)) return true;
        indices.add(index);
        const first = text();
        const name = first?.startsWith('V ') ? text() : first;
        if (name === undefined) return stop('a class name is longer than the file');
        contents.classes.set(name, (contents.classes.get(name) ?? 0) + 1);
        const storage = /^torch\.(?:Cuda)?(Byte|Char|Short|Int|Long|Float|Double|Half)?Storage$/.exec(name);
        if (storage) {
          if (at + 8 > bytes.length) return stop('the data ends early');
          const count = view.getBigInt64(at, true);
          const length = count * BigInt(SIZES[storage[1] ?? 'Float'] as number);
          if (count < 0n || length > BigInt(bytes.length - at)) return stop('a storage is longer than the file');
          at += 8 + Number(length);
          return true;
        }
        if (/^torch\.(?:Cuda)?(?:Byte|Char|Short|Int|Long|Float|Double|Half)?Tensor$/.test(name)) {
          const dimensions = int();
          if (dimensions === undefined || dimensions < 0 || dimensions > 1024)
            return stop('a tensor with impossible dimensions');
          at += dimensions * 16 + 8;
          if (at > bytes.length) return stop('the data ends early');
          open += 1;
          return true;
        }
        // Every other class writes one object: the table of its fields.
        open += 1;
        return true;
      }
      default:
        at -= 4;
        return stop(`unknown type tag ${tag}`);
    }
  };
  while (open > 0) {
    open -= 1;
    steps += 1;
    if (steps % 4096 === 0) context.budget.checkTime();
    if (!object()) break;
  }
  return contents;
}

async function scan(input: ScanInput, context: ScanContext): Promise<void> {
  const bytes = await readAll(input.source, (size) => context.budget.checkMemory(size, 'the Torch7 file'));
  const contents = readObjects(bytes, context);
  context.describe({
    format: 'torch7',
    framework: 'Torch7',
    layers: [...contents.classes]
      .slice(0, SHOWN_CLASSES)
      .map(([className, count]) => ({ name: className, className, details: { count } })),
  });
  if (contents.stopped) {
    context.incomplete(`Torch7 objects: ${contents.stopped.reason}`, { offset: contents.stopped.offset });
    // What follows a broken object is still what a forgiving reader may take for code.
    const rest = bytes.subarray(contents.stopped.offset, contents.stopped.offset + 2 ** 20);
    contents.strings.push({ text: new TextDecoder('latin1').decode(rest), offset: contents.stopped.offset });
  }
  const code = contents.strings
    .map(({ text, offset, bytecode }) => ({
      match: DANGEROUS_LUA.exec(text) ?? (bytecode ? DANGEROUS_BYTECODE.exec(text) : null),
      text,
      offset,
    }))
    .find(({ match }) => match);
  if (code?.match) {
    const around = code.text.slice(Math.max(0, code.match.index - 20), code.match.index + 80);
    context.report({
      rule: TORCH7_RULES['lua-code'],
      message: `The Torch7 file holds Lua code that uses ${evidenceText(code.match[0], 60)}`,
      evidence: evidenceText(around),
      anchor: code.match[0],
      location: { offset: code.offset + code.match.index },
    });
  } else if (contents.functions.length) {
    context.report({
      rule: TORCH7_RULES.function,
      message: `The Torch7 file holds ${contents.functions.length} serialized Lua function(s)`,
      anchor: 'functions',
      location: { offset: contents.functions[0] as number },
    });
  }
}

/** Torch7 (Lua) binary files. The binary form has no magic: it is known by the version string and class of its first object. */
export const TORCH7_FORMAT: Format = {
  id: 'torch7',
  title: 'Torch7',
  kind: 'model',
  extensions: ['.t7', '.th7'],
  identify({ head, extension }) {
    const versioned =
      head[0] === TORCH &&
      head[1] === 0 &&
      head[2] === 0 &&
      head[3] === 0 &&
      head[8] === 3 &&
      head[12] === 0x56 &&
      head[13] === 0x20;
    if (versioned) return 'certain';
    return extension === '.t7' || extension === '.th7' ? 'named' : undefined;
  },
  scan,
};
