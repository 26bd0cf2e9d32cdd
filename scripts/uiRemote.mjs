// The form for remote sources, clicked through in a real VS Code against a hub on loopback.
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { actUntil, openQuickInput, root } from './editor.mjs';
import { dangerousPickle, githubToken } from './testWorkspace.mjs';

/** The servers of the node tests, which are written in TypeScript. */
async function startServers() {
  const outdir = path.join(root, 'dist', 'test', 'servers');
  await build({
    absWorkingDir: root,
    entryPoints: ['hubServer', 's3Fixture'].map((name) => `server/test/remote/support/${name}.ts`),
    ...{ outdir, bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' }, logLevel: 'warning' },
  });
  const load = (name) => import(pathToFileURL(path.join(outdir, `${name}.mjs`)).href);
  const hub = new (await load('hubServer')).HubServer();
  const bucket = new (await load('s3Fixture')).S3Fixture();
  await hub.start();
  await bucket.start();
  return { hub, bucket };
}

/** Everything that the page's databases and local storage hold, as text. */
function storedText(page) {
  return page.evaluate(async () => {
    const parts = [JSON.stringify(localStorage)];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      for (const store of database.objectStoreNames) {
        const all = (ask) =>
          new Promise((resolve, reject) => {
            ask.onsuccess = () => resolve(ask.result);
            ask.onerror = () => reject(ask.error);
          });
        const objects = database.transaction(store).objectStore(store);
        for (const value of [...(await all(objects.getAllKeys())), ...(await all(objects.getAll()))]) {
          parts.push(value instanceof Uint8Array ? new TextDecoder().decode(value) : (JSON.stringify(value) ?? ''));
        }
      }
      database.close();
    }
    return parts.join('\n');
  });
}

const START = 'Paste an address, or choose what kind of source it is';

/** @param see what the other checks use: the page, rows of lists, pictures, how long to wait */
export async function lookAtRemoteForm({ page, row, picture, patience }, check) {
  const { hub, bucket } = await startServers();
  const text = (value) => new TextEncoder().encode(value);
  const repository = hub.add(
    'acme/classifier',
    {
      'README.md': text('# A classifier\n'),
      'train.py': text(
        `import torch\n\ntoken = "${githubToken()}"\nmodel = torch.load("model.pkl", weights_only=False)\n`,
      ),
      'weights/model.pkl': new Uint8Array(dangerousPickle()),
      'weights/large.bin': new Uint8Array(5_000_000),
    },
    {
      private: true,
      info: {
        cardData: { license: 'apache-2.0', base_model: 'acme/base' },
        config: { auto_map: { AutoModel: 'modeling.Model' } },
        securityRepoStatus: { scansDone: true, filesWithIssues: [{ path: 'weights/model.pkl', level: 'unsafe' }] },
      },
    },
  );
  const item = (words) => page.locator('.quick-input-list .monaco-list-row', { hasText: words }).first();
  const openForm = async () => {
    const command = item('Watchtower: Scan Remote Source...');
    await openQuickInput(page, '>Scan Remote Source...', command, patience);
    await actUntil(() => command.click(), inputOf(START), patience);
  };
  /** The input of the step with this placeholder: the one before it may still be on its way out. */
  const inputOf = (placeholder) => page.locator(`.quick-input-widget input[placeholder="${placeholder}"]`);
  const fill = async (placeholder, value) => {
    await inputOf(placeholder).waitFor(patience);
    await inputOf(placeholder).fill(value);
  };
  const enter = async (placeholder, value) => {
    await fill(placeholder, value);
    await page.keyboard.press('Enter');
    await inputOf(placeholder).waitFor({ ...patience, state: 'hidden' });
  };
  /** Chooses an entry of the list, whose step then makes place for another. */
  const choose = (words, shown) => actUntil(() => item(words).click(), shown, patience);
  const scan = async () => {
    const dialog = page.locator('.monaco-dialog-box');
    const button = dialog.getByRole('button', { name: 'Scan' });
    await actUntil(() => button.click(), dialog, { ...patience, state: 'hidden' });
  };
  try {
    await check('the form for remote sources understands an address while it is typed', async () => {
      await openForm();
      await picture('8-remote-form');
      await fill(START, 'ssh://host/repository');
      await item('this kind of address is not read').waitFor(patience);
      await picture('9-remote-form-refused');
      await fill(START, 'https://huggingface.co/acme/classifier/tree/main');
      await choose('hf:acme/classifier@main', item('Preview the Scan'));
      await item('Revision').waitFor(patience);
    });

    await check('a field is validated while it is typed', async () => {
      await choose('Hub', inputOf('https://hub.example.com'));
      await fill('https://hub.example.com', 'ftp://hub.example.com');
      await page.locator('.quick-input-message', { hasText: 'https address' }).waitFor(patience);
      await picture('10-remote-field');
      await enter('https://hub.example.com', hub.origin);
      await item(hub.origin).waitFor(patience);
      await picture('11-remote-fields');
    });

    await check('a private source is refused with a reason, and read with a token', async () => {
      await choose('Preview the Scan', page.getByText('there is no repository acme/classifier').first());
      await picture('12-remote-refused');
      const access = page.getByRole('button', { name: 'Give Access...' });
      await actUntil(() => access.click(), page.getByText('Kept in the secret storage').first(), patience);
      await page.keyboard.type(hub.token);
      await page.keyboard.press('Enter');
    });

    await check('what will be read is shown before it is read', async () => {
      const dialog = page.locator('.monaco-dialog-box');
      await dialog.waitFor(patience);
      const said = await dialog.innerText();
      assert.match(said, /4 files, 5\.0 MB/);
      assert.match(said, /will be read/);
      assert.match(said, /custom code/);
      assert.equal(hub.cdn.requests.length, 0, 'something was read before the question was answered');
      await picture('13-remote-confirm');
      await scan();
    });

    await check('its result stands under its name in both views', async () => {
      await row('hf:acme/classifier@main').waitFor(patience);
      await row('model.pkl').waitFor(patience);
      await page.getByText('structure scanned').first().waitFor(patience);
      await picture('14-remote-result');
    });

    await check('a finding in a text opens a read-only view of it at its place', async () => {
      const file = page.locator('.monaco-list-row', { hasText: 'train.py' }).last();
      await file.waitFor(patience);
      const finding = page.locator('.monaco-list-row', { hasText: 'line 3' }).last();
      const lines = page.locator('.monaco-editor .view-lines', { hasText: 'import torch' }).first();
      await actUntil(() => finding.click(), lines, patience);
      await page.locator('.monaco-editor .squiggly-error').first().waitFor(patience);
      await picture('15-remote-text');
    });

    await check('the page of the source tells what its host says', async () => {
      const group = row('hf:acme/classifier@main');
      const details = async () => {
        await group.hover();
        await group.getByRole('button', { name: 'Show Details of Remote Source' }).click();
      };
      const frame = page.frameLocator('iframe.webview').last().frameLocator('iframe#active-frame');
      await actUntil(details, frame.getByText('apache-2.0').first(), patience);
      await frame.getByText("the hub's own scan").first().waitFor(patience);
      await picture('16-remote-page');
    });

    await check('the source is remembered without its token', async () => {
      await openForm();
      await page
        .locator('.quick-input-list .monaco-list-row', { hasText: 'hf:acme/classifier@main' })
        .waitFor(patience);
      await picture('17-remote-remembered');
      await page.keyboard.press('Escape');
      const stored = await storedText(page);
      assert.match(stored, /hf:acme\/classifier/, 'the storage that is searched is the one that is used');
      assert.ok(!stored.includes(hub.token), 'the token is kept in plain text');
    });

    await check('a scan can be cancelled, and a source closed', async () => {
      for (const file of repository.files.values()) file.behaviour = 'silent';
      const group = row('hf:acme/classifier@main');
      const again = async () => {
        await group.hover();
        await group.getByRole('button', { name: 'Scan Remote Source Again' }).click();
      };
      const progress = page.locator('.notification-list-item', { hasText: 'Scanning hf:acme' }).first();
      await actUntil(again, progress, patience);
      await picture('18-remote-progress');
      const cancel = page.getByRole('button', { name: 'Cancel' }).first();
      await actUntil(() => cancel.click(), page.getByText('The scan was cancelled').first(), patience);
      const close = async () => {
        await group.hover();
        await group.getByRole('button', { name: 'Close Remote Source' }).click();
      };
      await actUntil(close, group, { ...patience, state: 'hidden' });
    });

    await check('a bucket is described field by field and asked as it was described', async () => {
      bucket.objects.set('run/train.py', text('import pickle\npickle.load(open("x", "rb"))\n'));
      bucket.objects.set('other/left.py', text('import os\n'));
      const preview = item('Preview the Scan');
      const describe = async (field, value) => {
        if (value.typed === undefined) {
          await choose(field, item(value.chosen));
          await choose(value.chosen, preview);
        } else {
          await choose(field, inputOf(value.placeholder));
          await enter(value.placeholder, value.typed);
          await preview.waitFor(patience);
        }
      };
      await openForm();
      await choose('S3 bucket', inputOf('bucket/prefix'));
      await enter('bucket/prefix', 'models/run/');
      await item('Prefix').filter({ hasText: 'run/' }).waitFor(patience);
      await describe('Endpoint', { typed: bucket.origin, placeholder: 'https://minio.example.com:9000' });
      await describe('Region', { typed: 'eu-central-1', placeholder: 'eu-central-1' });
      await describe('Addressing', { chosen: 'path style' });
      await describe('Requester pays', { chosen: 'yes' });
      await describe('Access', { chosen: 'Anonymous' });
      await picture('19-remote-bucket');
      const dialog = page.locator('.monaco-dialog-box');
      await choose('Preview the Scan', dialog);
      assert.match(await dialog.innerText(), /1 file, 4\d B/);
      await scan();
      await row('s3://models/run/').waitFor(patience);
      await page.locator('.monaco-list-row', { hasText: 'train.py' }).first().waitFor(patience);
      assert.ok(bucket.requests.length >= 2);
      for (const { url, headers } of bucket.requests) {
        assert.ok(url.startsWith('/models'), 'path style');
        assert.equal(headers['x-amz-request-payer'], 'requester');
        assert.equal(headers.authorization, undefined);
      }
      await picture('20-remote-bucket-result');
    });

    await check('a git repository has a depth, which is a number', async () => {
      await openForm();
      await fill(START, 'https://github.com/acme/repository/tree/feature/x/sub');
      await choose('git repository', item('Commits of history'));
      await choose('Commits of history', inputOf('1'));
      await fill('1', 'many');
      await page.locator('.quick-input-message', { hasText: 'whole number' }).waitFor(patience);
      await enter('1', '5');
      await item('Commits of history').filter({ hasText: '5' }).waitFor(patience);
      await picture('21-remote-git');
      await page.keyboard.press('Escape');
    });
  } finally {
    await hub.stop();
    await bucket.stop();
  }
}
