/** What lines for a shell fetch, unpack and run. */

/** The archive and the folder of `unzip a.zip -d folder` and `tar -xf a.tar -C folder`. */
export function unpackedByCommand(line: string): { archive: string; folder: string } | undefined {
  const words = line
    .slice(0, COMMAND)
    .split(/[;&|]/, 1)
    .join('')
    .split(/[\s"',[\]()]+/)
    .filter(Boolean);
  const tar = words[0] === 'tar';
  const folder = words[words.indexOf(tar ? '-C' : '-d') + 1];
  const rest = words.slice(1).filter((word) => word !== folder && !word.startsWith('-'));
  // `tar xf a.tar` has its letters without a dash.
  const isLetters = (word = '') => /^[a-zA-Z]{1,8}$/.test(word) && word.includes('x');
  const [archive] = tar && isLetters(words[1]) ? rest.slice(1) : rest;
  const unpacks = tar
    ? words.slice(1, 3).some((word) => isLetters(word.replace(/^-/, '')) || word === '--extract')
    : words[0] === 'unzip';
  return unpacks && archive && folder && folder !== words[0] ? { archive, folder } : undefined;
}

/** The file of a command line that fetches one; quotes and commas of a list are blanked out before. */
const FETCHING =
  /\bwget\b[^\n;&|]{0,300}?\s(?:-O|--output-document)[\s=]{0,3}([^\s;&|$){}]+)|\bcurl\b[^\n;&|]{0,300}?\s(?:-[a-zA-Z]{0,6}o|--output)[\s=]{0,3}([^\s;&|$(){}]+)|\bwget\s[^\n;&|{}]{0,200}?\bhttps?:\/\/[^\s;&|{}?#]{1,200}\/([\w.-]+)(?=\s|$)/;

/** A line for a shell from a place on, as a line, in a string, or as a list of arguments. */
export function commandAt(text: string, at: number): string {
  const newline = text.indexOf('\n', at);
  return text.slice(at, Math.min(newline < 0 ? text.length : newline, at + COMMAND));
}

/** Characters of a command line that are looked at. */
export const COMMAND = 500;

/** The file to which a command line downloads something. */
export function fetchedBy(line: string): string | undefined {
  const match = FETCHING.exec(line.slice(0, COMMAND).replace(/["',[\]()\s]+/g, ' '));
  const path = match?.[1] ?? match?.[2] ?? match?.[3];
  return path === undefined || path === '-' ? undefined : path.replace(/^(?:\.\/)+/, '');
}

/** What may stand in front of the file that a command runs. */
const RUNNER = /^\s*(?:(?:sudo\s+)?(?:(?:ba|z|da|k)?sh|python[\d.]*|source|\.)\s+(?:-\w+\s+)*)?["']?(?:\.\/)?/;

/** Whether a line for a shell runs a file in a folder. */
export function runsWithin(line: string, folder: string): boolean {
  if (!line.includes(`${folder}/`)) return false;
  return line.split(/[;&|\n]/).some((command) => {
    const start = RUNNER.exec(command)?.[0].length ?? 0;
    return command.startsWith(`${folder}/`, start);
  });
}

/** Whether a line for a shell runs a file: as its own command, or by an interpreter. */
export function runs(line: string, path: string): boolean {
  if (!line.includes(path)) return false;
  return line.split(/[;&|\n]/).some((command) => {
    const start = RUNNER.exec(command)?.[0].length ?? 0;
    return command.startsWith(path, start) && /^["'\s]?$/.test(command.charAt(start + path.length));
  });
}
