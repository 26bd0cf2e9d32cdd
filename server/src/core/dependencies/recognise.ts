/** Tells a requirements file by its folder and its content, where its name says only that it is text. */
import { isUrl, parseRequirements, type Requirement, type RequirementItem } from './requirements';

/** Folders in which projects keep one requirements file for each purpose. */
const FOLDER = /^(?:requirements?|reqs?|constraints?|deps|dependencies|pip|pip[-_]requirements|requirements[-_.]\w+)$/;
/** Characters that are read; more of the same would not change the answer. */
const READ = 4096;
const EXTENSION = /\.(?:txt|in|pip)$/;

/** `name @ address`, a repository or a wheel; a list of other addresses is a list of downloads. */
function isPackageLink({ url, start, name }: Requirement): boolean {
  if (!url) return false;
  return (
    (url.start > start && name !== '' && isUrl(url.text)) ||
    /^(?:git|hg|svn|bzr)\+|\.whl(?:[?#]|$)|[#&]egg=/i.test(url.text)
  );
}

/** A version that is asked for, a place, or an option of pip: what lists of other things do not have. */
function isTelling(item: RequirementItem): boolean {
  if (item.kind === 'option') return true;
  if (item.kind === 'unread') return false;
  return isPackageLink(item) || item.hashes > 0 || item.clauses.some(({ version }) => /^v?\d/.test(version));
}

/** Pins and compatible releases: comparisons alone stand in other texts too (`loss<0.5`). */
const isPin = (item: RequirementItem): boolean =>
  item.kind === 'option' ||
  (item.kind === 'requirement' &&
    (isPackageLink(item) || item.hashes > 0 || item.clauses.some(({ operator }) => /^[=~]=/.test(operator))));

/**
 * Whether a text is a requirements file: every line of it is one that pip reads, and most ask for a version. In a folder
 * for such files bare names are enough.
 * @param name lower-case base name
 * @param folder lower-case name of the folder, or the empty string
 */
export function isRequirementsText(name: string, folder: string, text: string): boolean {
  if (!EXTENSION.test(name)) return false;
  const head = text.length <= READ ? text : text.slice(0, text.lastIndexOf('\n', READ) + 1);
  const items = parseRequirements(head);
  if (items.length === 0 || items.some((item) => item.kind === 'unread' || !isPlausible(item))) return false;
  const telling = items.filter(isTelling).length;
  if (FOLDER.test(folder)) return telling > 0 || items.length > 1;
  return telling * 2 >= items.length && items.some(isPin);
}

/** Names as packages have them: a line of prose is no name, and a long one is no package. */
const isPlausible = (item: RequirementItem): boolean =>
  item.kind !== 'requirement' || (item.url ? isPackageLink(item) : item.name.length <= 60 && !/^\d+$/.test(item.name));
