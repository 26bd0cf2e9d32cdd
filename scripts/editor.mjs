// Runs suites inside a real VS Code: the desktop one where it can be downloaded, VS Code's server with Chromium where not.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { launchChromium } from './chromium.mjs';
import { pageAddress, startServer } from './vscodeServer.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const testsEntry = path.join(root, 'dist', 'test', 'index.js');
export const results = path.join(root, 'test-results');

const SUITE_DEADLINE_MS = 180_000;
const START_MS = 60_000;
/** How long one click or key may take, and what it leads to, before it counts as lost. */
const ACT_MS = 3000;
/** What the tests print; everything else is VS Code talking to itself. */
const MARK = '[test] ';

/** Opens a page of a started server. `trusted: false` leaves the workspace in Restricted Mode. */
export async function openPage(server, options, prepare = async () => {}) {
  const browser = await launchChromium();
  // High enough for the lists of the tests: a row that is cut by the end of its list moves while it is clicked.
  const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
  page.setDefaultTimeout(ACT_MS);
  await prepare(page);
  await page.goto(pageAddress(server, options), { timeout: START_MS });
  return { browser, page };
}

/**
 * Does something again and again until what it leads to is shown, or gone when `state` is 'hidden': a click or a key that
 * falls into the moment in which a list is drawn anew, or in which something else has the focus, is lost.
 * @param act may fail, as long as what is waited for comes about in the end
 * @param shown the locator of what is waited for
 * @throws Error when it is not so in time, with what the last attempt failed of
 */
export async function actUntil(act, shown, { timeout, state = 'visible' }) {
  const end = Date.now() + timeout;
  for (;;) {
    let cause;
    try {
      await act();
    } catch (error) {
      cause = error;
    }
    const there = await shown.waitFor({ timeout: ACT_MS, state }).then(
      () => true,
      () => false,
    );
    if (there) return;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${shown}`, { cause });
  }
}

/**
 * Opens the quick input with a text in it, and waits for an entry of its list.
 * The title bar takes clicks whatever has the focus; keys would go to a page that is open.
 */
export async function openQuickInput(page, text, entry, patience) {
  const ask = async () => {
    await page.keyboard.press('Escape');
    await page.locator('.command-center .command-center-center').click();
    await page.locator('.quick-input-widget input').first().fill(text);
  };
  await actUntil(ask, entry, patience);
}

/** User settings with or without workspace trust. */
export function trustSettings(trusted) {
  return trusted ? { 'security.workspace.trust.enabled': false } : {};
}

/**
 * Runs the test entry inside VS Code.
 * @param options.suite name of the suite, told to the extension host through its environment
 * @returns exit code of the run (0: all passed) and what it printed
 */
export async function runSuite(
  version,
  { suite, workspace, extension = root, trusted = true, home, log = console.log },
) {
  const server = await startServer(version, {
    home,
    settings: trustSettings(trusted),
    env: { WATCHTOWER_SUITE: suite, WATCHTOWER_WORKSPACE: workspace },
    log,
  });
  let output = '';
  let browser;
  try {
    let finish;
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    const opened = await openPage(server, { workspace, extension, tests: testsEntry }, async (page) => {
      await page.exposeFunction('codeAutomationLog', (_type, args) => {
        const line = format(...args);
        if (!line.startsWith(MARK)) return;
        const own = line.slice(MARK.length);
        output += `${own}\n`;
        log(own);
      });
      await page.exposeFunction('codeAutomationExit', (code) => finish(code));
    });
    browser = opened.browser;
    const deadline = setTimeout(() => finish('deadline'), SUITE_DEADLINE_MS);
    const code = await finished;
    clearTimeout(deadline);
    if (code !== 0) {
      await mkdir(results, { recursive: true });
      await opened.page
        .screenshot({ path: path.join(results, `${suite}-${version.vscode}-failed.png`) })
        .catch(() => {});
    }
    if (code === 'deadline') output += `the suite did not end within ${SUITE_DEADLINE_MS / 1000} s\n`;
    return { code, output };
  } finally {
    await browser?.close();
    await server.stop();
  }
}

export async function emptyResults() {
  await rm(results, { recursive: true, force: true });
  await mkdir(results, { recursive: true });
}
