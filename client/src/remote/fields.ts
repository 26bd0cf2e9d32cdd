import { l10n } from 'vscode';
import type { ParseRemote, RemoteOptions } from '../../../server/src/protocol/messages';

type Kind = ParseRemote.Source['kind'];

/** Keys of options that hold text that is typed. */
type TextKey = 'ref' | 'subfolder' | 'region' | 'hubEndpoint' | 's3Endpoint' | 'depth';

interface FieldOf {
  kinds: readonly Kind[];
  label: string;
  icon: string;
}

/** Typed, and validated while it is. */
export interface TextField extends FieldOf {
  input: 'text';
  key: TextKey;
  prompt: string;
  placeholder: string;
  /** What holds when nothing is given. */
  empty: string;
}

/** One of several values. */
export interface ChoiceField extends FieldOf {
  input: 'choice';
  key: 'repoType' | 'pathStyle' | 'full' | 'requesterPays';
  choices: readonly { label: string; detail?: string; value: RemoteOptions[ChoiceField['key']] }[];
}

export type Field = TextField | ChoiceField;

/** What the form asks besides the address. One entry a field. */
export function fields(): readonly Field[] {
  return [
    {
      kinds: ['huggingface'],
      input: 'choice',
      key: 'repoType',
      icon: 'tag',
      label: l10n.t('Repository type'),
      choices: [
        { label: l10n.t('Model'), value: undefined },
        { label: l10n.t('Dataset'), value: 'dataset' },
        { label: l10n.t('Space'), value: 'space' },
      ],
    },
    {
      kinds: ['huggingface'],
      input: 'text',
      key: 'ref',
      icon: 'git-commit',
      label: l10n.t('Revision'),
      prompt: l10n.t('Branch, tag or commit of the repository'),
      placeholder: 'main',
      empty: 'main',
    },
    {
      kinds: ['git'],
      input: 'text',
      key: 'ref',
      icon: 'git-branch',
      label: l10n.t('Branch, tag or commit'),
      prompt: l10n.t('Branch, tag or commit; the default branch when it is empty'),
      placeholder: 'main',
      empty: l10n.t('default branch'),
    },
    {
      kinds: ['git'],
      input: 'text',
      key: 'depth',
      icon: 'history',
      label: l10n.t('Commits of history'),
      prompt: l10n.t('How many commits are fetched; the files of the newest are scanned'),
      placeholder: '1',
      empty: '1',
    },
    {
      kinds: ['huggingface', 'git'],
      input: 'text',
      key: 'subfolder',
      icon: 'folder',
      label: l10n.t('Folder'),
      prompt: l10n.t('Only this folder or file of the repository'),
      placeholder: 'models/v2',
      empty: l10n.t('all of it'),
    },
    {
      kinds: ['s3'],
      input: 'text',
      key: 'subfolder',
      icon: 'folder',
      label: l10n.t('Prefix'),
      prompt: l10n.t('Only objects whose key begins with this'),
      placeholder: 'models/v2/',
      empty: l10n.t('all of the bucket'),
    },
    {
      kinds: ['huggingface'],
      input: 'text',
      key: 'hubEndpoint',
      icon: 'server',
      label: l10n.t('Hub'),
      prompt: l10n.t('Address of another hub'),
      placeholder: 'https://hub.example.com',
      empty: 'huggingface.co',
    },
    {
      kinds: ['s3'],
      input: 'text',
      key: 's3Endpoint',
      icon: 'server',
      label: l10n.t('Endpoint'),
      prompt: l10n.t("Address of a store that is not Amazon's"),
      placeholder: 'https://minio.example.com:9000',
      empty: 'Amazon S3',
    },
    {
      kinds: ['s3'],
      input: 'text',
      key: 'region',
      icon: 'globe',
      label: l10n.t('Region'),
      prompt: l10n.t('Region of the bucket; the one of the AWS configuration when it is empty'),
      placeholder: 'eu-central-1',
      empty: l10n.t('as the AWS configuration says'),
    },
    {
      kinds: ['s3'],
      input: 'choice',
      key: 'pathStyle',
      icon: 'link',
      label: l10n.t('Addressing'),
      choices: [
        {
          label: l10n.t('automatic'),
          detail: l10n.t('In the host name for Amazon S3, in the path for other endpoints'),
          value: undefined,
        },
        { label: l10n.t('path style'), detail: 'https://endpoint/bucket/key', value: true },
        { label: l10n.t('virtual host'), detail: 'https://bucket.endpoint/key', value: false },
      ],
    },
    {
      kinds: ['s3'],
      input: 'choice',
      key: 'requesterPays',
      icon: 'credit-card',
      label: l10n.t('Requester pays'),
      choices: [
        { label: l10n.t('no'), value: undefined },
        { label: l10n.t('yes'), detail: l10n.t('The transfer is charged to your account'), value: true },
      ],
    },
    {
      kinds: ['huggingface', 'git', 's3'],
      input: 'choice',
      key: 'full',
      icon: 'cloud-download',
      label: l10n.t('Reading'),
      choices: [
        {
          label: l10n.t('parts that matter'),
          detail: l10n.t('Text, and the structure of models: a few megabytes of tens of gigabytes'),
          value: undefined,
        },
        {
          label: l10n.t('whole files'),
          detail: l10n.t('Everything is fetched and scanned as a file on disk is'),
          value: true,
        },
      ],
    },
  ];
}

/** What a field says now, in words. */
export function shownValue(field: Field, options: RemoteOptions): string {
  if (field.input === 'choice') {
    return field.choices.find(({ value }) => value === options[field.key])?.label ?? String(options[field.key]);
  }
  const value = options[field.key];
  return value === undefined ? field.empty : String(value);
}
