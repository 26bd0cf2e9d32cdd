/**
 * Whether a constant factor just before an output is of a size that trained models do not end in. Images are scaled back
 * by 255, audio and integers by powers of two (32767, 32768, 65535); what goes beyond those distorts the output.
 */
export function isTellingFactor(factor: number): boolean {
  const scale = Math.abs(factor);
  if (!Number.isFinite(scale) || scale < 500) return false;
  return !Number.isInteger(Math.log2(scale)) && !Number.isInteger(Math.log2(scale + 1));
}
