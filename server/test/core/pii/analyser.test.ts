import assert from 'node:assert/strict';
import type { Severity } from '../../../src/core/finding';
import { PII_ANALYSER } from '../../../src/core/pii/analyser';
import { IDENTIFIERS } from '../../../src/core/pii/identifiers';
import { ENTITIES, PII_RULES } from '../../../src/core/pii/rules';
import type { FindingDraft } from '../../../src/core/scanner';
import { delimitedTable } from '../../../src/core/text/table';
import { judge, notebook, segment } from './judge';

const plain = (text: string): FindingDraft[] => judge({ name: 'note.txt', text }, PII_ANALYSER);
const python = (text: string): FindingDraft[] => judge({ name: 'a.py', text }, PII_ANALYSER);
const output = (text: string): FindingDraft[] =>
  judge(notebook(segment(text, 'output', 'plain', { cell: 0, output: 0 })), PII_ANALYSER);
const loud = (drafts: FindingDraft[]): FindingDraft[] => drafts.filter((draft) => draft.severity !== 'info');
const entities = (drafts: FindingDraft[]): string[] => drafts.map(({ entity }) => entity ?? '');

/** Entity, a labelled sentence with a value, and the severity it has to have. */
const LABELLED: readonly (readonly [string, string, Severity])[] = [
  ['US_SSN', 'SSN: 219-09-4321', 'high'],
  ['US_ITIN', 'taxpayer ITIN 912-71-3456', 'high'],
  ['US_EIN', 'EIN 91-1144442', 'low'],
  ['US_PASSPORT', 'US passport number 912803417', 'high'],
  ['US_NPI', 'NPI 1003000126', 'low'],
  ['US_MBI', 'Medicare beneficiary 2AG9-XC4-NN22', 'high'],
  ['ABA_ROUTING_NUMBER', 'routing number 121042882', 'low'],
  ['US_BANK_NUMBER', 'bank account number 945456787654', 'high'],
  ['US_DRIVER_LICENSE', 'driver license H12234567', 'high'],
  ['MEDICAL_LICENSE', 'DEA number BB1388568', 'low'],
  ['UK_NHS', 'NHS number 401 023 2145', 'high'],
  ['UK_NINO', 'national insurance AB 12 34 56 C', 'high'],
  ['UK_PASSPORT', 'UK passport CD7604821', 'high'],
  ['UK_POSTCODE', 'postcode SW1A 2AA', 'low'],
  ['UK_VEHICLE_REGISTRATION', 'number plate BD62 XYZ', 'low'],
  ['UK_DRIVING_LICENCE', 'driving licence MORGA657054SM9IJ', 'high'],
  ['DE_TAX_ID', 'Steuer-ID 98765432106', 'high'],
  ['DE_VAT_ID', 'USt-IdNr. DE 136 695 976', 'low'],
  ['DE_SOCIAL_SECURITY', 'RVNR 15070649C103', 'high'],
  ['DE_HEALTH_INSURANCE', 'Krankenkasse M123456785', 'high'],
  ['DE_ID_CARD', 'Personalausweis L01X00T44', 'high'],
  ['DE_PASSPORT', 'Reisepass C01X00T41', 'high'],
  ['DE_HANDELSREGISTER', 'Amtsgericht München HRB 12345', 'low'],
  ['DE_KFZ', 'Kennzeichen HH-AB-1234', 'low'],
  ['DE_LANR', 'Arztnummer 987654401', 'low'],
  ['ES_NIE', 'NIE X9613851N', 'high'],
  ['ES_NIF', 'DNI 45871236J', 'high'],
  ['IT_FISCAL_CODE', 'codice fiscale RSSMRA85T10A562S', 'high'],
  ['PL_PESEL', 'PESEL 44051401458', 'high'],
  ['FI_PERSONAL_IDENTITY_CODE', 'hetu 131052-308T', 'high'],
  ['SE_PERSONNUMMER', 'personnummer 811228-9874', 'high'],
  ['FR_NIR', 'NIR 2 95 10 99 126 111 93', 'high'],
  ['IN_AADHAAR', 'Aadhaar 3998 7654 3211', 'high'],
  ['IN_PAN', 'PAN AAAPA1111R', 'high'],
  ['IN_VEHICLE_REGISTRATION', 'vehicle KA53ME3456', 'low'],
  ['IN_PASSPORT', 'passport Z3968321', 'high'],
  ['AU_ABN', 'The abn is 51 824 753 556 in full', 'low'],
  ['SG_NRIC_FIN', 'NRIC S0000001I', 'high'],
  ['SG_UEN', 'UEN 201434292D', 'low'],
  ['KR_RRN', 'RRN 960121-1234567', 'medium'],
  ['TH_TNIN', 'Thai ID 3456789012347', 'high'],
  ['TR_NATIONAL_ID', 'TCKN 10000000146', 'high'],
  ['AU_TFN', 'tax file number 459 599 230', 'high'],
  ['AU_MEDICARE', 'Medicare 2123456701', 'high'],
  ['CA_SIN', 'social insurance number 130 692 544', 'high'],
  ['ZA_ID_NUMBER', 'South African ID 8001015009087', 'high'],
  ['PH_TIN', 'BIR TIN 000-123-456-000', 'high'],
  ['CREDIT_CARD', 'credit card 4539 1488 0343 6467', 'high'],
  ['IBAN_CODE', 'iban CH93 0076 2011 6238 5295 7', 'high'],
  ['PHONE_NUMBER', 'phone +44 20 7946 1958', 'low'],
  ['PHONE_NUMBER', 'phone +91 98731 73039', 'low'],
  ['EMAIL_ADDRESS', 'e-mail maria.lopez@contoso-mail.org', 'low'],
  ['MAC_ADDRESS', 'MAC address 00:1A:2B:3C:4D:5E', 'low'],
  ['IP_ADDRESS', 'client ip 51.15.77.201', 'low'],
  ['CRYPTO', 'wallet 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'low'],
  ['LOCATION', 'address: 12 Rosewood Lane, Springfield', 'low'],
  ['PERSON', 'patient name: Maria Lopez', 'low'],
  ['DATE_OF_BIRTH', 'date of birth: 1984-03-17', 'low'],
  ['MEDICAL_RECORD_NUMBER', 'MRN: 00483921', 'high'],
];

describe('personal data', () => {
  for (const [entity, text, severity] of LABELLED) {
    it(`finds ${entity} beside its name: ${text}`, () => {
      const found = plain(`Record. ${text}\n`).find((draft) => draft.entity === entity);
      assert.ok(found, `${text} gave ${entities(plain(text)).join(', ') || 'nothing'}`);
      assert.equal(found.severity, severity);
    });
  }

  it('says nothing of the same values in code when nothing names them and nothing proves them', () => {
    const text = 'a = 912803417\nb = [945456787654, 121042882, 1003000126]\nc = "AB1234567"\nd = 98765432106\n';
    assert.deepEqual(loud(python(text)), []);
  });

  it('tells bare values of a note and of a list, and none of a long text', () => {
    const row = (i: number) => `H${12_234_567 + i * 1003}`;
    const prose = 'The run was repeated with other seeds, and nothing changed. '.repeat(60);
    const list = Array.from({ length: 400 }, (_, i) => row(i)).join('\n');
    assert.deepEqual(entities(plain(`Please look at ${row(1)} again.\n`)), ['US_PASSPORT']);
    assert.ok(entities(plain(list)).includes('US_PASSPORT'));
    assert.deepEqual(entities(plain(`${prose}\nPlease look at ${row(1)} again.\n${prose}`)), []);
  });

  it('takes what carries its own proof without a name', () => {
    const text = 'x = ["DE89370400440532013000", "CH9300762011623852957", "4539-1488-0343-6467", "RSSMRA85T10A562S"]\n';
    assert.deepEqual(
      python(text).map(({ entity, severity }) => [entity, severity]),
      [
        ['IBAN_CODE', 'info'],
        ['IBAN_CODE', 'high'],
        ['CREDIT_CARD', 'high'],
        ['IT_FISCAL_CODE', 'high'],
      ].sort((a, b) => (a[0] === b[0] ? 0 : 1)),
    );
  });

  it('reads plates of Delhi and postcodes in columns, where few digits stand side by side', () => {
    const csv = (header: string, ...cells: string[]) =>
      judge(
        { name: 'a.csv', text: `id,${header}\n${cells.map((cell, i) => `${i},${cell}`).join('\n')}\n` },
        PII_ANALYSER,
      );
    assert.deepEqual(entities(csv('postcode', 'CB2 3PQ', 'LS1 4DY')), ['UK_POSTCODE']);
    assert.deepEqual(entities(csv('vehicle_registration', 'DL 3C AB 1234', 'DL 8C NA 4321')), [
      'IN_VEHICLE_REGISTRATION',
    ]);
    assert.deepEqual(csv('model', 'CB2 3PQ', 'LS1 4DY'), []);
  });

  it('takes an IBAN whose bank has check digits of its own that are wrong only beside its name', () => {
    const spain = 'ES1997300574288357960525';
    assert.deepEqual(
      loud(plain(`iban ${spain}\n`)).map(({ severity }) => severity),
      ['high'],
    );
    assert.deepEqual(loud(plain(`see ${spain}\n`)), []);
  });

  it('says one thing of one number: what only has a shape gives way', () => {
    assert.deepEqual(entities(plain('Phone: +91 98731 73039\n')), ['PHONE_NUMBER']);
    assert.deepEqual(entities(plain('The abn is 51 824 753 556 here.\n')), ['AU_ABN']);
  });

  it('refuses wrong check digits, impossible parts and longer numbers', () => {
    for (const text of [
      'credit card 4539 1488 0343 6468',
      'iban CH93 0076 2011 6238 5295 8',
      'SSN 666-12-3456',
      'SSN 219-00-4321',
      'NHS 401 023 2138',
      'PESEL 44051401459',
      'TCKN 10000000147',
      'hetu 131052-308A',
      'nino: UV 98 76 54 B',
      'NPI 12345678934',
      'EIN 07-1234567',
      'NIF 504705610, Rua do Porto',
      'ein 123456789',
      'Das ist ein 91-114444 langer Satz',
      'passport ABC123456789',
    ]) {
      assert.deepEqual(entities(loud(plain(`${text}\n`))), [], text);
    }
  });

  it('takes the account number of a cloud for no bank account', () => {
    const json = (key: string) =>
      entities(loud(judge({ name: 'a.json', text: `{"${key}": "123456789101"}` }, PII_ANALYSER)));
    assert.deepEqual(json('awsAccountNumber'), []);
    assert.deepEqual(json('bankAccountNumber'), ['US_BANK_NUMBER']);
  });

  it('is silent on printed numbers', () => {
    let text = 'epoch loss accuracy\n';
    for (let i = 0; i < 400; i += 1)
      text += `${i} ${(i * 0.7310585).toFixed(12)} ${1650000000000 + i * 7919} ${(i * 48271) % 2147483647}\n`;
    text += '0.4111111111111111 3.14159265358979323846 1.2.3.4 10.2.89.107 127.0.0.1 2024-03-15 12:34:56\n';
    assert.deepEqual(output(text), []);
  });

  it('is silent on versions, hashes, identifiers and e-mail look-alikes', () => {
    const text = [
      'pip install torch==1.13.1.116 cuda 11.7.99.1',
      'commit 356a192b7913b04c54574d18c28d46e6395428ab',
      'uuid 123e4567-e89b-12d3-a456-426614174000',
      '@app.route("/x")',
      'lodash@4.17.21 image@2x.png git@github.com:o/r.git',
      'https://user@host.internal-name.com/x',
      'layer_name = "Conv Block"',
      'model_name = "Random Forest"',
      'address = 0x7f3a0000',
    ].join('\n');
    assert.deepEqual(loud(python(text)), []);
  });

  it('tells reserved and well-known values from real ones', () => {
    const severities = (text: string): (Severity | undefined)[] => python(text).map(({ severity }) => severity);
    assert.deepEqual(severities('email = "john.doe@example.com"'), ['info']);
    assert.deepEqual(severities('ssn = "123-45-6789"'), ['low']);
    assert.deepEqual(severities('card = "4111 1111 1111 1111"'), ['low']);
    assert.deepEqual(severities('phone = "212-555-0142"'), ['info']);
    assert.deepEqual(severities('__author__ = "Ada <ada@lovelace.uk>"'), ['info']);
  });

  it('gives the exact place and no value', () => {
    const [found] = python('x = 1\n  email = "maria.lopez@contoso-mail.org"\n');
    assert.deepEqual(found?.location, { line: 2, column: 12, endLine: 2, endColumn: 40, fileLine: 2 });
    assert.ok(!JSON.stringify(found).includes('lopez@contoso'));
  });

  it('marks half a name with the label that makes it one', () => {
    const text =
      "p = {\n  'first_name': 'Maria',\n  'name': 'x',\n}\nlast_name = \"Lopez\"\npatient_name = 'Maria Lopez'\n";
    const marked = python(text).map(({ location }) => {
      const { line = 1, column = 1, endColumn = 1 } = location ?? {};
      return (text.split('\n')[line - 1] as string).slice(column - 1, endColumn - 1);
    });
    assert.deepEqual(marked, ["'first_name': 'Maria'", 'last_name = "Lopez"', 'Maria Lopez']);
  });

  it('takes no words that a program joins for half a name', () => {
    const names = (text: string) => entities(python(text));
    for (const text of ['family_name = "MasterFamilyName"', 'fname = "Results"', 'last_name = "Test Value"'])
      assert.deepEqual(names(`${text}\n`), [], text);
    assert.deepEqual(names('last_name = "McDonald"\n'), ['PERSON']);
    assert.deepEqual(names('first_name = "DeAndre"\n'), ['PERSON']);
    assert.deepEqual(names('lname = "FitzGerald"; email = "x@contoso-mail.org"\n').sort(), ['EMAIL_ADDRESS', 'PERSON']);
    assert.deepEqual(names('fname = "Maria"\n'), ['PERSON']);
  });

  it('knows a record by its keys, and ties its parts together', () => {
    const drafts = python(
      "user = {\n  'name': 'John Doe',\n  'email': 'johndoe@contoso-mail.org',\n  'address': '123 Main St, Anytown, USA'\n}\n",
    );
    assert.deepEqual(new Set(entities(drafts)), new Set(['PERSON', 'EMAIL_ADDRESS', 'LOCATION']));
    assert.deepEqual(drafts.map(({ location }) => location?.line).sort(), [2, 3, 4]);
    for (const draft of drafts) assert.equal(draft.related?.length, 2);
  });

  it('reads a telephone number in pairs where something says telephone', () => {
    assert.deepEqual(entities(loud(python('téléphone = "06 12 34 56 78"\n'))), ['PHONE_NUMBER']);
    assert.deepEqual(loud(python('row = "06 12 34 56 78"\n')), []);
    assert.deepEqual(loud(output('06 12 34 56 78\n07 13 35 57 79\n')), []);
  });

  it('is silent on the numbers of science, versions and hubs', () => {
    const text = [
      'cuda = "11.8.0.89"',
      'paper = "arXiv:2103.00020"  # https://doi.org/10.1145/3292500.3330701',
      'isbn = "978-3-16-148410-0"',
      'bbox = [-122.4194155, 37.7749295, -122.3894155, 37.8049295]',
      'at = 1650000000123',
      'image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch:1.8"',
      'sequence = "ATGCGATCGATCGATCGATCAGCTAGCTAGCATCG"',
      'gene = "ENSG00000139618 rs1234567 NC_000001.11"',
      'gpu = "GPU-8f1b2c3d-aaaa-bbbb-cccc-1234567890ab"',
      'barcode = "4006381333931"',
      'when = "2023-01-15T12:34:56.789Z"',
      'host = "192.168.1.10:8000"',
    ].join('\n');
    assert.deepEqual(loud(python(`${text}\n`)), []);
    assert.deepEqual(loud(output(`${text}\n`)), []);
  });

  it('needs more than the key `name`', () => {
    assert.deepEqual(python("layer = {'name': 'John Doe'}\n"), []);
    assert.deepEqual(python("model = dict(name='Deep Forest', age=3)\n"), []);
  });

  it('counts a column once', () => {
    let text = 'id,email,amount\n';
    for (let i = 0; i < 250; i += 1) text += `${i},person${i}@contoso-mail.org,${i * 17}\n`;
    const drafts = judge({ name: 'people.csv', text }, PII_ANALYSER);
    assert.equal(drafts.length, 1);
    assert.deepEqual(drafts[0]?.data, { count: 250, column: 'email' });
    assert.equal(drafts[0]?.message, "E-mail address: 250 values in column 'email'.");
    assert.equal(drafts[0]?.severity, 'medium');
    assert.equal(drafts[0]?.location?.line, 2);
  });

  it('judges a column by its header', () => {
    const text = 'ssn,passport,first_name,date of birth,score\n219-09-4321,912803417,Maria,1984-03-17,121042882\n';
    assert.deepEqual(
      new Set(entities(judge({ name: 'a.csv', text }, PII_ANALYSER))),
      new Set(['US_SSN', 'US_PASSPORT', 'PERSON', 'DATE_OF_BIRTH']),
    );
  });

  it('reports a printed table and its text form once', () => {
    const rich = '\tiban\n0\tCH93 0076 2011 6238 5295 7\n';
    const drafts = judge(
      notebook(
        segment(rich, 'table', 'html', { cell: 0, output: 0, table: delimitedTable(rich, '\t') }),
        segment('   iban\n0  CH93 0076 2011 6238 5295 7\n', 'output', 'plain', { cell: 0, output: 0 }),
      ),
      PII_ANALYSER,
    );
    assert.deepEqual(entities(drafts), ['IBAN_CODE']);
  });

  it('hints at bare values in a text file only', () => {
    const hints = plain('912803456\n');
    assert.ok(hints.length > 0);
    assert.deepEqual(loud(hints), []);
    assert.deepEqual(python('912803456\n'), []);
    assert.deepEqual(output('912803456\n'), []);
  });

  it('leaves out the countries that are switched off', () => {
    const settings = { pii: { enabled: true, countries: ['US'] } };
    assert.deepEqual(judge({ name: 'a.py', text: 'x = "hetu 131052-308T"' }, PII_ANALYSER, settings), []);
    assert.equal(
      judge({ name: 'a.py', text: 'x = "iban CH93 0076 2011 6238 5295 7"' }, PII_ANALYSER, settings).length,
      1,
    );
  });

  it('declares a rule for every entity that can be reported', () => {
    for (const { entity } of IDENTIFIERS) assert.ok(PII_RULES[ENTITIES[entity].key], entity);
    assert.equal(new Set(Object.values(ENTITIES).map(({ key }) => key)).size, Object.keys(ENTITIES).length);
  });

  it('takes one look at each place of hostile text', () => {
    for (const unit of [
      '1',
      '1 ',
      '1-',
      '1.1.',
      'a@',
      'a.a@a.',
      'ab:',
      '::',
      'name=',
      'name: A ',
      '+1 ',
      'AA 1 ',
      'GB82 ',
      'x1 ',
      '"',
      'address: 1 ',
    ]) {
      const text = unit.repeat(20_000);
      for (const name of ['a.txt', 'a.py', 'a.csv']) assert.ok(Array.isArray(judge({ name, text }, PII_ANALYSER)));
    }
  }).timeout(60_000);
});
