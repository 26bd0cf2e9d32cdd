type Library = typeof import('./h5wasm');

/**
 * The HDF5 library, loaded when it is first needed: from its own bundle in the product, from the source where tests run
 * the sources themselves.
 * @throws Error when neither is there
 */
export async function loadLibrary(): Promise<Library> {
  try {
    return require('bundle:hdf5') as Library;
  } catch {
    // A computed name keeps the bundler from pulling the library into the bundle that asks for it.
    const source = ['.', 'h5wasm.ts'].join('/');
    return (await import(source)) as Library;
  }
}
