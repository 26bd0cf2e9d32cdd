import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_SETTINGS, parseSettings } from '../../src/core/settings';
import { EDITOR_KEYS } from '../../src/lsp/settings';

interface Property {
  default?: unknown;
  scope?: string;
  order?: number;
  enum?: string[];
  markdownDescription?: string;
  markdownEnumDescriptions?: string[];
}

const manifest = JSON.parse(readFileSync(path.resolve(__dirname, '../../../package.json'), 'utf8')) as {
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: { configuration: { properties: Record<string, Property> }[] };
};
const properties = new Map(manifest.contributes.configuration.flatMap((group) => Object.entries(group.properties)));

/** They decide when and where, not what is found. */
const EDITOR_ONLY = EDITOR_KEYS.map((key) => `watchtower.${key}`);

/** `{ 'a.b': 1 }` as `{ a: { b: 1 } }`, the way the editor hands settings out. */
function nested(values: Iterable<[string, unknown]>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const parts = key.replace(/^watchtower\./, '').split('.');
    let holder = root;
    for (const part of parts.slice(0, -1)) {
      holder[part] ??= {};
      holder = holder[part] as Record<string, unknown>;
    }
    holder[parts.at(-1) as string] = value;
  }
  return root;
}

describe('settings', () => {
  it('the defaults of the manifest are the defaults of the scanner', () => {
    const { settings, problems } = parseSettings(
      nested([...properties].map(([key, { default: value }]) => [key, value])),
      EDITOR_KEYS,
    );
    assert.deepEqual(problems, []);
    for (const key of EDITOR_ONLY) assert.ok(properties.has(key), `${key} is no setting`);
    assert.deepEqual({ ...settings, severityOverrides: { ...settings.severityOverrides } }, { ...DEFAULT_SETTINGS });
  });

  it('every setting of the manifest changes what it says, and nothing is missing from the manifest', () => {
    const other = (value: unknown): unknown => {
      if (typeof value === 'boolean') return !value;
      if (typeof value === 'number') return value + 1;
      return Array.isArray(value) ? ['x'] : undefined;
    };
    const special: Record<string, unknown> = {
      'watchtower.severity.minimum': 'high',
      'watchtower.severity.overrides': { 'pii/*': 'off' },
      'watchtower.secrets.customRules': [{ id: 'x', pattern: 'y' }],
    };
    const changed = new Set<string>();
    for (const [key, { default: value }] of properties) {
      if (EDITOR_ONLY.includes(key) || key.startsWith('watchtower.remote.')) continue;
      const { settings, problems } = parseSettings(nested([[key, special[key] ?? other(value)]]));
      assert.deepEqual(problems, [], key);
      const leaves = (settings_: object) => JSON.stringify(settings_);
      assert.notEqual(leaves(settings), leaves(DEFAULT_SETTINGS), `${key} has no effect`);
      changed.add(key);
    }
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
        ? Object.values(value).reduce((sum: number, inner) => sum + count(inner), 0)
        : 1;
    const { remote: _remote, ...local } = DEFAULT_SETTINGS;
    assert.equal(changed.size, count(local));
  });

  it('every setting has a scope and a description, and none that a workspace could misuse is left unrestricted', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    for (const [key, property] of properties) {
      assert.ok(property.scope, `${key} has no scope`);
      assert.ok(property.markdownDescription, `${key} has no description`);
      if (property.enum) assert.equal(property.markdownEnumDescriptions?.length, property.enum.length, key);
      if (property.scope === 'resource') assert.ok(restrictedConfigurations.includes(key), `${key} is not restricted`);
    }
    for (const key of restrictedConfigurations) assert.ok(properties.has(key), `${key} is no setting`);
  });

  it('names every key that it does not know, with those that it does', () => {
    const { problems } = parseSettings(
      JSON.parse(
        '{"exclud": [], "pii": {"enable": false}, "secrets": 5, "__proto__": {"a": 1}, "x": {"y": 1, "z": 2}}',
      ),
      ['x.y'],
    );
    assert.equal(problems.length, 5, problems.join('\n'));
    for (const [index, problem] of [
      /^exclud: unknown; known are .*\bexclude\b/,
      /^pii\.enable: unknown; known are enabled, countries$/,
      /^secrets: expected an object$/,
      /^__proto__: unknown/,
      /^x\.z: unknown; known are y$/,
    ].entries()) {
      assert.match(problems[index] as string, problem);
    }
    assert.match(parseSettings({ run: 'onSave' }).problems.join(), /^run: unknown/);
  });

  it('never throws, keeps defaults for what it does not understand, and names it', () => {
    for (const value of [undefined, null, 7, 'x', [], () => 1, { limits: null }, { limits: { timeMs: 'soon' } }]) {
      assert.doesNotThrow(() => parseSettings(value));
    }
    const { settings, problems } = parseSettings({
      exclude: 'everything',
      severity: { minimum: 'terrible', overrides: { 'a/b': 'loud', 'c/d': 'low', __proto__: { polluted: true } } },
      limits: { timeMs: 1, depth: 3 },
      secrets: { customRules: [{ id: 'ok', pattern: 'x', severity: 'odd' }, { id: 'no pattern' }, 5] },
      models: { enabled: 'no' },
    });
    assert.deepEqual(settings.exclude, []);
    assert.equal(settings.minimumSeverity, 'info');
    assert.deepEqual({ ...settings.severityOverrides }, { 'c/d': 'low' });
    assert.equal(settings.limits.timeMs, DEFAULT_SETTINGS.limits.timeMs, 'a limit of nothing would find nothing');
    assert.equal(settings.limits.depth, 3);
    assert.deepEqual(settings.secrets.customRules, [{ id: 'ok', pattern: 'x' }]);
    assert.equal(settings.models.enabled, true);
    assert.equal(problems.length, 8, problems.join('\n'));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});
