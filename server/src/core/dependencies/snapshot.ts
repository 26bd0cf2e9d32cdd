/** Which advisory data the embedded table was made from. Written by scripts/advisories.mjs; do not edit. */
export const ADVISORY_SNAPSHOT = {
  asOf: '2026-07-23',
  source: 'Python Packaging Advisory Database (CC-BY-4.0)',
  count: 6803,
} as const;
