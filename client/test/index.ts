import path from 'node:path';
import { format } from 'node:util';

/**
 * What VS Code runs: the suites of one run. Which ones, the environment says, so that every launcher (desktop VS Code, VS
 * Code's server with a browser, the installed package) runs the same files.
 */
export async function run(): Promise<void> {
  // An ES module, and therefore left out of the bundle.
  const { default: Mocha } = await import('mocha');
  // The launcher tells the lines of the tests from those of the editor by this.
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(`[test] ${format(...args)}`);
  const suite = process.env.WATCHTOWER_SUITE ?? 'main';
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec', color: false, failZero: true });
  mocha.addFile(path.join(__dirname, `${suite}.suite.js`));
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => (failures ? reject(new Error(`${failures} failed`)) : resolve()));
    // At once, and not only at the end: a run that hangs later would hide it.
    runner.on('fail', (_test, error: Error) => Mocha.reporters.Base.consoleLog(error.stack ?? error.message));
  });
}
