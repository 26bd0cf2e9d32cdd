/** Python modules of a torch.package: `PackageImporter.load_pickle` imports those that the object needs, which runs them. */
import type { ZipArchive, ZipEntry } from '../../archives/zip';
import { CAPABILITY_TEXT } from '../../pickle/policyTypes';
import { judgeSource, type SourceRemark } from '../../pickle/sourceCode';
import { evidenceText } from '../../redact';
import type { ScanContext } from '../../scanner';
import { TORCH_RULES } from './rules';

const MAX_SOURCE = 2 ** 20;
const MODULES = 2000;
const REPORTED = 20;

/** Starts programs: what code of a model does nowhere. */
const STARTS_PROGRAM =
  /^(?:os|posix|nt)\.(?:system|popen\d?|exec[lv]\w*|spawn\w*|posix_spawnp?|startfile)$|^subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)$|^(?:pty|_posixsubprocess|popen2|commands)\.\w+$/;
/** What code of a model does not do as soon as it is imported. */
const ACTS_AT_ONCE =
  /^(?:exec|eval|compile|__import__|coding: .*|f"\{)$|^(?:socket|_socket|requests|httpx|http\.client|urllib\.request|ftplib|smtplib|paramiko)\.\w+|^ctypes\.(?:CDLL|cdll|PyDLL|windll|WinDLL|pythonapi)\b|^(?:pickle|marshal|dill|cloudpickle)\.loads?$|^runpy\.\w+|^importlib\.import_module$|^shutil\.(?:rmtree|move|copy\w*)$|^os\.(?:remove|unlink|rename|rmdir|removedirs|kill|chmod)$|__(?:globals|builtins|subclasses)__/;

/** Judges the modules of a package one by one; one finding tells that there is code, others what in it acts. */
export async function scanPackageSources(
  entries: readonly ZipEntry[],
  zip: ZipArchive,
  context: ScanContext,
): Promise<void> {
  const [first] = entries;
  if (!first) return;
  const own = modulesOf(entries);
  let computes = entries.length <= MODULES;
  if (!computes) context.incomplete(`only the first ${MODULES} modules of the package are looked at`);
  let reported = 0;
  for (const entry of entries.slice(0, MODULES)) {
    context.budget.checkTime();
    let text: string;
    try {
      const source = await zip.open(entry);
      if (source.size > MAX_SOURCE)
        context.incomplete('only the first MiB of a module is looked at', { member: entry.name });
      computes &&= source.size <= MAX_SOURCE;
      text = new TextDecoder().decode(await source.read(0, MAX_SOURCE));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'UnsupportedMember') throw error;
      context.incomplete(error.message, { member: entry.name });
      computes = false;
      continue;
    }
    const { dangerous, unknown } = judgeSource(text, own);
    if (dangerous.length > 0 || unknown.length > 0) computes = false;
    const told = new Set<string>();
    for (const remark of dangerous) {
      if (!acts(remark) || told.has(remark.name) || reported >= REPORTED) continue;
      told.add(remark.name);
      reported += 1;
      context.report({
        rule: TORCH_RULES['package-code'],
        severity: 'high',
        message: `${evidenceText(entry.name)} of the torch.package uses ${evidenceText(remark.name, 80)}${
          remark.atOnce ? ' as soon as it is imported' : ''
        }; it ${CAPABILITY_TEXT[remark.capability]}.`,
        location: { member: entry.name, line: remark.line },
        evidence: evidenceText(remark.name, 80),
        anchor: `${entry.name} ${remark.name}`,
        data: { capability: remark.capability },
      });
    }
  }
  context.report({
    rule: TORCH_RULES['package-code'],
    severity: computes ? 'info' : 'medium',
    message: computes
      ? 'The archive is a torch.package with Python sources, which run when an object of it is loaded. They were read and do nothing but compute.'
      : 'The archive is a torch.package with Python sources, which run when an object of it is loaded.',
    location: { member: first.name },
    anchor: 'package',
  });
}

/** Whether a module is one of a package's own, or an attribute of one. */
export function modulesOf(entries: readonly ZipEntry[]): (module: string) => boolean {
  const modules = new Set(entries.map(({ name }) => moduleOf(name)));
  return (module) => {
    for (let path = module; path; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
      if (modules.has(path)) return true;
    }
    return module.startsWith('.') || module === 'torch_package_importer';
  };
}

function acts({ name, atOnce }: SourceRemark): boolean {
  return STARTS_PROGRAM.test(name) || (atOnce && ACTS_AT_ONCE.test(name));
}

/** `archive/my/net/__init__.py` is `my.net`. */
function moduleOf(name: string): string {
  return name
    .slice(name.indexOf('/') + 1)
    .replace(/(?:\/__init__)?\.py$/i, '')
    .replace(/\//g, '.');
}
