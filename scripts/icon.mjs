// Draws media/icon.png from media/icon.svg: extension icons must be bitmaps. `node scripts/icon.mjs`
import { readFile, writeFile } from 'node:fs/promises';
import { launchChromium } from './chromium.mjs';

const svg = await readFile('media/icon.svg', 'utf8');
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 256, height: 256 } });
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
  await writeFile('media/icon.png', await page.screenshot({ omitBackground: true }));
} finally {
  await browser.close();
}
