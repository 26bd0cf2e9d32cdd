/** Version of the product, the same as in package.json (a test holds them together); reports carry it. */
export const VERSION = '0.1.0';
