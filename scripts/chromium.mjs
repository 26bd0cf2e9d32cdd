// Finds a Chromium, or installs Debian's where that is possible.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { findProgram } from './vscodeServer.mjs';

const run = promisify(execFile);

/**
 * Installs a Debian package, as root only.
 * @returns why it could not be installed, or undefined
 */
export async function aptInstall(name, log = () => {}) {
  if (process.getuid?.() !== 0) return `${name} is not installed, and installing it takes root`;
  if (!(await findProgram('apt-get'))) return `${name} is not installed, and there is no apt-get to install it with`;
  log(`installing ${name} with apt-get`);
  try {
    await run('apt-get', ['update', '-qq'], { timeout: 120_000 });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
      timeout: 600_000,
      maxBuffer: 2 ** 26,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return undefined;
  } catch (error) {
    return `${name} could not be installed: ${error.message.split('\n')[0]}`;
  }
}

/** @returns path of a Chromium or Chrome, or undefined */
export function findChromium() {
  if (process.env.WATCHTOWER_CHROMIUM) return Promise.resolve(process.env.WATCHTOWER_CHROMIUM);
  return findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/** Starts a headless browser that talks to loopback and to nothing else. */
export async function launchChromium() {
  const executablePath = await findChromium();
  if (!executablePath) throw new Error('no Chromium was found');
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
    ],
  });
}
