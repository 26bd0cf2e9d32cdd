/** What kinds of personal data are told apart, and the rule of each. `entity` is Presidio's spelling where it has one. */
import type { Severity } from '../finding';
import { defineRules, type Rule } from '../rule';

/** What a leaked value of the entity is good for; decides severity, text and advice. */
export type PiiClass =
  | 'national-id'
  | 'financial'
  | 'health'
  | 'document'
  | 'contact'
  | 'person'
  | 'network'
  | 'vehicle'
  | 'organisation';

interface Entity {
  /** Last part of the rule id. */
  readonly key: string;
  readonly title: string;
  readonly class: PiiClass;
}

const entity = (key: string, title: string, kind: PiiClass): Entity => ({ key, title, class: kind });

/** Every entity that can be reported. The key is what stands in `Finding.entity`. */
export const ENTITIES = {
  ABA_ROUTING_NUMBER: entity('us-aba-routing-number', 'US bank routing number', 'organisation'),
  AU_ABN: entity('au-abn', 'Australian business number', 'organisation'),
  AU_ACN: entity('au-acn', 'Australian company number', 'organisation'),
  AU_MEDICARE: entity('au-medicare', 'Australian Medicare number', 'health'),
  AU_TFN: entity('au-tfn', 'Australian tax file number', 'national-id'),
  BE_NATIONAL_NUMBER: entity('be-national-number', 'Belgian national number', 'national-id'),
  BR_CPF: entity('br-cpf', 'Brazilian CPF', 'national-id'),
  CA_SIN: entity('ca-sin', 'Canadian social insurance number', 'national-id'),
  CH_AHV: entity('ch-ahv', 'Swiss AHV number', 'national-id'),
  CN_RESIDENT_ID: entity('cn-resident-id', 'Chinese resident identity number', 'national-id'),
  CREDIT_CARD: entity('credit-card', 'Payment card number', 'financial'),
  CRYPTO: entity('crypto-wallet', 'Cryptocurrency wallet address', 'contact'),
  DATE_OF_BIRTH: entity('date-of-birth', 'Date of birth', 'person'),
  DE_BSNR: entity('de-bsnr', 'German medical practice number', 'organisation'),
  DE_FUEHRERSCHEIN: entity('de-driving-licence', 'German driving licence number', 'document'),
  DE_HANDELSREGISTER: entity('de-commercial-register', 'German commercial register number', 'organisation'),
  DE_HEALTH_INSURANCE: entity('de-health-insurance', 'German health insurance number', 'health'),
  DE_ID_CARD: entity('de-id-card', 'German identity card number', 'document'),
  DE_KFZ: entity('de-vehicle-registration', 'German vehicle registration', 'vehicle'),
  DE_LANR: entity('de-lanr', 'German physician number', 'person'),
  DE_PASSPORT: entity('de-passport', 'German passport number', 'document'),
  DE_PLZ: entity('de-postcode', 'German postcode', 'contact'),
  DE_SOCIAL_SECURITY: entity('de-social-security', 'German pension insurance number', 'national-id'),
  DE_TAX_ID: entity('de-tax-id', 'German tax identification number', 'national-id'),
  DE_TAX_NUMBER: entity('de-tax-number', 'German tax number', 'national-id'),
  DE_VAT_ID: entity('de-vat-id', 'German VAT number', 'organisation'),
  DK_CPR: entity('dk-cpr', 'Danish CPR number', 'national-id'),
  EMAIL_ADDRESS: entity('email-address', 'E-mail address', 'contact'),
  ES_NIE: entity('es-nie', 'Spanish foreigner identity number', 'national-id'),
  ES_NIF: entity('es-nif', 'Spanish identity number', 'national-id'),
  ES_PASSPORT: entity('es-passport', 'Spanish passport number', 'document'),
  FI_PERSONAL_IDENTITY_CODE: entity('fi-personal-identity-code', 'Finnish personal identity code', 'national-id'),
  FR_NIR: entity('fr-nir', 'French social security number', 'national-id'),
  IBAN_CODE: entity('iban', 'Bank account number (IBAN)', 'financial'),
  IE_PPS: entity('ie-pps', 'Irish PPS number', 'national-id'),
  IN_AADHAAR: entity('in-aadhaar', 'Indian Aadhaar number', 'national-id'),
  IN_GSTIN: entity('in-gstin', 'Indian GST number', 'organisation'),
  IN_PAN: entity('in-pan', 'Indian tax number (PAN)', 'national-id'),
  IN_PASSPORT: entity('in-passport', 'Indian passport number', 'document'),
  IN_VEHICLE_REGISTRATION: entity('in-vehicle-registration', 'Indian vehicle registration', 'vehicle'),
  IN_VOTER: entity('in-voter', 'Indian voter number', 'national-id'),
  IP_ADDRESS: entity('ip-address', 'IP address', 'network'),
  IT_DRIVER_LICENSE: entity('it-driver-license', 'Italian driving licence number', 'document'),
  IT_FISCAL_CODE: entity('it-fiscal-code', 'Italian fiscal code', 'national-id'),
  IT_IDENTITY_CARD: entity('it-identity-card', 'Italian identity card number', 'document'),
  IT_PASSPORT: entity('it-passport', 'Italian passport number', 'document'),
  IT_VAT_CODE: entity('it-vat-code', 'Italian VAT number', 'organisation'),
  KR_BRN: entity('kr-brn', 'Korean business registration number', 'organisation'),
  KR_DRIVER_LICENSE: entity('kr-driver-license', 'Korean driving licence number', 'document'),
  KR_FRN: entity('kr-frn', 'Korean foreigner registration number', 'national-id'),
  KR_PASSPORT: entity('kr-passport', 'Korean passport number', 'document'),
  KR_RRN: entity('kr-rrn', 'Korean resident registration number', 'national-id'),
  LOCATION: entity('postal-address', 'Postal address', 'contact'),
  MAC_ADDRESS: entity('mac-address', 'MAC address', 'network'),
  MEDICAL_LICENSE: entity('us-medical-license', 'US medical licence (DEA) number', 'person'),
  MEDICAL_RECORD_NUMBER: entity('medical-record-number', 'Medical record number', 'health'),
  MX_CURP: entity('mx-curp', 'Mexican CURP', 'national-id'),
  NG_NIN: entity('ng-nin', 'Nigerian national identification number', 'national-id'),
  NG_VEHICLE_REGISTRATION: entity('ng-vehicle-registration', 'Nigerian vehicle registration', 'vehicle'),
  NL_BSN: entity('nl-bsn', 'Dutch citizen service number', 'national-id'),
  NO_FODSELSNUMMER: entity('no-national-id', 'Norwegian national identity number', 'national-id'),
  PERSON: entity('person-name', 'Name of a person', 'person'),
  PHONE_NUMBER: entity('phone-number', 'Telephone number', 'contact'),
  PH_TIN: entity('ph-tin', 'Philippine taxpayer number', 'national-id'),
  PL_PESEL: entity('pl-pesel', 'Polish PESEL', 'national-id'),
  PT_NIF: entity('pt-nif', 'Portuguese tax number', 'national-id'),
  SE_ORGANISATIONSNUMMER: entity('se-organisation-number', 'Swedish organisation number', 'organisation'),
  SE_PERSONNUMMER: entity('se-personal-number', 'Swedish personal number', 'national-id'),
  SG_NRIC_FIN: entity('sg-nric-fin', 'Singapore NRIC or FIN', 'national-id'),
  SG_UEN: entity('sg-uen', 'Singapore entity number', 'organisation'),
  TH_TNIN: entity('th-national-id', 'Thai national identity number', 'national-id'),
  TR_LICENSE_PLATE: entity('tr-vehicle-registration', 'Turkish vehicle registration', 'vehicle'),
  TR_NATIONAL_ID: entity('tr-national-id', 'Turkish identity number', 'national-id'),
  UK_DRIVING_LICENCE: entity('uk-driving-licence', 'UK driving licence number', 'document'),
  UK_NHS: entity('uk-nhs', 'UK NHS number', 'health'),
  UK_NINO: entity('uk-nino', 'UK national insurance number', 'national-id'),
  UK_PASSPORT: entity('uk-passport', 'UK passport number', 'document'),
  UK_POSTCODE: entity('uk-postcode', 'UK postcode', 'contact'),
  UK_VEHICLE_REGISTRATION: entity('uk-vehicle-registration', 'UK vehicle registration', 'vehicle'),
  US_BANK_NUMBER: entity('us-bank-account', 'US bank account number', 'financial'),
  US_DRIVER_LICENSE: entity('us-driver-license', 'US driving licence number', 'document'),
  US_EIN: entity('us-ein', 'US employer identification number', 'organisation'),
  US_ITIN: entity('us-itin', 'US individual taxpayer number', 'national-id'),
  US_MBI: entity('us-mbi', 'US Medicare beneficiary number', 'health'),
  US_NPI: entity('us-npi', 'US national provider identifier', 'person'),
  US_PASSPORT: entity('us-passport', 'US passport number', 'document'),
  US_SSN: entity('us-ssn', 'US social security number', 'national-id'),
  ZA_ID_NUMBER: entity('za-id-number', 'South African identity number', 'national-id'),
} as const satisfies Record<string, Entity>;

export type EntityName = keyof typeof ENTITIES;

/** Severity of a value that is one beyond doubt. */
export const CLASS_SEVERITY: Readonly<Record<PiiClass, Severity>> = {
  'national-id': 'high',
  financial: 'high',
  health: 'high',
  document: 'high',
  contact: 'low',
  person: 'low',
  network: 'low',
  vehicle: 'low',
  organisation: 'low',
};

const HARM: Readonly<Record<PiiClass, string>> = {
  'national-id': 'It identifies one person for life and is what identity theft needs.',
  financial: 'It allows payments or debits in the name of its holder.',
  health: 'It identifies a person as a patient; health data is specially protected by law.',
  document: 'It identifies a person and is what identity theft needs.',
  contact: 'It allows a person to be reached, and to be recognised in other data.',
  person: 'It tells who a record is about.',
  network: 'It points at one machine, and by that at its owner.',
  vehicle: 'It points at the keeper of the vehicle.',
  organisation: 'It points at one business, and in a sole trader’s case at a person.',
};

function declare(): Record<string, Rule> {
  const table: Record<string, Omit<Rule, 'id'>> = Object.create(null);
  for (const { key, title, class: kind } of Object.values(ENTITIES)) {
    table[key] = {
      title,
      category: 'pii',
      severity: CLASS_SEVERITY[kind],
      description: `The text holds what looks like a value of this kind: ${title}. ${HARM[kind]} Whoever receives the file receives it too, and what was committed or printed once stays in the history.`,
      remediation:
        'Remove the value or replace it by a made-up one, clear the output that shows it, and purge it from the version history. Keep personal data outside the repository.',
      references: {
        cwe: kind === 'organisation' || kind === 'network' ? ['CWE-200'] : ['CWE-359', 'CWE-200'],
        owasp: ['A01:2021', 'LLM02:2025'],
        atlas: ['AML.T0057'],
        nist: ['MAP 4.1', 'MEASURE 2.10'],
      },
    };
  }
  return defineRules('pii', table);
}

export const PII_RULES: Readonly<Record<string, Rule>> = declare();

export function ruleOf(name: EntityName): Rule {
  return PII_RULES[ENTITIES[name].key] as Rule;
}
