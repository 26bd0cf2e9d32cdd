/** E-mail addresses (RFC 5321 local parts without quotes, hosts with a public top-level domain). */
import { normaliseLabel } from './context';
import { type Hit, isWordCode, type Passage, type Taken } from './hits';

/** Generic top-level domains in use, and the country codes. A host that ends otherwise is a file or a version. */
const GENERIC =
  'com org net edu gov mil int info biz name pro aero coop museum mobi jobs travel tel cat post asia xxx arpa app dev cloud online site store tech blog shop xyz club live news work world today agency email digital design media network systems solutions services company group team global health care clinic hospital dental doctor pharmacy bank finance money insurance academy school university education science bio eco energy earth green city berlin london paris tokyo nyc wien hamburg koeln bayern ruhr swiss amsterdam brussels istanbul moscow scot wales irish cymru quebec africa capetown joburg durban sydney melbourne vegas miami boston tirol art photo photos photography gallery studio film video music audio radio game games fun sport football fitness yoga run bike auto car cars fashion beauty style wedding family baby kids pet dog house homes property estate realty land construction build builders engineering tools zone space link click page pages website web webcam host hosting domains wiki guide guru expert consulting partners ventures capital fund law legal attorney tax accountant marketing sale sales deals gift gifts market trade trading exchange express delivery supply technology software computer codes data ai io ltd llc inc gmbh limited foundation institute ngo ong community social chat dating one top best vip win bid loan men rest bar cafe pizza restaurant wine beer coffee kitchen recipes farm garden flowers page ink plus rocks ninja cool lol wtf buzz monster google microsoft apple amazon bmw audi dhl ikea sap sky';
const COUNTRY =
  'ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw';
const TOP_LEVEL = new Set(`${GENERIC} ${COUNTRY}`.split(' '));

/** RFC 2606 and RFC 6761, and the domains that tutorials make up. */
const RESERVED_HOST =
  /(?:^|\.)(?:example\.(?:com|org|net|edu|[a-z]{2})|example|test|invalid|localhost|local|(?:your|my|some|our)[-_]?(?:domain|company|org|site|mail|email|server|host)\.[a-z.]{1,40}|(?:domain|email|company|mail|server|host|website|test|foo|bar|abc|xyz|acme|sample|dummy|fake|placeholder|foobar|somewhere|mailinator)\.(?:com|org|net|co|io|edu))$/;

/** Not persons: senders of machines, and the users of version control and of hubs. */
const MACHINE =
  /^(?:no-?reply|do-?not-?reply|git|mailer-daemon|postmaster|root|user|username|you|your[._-]?(?:name|e?mail)|name|me|email|someone|somebody|foo|bar|test|example|src|dst|source|sender|recipient|receiver|from|to|abc|xyz)$/i;

/** Addresses of a function, not of a person. */
const ROLE =
  /^(?:info|support|sales|help|helpdesk|contact|security|hello|hi|admin|administrator|webmaster|press|privacy|legal|permissions?|office|service|team|jobs|careers|abuse|feedback|marketing|billing|dev|developers?|bugs?|licens(?:e|ing)|[\w.-]*(?:-|_|\.)?(?:dev|users?|announce|list|discuss))$/i;

/** Published on purpose: authorship and where to write to about the software. */
const PUBLISHED =
  /author|maintain|copyright|\(c\)|©|licen[cs]e|contribut|written by|created by|developed by|credit|mailing list|bugs?\b|report|citation|bibtex|corresponding/i;

const isLocalCode = (c: number): boolean =>
  (c < 128 && isWordCode(c)) || c === 46 || c === 45 || c === 43 || c === 37 || c === 39 || c === 38 || c === 35;

export function findEmails({ text, header, plain, survey }: Passage, taken: Taken, hits: Hit[]): void {
  const { from, to } = survey.atSigns;
  for (let at = from; at < to && at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at;
    const least = Math.max(0, at - 64);
    while (start > least && isLocalCode(text.charCodeAt(start - 1))) start -= 1;
    while (start < at && !/[A-Za-z0-9]/.test(text[start] as string)) start += 1;
    const local = text.slice(start, at);
    if (local === '' || local.endsWith('.') || local.includes('..')) continue;
    const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z][A-Za-z0-9-]{1,23}/.exec(
      text.slice(at + 1, at + 256),
    )?.[0];
    if (!host) continue;
    const lower = host.toLowerCase();
    const labels = lower.split('.');
    const top = labels.at(-1) as string;
    if (!TOP_LEVEL.has(top) && !/^xn--[a-z0-9-]{2,}$/.test(top)) continue;
    if (labels.slice(0, -1).every((label) => /^v?\d+$/.test(label))) continue;
    const end = at + 1 + host.length;
    // `pkg@host.tld/path`, `user:password@host` and `name@file.py(` are no addresses.
    if (isWordCode(text.charCodeAt(end)) || text[end] === '@' || text[end] === '(') continue;
    const back = text.slice(Math.max(0, start - 120), start);
    if (
      /:\/\/[^\s"'<>/]*$/.test(back) ||
      (/[\w.-]:$/.test(back) && !/mailto:$/i.test(back) && /^[:/\d]/.test(text.slice(end, end + 1)))
    ) {
      taken.add(start, end);
      continue;
    }
    if (taken.overlaps(start, end)) continue;
    taken.add(start, end);
    if (local === 'git' || (MACHINE.test(local) && !plain)) continue;
    const sample = RESERVED_HOST.test(lower) || MACHINE.test(local);
    const keyed = /e ?mail|contact|user|login|from|to|author/.test(
      normaliseLabel(`${header} ${back.slice(Math.max(back.lastIndexOf('\n') + 1, back.length - 40))}`),
    );
    hits.push({
      entity: 'EMAIL_ADDRESS',
      start,
      end,
      checked: true,
      ...(keyed && { context: true }),
      severity: sample || ROLE.test(local) || PUBLISHED.test(back.slice(back.lastIndexOf('\n') + 1)) ? 'info' : 'low',
      ...(sample && { sample }),
    });
  }
}
