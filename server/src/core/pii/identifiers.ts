/**
 * Identifiers of persons, accounts, documents and vehicles by country: shape, check digits, and the words that stand
 * beside them. Sources: the issuing bodies' published formats (SSA, CMS, DVLA, NHS, BZSt, AEAT, UIDAI ...).
 */
import { ValidationErrorsIBAN, validateIBAN } from 'ibantools';
import * as auAbn from 'stdnum/lib/cjs/au/abn';
import * as auAcn from 'stdnum/lib/cjs/au/acn';
import * as auTfn from 'stdnum/lib/cjs/au/tfn';
import * as beNn from 'stdnum/lib/cjs/be/nn';
import * as brCpf from 'stdnum/lib/cjs/br/cpf';
import * as chSsn from 'stdnum/lib/cjs/ch/ssn';
import * as cnRic from 'stdnum/lib/cjs/cn/ric';
import * as deSvnr from 'stdnum/lib/cjs/de/svnr';
import * as dkCpr from 'stdnum/lib/cjs/dk/cpr';
import * as esNie from 'stdnum/lib/cjs/es/nie';
import * as fiHetu from 'stdnum/lib/cjs/fi/hetu';
import * as frNir from 'stdnum/lib/cjs/fr/nir';
import * as iePps from 'stdnum/lib/cjs/ie/pps';
import * as inEpic from 'stdnum/lib/cjs/in/epic';
import * as inGstin from 'stdnum/lib/cjs/in/gstin';
import * as itCodiceFiscale from 'stdnum/lib/cjs/it/codicefiscale';
import * as krBrn from 'stdnum/lib/cjs/kr/brn';
import * as mxCurp from 'stdnum/lib/cjs/mx/curp';
import * as nlBsn from 'stdnum/lib/cjs/nl/bsn';
import * as noFodselsnummer from 'stdnum/lib/cjs/no/fodselsnummer';
import * as plPesel from 'stdnum/lib/cjs/pl/pesel';
import * as ptNif from 'stdnum/lib/cjs/pt/nif';
import * as sgUen from 'stdnum/lib/cjs/sg/uen';
import * as trTckimlik from 'stdnum/lib/cjs/tr/tckimlik';
import type { Severity } from '../finding';
import { icao9303, isDate, kvnr, luhn, mod11_10, nric, verhoeff, weighted } from './checksums';
import { anyOf, butNot, type LabelTest } from './context';
import type { EntityName } from './rules';

export interface Identifier {
  readonly entity: EntityName;
  /** Sticky; tried at the first character of a word. Linear: no nested quantifiers. */
  readonly pattern: RegExp;
  /** What the first word of the value consists of, so that most patterns are never tried. */
  readonly first: 'digits' | 'letters' | 'mixed' | 'any';
  /**
   * Check digits and ranges of the value without its separators and in capitals.
   * @returns false: it is none; true: the check digits are right; undefined: there is nothing to check by
   */
  readonly check?: (compact: string, raw: string) => boolean | undefined;
  readonly context: LabelTest;
  /** Severity without any context, when the check passed or the shape alone is rare. Left out: not reported then. */
  readonly bare?: Severity;
  /** Setting `pii.countries` it belongs to; left out for international ones. */
  readonly country?: 'US' | 'GB' | 'EU' | 'IN' | 'ASIA' | 'AU' | 'CA' | 'AFRICA' | 'LATAM';
  /** Values with few digits, or in prose common ones: only with context. */
  readonly short?: boolean;
  /** Values whose check fails are issued too, or often misprinted: they count for less, not for nothing. */
  readonly lenient?: boolean;
}

const valid =
  (validator: { validate(value: string): { isValid: boolean } }) =>
  (compact: string): boolean =>
    validator.validate(compact).isValid;

const allSame = (digits: string): boolean => /^(.)\1*$/.test(digits);

/** ISO 13616. The check digits of the national part are the bank's own: right ones are told from a mere fit by them. */
function iban(c: string): boolean | undefined {
  const { valid: right, errorCodes } = validateIBAN(c);
  if (right) return true;
  return errorCodes.every((code) => code === ValidationErrorsIBAN.WrongAccountBankBranchChecksum) ? undefined : false;
}

const ssnContext = anyOf(
  'ssn',
  'social security',
  'social sec',
  'ssid',
  'socialsecurity',
  'soc sec',
  'social no',
  'social number',
);
const passportContext = anyOf(
  'passport',
  'travel document',
  'travel doc',
  'passeport',
  'pasaporte',
  'reisepass',
  'passaporte',
);
const plateContext = anyOf(
  'vehicle',
  'number plate',
  'license plate',
  'licence plate',
  'registration',
  'plate',
  'vrn',
  'vin',
  'dvla',
  'car',
  'reg',
  'rto',
  'licence plates',
  'plate no',
  'plate number',
  'vehicle reg',
  'logbook',
);

const US: readonly Identifier[] = [
  {
    entity: 'US_SSN',
    pattern: /\d{3}([-. ])\d{2}\1\d{4}/y,
    first: 'digits',
    check: (c, raw) => (ssnArea(c) ? (raw[3] === '-' ? true : undefined) : false),
    context: ssnContext,
    bare: 'medium',
    country: 'US',
  },
  {
    entity: 'US_SSN',
    pattern: /\d{9}|\d{5}-\d{4}|\d{3}-\d{6}/y,
    first: 'digits',
    check: (c) => (ssnArea(c) ? undefined : false),
    context: ssnContext,
    country: 'US',
  },
  {
    entity: 'US_ITIN',
    pattern: /9\d{2}[- ]?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])[- ]?\d{4}/y,
    first: 'digits',
    check: (_c, raw) => (raw.length === 11 ? true : undefined),
    context: anyOf('itin', 'taxpayer', 'tax payer', 'tax id', 'taxid', 'tin', 'individual taxpayer'),
    bare: 'medium',
    country: 'US',
  },
  {
    entity: 'US_EIN',
    pattern: /\d{2}-\d{7}/y,
    first: 'digits',
    check: (c) => (einPrefix(c) ? undefined : false),
    context: anyOf('ein', 'fein', 'employer identification', 'employer id', 'federal tax id', 'tax id', 'taxpayer id'),
    country: 'US',
  },
  {
    // Without its hyphen it is any number of nine digits, and `ein` is a word of German.
    entity: 'US_EIN',
    pattern: /\d{9}/y,
    first: 'digits',
    check: (c) => (einPrefix(c) ? undefined : false),
    context: anyOf('fein', 'employer identification', 'employer id', 'ein number', 'ein no', 'federal tax id'),
    country: 'US',
  },
  {
    entity: 'US_MBI',
    pattern:
      /[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d(-?)[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d\1[AC-HJKMNP-RT-Y]{2}\d{2}/iy,
    first: 'mixed',
    check: (_c, raw) => (raw.includes('-') ? true : undefined),
    context: anyOf('mbi', 'medicare', 'beneficiary', 'cms', 'medicaid', 'hic', 'hicn'),
    bare: 'medium',
    country: 'US',
  },
  {
    entity: 'US_NPI',
    pattern: /[12]\d{9}|[12]\d{3}[- ]\d{3}[- ]\d{3}|[12]\d{2}[- ]\d{3}[- ]\d{4}/y,
    first: 'digits',
    check: (c) => luhn(`80840${c}`) && !allSame(c.slice(0, 9)),
    context: anyOf('npi', 'national provider', 'provider', 'taxonomy'),
    country: 'US',
  },
  {
    entity: 'ABA_ROUTING_NUMBER',
    pattern: /(?:0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{2}(?:\d{5}|-\d{4}-\d)/y,
    first: 'digits',
    check: (c) => weighted(c, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !allSame(c),
    context: anyOf('aba', 'routing', 'bank routing', 'rtn', 'transit number', 'transit no'),
    country: 'US',
  },
  {
    entity: 'US_BANK_NUMBER',
    pattern: /\d{8,17}/y,
    first: 'digits',
    context: butNot(
      / (?:aws|amazon|azure|gcp|cloud) /,
      'bank account',
      'account number',
      'account no',
      'acct number',
      'acct no',
      'checking account',
      'savings account',
      'bank acct',
      'bankaccount',
      'bank number',
      'bank no',
      'accountnumber',
      'account nr',
      'account num',
      'acct num',
      'acctnumber',
      'deposit account',
      'checking acct',
    ),
    country: 'US',
  },
  {
    entity: 'US_PASSPORT',
    pattern: /[A-Z]\d{8}|\d{9}/iy,
    first: 'any',
    context: passportContext,
    country: 'US',
  },
  {
    entity: 'US_DRIVER_LICENSE',
    pattern: /[A-Z]{1,2}\d{5,14}|\d{6,14}|[A-Z]\d{3}-\d{4}-\d{4}|[A-Z]\d{2}-\d{2}-\d{4}/iy,
    first: 'any',
    context: anyOf(
      'driver license',
      'drivers license',
      'driver s license',
      'driving license',
      'driver licence',
      'drivers licence',
      'driverlicense',
      'driver permit',
      'driver lic',
      'drivers lic',
      'driver s lic',
      'driving lic',
      'driving permit',
      'lic no',
      'lic number',
      'dl number',
      'dl no',
      'dl num',
      'dls',
      'cdls',
      'cdl',
      'driver id',
    ),
    country: 'US',
  },
  {
    // Of whom or what the license is, is not said.
    entity: 'US_DRIVER_LICENSE',
    pattern: /[A-Z]{1,2}\d{5,14}|\d{6,14}|[A-Z]\d{3}-\d{4}-\d{4}|[A-Z]\d{2}-\d{2}-\d{4}/iy,
    first: 'any',
    lenient: true,
    context: butNot(
      / (?:software|product|serial|key|business|activation|contractor|medical|state) /,
      'license no',
      'license number',
      'license num',
      'licence no',
      'licence number',
    ),
    country: 'US',
  },
  {
    entity: 'MEDICAL_LICENSE',
    pattern: /[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}/iy,
    first: 'any',
    check: (c) => {
      const d = c.slice(2);
      return weighted(d, [1, 2, 1, 2, 1, 2]) % 10 === d.charCodeAt(6) - 48;
    },
    context: anyOf(
      'dea',
      'medical license',
      'medical licence',
      'medical certificate',
      'prescriber',
      'certificate',
      'medical',
    ),
    country: 'US',
  },
];

/** Prefixes that the campuses of the IRS have given out: all but these (IRS, How EINs are assigned and valid EIN prefixes). */
const einPrefix = (c: string): boolean => !/^(?:0[0789]|1[789]|2[89]|49|69|70|78|79|89|9[67])/.test(c) && !allSame(c);

function ssnArea(c: string): boolean {
  const area = c.slice(0, 3);
  return (
    area !== '000' && area !== '666' && area < '900' && c.slice(3, 5) !== '00' && c.slice(5) !== '0000' && !allSame(c)
  );
}

const GB: readonly Identifier[] = [
  {
    entity: 'UK_NHS',
    pattern: /\d{3}[- ]?\d{3}[- ]?\d{4}/y,
    first: 'digits',
    check: (c) => weighted(c, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 && !allSame(c),
    context: anyOf(
      'nhs',
      'nhsno',
      'nhsnumber',
      'national health service',
      'health service number',
      'health authority',
      'health services authority',
    ),
    country: 'GB',
  },
  {
    entity: 'UK_NINO',
    pattern: /(?!BG|GB|NK|KN|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]/iy,
    first: 'any',
    context: anyOf(
      'nino',
      'national insurance',
      'nat ins',
      'ni number',
      'ni no',
      'ni num',
      'insurance number',
      'insurance no',
    ),
    bare: 'medium',
    country: 'GB',
  },
  {
    entity: 'UK_DRIVING_LICENCE',
    pattern: /(?=[A-Z9]{5}\d)[A-Z]{1,5}9{0,4}\d[0156]\d[0-3]\d{2}[A-Z9]{2}[A-Z0-9]{3}/iy,
    first: 'mixed',
    check: (c) => {
      const month = Number(c.slice(6, 8)) % 50;
      const day = Number(c.slice(8, 10));
      return /^[A-Z]+9*$/.test(c.slice(0, 5)) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    },
    context: anyOf(
      'driving licence',
      'driving license',
      'driver s licence',
      'driver s license',
      'driver licence',
      'dvla',
      'dl number',
      'licence number',
      'license number',
      'licence no',
      'license no',
      'driving lic',
      'driving permit',
    ),
    bare: 'medium',
    country: 'GB',
  },
  {
    entity: 'UK_PASSPORT',
    pattern: /[A-Z]{2}\d{7}/iy,
    first: 'mixed',
    context: anyOf('passport', 'travel document', 'travel doc', 'hmpo', 'majesty'),
    country: 'GB',
  },
  {
    entity: 'UK_POSTCODE',
    pattern:
      /(?:GIR ?0AA|(?:[A-PR-UWYZ][0-9][0-9A-HJKPSTUW]?|[A-PR-UWYZ][A-HK-Y][0-9][0-9ABEHMNPRV-Y]?) ?[0-9][ABD-HJLNP-UW-Z]{2})/iy,
    first: 'any',
    context: anyOf(
      'postcode',
      'post code',
      'postal code',
      'postal',
      'zip',
      'zipcode',
      'address',
      'addr',
      'delivery',
      'mailing',
      'shipping',
      'correspondence',
    ),
    country: 'GB',
    short: true,
  },
  {
    entity: 'UK_VEHICLE_REGISTRATION',
    pattern:
      /[A-HJ-PR-Y][A-HJ-PR-Y](?:0[2-9]|[125678]\d) ?[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y]\d{1,3} ?[A-HJ-PR-Z]{3}|[A-HJ-PR-Z]{3} ?\d{1,3}[A-HJ-NPR-TV-Y]/iy,
    first: 'any',
    check: (c) =>
      /^[A-Z]{2}\d{2}/.test(c) ? /^..(?:0[2-9]|1\d|2[0-9]|5[1-9]|6\d|7\d)/.test(c) && undefined : undefined,
    context: plateContext,
    country: 'GB',
    short: true,
  },
];

const CARD_CONTEXT = anyOf(
  'personalausweis',
  'perso',
  'personal nr',
  'dokument nr',
  'document number',
  'id nummer',
  'nationale id',
  'ausweis',
  'dokumentennummer',
  'seriennummer',
  'npa',
  'identity card',
  'national id',
  'id card',
);

const EU: readonly Identifier[] = [
  {
    entity: 'DE_TAX_ID',
    pattern: /[1-9]\d{10}|[1-9]\d \d{3} \d{3} \d{3}/y,
    first: 'digits',
    check: (c) => mod11_10(c) && !/(\d).*\1.*\1.*\1/.test(c.slice(0, 10)),
    context: anyOf(
      'steueridentifikationsnummer',
      'steuer id',
      'steuerid',
      'steuerliche identifikation',
      'idnr',
      'id nr',
      'steueridnr',
      'steuernummer',
      'steuer nr',
      'bzst',
      'tax id',
      'tax number',
      'tin',
      'steuer identifikation',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_TAX_NUMBER',
    pattern: /\d{2,3}\/\d{3,4}\/\d{4,5}|(?:0[1-9]|1[0-6]|[2-9]\d)\d{11}/y,
    first: 'digits',
    check: (c, raw) => (raw.includes('/') ? c.length >= 10 && c.length <= 11 && undefined : undefined),
    context: anyOf(
      'steuernummer',
      'steuer nr',
      'steuernr',
      'steuer nummer',
      'st nr',
      'stnr',
      'tax number',
      'finanzamt',
      'körperschaftsteuer',
      'steuerveranlagung',
      'umsatzsteuer',
      'einkommensteuer',
      'gewerbesteuer',
      'steuerbescheid',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_VAT_ID',
    pattern: /DE\d{9}|DE[ .-]\d{3}[ .-]\d{3}[ .-]\d{3}/iy,
    first: 'any',
    check: (c) => mod11_10(c.slice(2)) || undefined,
    context: anyOf(
      'umsatzsteuer',
      'ust id',
      'ust idnr',
      'ustidnr',
      'u st id',
      'mehrwertsteuer',
      'mwst',
      'ust nr',
      'vat',
      'bzst',
      'finanzamt',
      'rechnung',
      'invoice',
    ),
    bare: 'low',
    country: 'EU',
  },
  {
    entity: 'DE_ID_CARD',
    pattern: /[CFGHJ-NPRTV-Z][0-9CFGHJ-NPRTV-Z]{7}\d|T\d{8}/iy,
    first: 'any',
    check: (c) => icao9303(c) || (/^T\d{8}$/.test(c) ? undefined : false),
    context: CARD_CONTEXT,
    country: 'EU',
  },
  {
    entity: 'DE_PASSPORT',
    pattern: /[CFGHJ-NPRTV-Z][0-9CFGHJ-NPRTV-Z]{7}\d/iy,
    first: 'any',
    check: (c) => icao9303(c),
    context: anyOf(
      'reisepass',
      'pass',
      'passnummer',
      'passnr',
      'passport',
      'bundesrepublik',
      'ausweisdokument',
      'dokumentennummer',
      'mrz',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_SOCIAL_SECURITY',
    pattern: /\d{2} ?\d{6} ?[A-Z] ?\d{3}/iy,
    first: 'any',
    check: valid(deSvnr),
    context: anyOf(
      'rentenversicherung',
      'sozialversicherung',
      'versicherungsnummer',
      'rvnr',
      'rv nr',
      'rv nummer',
      'svnr',
      'sv nr',
      'sv nummer',
      'sozialvers',
      'versicherungsnr',
      'vsnr',
      'rente',
      'drv',
    ),
    bare: 'high',
    country: 'EU',
  },
  {
    entity: 'DE_HEALTH_INSURANCE',
    pattern: /[A-Z]\d{9}/iy,
    first: 'mixed',
    check: kvnr,
    context: anyOf(
      'krankenversicher',
      'versichertennummer',
      'versicherten nr',
      'versichertennr',
      'versicherten id',
      'krankenkassennummer',
      'kvnr',
      'kv nr',
      'kv nummer',
      'krankenkasse',
      'gesundheitskarte',
      'egk',
      'gkv',
      'versichertenkarte',
      'aok',
      'tkk',
      'barmer',
      'dak',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_LANR',
    pattern: /\d{9}/y,
    first: 'digits',
    check: (c) => (10 - (weighted(c, [4, 9, 4, 9, 4, 9]) % 10)) % 10 === c.charCodeAt(6) - 48,
    context: anyOf(
      'arztnummer',
      'lanr',
      'arztnr',
      'arzt id',
      'arzt nr',
      'arzt nummer',
      'vertragsarzt',
      'kassenarzt',
      'kbv',
      'rezept',
      'hausarzt',
      'facharzt',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_BSNR',
    pattern: /\d{9}/y,
    first: 'digits',
    check: (c) => (allSame(c) ? false : undefined),
    context: anyOf(
      'betriebsstätt',
      'bsnr',
      'praxisnummer',
      'praxis nr',
      'praxisnr',
      'arztpraxis',
      'praxis',
      'kassenärztliche',
      'kv nummer',
      'behandlungsort',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_FUEHRERSCHEIN',
    pattern: /[A-Z]{2}\d{8}[A-Z0-9]/iy,
    first: 'mixed',
    context: anyOf(
      'führerschein',
      'fs nr',
      'fs nummer',
      'fahrerlaubnis',
      'driving licence',
      'driving license',
      'licence number',
      'license number',
      'fev',
      'kba',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_HANDELSREGISTER',
    pattern: /HR[AB] ?\d{1,6}/iy,
    first: 'any',
    context: anyOf(
      'handelsregister',
      'amtsgericht',
      'registergericht',
      'registernummer',
      'register nr',
      'hr nummer',
      'hr nr',
      'hrnr',
      'hra',
      'hrb',
      'registerauszug',
      'eingetragen',
      'firma',
      'gesellschaft',
      'gmbh',
    ),
    country: 'EU',
  },
  {
    entity: 'DE_KFZ',
    pattern: /[A-ZÄÖÜ]{1,3}(?: [A-Z]{1,2} |-[A-Z]{1,2}[- ]?)\d{1,4}[EH]?/iy,
    first: 'letters',
    // `is 72`: small letters with spaces between them are words, unless four digits follow.
    check: (_c, raw) => (/^[a-zäöü]+ .*[^\d]\d{1,3}$/.test(raw) ? false : undefined),
    context: anyOf(
      'kennzeichen',
      'nummernschild',
      'zulassung',
      'kfz',
      'fahrzeug',
      'pkw',
      'lkw',
      'license plate',
      'number plate',
    ),
    country: 'EU',
    short: true,
  },
  {
    entity: 'DE_PLZ',
    pattern: /\d{5}/y,
    first: 'digits',
    check: (c) => (c > '01000' && c < '99999' ? undefined : false),
    context: anyOf(
      'plz',
      'postleitzahl',
      'post leitzahl',
      'postanschrift',
      'wohnort',
      'wohnanschrift',
      'lieferadresse',
      'rechnungsadresse',
      'hausnummer',
      'postfach',
    ),
    country: 'EU',
    short: true,
  },
  {
    entity: 'ES_NIF',
    pattern: /\d{7,8}-?[A-Z]/iy,
    first: 'any',
    // In lower case, or with a letter that is a hexadecimal digit too, chance has many tries.
    check: (c, raw) =>
      'TRWAGMYFPDXBNJZSQVHLCKE'[Number(c.slice(0, -1)) % 23] === c[c.length - 1] && (/[G-Z]$/.test(raw) || undefined),
    context: anyOf('dni', 'nif', 'documento nacional', 'documento', 'identificación', 'identidad', 'cédula'),
    bare: 'low',
    country: 'EU',
  },
  {
    entity: 'ES_NIE',
    pattern: /[XYZ]-?\d{7}-?[A-Z]/iy,
    first: 'any',
    check: valid(esNie),
    context: anyOf('nie', 'extranjero', 'extranjeros', 'residencia', 'identificación'),
    bare: 'medium',
    country: 'EU',
  },
  {
    entity: 'ES_PASSPORT',
    pattern: /[A-Z]{3}\d{6}/iy,
    first: 'mixed',
    context: anyOf('pasaporte', 'passport'),
    country: 'EU',
  },
  {
    entity: 'IT_FISCAL_CODE',
    pattern: /[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]/iy,
    first: 'mixed',
    check: (c) => itCodiceFiscale.validate(c).isValid || fiscalCode(c) || undefined,
    lenient: true,
    context: anyOf(
      'codice fiscale',
      'fiscal code',
      'cf',
      'c f',
      'codicefiscale',
      'cod fiscale',
      'cod fisc',
      'codfisc',
      'codfiscale',
    ),
    bare: 'high',
    country: 'EU',
  },
  {
    entity: 'IT_VAT_CODE',
    pattern: /\d{11}|(?:\d[ _]){10}\d/y,
    first: 'digits',
    check: (c) => luhn(c) && !/^0{7}/.test(c),
    context: anyOf('piva', 'p iva', 'partita iva', 'partitaiva', 'iva'),
    country: 'EU',
  },
  {
    entity: 'IT_DRIVER_LICENSE',
    pattern: /[A-Z]{2}\d{7}[A-Z]|U1[A-Z0-9]{7}[A-Z]/iy,
    first: 'mixed',
    context: anyOf('patente', 'licenza di guida', 'licenza', 'license', 'licence', 'guida'),
    country: 'EU',
  },
  {
    entity: 'IT_IDENTITY_CARD',
    pattern: /[A-Z]{2} ?\d{7}|\d{7}[A-Z]{2}|[A-Z]{2}\d{5}[A-Z]{2}/iy,
    first: 'any',
    context: anyOf(
      'carta di identità',
      'carta d identità',
      'carta identità',
      'carta identita',
      'cie',
      'carta d',
      'carta di identita',
      'identità',
      'documento',
      'riconoscimento',
      'espatrio',
    ),
    country: 'EU',
  },
  {
    entity: 'IT_PASSPORT',
    pattern: /[A-Z]{2}\d{7}/iy,
    first: 'mixed',
    context: anyOf('passaporto', 'passaporti', 'passport', 'documento di viaggio', 'viaggio'),
    country: 'EU',
  },
  {
    entity: 'PL_PESEL',
    pattern: /\d{11}/y,
    first: 'digits',
    check: valid(plPesel),
    context: anyOf('pesel', 'ewidencyjny'),
    country: 'EU',
  },
  {
    entity: 'FI_PERSONAL_IDENTITY_CODE',
    pattern: /\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]/iy,
    first: 'any',
    check: valid(fiHetu),
    context: anyOf(
      'hetu',
      'henkilötunnus',
      'sotu',
      'personbeteckning',
      'personal identity code',
      'personal identity number',
    ),
    bare: 'high',
    country: 'EU',
  },
  {
    entity: 'SE_PERSONNUMMER',
    pattern: /(?:19|20)?\d{6}[-+]?\d{4}/y,
    first: 'digits',
    check: (c) => {
      const d = c.replace(/[-+]/g, '').slice(-10);
      const day = Number(d.slice(4, 6));
      return (
        luhn(d) &&
        isDate(Number(d.slice(0, 2)) + (d[0] === '0' ? 2000 : 1900), Number(d.slice(2, 4)), day > 60 ? day - 60 : day)
      );
    },
    context: anyOf(
      'personnummer',
      'personnr',
      'person nr',
      'persnr',
      'pers nr',
      'svensk id',
      'samordningsnummer',
      'samordningsnr',
      'pnr',
      'personal identity number',
    ),
    country: 'EU',
  },
  {
    entity: 'SE_ORGANISATIONSNUMMER',
    pattern: /\d{6}-?\d{4}/y,
    first: 'digits',
    check: (c) => (c[2] as string) >= '2' && luhn(c),
    context: anyOf(
      'organisationsnummer',
      'organisationsnr',
      'orgnr',
      'org nr',
      'org nummer',
      'orgnummer',
      'företagsnummer',
      'företagsnr',
      'org number',
    ),
    country: 'EU',
  },
  {
    entity: 'FR_NIR',
    pattern: /[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}/iy,
    first: 'any',
    check: valid(frNir),
    context: anyOf('nir', 'insee', 'sécurité sociale', 'securite sociale', 'numéro de sécu', 'carte vitale'),
    country: 'EU',
  },
  {
    entity: 'NL_BSN',
    pattern: /\d{9}/y,
    first: 'digits',
    check: valid(nlBsn),
    context: anyOf('bsn', 'burgerservicenummer', 'sofinummer'),
    country: 'EU',
  },
  {
    entity: 'BE_NATIONAL_NUMBER',
    pattern: /\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}/y,
    first: 'digits',
    check: valid(beNn),
    context: anyOf('rijksregisternummer', 'insz', 'registre national', 'numéro national', 'niss', 'national number'),
    country: 'EU',
  },
  {
    entity: 'DK_CPR',
    pattern: /\d{6}-?\d{4}/y,
    first: 'digits',
    check: valid(dkCpr),
    context: anyOf('cpr', 'personnummer', 'cpr nummer'),
    country: 'EU',
  },
  {
    entity: 'NO_FODSELSNUMMER',
    pattern: /\d{6} ?\d{5}/y,
    first: 'digits',
    check: valid(noFodselsnummer),
    context: anyOf('fødselsnummer', 'fodselsnummer', 'fnr', 'personnummer'),
    country: 'EU',
  },
  {
    entity: 'PT_NIF',
    // Numbers of persons; those of companies begin with 5, 6, 8 or 9.
    pattern: /(?:[123]\d|45)\d{7}/y,
    first: 'digits',
    check: valid(ptNif),
    context: anyOf('contribuinte', 'nif', 'número fiscal', 'numero fiscal'),
    country: 'EU',
  },
  {
    entity: 'IE_PPS',
    pattern: /\d{7}[A-W][A-IW]?/iy,
    first: 'any',
    check: valid(iePps),
    context: anyOf('pps', 'ppsn', 'personal public service'),
    country: 'EU',
  },
  {
    entity: 'CH_AHV',
    pattern: /756\.?\d{4}\.?\d{4}\.?\d{2}/y,
    first: 'digits',
    check: valid(chSsn),
    context: anyOf('ahv', 'avs', 'sozialversicherung', 'oasi'),
    bare: 'medium',
    country: 'EU',
  },
];

const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** The check letter alone: place and name codes are not looked up. Decreto ministeriale 23/12/1976. */
function fiscalCode(c: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i += 1) {
    const code = c.charCodeAt(i);
    const value = code < 58 ? code - 48 : code - 65;
    sum += i % 2 === 0 ? (FISCAL_ODD[value] as number) : value;
  }
  return sum % 26 === c.charCodeAt(15) - 65;
}

const IN_STATES =
  /^(?:AN|AP|AR|AS|BR|CG|CH|DD|DL|DN|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|OR|PB|PY|RJ|SK|TN|TR|TS|TG|UK|UA|UP|WB)/;

/** Ten letters and digits, four digits of them together, wherever they stand. */
const TEN_WITH_FOUR_DIGITS = new RegExp(
  Array.from({ length: 7 }, (_, before) => String.raw`[A-Z0-9]{${before}}\d{4}[A-Z0-9]{${6 - before}}`).join('|'),
  'iy',
);

const INDIA: readonly Identifier[] = [
  {
    entity: 'IN_AADHAAR',
    pattern: /[2-9]\d{3}([- :]?)\d{4}\1\d{4}/y,
    first: 'digits',
    check: (c) => verhoeff(c) && c !== Array.from(c).reverse().join(''),
    context: anyOf('aadhaar', 'aadhar', 'uidai', 'adhaar', 'adhar', 'aadhaarno', 'आधार'),
    country: 'IN',
  },
  {
    entity: 'IN_PAN',
    pattern: /[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]/iy,
    first: 'mixed',
    context: anyOf('pan', 'permanent account', 'income tax', 'pancard', 'panno'),
    bare: 'low',
    country: 'IN',
  },
  {
    entity: 'IN_PAN',
    pattern: TEN_WITH_FOUR_DIGITS,
    first: 'mixed',
    context: anyOf('permanent account', 'pan number', 'pan card', 'pan no'),
    country: 'IN',
  },
  {
    entity: 'IN_GSTIN',
    pattern: /(?:0[1-9]|[12]\d|3[0-7])[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]/iy,
    first: 'mixed',
    check: (c) => inGstin.validate(c).isValid || undefined,
    context: anyOf('gst', 'gstin', 'goods and services tax', 'goods service tax', 'tax identification'),
    bare: 'low',
    country: 'IN',
  },
  {
    entity: 'IN_VOTER',
    pattern: /[A-Z]{3}\d{7}/iy,
    first: 'mixed',
    check: (c) => inEpic.validate(c).isValid || undefined,
    context: anyOf('voter', 'epic', 'elector', 'electoral', 'voterid', 'election card'),
    country: 'IN',
  },
  {
    entity: 'IN_PASSPORT',
    pattern: /[A-PR-WYZ][1-9]\d ?\d{4}[1-9]/iy,
    first: 'any',
    context: passportContext,
    country: 'IN',
  },
  {
    entity: 'IN_VEHICLE_REGISTRATION',
    pattern:
      /[A-Z]{2}[ -]?\d{1,2}[A-Z]?[ -]?[A-Z]{1,3}[ -]?\d{4}|\d{2}[ -]?BH[ -]?\d{4}[ -]?[A-Z]{1,2}|\d{1,3}(?:CD|CC|UN)\d{1,4}|\d{2}[A-Z]\d{6}[A-Z]/iy,
    first: 'any',
    check: (c) => (/^[A-Z]{2}\d{1,2}[A-Z]/.test(c) ? IN_STATES.test(c) : undefined),
    context: plateContext,
    country: 'IN',
    short: true,
  },
  {
    // Plates of before 1989 look like any number with letters in front.
    entity: 'IN_VEHICLE_REGISTRATION',
    pattern: /[A-Z]{1,3}\d{4}|I\d{5}/iy,
    first: 'mixed',
    context: anyOf('vehicle', 'number plate', 'license plate', 'licence plate', 'rto'),
    country: 'IN',
    short: true,
  },
];

const KR_DRIVER_REGIONS = /^(?:1[1-9]|2[0-68])/;

function koreanDate(c: string): boolean {
  const century = '0912345678'.indexOf(c[6] as string);
  const years = [1800, 1800, 1900, 1900, 2000, 2000, 1900, 1900, 2000, 2000];
  return isDate((years[century] ?? 1900) + Number(c.slice(0, 2)), Number(c.slice(2, 4)), Number(c.slice(4, 6)));
}

const krCheck = (c: string): number => weighted(c, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11;

const ASIA: readonly Identifier[] = [
  {
    entity: 'SG_NRIC_FIN',
    pattern: /[STFGM]\d{7}[A-Z]/iy,
    first: 'mixed',
    check: (c) => nric(c) || undefined,
    lenient: true,
    context: anyOf('nric', 'fin', 'singapore'),
    bare: 'medium',
    country: 'ASIA',
  },
  {
    entity: 'SG_NRIC_FIN',
    pattern: /[A-Z]\d{7}[A-Z]/iy,
    first: 'mixed',
    check: () => undefined,
    lenient: true,
    context: anyOf('nric'),
    country: 'ASIA',
  },
  {
    entity: 'SG_UEN',
    pattern: /\d{8,9}[A-Z]|[TSR]\d{2}[A-Z]{2}\d{4}[A-Z]/iy,
    first: 'mixed',
    check: valid(sgUen),
    context: anyOf('uen', 'unique entity', 'acra', 'business registration', 'company registration'),
    country: 'ASIA',
  },
  {
    entity: 'KR_RRN',
    pattern: /\d{6}-?[1-4]\d{6}/y,
    first: 'digits',
    check: (c) =>
      koreanDate(c) && Number(c.slice(7, 9)) <= 95
        ? (11 - krCheck(c)) % 10 === c.charCodeAt(12) - 48 || undefined
        : false,
    lenient: true,
    context: anyOf(
      'rrn',
      'resident registration',
      'resident number',
      'resident no',
      'resident id',
      'jumin',
      '주민등록',
      '주민번호',
    ),
    country: 'ASIA',
  },
  {
    entity: 'KR_FRN',
    pattern: /\d{6}-?[5-8]\d{6}/y,
    first: 'digits',
    check: (c) => (koreanDate(c) ? (13 - krCheck(c)) % 10 === c.charCodeAt(12) - 48 || undefined : false),
    lenient: true,
    context: anyOf(
      'frn',
      'foreigner registration',
      'foreigner number',
      'foreigner no',
      'foreign registration',
      'alien registration',
      'alien number',
      '외국인등록',
      '외국인번호',
    ),
    country: 'ASIA',
  },
  {
    entity: 'KR_BRN',
    pattern: /\d{3}-\d{2}-\d{5}|\d{10}/y,
    first: 'digits',
    check: valid(krBrn),
    context: anyOf(
      'brn',
      'business registration',
      'business number',
      'business no',
      'biz reg',
      'biz no',
      'tax registration',
      '사업자',
    ),
    country: 'ASIA',
  },
  {
    entity: 'KR_DRIVER_LICENSE',
    pattern: /\d{2}([- ]?)\d{2}\1\d{6}\1\d{2}/y,
    first: 'digits',
    check: (c) => (KR_DRIVER_REGIONS.test(c) ? undefined : false),
    context: anyOf(
      '운전면허',
      '면허',
      'korean driver',
      'driver license',
      'driver s license',
      'license',
      'licence',
      'dl no',
      'dl number',
    ),
    country: 'ASIA',
  },
  {
    entity: 'KR_PASSPORT',
    pattern: /[MSROD]\d{3}[A-Z]\d{4}|[MSROD]\d{8}/iy,
    first: 'mixed',
    context: anyOf('passport', '여권'),
    country: 'ASIA',
  },
  {
    entity: 'TH_TNIN',
    pattern:
      /[1-8][- ]?(?:1[0-9]|2[0-7]|3[0-9]|4[0-9]|5[0-8]|6[0-7]|7[0-7]|8[0-6]|9[0-6])\d{2}[- ]?\d{5}[- ]?\d{2}[- ]?\d/y,
    first: 'digits',
    check: (c) =>
      (11 - (weighted(c, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === c.charCodeAt(12) - 48 && !allSame(c),
    context: anyOf(
      'thai',
      'thailand',
      'tnin',
      'national id',
      'national identity',
      'citizen id',
      'ประจำตัวประชาชน',
      'บัตรประชาชน',
      'รหัสปชช',
    ),
    country: 'ASIA',
  },
  {
    entity: 'TR_NATIONAL_ID',
    pattern: /[1-9]\d{10}/y,
    first: 'digits',
    check: valid(trTckimlik),
    context: anyOf(
      'tckn',
      'tc kimlik',
      'kimlik',
      'tc no',
      'tc id',
      'tcno',
      'nüfus',
      'turkish id',
      'turkish national',
      'tckimlik',
      'national id',
      'national identity',
    ),
    country: 'ASIA',
  },
  {
    entity: 'TR_LICENSE_PLATE',
    pattern: /(?:0[1-9]|[1-7]\d|8[01])([ -]?)[A-PR-VYZ]{1,3}\1\d{2,4}/iy,
    first: 'any',
    context: anyOf('plaka', 'plakası', 'license plate', 'number plate', 'plate', 'taşıt', 'araç', 'ruhsat'),
    country: 'ASIA',
    short: true,
  },
  {
    entity: 'PH_TIN',
    pattern: /\d{3}-\d{3}-\d{3}(?:-\d{3})?|\d{9}(?:\d{3})?/y,
    first: 'digits',
    check: (c) => weighted(c, [9, 8, 7, 6, 5, 4, 3, 2]) % 11 === c.charCodeAt(8) - 48,
    context: anyOf('tin', 'bir', 'taxpayer', 'tax payer', 'tax id', 'tax identification', 'rdo', 'revenue district'),
    country: 'ASIA',
  },
  {
    entity: 'CN_RESIDENT_ID',
    pattern: /[1-9]\d{5}(?:19|20)\d{9}[0-9X]/iy,
    first: 'any',
    check: valid(cnRic),
    context: anyOf('身份证', 'resident id', 'shenfenzheng', 'id card'),
    bare: 'medium',
    country: 'ASIA',
  },
];

const OTHERS: readonly Identifier[] = [
  {
    entity: 'AU_ABN',
    pattern: /\d{2} \d{3} \d{3} \d{3}|\d{11}/y,
    first: 'digits',
    check: valid(auAbn),
    context: anyOf('abn', 'australian business', 'business number'),
    country: 'AU',
  },
  {
    entity: 'AU_ACN',
    pattern: /\d{3} \d{3} \d{3}|\d{9}/y,
    first: 'digits',
    check: valid(auAcn),
    context: anyOf('acn', 'australian company', 'company number'),
    country: 'AU',
  },
  {
    entity: 'AU_TFN',
    pattern: /\d{3} \d{3} \d{3}|\d{9}/y,
    first: 'digits',
    check: valid(auTfn),
    context: anyOf('tfn', 'tax file', 'taxfile'),
    country: 'AU',
  },
  {
    entity: 'AU_MEDICARE',
    pattern: /[2-6]\d{3} \d{5} \d|[2-6]\d{9}/y,
    first: 'digits',
    check: (c) => weighted(c, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === c.charCodeAt(8) - 48,
    context: anyOf('medicare'),
    country: 'AU',
  },
  {
    entity: 'CA_SIN',
    pattern: /[1-79]\d{2}([- ]?)\d{3}\1\d{3}/y,
    first: 'digits',
    check: (c) => luhn(c) && !allSame(c),
    context: anyOf('sin', 'social insurance', 'social ins', 'canada', 'canadian', 'nas', 'assurance sociale'),
    country: 'CA',
  },
  {
    entity: 'ZA_ID_NUMBER',
    pattern: /\d{10}[0-2][89]\d/y,
    first: 'digits',
    check: (c) => {
      const year = Number(c.slice(0, 2));
      return luhn(c) && isDate(year > 30 ? 1900 + year : 2000 + year, Number(c.slice(2, 4)), Number(c.slice(4, 6)));
    },
    context: anyOf(
      'south african',
      'rsa id',
      'sa id',
      'id number',
      'identity number',
      'national id',
      'national identity',
      'smart id',
      'refugee id',
      'rsa',
      'za id',
      'id no',
      'id nr',
    ),
    country: 'AFRICA',
  },
  {
    entity: 'NG_NIN',
    pattern: /\d{11}/y,
    first: 'digits',
    check: verhoeff,
    context: anyOf('nin', 'national identification', 'national identity', 'national id', 'nimc', 'nigeria', 'nigerian'),
    country: 'AFRICA',
  },
  {
    entity: 'NG_VEHICLE_REGISTRATION',
    pattern: /[A-Z]{3}[- ]?\d{3}[- ]?[A-Z]{2}/iy,
    first: 'any',
    context: plateContext,
    country: 'AFRICA',
    short: true,
  },
  {
    entity: 'BR_CPF',
    pattern: /\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11}/y,
    first: 'digits',
    check: (c, raw) => valid(brCpf)(c) && !allSame(c) && (raw.includes('.') || undefined),
    context: anyOf('cpf', 'cadastro de pessoas'),
    bare: 'medium',
    country: 'LATAM',
  },
  {
    entity: 'MX_CURP',
    pattern: /[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d/iy,
    first: 'mixed',
    check: valid(mxCurp),
    context: anyOf('curp'),
    bare: 'high',
    country: 'LATAM',
  },
];

/** ISO/IEC 7812 prefixes and lengths of the card schemes. */
function cardScheme(c: string): boolean {
  const n = c.length;
  const six = Number(c.slice(0, 6));
  if (c[0] === '4') return n === 16 || n === 13 || n === 19;
  if ((six >= 510000 && six <= 559999) || (six >= 222100 && six <= 272099)) return n === 16;
  if (/^3[47]/.test(c)) return n === 15;
  if (/^3(?:0[0-5]|[689])/.test(c)) return n === 14 || n === 16;
  if (/^(?:6011|64[4-9]|65|622)/.test(c)) return n === 16 || n === 19;
  if (/^35(?:2[89]|[3-8])/.test(c)) return n === 16;
  if (/^(?:50|5[6-9]|6)/.test(c)) return n >= 12 && n <= 19;
  return /^1(?!3|4|5|6|7)/.test(c) && n === 15;
}

const INTERNATIONAL: readonly Identifier[] = [
  {
    entity: 'CREDIT_CARD',
    pattern: /[1-6]\d{3}([- ])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([- ])\d{6}\2\d{4,5}|[1-6]\d{11,18}/y,
    first: 'digits',
    check: (c, raw) =>
      c.length >= 12 && cardScheme(c) && luhn(c) && !/^(\d)\1{6}/.test(c) && (raw.length > c.length || undefined),
    context: anyOf(
      'credit',
      'card',
      'creditcard',
      'visa',
      'mastercard',
      'amex',
      'american express',
      'discover',
      'jcb',
      'diners',
      'maestro',
      'pan',
      'cc',
      'cc number',
      'debit',
      'kreditkarte',
      'kreditkartennummer',
      'kartennummer',
      'karten nr',
      'tarjeta',
      'carte bancaire',
      'carte de crédit',
      'numero carte',
      'numéro de carte',
      'carta di credito',
      'payment',
    ),
    bare: 'high',
  },
  {
    entity: 'IBAN_CODE',
    pattern: /[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){10,32}/iy,
    first: 'mixed',
    check: iban,
    context: anyOf(
      'iban',
      'bank',
      'account',
      'transaction',
      'konto',
      'compte',
      'cuenta',
      'conto',
      'rekening',
      'beneficiary',
    ),
    bare: 'high',
  },
];

export const IDENTIFIERS: readonly Identifier[] = [...INTERNATIONAL, ...US, ...GB, ...EU, ...INDIA, ...ASIA, ...OTHERS];

/** Values of documentation, tests and advertisements that belong to nobody. Compact, in capitals. */
const WELL_KNOWN = new Set([
  '078051120',
  '219099999',
  '123456789',
  '987654321',
  '457555462',
  '111223333',
  '123121234',
  '4111111111111111',
  '4012888888881881',
  '4222222222222',
  '4242424242424242',
  '4000056655665556',
  '4000000000000002',
  '4917610000000000',
  '4917300800000000',
  '5555555555554444',
  '5105105105105100',
  '5200828282828210',
  '2223003122003222',
  '378282246310005',
  '371449635398431',
  '378734493671000',
  '6011111111111117',
  '6011000990139424',
  '6011000400000000',
  '30569309025904',
  '38520000023237',
  '3056930009020004',
  '3530111333300000',
  '3566002020360505',
  '3528000700000000',
  '6759649826438453',
  '6304000000000000',
  '122000000000003',
  '135412345678911',
  'GB82WEST12345698765432',
  'GB29NWBK60161331926819',
  'DE89370400440532013000',
  'FR1420041010050500013M02606',
  '9434765919',
  '4010232137',
  '9999999999',
  '12345678Z',
  '1EG4TE5MK73',
  '1EG4TE5MK72',
  'ABCDE1234F',
]);

/** Whether a value belongs to nobody: a documentation value, one digit repeated, or the digits counted up or down. */
export function isSample(compact: string): boolean {
  if (WELL_KNOWN.has(compact)) return true;
  const digits = compact.replace(/\D/g, '');
  if (digits.length < 7) return false;
  if (allSame(digits) || '01234567890123456789'.includes(digits) || '98765432109876543210'.includes(digits))
    return true;
  return /^98765432\d$/.test(compact);
}
