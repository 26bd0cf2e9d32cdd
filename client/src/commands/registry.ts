import { commands, type Disposable, l10n, window } from 'vscode';
import type { Findings } from '../findings';
import type { Remote } from '../remote/remote';
import type { Server } from '../server';
import type { FindingsView } from '../views/findingsView';
import type { FindingsTree } from '../views/tree';

/** What commands work with. */
export interface Services {
  server: Server;
  findings: Findings;
  models: FindingsTree;
  findingsView: FindingsView;
  remote: Remote;
  showLog(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: arguments of commands come from menus, keybindings and other extensions
export type Command = (services: Services, ...args: any[]) => unknown;

/** Registers a command whose failure is told to the person who ran it, and to nobody else. */
export function register(id: string, services: Services, run: Command): Disposable {
  return commands.registerCommand(id, async (...args: unknown[]) => {
    try {
      return await run(services, ...args);
    } catch (error) {
      const showLog = l10n.t('Show Output');
      const reason = error instanceof Error ? error.message : String(error);
      void window.showErrorMessage(l10n.t('Watchtower: {0}', reason), showLog).then((choice) => {
        if (choice === showLog) services.showLog();
      });
      throw error;
    }
  });
}
