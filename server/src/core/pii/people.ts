/** Names, postal addresses, dates of birth and record numbers: only where a key, a label or a column header says so. */

import type { Keyword } from '../text/automaton';
import type { KeywordFamily } from '../text/document';
import { keywords, singleReader } from '../text/keywordPass';
import { Recent } from '../text/recent';
import { endOfLine, type PrintedTable } from './columns';
import { normaliseLabel } from './context';
import { type Hit, isDigit, isWordCode, type Passage, type Taken } from './hits';
import type { EntityName } from './rules';

/** Frequent given names (public census lists); a bare `name` key needs one of them. */
const GIVEN_NAMES = new Set(
  'james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander frank patrick raymond jack dennis jerry tyler aaron jose adam nathan henry peter zachary kyle walter noah ethan jeremy harold keith christian roger terry carl sean austin arthur lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell louis philip bobby johnny bradley mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara madison frances kathryn janice jean abigail alice julia judy sophia grace denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte marie kayla alexis lori jane hans klaus jürgen peter wolfgang stefan markus ursula monika petra sabine claudia heike pierre jean michel philippe alain françois nathalie isabelle sylvie giuseppe giovanni marco luca francesco antonio carlos luis miguel jorge pedro carmen lucia sofia mohammed muhammad mohamed ahmed ali omar fatima aisha priya rahul amit raj anita sunita ravi sanjay deepak wei li ming hiroshi yuki kenji ivan dmitri sergei olga natasha anna bob alice tom jim mike chris alex sam ben dan kate liz sue max leo mia ella ava liam oliver elijah lucas mason aarav abdul abdullah abdulrahman abena abhishek achieng adaeze adebayo adel adeola aditya adjoa adrian adrien agata agnes agnieszka agnès agus ahmad ahmet aidan aiko ajay akash akinyi akira akosua akshay alana alasdair alec alejandro aleksandr aleksandra aleksei alena ales alessandra alessandro alessia alexandru alexei alfie alfred alin alison alvaro amelia amelie amina aminah amir amira amrita amélie ana analyn ananya anastasia anatoly anaïs anders andi andras andreas andrei andres andrzej angelo angus anh anil anja anjali ankit ankita annabel anneli annette annika anouk antoine anton antonia anuj anusha anyango aoife aparna apinya archie arianna arif arjun arlene arnaud arnel artem arun asha ashish ashok astrid asuka atieno attila audrey aurélie avinash axel ayanda ayesha aylin ayse ayu ayumi ayşe babatunde balazs balázs bambang baptiste barry bartosz bayani beata beatrice beatriz becky bela bengt benoît bernadette bernard bernd bernice bert bharat bianca bilal birgit birgitta bjarne björn bjørn bogdan bohumil bongani bonnie boris brad bram brendan brett bridget britta bronagh bronwen bruno budi bukola burak béla caitriona caleb callie callum cameron camila camille carolina caroline carrie carsten carys cassandra catalin catalina catriona cecilia cem cerys charlie chau chebet chelsea cherono chetan chiamaka chiara chidi chihiro chika chinedu chinonso chioma chloé christer christoph christophe chukwu ciara ciaran ciprian claire clara claudio clodagh clémence clément colin colleen connor conor constance corey corinne cormac cosmin craig crisanto cristian cristiano cristina csaba curtis cédric daan dafydd dagmar daichi daiki daisuke dalia damian daniela danuta daria dario dariusz darren dave davide debbie declan deepa deepika deirdre denis derek dermot detlef dewi diarmuid didier diego dieter dimitrios dimitris dinesh dirk divya dolores domenico dominic doreen dorian dorota douglas duarte dumisani duncan dwayne dwi eamon ebele ebru eddie edgar edith edmund eduardo efua eileen eilidh eimear eivind eka ekaterina elaine eleanor elena eleni eleri elias elif elin elisa elisabeth elke ellen elodie eloise elsie elżbieta emanuele emeka emil emilia emilie emine emmanuel emre enrico enrique eoin erica erik erika erin ernest ernesto esteban esther eszter ethel etienne euan eva evan evgeny ewa ewan fabio fabrice fadi faisal farah farhan farid fatih fatma faye federica federico felicity felipe felix femi femke ferdinand ferenc fergus fernanda fernando ffion filippo fiona fionnuala fitri florian florin folake francesca francisco frantisek františek franz françoise fraser fred freddie frederick fredrik freja frida friedrich fumiko funke gabor gabriela gabriele gail galina ganesh gang gareth gaurav gavin gaël geert gemma geoffrey georgios geraint gerald geraldine gerhard gerrit gethin gheorghe giang gianluca giannis gina giorgia giorgio gisela giulia giulio gizem gonçalo gopal gordon graeme grainne grażyna greg grzegorz gráinne guang guillaume guillermo gunilla gunnar gunter gustav gustavo gwen gyula gábor günter habib hadi hafiz hakan halina hamish hamza hanan hanh hanna hanne hannelore harish harpreet harriet harry haruka haruki haruto harvey hasan hassan hatice hayley hector hege heinrich heinz helene helga helmut hendra hendrik henk henrik hideki hieu hilde hina hinata hiroki hiroko hiromi hitoshi hoang holger horst howard hubert hugo humphrey huong hussein huw huy hyun håkan hélène hüseyin iain ibrahim ieuan ifeanyi ifeoma ignacio igor ikenna ilaria ildiko ilse ilya imelda imran indah ines inge ingeborg inger ingrid inês ioana ioannis ion ionut irena irina isaac isabel ishaan isla ismail istvan istván iulian ivana iwona jaap jacco jacek jacques jade jadwiga jakub jamal jan jana janos janusz jari jaroslav jarosław jatin javier jaya jed jenna jenny jens jeremiah jericho jeroen jerome jerzy jesper jessie jesús jian jianguo jiho jihoon jill jimin jing jiri jisoo jitka jiří joachim joanna joanne joao joaquin jodie joel johan johanna johannes joko jomar jomo jon jonah jonas joon joost joris josef josefina josephine josh josé jozsef joão judit juha julian julien juliet julio jun jussi justyna jutta jyoti jános jérôme józef józsef jörg kabir kaito kamau kamil kanya kaori kara karan kareem kari karim karin kariuki karl karolina karoline katalin katarina katarzyna katerina kateřina katharina katie katja katsumi kavita kavya kazuki kazuo kees kehinde keiko keisuke kelechi kelvin kemal kenichi kenta kerem kerstin khaled khalid khanh kimani kipchoge kiprono kiran kirill kirk kirsi kirsten kirsty kjell klara knut koen kofi koichi kojo konstantin konstantinos kostas kristian kristina krystyna krzysztof ksenia kumiko kunle kurt kwabena kwaku kwame kwasi kylie kyoko laia lakshmi lalit larisa larissa lars lasse laszlo laurent layla lea leah leif leila lena lenka leon leonard leonid leonie lerato leslie leticia lewis liang libor lieke liesbeth lili lillian lindiwe linh linnea liviu loan lorenza lorenzo loretta lorraine lothar lotta lotte louise lourdes luciana lucie lucy luigi lukas luke lutz luzviminda lydia lyudmila lászló léa maarten mabel maciej madhavi maeve magdalena magnus mahesh mahmoud mairi maja makoto maksim malcolm malee malin manfred manish manoj manuel manuela marc marcel marcela marcello marcia marcin marcus mareike marek margot mariam mariana maricel marieke marijke mariko marina mario marion marit marites marius mariusz marja marjorie marketa markku markéta marlene marlon marsha marta martin martina marvin maryam masako masato massimo mateo mateusz mathieu mathilde mats matthias matti mattia maureen maurice maxime maximilian maxwell mayumi maëlle małgorzata meena meera megumi mehmet mercedes meredith merve mette micah michaela michał michele michiko michèle mieke mihaela mihai miho mika mikael mikhail mikko miklos mildred millie mingming minh minho minji minjun minna mircea miriam mirjam mirko miroslav mirosław mitchell miyuki mohamad mohan mohit moira molly mona monica morag moritz morten mukesh murat muriel mustafa muthoni mutua mwangi myra máire mélanie nadezhda nadia nadine naledi nandini naoki naoko naomi nasreen nasser natalia natsumi naveen neha neil nerys nestor ngoc ngozi nguyen nhung niall niamh nicola nicolae nicolas niels nigel nikhil nikita niklas nikolai nikos nils nina ning niran nisha nitin njeri njoroge nkechi nnamdi nneka nobuko noel nomsa nomvula noor nora norbert noriko norman nour nuria nurul nyambura nyoman oana obinna ochieng odhiambo oisín oksana olamide olav oleg oleksandr olena olivier olu olumide oluwaseun omondi ondrej ondřej orla oscar oskar osman otieno otto ovidiu owen pablo padraig palesa pam panagiotis pankaj paola paolo pascal patricio paula pauline paulo pavel pawel paweł pekka penelope percy perla petr petri philipp phoebe phong phuong phyllis pieter pietro ping piotr pirjo polina pooja pradeep prakash pranav prasert praveen preeti priyanka przemysław putri putu pádraig péter qiang qing quan quang quentin quinn quynh radek radha radu rafael rafaela rafał raffaele raghav ragnhild rahim rainer rajesh rakesh ralf ramesh rami ramon ramona rana rania raphaël rashmi rasmus ratna raul ravindra razvan rebekah reem regina reginald reiko reinhard rekha renata renate reynaldo rhian rhodri rhona rhonda rhys ricardo riccardo rika riku rina rini ritu rizky roberta roberto rodel rodrigo rohan rohit roisin rolf romain roman rory rosa rosalind rosario rosemary ross rowena roxana roxanne ruairi ruaridh ruben rui rupert ruslan ruud ryo ryota ryszard rémi róisín rüdiger saad sabrina sachiko sachin said sakura sally salma salvatore sami samir sandeep sander sandor sandrine sandy sangeeta sanjana sanna sanne santiago santosh saoirse sari sarita satish satoshi seamus sebastian sebastien seda segun selena selin seojun seoyeon sergio serkan seán shahid shane shannon sharad sheena sheila sherry shigeru shinji shona shota shreya shruti shweta sian sibel sibusiso siddharth sifiso signe sigrid silke silvia simon simona simone sinan sinead sinéad siobhan siobhán sipho siti siân slamet smita sneha sofie solène somchai somsak sonia soojin sorin sota stacey stanislav stanisław stanley stefania stefano steffen sten stewart stig stuart sudhir suharto sumiko sumit sunghoon sungmin sunil suresh susanne svein sven svenja svetlana swati sylvia szymon sándor séamus sébastien søren sławomir tabitha tadeusz takashi takeshi takumi tamara tamas tamás tanja tanvi tanya tara taras tarek tariq taro tatiana tatsuya tebogo temitope teodoro terence tereza terje tessa tetsuya thabo thandeka thandi thandiwe thanh thao thelma themba thiago thibault thierry thijs thor thorsten thuy théo tiago tibor tien tiffany tiina timo timur tina tineke tobias toby todd tolga tolu tomas tomasz tommaso tomoko tomomi tomáš tony torsten toshiko tove tracy trang travis trevor trond trudy trung tshepo tsubasa tuan tudor tunde tung tuyet uche ulf ulla ulrich ulrike umberto urszula usha usman ute uwe vaclav vadim valentin valentina valerie valery valérie vanessa varun vasile vasilis vasily venkatesh vera verena veronica veronika vidya viet vijay vikas vikram viktor ville vinay vincenzo vinicius vinod virginie vishal vitaly vittoria vivek viveka vivian vladimir vladislav volker vy vyacheslav václav wahyu wairimu walther wanjiku wanjiru wayan wendy wenjie werner wesley wichai wiesław wilfred wilhelm willem wilma wim winston wojciech wouter władysław xiang xiao xiaohong xiaoli xiaoming xiaoyan ximena xolani xuan yaa yamato yann yannis yanti yaroslav yasemin yash yasmin yasser yasuko yejin yekaterina yetunde yifan ylva yoko yolanda yoshiko youngho youssef yui yukari yukiko yuko yulia yumi yuna yuni yuri yusuf yuta yutaka yuto yves yvette yvonne zafar zaid zainab zanele zbigniew zdenek zdeněk zeynep zhen zheng ziad zihan zodwa zoe zofia zoltan zoltán zoya zoë zsofia zsuzsanna élodie émilie étienne ömer özge łukasz'.split(
    ' ',
  ),
);

const NOT_NAMES =
  /^(?:none|null|true|false|unknown|name|first|last|full|string|str|text|value|default|test|user|admin|anonymous|column|feature|model|data|dataset|label|class|layer|your|my|new|the|a|an|jane roe|n\/a)$/i;

const NAME_PART = String.raw`\p{Lu}[\p{L}'’-]*\.?`;
const ONE_NAME = new RegExp(`^${NAME_PART}(?: ${NAME_PART}){0,3}$`, 'u');
const FULL_NAME = new RegExp(
  `^(?:(?:Dr|Mr|Mrs|Ms|Prof)\\.? )?${NAME_PART}(?: (?:van|von|de|del|da|der|di|la|bin|al|${NAME_PART})){0,3} ${NAME_PART}$`,
  'u',
);

const STREET =
  /(?<![\p{L}])(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|parkway|pkwy|square|sq|place|pl|terrace|highway|hwy|apt|suite|rue|via|calle|plaza|avenida|straat|gasse|allee)(?![\p{L}])|(?:straße|strasse|str\.|weg|platz|gasse|laan)(?![\p{L}])/iu;

export function isAddress(value: string): boolean {
  if (value.length > 160 || !/\d/.test(value) || !/\p{L}{2}/u.test(value) || /[{}<>=@\\_]|:\/\//.test(value))
    return false;
  if (STREET.test(value)) return true;
  return /^\d{1,6}[A-Za-z]?,? \p{Lu}[\p{L} .'-]+,/u.test(value);
}

const DATE =
  /^(?:(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|[12]\d|3[01]|[A-Za-z]{3,9})[-/. ,]{1,2}(?:19|20)?\d{2}|[A-Za-z]{3,9} \d{1,2},? (?:19|20)\d{2})(?:[T ]0{1,2}:\d{2}.*)?$/;

/** What a key, a label or a column header says of its values. */
export type LabelKind =
  | 'person-name'
  | 'full-name'
  | 'part-name'
  | 'short-name'
  | 'name'
  | 'address'
  | 'birth'
  | 'record';

const NOT_POSTAL =
  /e ?mail|ip|mac|web|url|wallet|memory|server|host|bind|base|contract|start|end|http|token|site|bus|device|line|physical/;
/** Whoever is one of these is a person, whatever the name sounds like. */
const SURELY_PERSONS =
  'patient|employee|student|applicant|holder|account holder|cardholder|card holder|guardian|passenger|guest|doctor|physician|nurse|teacher|emergency contact|spouse|husband|wife|mother|father|parent|child|next of kin|maiden|witness|victim|defendant|plaintiff|tenant|insured|policy holder|policyholder';
/** These may be companies. */
const PERSONS = 'customer|client|contact|person|owner|member|subscriber|manager|recipient|beneficiary|billing|shipping';

const NAMES_OF_SURELY_PERSONS = new RegExp(
  ` (?:(?:${SURELY_PERSONS}) ?(?:s )?(?:full )?name|name of (?:the )?(?:${SURELY_PERSONS})|full legal name|legal name) `,
);
const NAMES_OF_PERSONS = new RegExp(
  ` (?:full ?name|user ?name|(?:${PERSONS}) ?(?:s )?(?:full )?name|name of (?:the )?(?:${PERSONS})|display name|real name) `,
);

/** @param label as {@link normaliseLabel} gives it */
function judgeLabel(label: string): LabelKind | undefined {
  if (
    / (?:date of birth|birth|dob|d o b|birth ?date|birth ?day|birth ?dt|born|geburtsdatum|geburtstag|geburtsdat|geboren|fecha (?:de )?nac(?:imiento)?|date (?:de )?naissance|data (?:di )?nascita|data (?:de )?nascimento|geboortedatum|födelsedatum|fødselsdato|syntymäaika|data urodzenia|dogum tarihi|doğum tarihi|生年月日|出生日期|생년월일) /.test(
      label,
    )
  )
    return 'birth';
  if (
    / (?:mrn|medical record(?: (?:number|no|id))?|medical rec num|hospital (?:number|no)|patient mrn|health record number) /.test(
      label,
    )
  )
    return 'record';
  if (
    / (?:(?:street|home|postal|mailing|residential|billing|shipping|delivery|customer|patient|work|office|permanent|current) address|street|address|addresses|address ?1|address line ?\d?|addr|addr line ?\d?|residence|anschrift|adresse|adress|adres|direccion|dirección|indirizzo|endereço|endereco|domicilio|wohnanschrift|strasse|straße) /.test(
      label,
    )
  ) {
    return NOT_POSTAL.test(label) ? undefined : 'address';
  }
  if (
    / (?:first ?name|last ?name|sur ?name|given ?name|family ?name|middle ?name|maiden ?name|vorname|nachname|familienname|apellidos?|prénom|prenom|nom de famille|cognome|forename|achternaam|voornaam|efternamn|förnamn|etternavn|fornavn|sukunimi|etunimi|nazwisko|imię|imie|soyad|sobrenome) /.test(
      label,
    )
  )
    return 'part-name';
  // In code the first of them is more often the name of a file or of a function.
  if (/ (?:fname|lname) /.test(label)) return 'short-name';
  if (NAMES_OF_SURELY_PERSONS.test(label)) return 'person-name';
  if (NAMES_OF_PERSONS.test(label)) return 'full-name';
  if (/^ (?:contact )?person $/.test(label)) return 'full-name';
  if (/ (?:nombre completo|nom complet|nome completo|nome e cognome|vor und nachname|nombre y apellidos?) /.test(label))
    return 'person-name';
  if (/^(?: \S+ \|)? name /.test(label) || / (?:name|nombre|nome) $/.test(label)) return 'name';
  return undefined;
}

const kinds = new Recent<LabelKind | undefined>(1024, judgeLabel);

/** As {@link judgeLabel}: texts have the same few labels again and again. */
export const labelKind = (label: string): LabelKind | undefined => kinds.get(label);

const KEYWORDS = keywords(
  'name|nombre|naam|addr|adres|street|dob|birth|born|geburt|gebor|naissance|nacimiento|nascita|nascimento|urodzenia|mrn|medical rec|residence|anschrift|apellido|nazwisko|indirizzo|direcci|domicilio|cognome|prenom'.split(
    '|',
  ),
  false,
);

/** Words of the keys that speak of a person. */
export const PERSON_KEYWORDS: KeywordFamily = {
  words: () => KEYWORDS,
  reads: ({ table }) => !table?.header.length,
};

/** Where {@link PERSON_KEYWORDS} stand in a text that is no segment, and its survey. */
export const lookAtText = singleReader(PERSON_KEYWORDS.words, true);

/** What else a record of a person holds. */
const SIBLING =
  /(?:^|[^a-z])(?:e-?mail|phone|mobile|tel|address|ssn|dob|birth|age|gender|sex|passport|salary|zip|postcode|city|surname|last_?name|nationality|patient|diagnosis)(?:[^a-z]|$)/i;
const SIBLING_REACH = 240;

/** Judges a value by the kind of its label. */
export function personal(kind: LabelKind, value: string, sibling: () => boolean): EntityName | undefined {
  switch (kind) {
    case 'birth':
      return DATE.test(value) ? 'DATE_OF_BIRTH' : undefined;
    case 'record':
      return /^(?:[A-Z]{1,4}[- ]?)?\d{5,12}$/i.test(value) ? 'MEDICAL_RECORD_NUMBER' : undefined;
    case 'address':
      return isAddress(value) ? 'LOCATION' : undefined;
    case 'part-name':
      return isPartOfName(value) ? 'PERSON' : undefined;
    case 'short-name':
      return isPartOfName(value) && (hasGivenName(value) || sibling()) ? 'PERSON' : undefined;
    case 'person-name':
      return isFullName(value) && !ORGANISATION.test(value) ? 'PERSON' : undefined;
    case 'full-name':
      return isFullName(value) && (hasGivenName(value) || sibling()) ? 'PERSON' : undefined;
    case 'name':
      return isFullName(value) && hasGivenName(value) && sibling() ? 'PERSON' : undefined;
  }
}

/** Words of the names of companies, authorities and groups. */
const ORGANISATION =
  /\b(?:inc|ltd|llc|corp|corporation|company|co|gmbh|ag|plc|group|team|hospital|clinic|university|institute|school|bank|department|services?|solutions|systems|technologies|center|centre|trust|foundation|association|agency|office|unit|ward)\b/i;

export const personalSeverity = (entity: EntityName): 'high' | 'low' =>
  entity === 'MEDICAL_RECORD_NUMBER' ? 'high' : 'low';

/** `MasterFamilyName`: words that a program joins. `McDonald`, `DeAndre` and `FitzGerald` are names. */
const JOINED_WORDS = /\p{L}{4}\p{Lu}/u;

function isPartOfName(value: string): boolean {
  return (
    value.length >= 2 &&
    ONE_NAME.test(value) &&
    !value.split(' ').some((word) => NOT_NAMES.test(word)) &&
    !JOINED_WORDS.test(value.replace(/Fitz(?=\p{Lu})/u, '')) &&
    value !== value.toUpperCase()
  );
}

export function isFullName(value: string): boolean {
  return value.length <= 60 && FULL_NAME.test(value) && !value.split(' ').some((word) => NOT_NAMES.test(word));
}

export function hasGivenName(value: string): boolean {
  return value.split(/[\s,.]+/).some((word) => GIVEN_NAMES.has(word.toLowerCase()));
}

/** Whether the values below a header are names: most of them, and of a header that says no more than `name` some known ones. */
export function areNames(kind: LabelKind, values: number, names: number, given: number): boolean {
  if (kind === 'person-name' || kind === 'full-name') return names > 0 && names >= values * 0.5;
  return kind === 'name' && names > 0 && names >= values * 0.6 && given >= Math.max(1, names * 0.3);
}

/**
 * Whether an operator or another word of a key may follow the word at `end`, and quotes behind the operator.
 * @param quoted false: a value needs no quotes here
 */
function mayBeKey(text: string, end: number, quoted: boolean): boolean {
  let i = end;
  while (i - end < LONGEST_KEY && isWordCode(text.charCodeAt(i))) i += 1;
  let c = text.charCodeAt(i);
  if (c === SPACE) {
    // `of`, `line`, `number`, `no`, `name`, `id` or a digit: the key goes on.
    const next = text.charCodeAt(i + 1);
    if (isDigit(next) || next === 111 || next === 108 || next === 110 || next === 105) return true;
  }
  if (c === 34 || c === 39) c = text.charCodeAt(++i);
  if (c === 93) c = text.charCodeAt(++i);
  while (c === SPACE || c === TAB) c = text.charCodeAt(++i);
  // Not every letter outside ASCII is part of a word for `isWordCode`.
  if (c >= 0x80) return true;
  if (c !== 58 && c !== 61) return false;
  const operator = c;
  c = text.charCodeAt(++i);
  if (operator === 61) {
    if (c === 61) return false;
    if (c === 62) c = text.charCodeAt(++i);
  }
  if (!quoted) return true;
  while (c === SPACE || c === TAB) c = text.charCodeAt(++i);
  if (c === 91 || c === 40) return true;
  if (c === 114 || c === 98 || c === 117) c = text.charCodeAt(i + 1);
  return c === 34 || c === 39;
}

const LONGEST_KEY = 40;
const SPACE = 32;
const TAB = 9;

/** The whole entry of a label that begins at `keyStart` and a value that ends at `end`, with the quotes around both. */
function entryAround(text: string, keyStart: number, end: number): { start: number; end: number } {
  let start = keyStart;
  while (text[start] === ' ' || text[start] === '-') start += 1;
  const quote = text[start - 1];
  return {
    start: quote === "'" || quote === '"' ? start - 1 : start,
    end: text[end] === "'" || text[end] === '"' ? end + 1 : end,
  };
}

function judgeKey(key: string): { label: string; kind: LabelKind | undefined } {
  const label = normaliseLabel(key);
  return { label, kind: labelKind(label) };
}

/** A value behind a key, and what is marked when it is half of one. */
interface Value {
  readonly text: string;
  readonly start: number;
}

/** What is the same for all values of a passage. */
class PersonSearch {
  #keys: Recent<{ label: string; kind: LabelKind | undefined }> | undefined;
  /** Up to here keys and tables have been read. */
  done = -1;

  constructor(
    readonly passage: Passage,
    private readonly taken: Taken,
    private readonly hits: Hit[],
  ) {}

  /** Remembered for this text only: its keys are parts of it. Most texts have none. */
  judge(key: string): { label: string; kind: LabelKind | undefined } {
    this.#keys ??= new Recent(256, judgeKey);
    return this.#keys.get(key);
  }

  /** @param keyStart of the label, of which half a name is shown with; absent for the values of a list or a column */
  push(entity: EntityName, { text, start }: Value, keyStart?: number): void {
    const end = start + text.length;
    if (this.taken.overlaps(start, end)) return;
    this.done = end;
    this.taken.add(start, end);
    this.hits.push({
      entity,
      start,
      end,
      ...(keyStart !== undefined && { shown: entryAround(this.passage.text, keyStart, end) }),
      context: true,
      severity: personalSeverity(entity),
    });
  }

  /** Values of which a header or a key of a list says what they are. */
  pushAll(kind: LabelKind, values: readonly Value[]): void {
    if (kind !== 'person-name' && kind !== 'full-name' && kind !== 'name') {
      for (const value of values) {
        const entity = personal(kind, value.text, () => true);
        if (entity) this.push(entity, value);
      }
      return;
    }
    const names = values.filter(({ text }) => isFullName(text));
    const given = names.filter(({ text }) => hasGivenName(text));
    if (areNames(kind, values.length, names.length, given.length)) for (const name of names) this.push('PERSON', name);
  }
}

/**
 * Values whose key, label or column header speaks of a person: `key: value`, `key = 'value'`, `key: ['value', 'value']`,
 * `born on 3 May 1980`, and the columns of printed tables.
 */
export function findPersonal(passage: Passage, taken: Taken, hits: Hit[]): void {
  const { text, persons, tables } = passage;
  if (persons.length === 0) return;
  // Without quotes only where text is not code, up to what ends a field.
  const quotedOnly = !passage.plain && !passage.output;
  const search = new PersonSearch(passage, taken, hits);
  /** No header begins before this place. */
  let headers = 0;
  for (let i = 0; i < persons.length; i += 1) {
    const end = persons.end(i);
    const index = end - (KEYWORDS[persons.keyword(i)] as Keyword).text.length;
    if (tables && index >= headers && nameKinds.get(tables.nameAt(index))) {
      headers = endOfLine(text, index);
      for (const table of tables.tablesAt(index)) {
        const end = readColumns(search, table);
        if (end === undefined) continue;
        headers = end;
        break;
      }
    }
    const { done } = search;
    if (mayBeKey(text, end, quotedOnly)) judgeEntry(search, index, quotedOnly);
    if (search.done === done && BIRTH.has(persons.keyword(i))) judgeBirth(search, index, end);
  }
}

/** What a name of a column says: of all texts, which have the same few. */
const nameKinds = new Recent<LabelKind | undefined>(512, (name) => judgeKey(name).kind);

/** Columns of a printed table whose headers speak of persons. @returns its end when it has such values */
function readColumns(search: PersonSearch, { header, read }: PrintedTable): number | undefined {
  const { text } = search.passage;
  const { done } = search;
  const kinds = header.map(({ start, end }) => nameKinds.get(text.slice(start, end)));
  if (!kinds.some(Boolean)) return undefined;
  const { rows, end } = read();
  for (const [column, kind] of kinds.entries()) {
    if (!kind) continue;
    const values: Value[] = [];
    for (const row of rows) {
      const cell = row[column];
      if (cell && cell.end - cell.start >= 2 && cell.end - cell.start <= LONGEST_VALUE)
        values.push({ text: text.slice(cell.start, cell.end), start: cell.start });
    }
    search.pushAll(kind, values);
  }
  return search.done === done ? undefined : end;
}

const LONGEST_VALUE = 160;
/** Values of a list that are read. */
const LISTED = 200;

function judgeEntry(search: PersonSearch, index: number, quotedOnly: boolean): void {
  const { text } = search.passage;
  const rest = text.slice(index, index + 260);
  const key = /^[\p{L}\d_]{1,40}(?: (?:of |line |number|no|id|name|\d)[\p{L}\d_]{0,12}){0,2}/u.exec(rest)?.[0] ?? '';
  const operator = /^(["']?\]?)[ \t]{0,8}(:|=>|=(?!=))[ \t]{0,8}/.exec(rest.slice(key.length));
  if (!operator) return;
  const at = index + key.length + operator[0].length;
  const after = text.slice(at, at + 200);
  const quoted = /^[rbu]?(["'])([^"'\n\\]{2,160})\1/.exec(after);
  const listed = !quoted && /^[[(]\s{0,40}["']/.test(after);
  if (!quoted && !listed && quotedOnly) return;
  const keyStart = startOfKey(text, index, search.done);
  const { label, kind } = search.judge(text.slice(keyStart, index + key.length));
  if (!kind) return;
  if (listed) {
    search.pushAll(kind, listAt(text, at + 1));
    return;
  }
  let value: string;
  let start = at;
  if (quoted) {
    value = quoted[2] as string;
    start += quoted[0].indexOf(value, 1);
  } else {
    const field = /^[^\n"'{}[\]()|;\t]{2,120}/.exec(after)?.[0] ?? '';
    value = (kind === 'address' ? field : field.replace(/(?:,| {2})[\s\S]*/, '')).trimEnd();
    if (kind === 'birth') value = DATE_HERE.exec(field)?.[0] ?? value;
  }
  const sibling = () => {
    const around = `${text.slice(Math.max(0, keyStart - SIBLING_REACH), keyStart)} ${text.slice(start + value.length, start + value.length + SIBLING_REACH)}`;
    return SIBLING.test(around);
  };
  const clear = kind !== 'full-name' || !/ user ?name /.test(label) || isFullName(value);
  const entity = clear ? personal(kind, value, sibling) : undefined;
  // Half a name is one by its label only, so both are shown: `'first_name': 'John'`.
  const half = kind === 'part-name' || kind === 'short-name';
  if (entity) search.push(entity, { text: value, start }, half ? keyStart : undefined);
}

/** Where a key begins that a keyword at `index` is part of, behind what was read before. */
function startOfKey(text: string, index: number, done: number): number {
  let start = index;
  const least = Math.max(done, start - 40);
  while (
    start > least &&
    (isWordCode(text.charCodeAt(start - 1)) || text[start - 1] === ' ' || text[start - 1] === '-')
  )
    start -= 1;
  return start;
}

/** Strings of a list, from behind its bracket. */
function listAt(text: string, from: number): Value[] {
  const values: Value[] = [];
  STRING.lastIndex = from;
  for (let match = STRING.exec(text); match && values.length < LISTED; match = STRING.exec(text)) {
    const value = match[1] ?? (match[2] as string);
    values.push({ text: value, start: match.index + match[0].search(/["']/) + 1 });
  }
  return values;
}

const STRING = /\s{0,40}[rbu]?(?:"([^"\n\\]{0,160})"|'([^'\n\\]{0,160})')\s{0,40},?/y;

/** Keywords that speak of a birth, which prose tells without any operator. */
const BIRTH = new Set(
  KEYWORDS.flatMap(({ text }, i) =>
    /^(?:dob|birth|born|geb|na|urod)/.test(text) && text !== 'naam' && text !== 'name' ? [i] : [],
  ),
);
const BORN =
  /^[\p{L}]{0,12}(?:[ ,](?:was|is|of|on|in|at|le|el|il|am|den|op|the|date)){0,3}(?: ?[-–:(]| ?=)? ?(?=\d|[A-Z][a-z]{2,8} \d)/u;
const DATE_HERE =
  /^(?:(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}(?:st|nd|rd|th)?[-/. ](?:of )?(?:\d{1,2}|[A-Za-z]{3,9})[-/. ,]{1,2}(?:19|20)?\d{2}|[A-Za-z]{3,9} \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d{2})(?![\w/-]|\.\d)/;

function judgeBirth(search: PersonSearch, index: number, end: number): void {
  const { text } = search.passage;
  const before = text.charCodeAt(index - 1);
  if (isWordCode(before)) return;
  const behind = BORN.exec(text.slice(end, end + 40))?.[0];
  if (behind === undefined) return;
  const start = end + behind.length;
  const date = DATE_HERE.exec(text.slice(start, start + 32))?.[0];
  if (date && DATE.test(date.replace(/(\d)(?:st|nd|rd|th)\b(?: of)?/, '$1')))
    search.push('DATE_OF_BIRTH', { text: date, start });
}
