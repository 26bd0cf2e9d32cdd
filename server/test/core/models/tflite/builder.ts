/** Writes FlatBuffers for tests. Lays tables out one after another; offsets are filled in once the places are known. */
export class Builder {
  readonly bytes: number[] = [];

  u32(value: number): number {
    const at = this.bytes.length;
    this.bytes.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
    return at;
  }

  patch(at: number, value: number): void {
    for (let i = 0; i < 4; i += 1) this.bytes[at + i] = (value >> (8 * i)) & 255;
  }

  /** A table of 32-bit fields; absent ones are undefined. @returns its place and the places of its fields */
  table(fields: (number | undefined)[]): { at: number; fields: number[] } {
    const vtable = this.bytes.length;
    const sizes = [4 + fields.length * 2, 4 + fields.length * 4];
    for (const size of sizes) this.bytes.push(size & 255, size >> 8);
    for (const [i, value] of fields.entries()) this.bytes.push(value === undefined ? 0 : 4 + i * 4, 0);
    const at = this.u32(0);
    this.patch(at, at - vtable);
    return { at, fields: fields.map((value) => this.u32(value ?? 0)) };
  }

  point(from: number, to: number): void {
    this.patch(from, to - from);
  }

  text(value: string): number {
    const at = this.u32(value.length);
    this.bytes.push(...new TextEncoder().encode(value), 0);
    return at;
  }

  vector(count: number): { at: number; items: number[] } {
    const at = this.u32(count);
    return { at, items: Array.from({ length: count }, () => this.u32(0)) };
  }
}
