/**
 * The opcodes of pickle protocols 0 to 5, as CPython's `Lib/pickletools.py` documents them (PEP 307, 3154, 574).
 */

/** How an opcode's argument lies in the stream. */
export type OpcodeArgument =
  | 'none'
  | 'u1'
  | 'u2'
  | 'i4'
  | 'u4'
  | 'u8'
  | 'float8'
  /** Length-prefixed payload; the number is the size of the length field in bytes. */
  | 'payload1'
  | 'payload4'
  | 'payload8'
  /** Text up to a newline. */
  | 'line'
  /** Two such texts. */
  | 'lines';

export interface Opcode {
  readonly code: number;
  readonly name: string;
  readonly argument: OpcodeArgument;
  /** First protocol that has it. */
  readonly protocol: number;
}

const TABLE = `
49 INT line 0|4a BININT i4 1|4b BININT1 u1 1|4d BININT2 u2 1|4c LONG line 0|8a LONG1 payload1 2|8b LONG4 payload4 2
53 STRING line 0|54 BINSTRING payload4 1|55 SHORT_BINSTRING payload1 1|42 BINBYTES payload4 3|43 SHORT_BINBYTES payload1 3
8e BINBYTES8 payload8 4|96 BYTEARRAY8 payload8 5|97 NEXT_BUFFER none 5|98 READONLY_BUFFER none 5|4e NONE none 0
88 NEWTRUE none 2|89 NEWFALSE none 2|56 UNICODE line 0|8c SHORT_BINUNICODE payload1 4|58 BINUNICODE payload4 1
8d BINUNICODE8 payload8 4|46 FLOAT line 0|47 BINFLOAT float8 1|5d EMPTY_LIST none 1|61 APPEND none 0|65 APPENDS none 1
6c LIST none 0|29 EMPTY_TUPLE none 1|74 TUPLE none 0|85 TUPLE1 none 2|86 TUPLE2 none 2|87 TUPLE3 none 2
7d EMPTY_DICT none 1|64 DICT none 0|73 SETITEM none 0|75 SETITEMS none 1|8f EMPTY_SET none 4|90 ADDITEMS none 4
91 FROZENSET none 4|30 POP none 0|32 DUP none 0|28 MARK none 0|31 POP_MARK none 1|67 GET line 0|68 BINGET u1 1
6a LONG_BINGET u4 1|70 PUT line 0|71 BINPUT u1 1|72 LONG_BINPUT u4 1|94 MEMOIZE none 4|82 EXT1 u1 2|83 EXT2 u2 2
84 EXT4 i4 2|63 GLOBAL lines 0|93 STACK_GLOBAL none 4|52 REDUCE none 0|62 BUILD none 0|69 INST lines 0|6f OBJ none 1
81 NEWOBJ none 2|92 NEWOBJ_EX none 4|80 PROTO u1 2|2e STOP none 0|95 FRAME u8 4|50 PERSID line 0|51 BINPERSID none 1`;

/** Every opcode; `OPCODES[code]` is undefined for a byte that is none. */
export const OPCODES: readonly (Opcode | undefined)[] = (() => {
  const table: (Opcode | undefined)[] = new Array(256).fill(undefined);
  for (const row of TABLE.trim().split(/[|\n]/)) {
    const [code, name, argument, protocol] = row.split(' ') as [string, string, OpcodeArgument, string];
    table[Number.parseInt(code, 16)] = {
      code: Number.parseInt(code, 16),
      name,
      argument,
      protocol: Number(protocol),
    };
  }
  return table;
})();

/** Name of an opcode, or its byte in hexadecimal when it is none. */
export function opcodeName(code: number): string {
  return OPCODES[code]?.name ?? `0x${code.toString(16).padStart(2, '0')}`;
}

/** Newest protocol that exists. CPython refuses a higher one in PROTO before it runs anything. */
export const HIGHEST_PROTOCOL = 5;
