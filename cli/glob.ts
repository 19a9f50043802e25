/** Whether a text holds what a glob pattern may hold. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** `data/2020/*.csv` → `data/2020`: the folder above the first part with a wildcard. */
export function globBase(pattern: string): string {
  const parts = pattern.split('/');
  const base = parts.slice(0, parts.findIndex(isGlob)).join('/');
  if (base !== '') return base;
  return pattern.startsWith('/') ? '/' : '.';
}

/**
 * A pattern that matches paths as a shell does: `*` and `?` within a folder's name, `**` over folders, `[a-z]`, `[!a]`
 * and `{a,b}`. What is none of these stands for itself.
 */
export function globPattern(pattern: string): RegExp {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const set = /^\[([!^]?)([^\]/]+)\]/.exec(rest);
    const character = rest.charAt(0);
    if (rest.startsWith('**/')) [source, at] = [`${source}(?:[^/]+/)*`, at + 2];
    else if (rest.startsWith('**')) [source, at] = [`${source}.*`, at + 1];
    else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (set !== null) {
      const members = (set[2] ?? '').replace(/[\\[\]^]/g, '\\$&');
      [source, at] = [`${source}[${set[1] === '' ? '' : '^'}${members}]`, at + set[0].length - 1];
    } else if (character === '{' && rest.includes('}')) [source, depth] = [`${source}(?:`, depth + 1];
    else if (character === '}' && depth > 0) [source, depth] = [`${source})`, depth - 1];
    else if (character === ',' && depth > 0) source += '|';
    else source += character.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 'su');
}
