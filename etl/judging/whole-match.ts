/** Whether all of a text has a shape. */
export type WholeMatch = (text: string) => boolean;

const TOKEN = /\\.|\[\^?\]?|\]|\(\?i:|\(|\)|\.|./gsu;

/**
 * The shape of a regular expression in the syntax that RE2 and JavaScript share (`patternFault`), as JavaScript's. It means
 * what it means to RE2, which judges files: `.` is anything but a line feed, `\s` is ASCII, `(?i:…)` is letters of
 * either case.
 */
export function shapeSource(shape: string): string {
  const opened: boolean[] = [];
  let isInClass = false;
  return [...shape.matchAll(TOKEN)]
    .map(([token]) => {
      if (token.startsWith('\\')) return escaped(token, isInClass);
      if (isInClass) {
        isInClass = token !== ']';
        return token;
      }
      if (token.startsWith('[')) isInClass = true;
      else if (token === '(?i:' || token === '(') opened.push(token === '(?i:' || opened.at(-1) === true);
      else if (token === ')') opened.pop();
      if (token === '(?i:') return '(?:';
      if (token === '.') return '[^\\n]';
      return opened.at(-1) === true ? eitherCase(token) : token;
    })
    .join('');
}

/** Compiles a shape that texts must have from end to end. */
export function wholeMatch(shape: string): WholeMatch {
  const compiled = new RegExp(`^(?:${shapeSource(shape)})$`, 'u');
  return (text) => compiled.test(text);
}

const ASCII_BLANKS = '\\t\\n\\f\\r ';
/** All others, as ranges within a class. */
const OTHERS = '\\x00-\\x08\\x0b\\x0e-\\x1f!-\\u{10ffff}';

function escaped(token: string, isInClass: boolean): string {
  if (token === '\\s') return isInClass ? ASCII_BLANKS : `[${ASCII_BLANKS}]`;
  if (token === '\\S') return isInClass ? OTHERS : `[${OTHERS}]`;
  return token;
}

/** Signs that RE2 takes for a letter of the other case: the long s and the sign of the kelvin. */
const ALIKE: Readonly<Record<string, string>> = { s: '\u017f', k: '\u212a' };

function eitherCase(token: string): string {
  const letter = token.toLowerCase();
  return /^[a-z]$/.test(letter) ? `[${letter}${token.toUpperCase()}${ALIKE[letter] ?? ''}]` : token;
}
