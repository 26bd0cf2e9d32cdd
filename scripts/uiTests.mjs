// What a person sees: drives a real VS Code, checks what is shown, and leaves pictures in test-results/.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { actUntil, openPage, openQuickInput, results, root, trustSettings } from './editor.mjs';
import { lookAtRemoteForm } from './uiRemote.mjs';
import { startServer } from './vscodeServer.mjs';

const PATIENCE = { timeout: 60_000 };

/**
 * @param counted runs one named check and counts it
 */
export async function lookAtEditor(version, workspace, counted) {
  const server = await startServer(version, { settings: { ...trustSettings(true), 'workbench.iconTheme': 'vs-seti' } });
  let browser;
  try {
    const opened = await openPage(server, { workspace, extension: root });
    browser = opened.browser;
    const { page } = opened;
    const picture = (name) => page.screenshot({ path: path.join(results, `${name}.png`) });
    const check = (name, act) =>
      counted(name, async () => {
        try {
          await act();
        } catch (error) {
          await picture(`failed ${name}`).catch(() => {});
          throw error;
        }
      });
    // Notifications are rows of a list as well, and name what they are about.
    const row = (text) => page.locator('.monaco-list-row[role="treeitem"]', { hasText: text }).first();
    /** A heading of the page that was opened last. */
    const heading = (name) =>
      page
        .frameLocator('iframe.webview')
        .last()
        .frameLocator('iframe#active-frame')
        .getByRole('heading', { name })
        .first();
    const openFile = async (name) => {
      const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
      await openQuickInput(page, name, entry, PATIENCE);
      const tab = page.locator('.tabs-container .tab', { hasText: name }).first();
      await actUntil(() => entry.click(), tab, PATIENCE);
    };

    await check('the activity bar has Watchtower, and its views say what to do first', async () => {
      const icon = page.locator('.activitybar [aria-label^="Watchtower"]').first();
      const welcome = page.getByText('The workspace has not been scanned yet').first();
      await icon.waitFor(PATIENCE);
      // A second click on the icon would hide the views again.
      const show = async () => {
        if (!(await page.locator('.sidebar .composite.title', { hasText: 'Watchtower' }).isVisible()))
          await icon.click();
      };
      await actUntil(show, welcome, PATIENCE);
      await picture('1-welcome');
    });

    await check('a scan fills Models and Findings, the worst first, with a badge', async () => {
      const scan = page.getByRole('button', { name: 'Scan Workspace' }).first();
      await actUntil(() => scan.click(), row('dangerous.pkl'), PATIENCE);
      await row('harmless.pkl').waitFor(PATIENCE);
      await page.locator('.activitybar .badge-content:visible').first().waitFor(PATIENCE);
      const below = page.locator('.monaco-list-row[aria-level="2"]').first();
      await actUntil(() => row('dangerous.pkl').locator('.monaco-tl-twistie').click(), below, PATIENCE);
      await picture('2-models-and-findings');
    });

    await check('a finding of a model opens the page with its details', async () => {
      await actUntil(() => row('dangerous.pkl').click(), heading('Findings'), PATIENCE);
      await picture('3-model-details');
    });

    await check(
      'a snapshot is one model with its files below it, and a finding in one opens it at its line',
      async () => {
        const model = row('Hugging Face model');
        await model.waitFor(PATIENCE);
        const finding = page.locator('.monaco-list-row[aria-level="3"]', { hasText: '__class__' }).first();
        await actUntil(() => model.locator('.monaco-tl-twistie').click(), finding, PATIENCE);
        const tab = page.locator('.tabs-container .tab', { hasText: 'tokenizer_config.json' }).first();
        await actUntil(() => finding.click(), tab, PATIENCE);
        await page.locator('.monaco-editor .squiggly-error').first().waitFor(PATIENCE);
        await picture('3-snapshot');
        await actUntil(() => model.click(), heading('Members'), PATIENCE);
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
      await actUntil(() => link.click({ modifiers: ['Control'] }), heading('What to do'), PATIENCE);
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
