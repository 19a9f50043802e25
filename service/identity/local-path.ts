/** A text as a path of this site, with its query; `/` for what would lead elsewhere. */
export function localPath(text: string): string {
  const here = 'https://here.invalid';
  // Browsers read a backslash as a slash, and leave out tabs and line ends.
  if (!text.startsWith('/') || /[\\\p{C}]/u.test(text) || !URL.canParse(text, here)) return '/';
  const { origin, pathname, search } = new URL(text, here);
  return origin === here && !pathname.startsWith('//') ? pathname + search : '/';
}
