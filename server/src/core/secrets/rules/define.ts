import type { Severity } from '../../finding';
import { defineRules, type Rule } from '../../rule';

/** What a check of a token's own format says. */
export interface TokenCheck {
  /** False when the text is no such token after all. */
  accepted: boolean;
  severity?: Severity;
  /** Added to the message: what the token says of itself, or why its severity differs. */
  note?: string;
}

/** A credential with a shape of its own, found anywhere. */
export interface TokenShape {
  /** ASCII, at least two characters, any case; one of them must occur. Without `back` and `lead` the token begins with it. */
  keywords: readonly string[];
  /**
   * Source of the regular expression of the token, anchored at its start, case-sensitive, every repetition bounded. When
   * more than the token is needed to know it, the group `secret` is the token.
   */
  pattern: string;
  /** How far before the keyword the token may begin. */
  back?: number;
  /** How many characters stand before the keyword in every such token, where that is always the same. */
  lead?: number;
  /** What must stand right before the keyword, with `back`: spares most looks. */
  before?: RegExp;
  /** Least Shannon entropy, bits a character; default 2.8. */
  entropy?: number;
  /** Characters that may not stand before the token; default letters, digits and `_`. */
  notAfter?: RegExp;
  /** Words that must stand within 200 characters before the token: for shapes that others have too. */
  near?: RegExp;
  check?: (token: string) => TokenCheck;
  /** Other services issue tokens of the same shape: a key that names one of them decides. */
  shared?: boolean;
  severity?: Severity;
}

/** A credential known by the service's name in the key and the shape of the value. */
export interface AssignedShape {
  /** Lower-case; one of them must stand in the key. */
  services: readonly string[];
  /** Source of the whole value, case-insensitive unless `exact`. */
  value: string;
  exact?: boolean;
  /** The key must also hold a word of secrecy: for services whose names are everyday words. */
  keyed?: boolean;
  /** The key must match this too. */
  key?: RegExp;
  entropy?: number;
  /** When the shape is less than that of a live one. */
  severity?: Severity;
}

export interface SecretSpec {
  /** What it is, after the service's name: `API key`. */
  what: string;
  severity?: Severity;
  tokens?: readonly TokenShape[];
  assigned?: readonly AssignedShape[];
  /** What its holder can do; default by the service's kind. */
  can?: string;
}

export type ServiceKind =
  | 'cloud'
  | 'code'
  | 'ai'
  | 'data'
  | 'payment'
  | 'messaging'
  | 'monitoring'
  | 'deploy'
  | 'identity'
  | 'social'
  | 'finance'
  | 'mail'
  | 'product';

const CAN: Record<ServiceKind, string> = {
  cloud: 'use and change the resources of the account, at the cost of its owner',
  code: 'read and change repositories or packages, and so what others build and run',
  ai: 'use models, data and training runs of the account, at the cost of its owner',
  data: 'read and change the data that the service holds',
  payment: 'see customers and payments and, depending on its rights, move money',
  messaging: 'read and send messages in the name of the owner',
  monitoring: 'read logs and measurements of the owner, or forge them',
  deploy: 'change what is built and deployed',
  identity: 'act as the application and, through it, as its users',
  social: 'read and post in the name of the account',
  finance: 'read accounts and, depending on its rights, trade or move money',
  mail: 'send mail in the name of the owner and read lists of recipients',
  product: 'act in the name of the account it belongs to',
};

export interface Service {
  name: string;
  kind: ServiceKind;
  /** Where it is revoked, after "Revoke it": `under https://...`. */
  revoke?: string;
  rules: Record<string, SecretSpec>;
}

export const SECRET_REFERENCES = {
  cwe: ['CWE-798', 'CWE-312', 'CWE-540'],
  owasp: ['A07:2021', 'LLM02:2025'],
  atlas: ['AML.T0012', 'AML.T0055'],
  nist: ['GOVERN 6.1', 'MAP 4.2', 'MEASURE 2.7'],
} as const;

export const SECRET_REMEDIATION =
  'Remove it from the file and from the history of the repository, and read it at run time from the environment or from a secret manager.';

/** Rules of a list of services, by the last part of their ids. */
export function rulesOf(services: readonly Service[]): { rules: Record<string, Rule>; specs: Map<string, SecretSpec> } {
  const declared: Record<string, Omit<Rule, 'id'>> = {};
  const specs = new Map<string, SecretSpec>();
  for (const service of services) {
    for (const [id, spec] of Object.entries(service.rules)) {
      if (id in declared) throw new Error(`secret rule declared twice: ${id}`);
      const article =
        /^[aeiou]|^[FHLMNRSX][A-Z]/i.test(service.name) && !/^[HLMNRSX][a-z]|^F[a-z]|^U[a-z]/.test(service.name)
          ? 'An'
          : 'A';
      declared[id] = {
        title: `${service.name} ${spec.what}`,
        category: 'secret',
        severity: spec.severity ?? 'high',
        description: `${article} ${service.name} ${spec.what} stands in the text. Whoever reads the file can ${spec.can ?? CAN[service.kind]}.`,
        remediation: `Revoke it${service.revoke ? ` ${service.revoke}` : ` in the settings of ${service.name}`} first, since it must be taken as known. ${SECRET_REMEDIATION}`,
        references: SECRET_REFERENCES,
      };
      specs.set(`secret/${id}`, spec);
    }
  }
  return { rules: defineRules('secret', declared), specs };
}

/** What a checksum that a token ends with says of it. */
export const checksumCheck = (isRight: boolean): TokenCheck =>
  isRight
    ? { accepted: true, note: 'its checksum is right' }
    : { accepted: true, severity: 'medium', note: 'its checksum is wrong, so it is mistyped, cut or made up' };

/** One token shape that begins with its keyword. */
export function token(
  keyword: string | readonly string[],
  pattern: string,
  more: Partial<TokenShape> = {},
): TokenShape {
  return { keywords: typeof keyword === 'string' ? [keyword] : keyword, pattern, ...more };
}

/** One assigned shape. */
export function assigned(
  services: string | readonly string[],
  value: string,
  more: Partial<AssignedShape> = {},
): AssignedShape {
  return { services: typeof services === 'string' ? [services] : services, value, ...more };
}

export const UUID_SHAPE = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
