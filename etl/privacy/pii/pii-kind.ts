/** How many letters (A to Z, whatever the case), digits and at signs a text has. */
export interface Signs {
  readonly letters: number;
  readonly digits: number;
  readonly ats: number;
}

/** A kind of personal data that is known by its form. */
export interface PiiKind {
  /** As people are told of it. */
  readonly name: string;
  /** What looks like it, within a text; in the syntax that RE2 and JavaScript share, whatever the case. */
  readonly shape: string;
  /** What every text of that shape has at least, so that others need not be looked through. */
  readonly least: Signs;
  /** Whether what looks like it is one: check digits, areas and prefixes that there are. */
  readonly isReal: (found: string) => boolean;
}

/** In front of digits that are no part of a number, and behind them: no decimals on either side. RE2 looks neither back nor ahead. */
export const [BEFORE, BEHIND] = [
  '(?:^|[^0-9A-Za-z.,+-]|[^0-9][.,])',
  '(?:$|[^0-9A-Za-z.,]|[.,](?:[^0-9]|$))',
];

/** The text without blanks and signs between digits, in capitals. */
export const compact = (text: string): string => text.replace(/[^A-Za-z0-9+]/g, '').toUpperCase();
