import { l10n, type QuickInputButton, type QuickPickItem, QuickPickItemKind, ThemeIcon } from 'vscode';
import type { ParseRemote, RemoteOptions } from '../../../server/src/protocol/messages';
import type { Credentials } from './credentials';
import { type Field, fields, shownValue, type TextField } from './fields';
import { askPick, askText, BACK } from './quickInput';
import type { RemoteSources, SourceDescription } from './remoteSources';

type Kind = 'huggingface' | 'github' | 'git' | 's3';

interface StartItem extends QuickPickItem {
  kind_?: Kind;
  /** What was typed, or is remembered. */
  source?: SourceDescription;
  remembered?: true;
}

const EDIT: QuickInputButton = { iconPath: new ThemeIcon('edit'), tooltip: l10n.t('Change') };
const FORGET: QuickInputButton = { iconPath: new ThemeIcon('trash'), tooltip: l10n.t('Forget') };

/** Options that an address can hold; they are shown as fields and not as a part of the address. */
const IN_ADDRESS = ['ref', 'subfolder', 'repoType'] as const;

/**
 * Asks which source to scan: an address of any kind is pasted, or a kind is chosen; what else can be said about the
 * source follows as a list of fields. Everything typed is understood by the server while it is typed.
 */
export class SourceForm {
  constructor(
    private readonly parse: (source: SourceDescription) => Promise<ParseRemote.Source | ParseRemote.Problem>,
    private readonly sources: RemoteSources,
    private readonly credentials: Credentials,
    /** Endpoints and regions that the settings of this machine name. */
    private readonly defaults: () => RemoteOptions,
  ) {}

  /** @returns undefined when the person gives up */
  async choose(): Promise<SourceDescription | undefined> {
    for (;;) {
      const start = await this.#start();
      if (!start) return undefined;
      const { item, button } = start;
      if (item.source && item.remembered && button !== EDIT) return item.source;
      const source = item.source ?? (item.kind_ && (await this.#address(item.kind_, '')));
      if (source === undefined) return undefined;
      if (source === BACK) continue;
      const described = await this.edit(source);
      if (described !== BACK) return described;
    }
  }

  /** Shows what is known of a source as fields, until the person goes on with it. */
  async edit(given: SourceDescription): Promise<SourceDescription | typeof BACK | undefined> {
    let source = given;
    let last: string | undefined;
    for (;;) {
      const parsed = await this.parse(source);
      if ('problem' in parsed) {
        const again = await this.#address(undefined, source.target);
        if (again === undefined || again === BACK) return again;
        source = { target: again.target, options: { ...source.options, ...again.options } };
        continue;
      }
      source = settled(source, parsed);
      const shown = { ...this.defaults(), ...source.options };
      const items: (QuickPickItem & { id?: string; field?: Field })[] = [
        {
          id: 'go',
          label: `$(search) ${l10n.t('Preview the Scan')}`,
          detail: l10n.t('Lists the source and says what will be read, before anything is'),
        },
        { label: l10n.t('Source'), kind: QuickPickItemKind.Separator },
        { id: 'address', label: `$(link) ${l10n.t('Address')}`, description: source.target },
        ...fields()
          .filter(({ kinds }) => kinds.includes(parsed.kind))
          .filter((field) => !(parsed.refInAddress && field.key === 'ref'))
          .map((field) => ({
            id: field.key,
            field,
            label: `$(${field.icon}) ${field.label}`,
            description: shownValue(field, shown),
          })),
        {
          id: 'access',
          label: `$(key) ${l10n.t('Access')}`,
          description: await this.#accessText(parsed, shown),
        },
      ];
      const picked = await askPick({
        title: parsed.label,
        placeholder: l10n.t('Choose what to change, or go on'),
        items,
        active: items.find(({ id }) => id === last),
        back: true,
      });
      if (picked === undefined || picked === BACK) return picked;
      const { item } = picked;
      last = item.id;
      if (item.id === 'go') return source;
      if (item.id === 'address') {
        const changed = await this.#address(undefined, source.target);
        if (changed === undefined) return undefined;
        if (changed !== BACK) source = { target: changed.target, options: { ...source.options, ...changed.options } };
      } else if (item.id === 'access') {
        const options = await this.#access(parsed, source.options);
        if (options) source = { ...source, options };
      } else if (item.field) {
        const changed = await this.#field(item.field, source, parsed);
        if (changed) source = { ...source, options: changed };
      }
    }
  }

  async #start(): Promise<{ item: StartItem; button?: QuickInputButton } | undefined> {
    const kinds: StartItem[] = [
      { kind_: 'huggingface', label: '$(hubot) Hugging Face', description: l10n.t('model, dataset or space') },
      { kind_: 'github', label: '$(github) GitHub', description: 'owner/repository' },
      { kind_: 'git', label: `$(repo) ${l10n.t('Another git repository')}`, description: 'https://host/path.git' },
      {
        kind_: 's3',
        label: `$(database) ${l10n.t('S3 bucket')}`,
        description: l10n.t('Amazon S3 and stores that speak it'),
      },
    ];
    const base = async (): Promise<StartItem[]> => {
      const known = await Promise.all(
        this.sources.remembered.map(async (source) => {
          const parsed = await this.parse(source);
          const { subfolder, hubEndpoint, s3Endpoint } = source.options;
          const where = [subfolder, hubEndpoint, s3Endpoint].filter(Boolean).join(' · ');
          return {
            label: `$(history) ${'problem' in parsed ? source.target : parsed.label}`,
            ...(where && { description: where }),
            source,
            remembered: true as const,
            buttons: [EDIT, FORGET],
          };
        }),
      );
      return [
        ...kinds,
        ...(known.length ? [{ label: l10n.t('Scanned before'), kind: QuickPickItemKind.Separator }, ...known] : []),
      ];
    };
    const items = await base();
    const picked = await askPick<StartItem>({
      title: l10n.t('Scan Remote Source'),
      placeholder: l10n.t('Paste an address, or choose what kind of source it is'),
      items,
      onType: async (text) => {
        const target = text.trim();
        if (!/[:/]/.test(target)) return items;
        const parsed = await this.parse({ target, options: {} });
        const typed: StartItem =
          'problem' in parsed
            ? { label: `$(circle-slash) ${parsed.problem}`, alwaysShow: true }
            : {
                label: `$(arrow-right) ${parsed.label}`,
                description: kindText(parsed.kind),
                source: { target, options: {} },
                alwaysShow: true,
              };
        return [typed, ...items];
      },
      onButton: async (item, button) => {
        if (button !== FORGET || !item.source) return undefined;
        await this.sources.forget(item.source);
        return base();
      },
    });
    if (picked === undefined || picked === BACK) return undefined;
    // An address that is not understood: its reason has been read, the list comes again.
    return picked.item.source || picked.item.kind_ ? picked : this.#start();
  }

  async #address(kind: Kind | undefined, value: string): Promise<SourceDescription | typeof BACK | undefined> {
    const [title, prompt, placeholder] = addressTexts(kind);
    const text = await askText({
      title,
      prompt,
      placeholder,
      value,
      check: async (typed) => {
        if (typed.trim() === '') return { problem: '' };
        const parsed = await this.parse({ target: withScheme(kind, typed.trim()), options: {} });
        return 'problem' in parsed ? parsed : { meaning: `${parsed.label} - ${kindText(parsed.kind)}` };
      },
    });
    if (text === undefined || text === BACK) return text;
    const target = withScheme(kind, text.trim());
    const parsed = await this.parse({ target, options: {} });
    return 'problem' in parsed ? { target, options: {} } : settled({ target, options: {} }, parsed);
  }

  async #field(
    field: Field,
    source: SourceDescription,
    parsed: ParseRemote.Source,
  ): Promise<RemoteOptions | undefined> {
    if (field.input === 'choice') {
      const items = field.choices.map((choice) => ({
        ...choice,
        ...(choice.value === source.options[field.key] && { description: l10n.t('current') }),
      }));
      const picked = await askPick({ title: parsed.label, placeholder: field.label, items, back: true });
      if (picked === undefined || picked === BACK) return undefined;
      return withOption(source.options, field.key, picked.item.value);
    }
    const shown = { ...this.defaults(), ...source.options }[field.key];
    const text = await askText({
      title: `${field.label} - ${parsed.label}`,
      prompt: field.prompt,
      placeholder: field.placeholder,
      value: shown === undefined ? '' : String(shown),
      check: async (typed) => {
        const value = typedValue(field, typed);
        if (Number.isNaN(value)) return { problem: l10n.t('a whole number above zero is expected') };
        const checked = await this.parse({ ...source, options: withOption(source.options, field.key, value) });
        return 'problem' in checked ? checked : {};
      },
    });
    if (text === undefined || text === BACK) return undefined;
    return withOption(source.options, field.key, typedValue(field, text));
  }

  async #accessText({ kind, realm }: ParseRemote.Source, options: RemoteOptions): Promise<string> {
    if (kind === 's3') {
      if (options.anonymous) return l10n.t('anonymous');
      if (options.profile) return l10n.t('profile {0}', options.profile);
    }
    const stored = realm && (await this.credentials.describe(realm));
    if (stored) return stored;
    return kind === 's3' ? l10n.t('AWS environment and files') : l10n.t('no token');
  }

  /** @returns the options with the choice in them; secrets go into the secret storage */
  async #access(
    { kind, label, realm }: ParseRemote.Source,
    options: RemoteOptions,
  ): Promise<RemoteOptions | undefined> {
    if (kind !== 's3') {
      if (realm) await this.credentials.change(realm);
      return undefined;
    }
    const without = withOption(withOption(options, 'profile', undefined), 'anonymous', false);
    const store = realm ?? {
      kind: 's3' as const,
      store: options.s3Endpoint ? new URL(options.s3Endpoint).host : 'Amazon S3',
    };
    const items = [
      {
        id: 'chain',
        label: l10n.t('AWS environment and files'),
        detail: l10n.t('Keys, single sign-on and roles as the AWS tools find them'),
      },
      {
        id: 'profile',
        label: l10n.t('Profile...'),
        detail: l10n.t('A profile of your AWS configuration; it may run the program that its credential_process names'),
      },
      { id: 'anonymous', label: l10n.t('Anonymous'), detail: l10n.t('For public buckets: nothing is signed') },
      { id: 'keys', label: l10n.t('Access Key...'), detail: l10n.t('Kept in the secret storage of the editor') },
    ];
    const picked = await askPick({ title: label, placeholder: l10n.t('Access to the bucket'), items, back: true });
    if (picked === undefined || picked === BACK) return undefined;
    switch (picked.item.id) {
      case 'anonymous':
        return { ...without, anonymous: true };
      case 'profile': {
        const profile = await askText({
          title: label,
          prompt: l10n.t('Name of the profile'),
          placeholder: 'default',
          value: options.profile ?? '',
          check: async (text) =>
            /^[\w .:@/+-]{1,128}$/.test(text.trim()) ? {} : { problem: l10n.t('a profile has a name') },
        });
        return typeof profile === 'string' ? { ...without, profile: profile.trim() } : undefined;
      }
      case 'keys':
        return (await this.credentials.ask(store)) ? without : undefined;
      default:
        await this.credentials.forget(store);
        return without;
    }
  }
}

/** The address in its short form, and what it held besides as options. */
function settled(source: SourceDescription, parsed: ParseRemote.Source): SourceDescription {
  const options = { ...source.options };
  for (const key of IN_ADDRESS)
    if (parsed.options[key] !== undefined) Object.assign(options, { [key]: parsed.options[key] });
  return { target: parsed.target, options };
}

function withOption<K extends keyof RemoteOptions>(
  options: RemoteOptions,
  key: K,
  value: RemoteOptions[K] | undefined,
): RemoteOptions {
  const { [key]: _, ...rest } = options;
  return value === undefined ? rest : { ...rest, [key]: value };
}

/** What was typed as the option's value; NaN for a number that is none. */
function typedValue({ key }: TextField, text: string): string | number | undefined {
  const plain = key === 'subfolder' ? text : text.trim();
  if (plain === '') return undefined;
  if (key !== 'depth') return plain;
  return /^[1-9]\d{0,8}$/.test(plain) ? Number(plain) : Number.NaN;
}

function kindText(kind: ParseRemote.Source['kind']): string {
  switch (kind) {
    case 'huggingface':
      return 'Hugging Face';
    case 'git':
      return l10n.t('git repository');
    case 's3':
      return l10n.t('S3 bucket');
  }
}

/** An address without its scheme is of the kind that was chosen. */
function withScheme(kind: Kind | undefined, text: string): string {
  if (kind === undefined || /^[a-z0-9+]+:/i.test(text)) return text;
  const prefix: Record<Kind, string> = { huggingface: 'hf:', github: 'github:', git: 'https://', s3: 's3://' };
  return prefix[kind] + text;
}

function addressTexts(kind: Kind | undefined): [title: string, prompt: string, placeholder: string] {
  switch (kind) {
    case 'huggingface':
      return ['Hugging Face', l10n.t('Repository, or its address in a browser'), 'owner/model'];
    case 'github':
      return ['GitHub', l10n.t('Repository, or its address in a browser'), 'owner/repository'];
    case 'git':
      return [l10n.t('Git repository'), l10n.t('Its https address'), 'https://host/path.git'];
    case 's3':
      return [
        l10n.t('S3 bucket'),
        l10n.t('Name of the bucket, with a prefix if not all of it is meant'),
        'bucket/prefix',
      ];
    default:
      return [l10n.t('Address'), l10n.t('Address of the repository or bucket'), 'hf:owner/model'];
  }
}
