// What a person sees: drives a real VS Code, checks what is shown, and leaves pictures in test-results/.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { actUntil, openPage, openQuickInput, results, root, trustSettings } from './editor.mjs';
import { lookAtRemoteForm } from './uiRemote.mjs';
import { startServer } from './vscodeServer.mjs';

const PATIENCE = { timeout: 20_000 };

/**
 * @param check runs one named check and counts it
 */
export async function lookAtEditor(version, workspace, check) {
  const server = await startServer(version, { settings: { ...trustSettings(true), 'workbench.iconTheme': 'vs-seti' } });
  let browser;
  try {
    const opened = await openPage(server, { workspace, extension: root });
    browser = opened.browser;
    const { page } = opened;
    const picture = (name) => page.screenshot({ path: path.join(results, `${name}.png`) });
    // Notifications are rows of a list as well, and name what they are about.
    const row = (text) => page.locator('.monaco-list-row[role="treeitem"]', { hasText: text }).first();
    const openFile = async (name) => {
      const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
      await openQuickInput(page, name, entry, PATIENCE);
      const tab = page.locator('.tabs-container .tab', { hasText: name }).first();
      await actUntil(() => entry.click({ timeout: 3000 }).catch(() => {}), tab, PATIENCE);
    };

    await check('the activity bar has Watchtower, and its views say what to do first', async () => {
      const icon = page.locator('.activitybar [aria-label^="Watchtower"]').first();
      await icon.waitFor({ timeout: 60_000 });
      await icon.click();
      await page.getByText('The workspace has not been scanned yet').first().waitFor(PATIENCE);
      await picture('1-welcome');
    });

    await check('a scan fills Models and Findings, the worst first, with a badge', async () => {
      await page.getByRole('button', { name: 'Scan Workspace' }).first().click();
      await row('dangerous.pkl').waitFor(PATIENCE);
      await row('harmless.pkl').waitFor(PATIENCE);
      await page.locator('.activitybar .badge-content:visible').first().waitFor(PATIENCE);
      await row('dangerous.pkl').locator('.monaco-tl-twistie').click();
      await page.locator('.monaco-list-row[aria-level="2"]').first().waitFor(PATIENCE);
      await picture('2-models-and-findings');
    });

    await check('a finding of a model opens the page with its details', async () => {
      await row('dangerous.pkl').click();
      const frame = page.frameLocator('iframe.webview').frameLocator('iframe#active-frame');
      await frame.getByRole('heading', { name: 'Findings' }).waitFor(PATIENCE);
      await picture('3-model-details');
    });

    await check(
      'a snapshot is one model with its files below it, and a finding in one opens it at its line',
      async () => {
        const model = row('Hugging Face model');
        await model.waitFor(PATIENCE);
        const finding = page.locator('.monaco-list-row[aria-level="3"]', { hasText: '__class__' }).first();
        await actUntil(() => model.locator('.monaco-tl-twistie').click(), finding, PATIENCE);
        await finding.click();
        await page.locator('.monaco-editor .squiggly-error').first().waitFor(PATIENCE);
        await page.locator('.tabs-container .tab', { hasText: 'tokenizer_config.json' }).first().waitFor(PATIENCE);
        await picture('3-snapshot');
        await model.click();
        const frame = page.frameLocator('iframe.webview').last().frameLocator('iframe#active-frame');
        await frame.getByRole('heading', { name: 'Members' }).waitFor(PATIENCE);
        await picture('3-snapshot-details');
      },
    );

    await check('a snapshot that is deleted leaves the views', async () => {
      await rm(path.join(workspace, 'models', 'tiny'), { recursive: true });
      await row('Hugging Face model').waitFor({ ...PATIENCE, state: 'detached' });
    });

    await check('a Python file has squiggles, and Problems lists them with their rules', async () => {
      await openFile('train.py');
      await page.locator('.monaco-editor .squiggly-error').first().waitFor(PATIENCE);
      const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'secret/' }).first();
      // The key that shows the panel hides it, too.
      const show = async () => {
        if (!(await page.locator('.markers-panel').first().isVisible())) await page.keyboard.press('Control+Shift+M');
      };
      await actUntil(show, problem, PATIENCE);
      await picture('4-squiggles-and-problems');
    });

    await check('the light bulb offers fixes', async () => {
      const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'python/' }).first();
      const actions = page.locator('.action-widget', { hasText: 'on this line' });
      const ask = async () => {
        await page.keyboard.press('Escape');
        await problem.dblclick();
        // From the list into the editor, where the cursor comes to stand at the finding; the keys may come before it does.
        await page.keyboard.press('Control+1');
        await page.keyboard.press('Control+.');
      };
      await actUntil(ask, actions, PATIENCE);
      await picture('5-quick-fixes');
      await page.keyboard.press('Escape');
    });

    await check('a notebook cell has squiggles', async () => {
      await openFile('analysis.ipynb');
      await page.locator('.notebookOverlay .squiggly-error').first().waitFor(PATIENCE);
      await picture('6-notebook');
    });

    await check('the page of a rule is readable', async () => {
      const link = page.locator('.markers-panel a.monaco-link', { hasText: 'secret/' }).first();
      await link.click({ modifiers: ['Control'] });
      const frame = page.frameLocator('iframe.webview').last().frameLocator('iframe#active-frame');
      await frame.getByRole('heading', { name: 'What to do' }).waitFor(PATIENCE);
      await picture('7-rule');
    });

    await lookAtRemoteForm({ page, row, picture, patience: PATIENCE }, check);

    await check('no error was shown on the way', async () => {
      const toasts = await page.locator('.notification-toast .codicon-error').count();
      assert.equal(toasts, 0);
    });
  } finally {
    await browser?.close();
    await server.stop();
  }
}
