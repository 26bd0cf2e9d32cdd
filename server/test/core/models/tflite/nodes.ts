import { u32 } from '../../pickle/assembler';

/** A part of a FlatBuffer. */
export type Node =
  | { kind: 'table'; fields: readonly (Node | undefined)[] }
  | { kind: 'vector'; items: readonly Node[] }
  | { kind: 'bytes' | 'scalar'; value: Uint8Array };

export const table = (...fields: (Node | undefined)[]): Node => ({ kind: 'table', fields });
export const vector = (...items: Node[]): Node => ({ kind: 'vector', items });
export const raw = (value: Uint8Array): Node => ({ kind: 'bytes', value });
export const text = (value: string): Node => raw(new TextEncoder().encode(value));
export const scalar = (value: Uint8Array): Node => ({ kind: 'scalar', value });
export const int = (value: number): Node => scalar(u32(value));

/** A FlatBuffer of these nodes, with `header` between the identifier and the tables. */
export function flatbuffer(identifier: string, root: Node, header: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out: number[] = [0, 0, 0, 0, ...new TextEncoder().encode(identifier), ...header];
  const patch = (at: number, value: number) => {
    for (const [i, byte] of u32(value).entries()) out[at + i] = byte;
  };
  const write = (node: Node): number => {
    if (node.kind === 'table') {
      const sizes = node.fields.map((field) => (field?.kind === 'scalar' ? field.value.length : 4));
      const vtable = out.length;
      let place = 4;
      const places = node.fields.map((field, i) => {
        if (!field) return 0;
        const at = place;
        place += sizes[i] as number;
        return at;
      });
      for (const value of [4 + 2 * node.fields.length, place, ...places]) out.push(value & 255, value >> 8);
      const at = out.length;
      out.push(...u32(at - vtable), ...new Uint8Array(place - 4));
      for (const [i, field] of node.fields.entries()) {
        if (!field) continue;
        const to = at + (places[i] as number);
        if (field.kind === 'scalar') for (const [k, byte] of field.value.entries()) out[to + k] = byte;
        else patch(to, write(field) - to);
      }
      return at;
    }
    const at = out.length;
    if (node.kind === 'vector') {
      out.push(...u32(node.items.length), ...new Uint8Array(4 * node.items.length));
      for (const [i, item] of node.items.entries()) patch(at + 4 + 4 * i, write(item) - (at + 4 + 4 * i));
    } else out.push(...u32(node.value.length), ...node.value, 0);
    return at;
  };
  patch(0, write(root));
  return Uint8Array.from(out);
}
