import type { Rule } from '../../rule';
import { defineRules } from '../../rule';
import { SECRET_REFERENCES, SECRET_REMEDIATION } from './define';

const references = SECRET_REFERENCES;

/** Credentials that are known by where they stand, not by what they look like. */
export const STRUCTURAL_RULES = defineRules('secret', {
  password: {
    title: 'Hardcoded password',
    category: 'secret',
    severity: 'high',
    description:
      'A password stands as plain text where a program, a configuration or an output gives it. Whoever reads the file, or any older version of it, can log in with it.',
    remediation: `Change the password, since it must be taken as known. ${SECRET_REMEDIATION}`,
    references: { ...references, cwe: ['CWE-259', 'CWE-798', 'CWE-312'] },
  },
  'generic-credential': {
    title: 'Hardcoded key or token',
    category: 'secret',
    severity: 'high',
    description:
      'The name says that the value is a key, a token or a secret, and the value looks like a real one. Whoever reads the file can use it.',
    remediation: `Revoke it where it was issued. ${SECRET_REMEDIATION}`,
    references,
  },
  'url-credentials': {
    title: 'Credentials in an address',
    category: 'secret',
    severity: 'high',
    description:
      'An address holds a user name and a password, or a token. Addresses end up in logs, histories and error messages, and whoever reads this file can use them.',
    remediation: `Change the password. ${SECRET_REMEDIATION} Pass credentials to the client by its own parameters instead of in the address.`,
    references: { ...references, cwe: ['CWE-522', 'CWE-598', 'CWE-798'] },
  },
  'connection-string': {
    title: 'Credentials in a connection string',
    category: 'secret',
    severity: 'high',
    description:
      'A connection string of a database holds its password. Whoever reads the file can connect as that user.',
    remediation: `Change the password. ${SECRET_REMEDIATION}`,
    references: { ...references, cwe: ['CWE-798', 'CWE-522'] },
  },
  'authorization-header': {
    title: 'Hardcoded authorization header',
    category: 'secret',
    severity: 'high',
    description:
      'A request carries its bearer token or its user name and password as plain text. Whoever reads the file can make the same requests.',
    remediation: `Revoke the token or change the password. ${SECRET_REMEDIATION}`,
    references,
  },
  'command-line-credential': {
    title: 'Credential on a command line',
    category: 'secret',
    severity: 'high',
    description:
      'A command gets a password or a token as an argument. It stands in this file, in the shell history, and in the process list of the machine while it runs.',
    remediation: `Change it, and pass it by the environment or by standard input. ${SECRET_REMEDIATION}`,
    references: { ...references, cwe: ['CWE-214', 'CWE-798'] },
  },
  'private-key': {
    title: 'Private key',
    category: 'secret',
    severity: 'critical',
    description:
      'A private key stands in the text. Whoever reads the file can log in, sign or decrypt as its owner, for as long as the key is trusted anywhere.',
    remediation:
      'Replace the key pair everywhere the public part is trusted, and remove the key from the file and from the history of the repository.',
    references: { ...references, cwe: ['CWE-321', 'CWE-798', 'CWE-312'] },
  },
  'json-web-token': {
    title: 'JSON Web Token',
    category: 'secret',
    severity: 'high',
    description: 'A signed token stands in the text. Until it expires, whoever reads the file is who the token says.',
    remediation: `Revoke the session or the key that signed it. ${SECRET_REMEDIATION}`,
    references,
  },
  'password-hash': {
    title: 'Password hash',
    category: 'secret',
    severity: 'medium',
    description:
      'The hash of a password stands in the file. Weak passwords are found from their hashes by trying many.',
    remediation: 'Keep the file out of the repository, and change passwords that could be guessed.',
    references: { ...references, cwe: ['CWE-916', 'CWE-538'] },
  },
  'keystore-file': {
    title: 'Key store',
    category: 'secret',
    severity: 'medium',
    description:
      'The file is a store of private keys, protected by a password at best. Whoever has the file can try passwords at leisure.',
    remediation:
      'Remove the key store from the repository and its history, replace the keys, and keep the new ones where programs are deployed.',
    references: { ...references, cwe: ['CWE-321', 'CWE-538'] },
  },
  'kubernetes-secret': {
    title: 'Kubernetes secret',
    category: 'secret',
    severity: 'high',
    description:
      'A manifest of kind Secret holds its values. They are base64, which is no encryption: whoever reads the file has them.',
    remediation: `Change the values. ${SECRET_REMEDIATION} Create the Secret from a sealed or an external source instead.`,
    references,
  },
  custom: {
    title: 'Rule of your own',
    category: 'secret',
    severity: 'medium',
    description: 'A rule of the configuration (`secrets.customRules`) found this text.',
    remediation: `Treat it as the rule intends. ${SECRET_REMEDIATION}`,
    references,
  },
} satisfies Record<string, Omit<Rule, 'id'>>);
