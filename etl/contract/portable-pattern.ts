const TOKEN = /\\[pP]\{[^}]*\}|\\.|\[:|\[\^?|\]|\(\?(?:<?[=!]|P?<)?|\{\d+(?:,\d*)?\}|./gsu;

/** Refused outside a character class. */
const SYNTAX: Readonly<Record<string, string>> = {
  '(?=': 'uses lookahead, which RE2 does not have; write two checks or a record rule',
  '(?!': 'uses lookahead, which RE2 does not have; write two checks or a record rule',
  '(?<=': 'uses lookbehind, which RE2 does not have; write two checks or a record rule',
  '(?<!': 'uses lookbehind, which RE2 does not have; write two checks or a record rule',
  '(?<': 'uses a named group; write (…)',
  '(?P<': 'uses a named group; write (…)',
};

/**
 * Why a pattern isn't in the syntax that RE2 (DuckDB) and JavaScript (with the u flag) share, or undefined when
 * it is. One difference is left: `\s` is any Unicode white space in JavaScript, ASCII white space in RE2.
 */
export function patternFault(pattern: string): string | undefined {
  let place: Place = 'outside';
  for (const [token] of pattern.matchAll(TOKEN)) {
    const fault = faultOf(token, place);
    if (fault !== undefined) return fault;
    place = next(token, place);
  }
  try {
    new RegExp(pattern, 'u');
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/u?: /, '') : 'unreadable';
    return `is not a regular expression (${why}); correct it`;
  }
}

type Place = 'outside' | 'class start' | 'class';

function next(token: string, place: Place): Place {
  if (place === 'outside')
    return token === '[:' ? 'class' : token.startsWith('[') ? 'class start' : 'outside';
  return token === ']' ? 'outside' : 'class';
}

function faultOf(token: string, place: Place): string | undefined {
  if (token.startsWith('\\')) return escapeFault(token);
  if (place === 'outside') return syntaxFault(token);
  if (token === '[:') return 'uses a POSIX class, which JavaScript does not have; write its characters';
  return token === ']' && place === 'class start'
    ? 'has an empty character class; name its characters'
    : undefined;
}

function escapeFault(token: string): string | undefined {
  if (/^\\[1-9k]/.test(token)) return 'uses a backreference, which RE2 does not have; write a record rule';
  if (/^\\[0cu]/.test(token))
    return `uses ${token}, which RE2 reads otherwise; write the character itself or \\xHH`;
  if (/^\\[pP]\{/.test(token) && !/^\\.\{[A-Z][a-z]?\}$/.test(token)) {
    return `uses ${token}, which is no general category; write \\p{L}, \\p{Lu}, \\p{Nd} …`;
  }
  return undefined;
}

function syntaxFault(token: string): string | undefined {
  if (SYNTAX[token] !== undefined) return SYNTAX[token];
  const counts = token.startsWith('{') ? token.match(/\d+/g) : null;
  return counts?.some((count) => Number(count) > 1000)
    ? 'repeats more than 1000 times, which RE2 refuses; use maxLength'
    : undefined;
}
