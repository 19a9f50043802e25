/**
 * Text that a terminal shows as it is: control characters, which could move the cursor or rename the window,
 * stand as their pictures (U+2400 on), and so do the marks that turn text around.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** As printable, line by line. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
