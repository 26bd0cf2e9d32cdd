import type { Disposable } from 'vscode';
import { addToBaseline, createBaseline } from './baseline';
import { type Command, register, type Services } from './registry';
import { exportReports } from './reports';
import { changeSeverity, ignoreInCell, showRule } from './rules';
import { scanFile, scanWorkspace } from './scan';
import { copyPath, filterFindings, groupFindings, inspectModel, openFinding, showFindings } from './views';

/** Every command of the extension; a test holds this table and the manifest together. */
const COMMANDS: Record<string, Command> = {
  'watchtower.scanWorkspace': scanWorkspace,
  'watchtower.scanFile': scanFile,
  'watchtower.scanRemoteSource': ({ remote }, target?: unknown) => remote.scan(target),
  'watchtower.rescanRemoteSource': ({ remote }, node?: unknown) => remote.rescan(node),
  'watchtower.closeRemoteSource': ({ remote }, node?: unknown) => remote.close(node),
  'watchtower.showRemoteSource': ({ remote }, node?: unknown) => remote.showSource(node),
  'watchtower.forgetRemoteCredentials': ({ remote }) => remote.forgetCredentials(),
  'watchtower.exportReports': exportReports,
  'watchtower.createBaseline': createBaseline,
  'watchtower.addToBaseline': addToBaseline,
  'watchtower.showFindings': showFindings,
  'watchtower.openFinding': openFinding,
  'watchtower.inspectModel': inspectModel,
  'watchtower.copyPath': copyPath,
  'watchtower.groupFindings': groupFindings,
  'watchtower.filterFindings': filterFindings,
  'watchtower.showRule': showRule,
  'watchtower.changeSeverity': changeSeverity,
  'watchtower.ignoreInCell': ignoreInCell,
  'watchtower.showOutput': ({ showLog }) => showLog(),
  'watchtower.restartServer': ({ server }) => server.restart(),
};

export function registerCommands(services: Services): Disposable[] {
  return Object.entries(COMMANDS).map(([id, run]) => register(id, services, run));
}
