import { ConfigError } from '../errors.ts';

/** File systems allow names of so many bytes. */
const MOST_BYTES = 255;

/** A name that a program or a browser gives a file that it sends; throws ConfigError `FILE_NAME` for one that is no plain name. */
export function sentName(name: string): string {
  const refuse = (why: string): never => {
    throw new ConfigError('FILE_NAME', `A file's name ${why}: send it under a plain name, e.g. 2024-05.csv.`);
  };
  if (name === '' || name === '.' || name === '..') refuse(`is '${name}'`);
  if (/[/\\]/.test(name)) refuse('has a slash in it, and no folder is named here');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) refuse('has a control character in it');
  if (/\p{Surrogate}/u.test(name)) refuse('is no valid Unicode');
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > MOST_BYTES) refuse(`has ${bytes} bytes, and ${MOST_BYTES} are the most`);
  return name;
}
