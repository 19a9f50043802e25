import type { Classification } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { counted, type Note, review, seen } from './notes.ts';
import { type ColumnProfile, countWhere } from './profile-column.ts';
import { SAMPLE_TABLE } from './sample-table.ts';

/** How sensitive a column's values seem to be, and why. */
export interface ClassificationGuess {
  readonly classification: Classification;
  readonly notes: readonly Note[];
}

/** Forms of values that identify a person; RE2's syntax, the whole value. */
const FORMS: readonly { readonly what: string; readonly pattern: string }[] = [
  { what: 'mail addresses', pattern: '[^@\\s]+@[^@\\s]+\\.[A-Za-z]{2,}' },
  { what: 'IBANs', pattern: '[A-Z]{2}[0-9]{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}' },
  { what: 'British postcodes', pattern: '(?i)[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}' },
  { what: 'phone numbers', pattern: '(\\+|00)[0-9][0-9 ()/.-]{6,18}[0-9]|0[0-9()/ .-]{8,16}[0-9]' },
];

/** Words of a header that speak of a person, by what they mean. */
const PERSONAL: readonly { readonly what: string; readonly words: readonly string[] }[] = [
  {
    what: 'the name of a person',
    words: ['surname', 'forename', 'firstname', 'lastname', 'fullname', 'nachname', 'vorname'],
  },
  { what: 'a way to reach a person', words: ['mail', 'telephone', 'fax', 'postcode', 'street', 'strasse'] },
  {
    what: 'a person',
    words: [
      'customer',
      'person',
      'employee',
      'patient',
      'contact',
      'cardholder',
      'holder',
      'applicant',
      'tenant',
      'member',
      'borrower',
      'passenger',
      'student',
      'gender',
      'sex',
      'birth',
      'ssn',
      'nino',
      'passport',
      'iban',
      'salary',
      'ip',
      'user',
      'username',
    ],
  },
];
/** Whose names are often those of people. */
const PARTIES = [
  'supplier',
  'payee',
  'payer',
  'beneficiary',
  'ship',
  'shipping',
  'bill',
  'billing',
  'consignee',
  'guest',
  'driver',
  'debtor',
  'buyer',
  'seller',
  'owner',
  'author',
  'sender',
  'recipient',
  'first',
  'last',
  'given',
  'family',
  'middle',
  'full',
  'preferred',
  'maiden',
];
const ENOUGH = 0.8;

/** A guess by a column's header (the meaning of its words) and by the form of its values, unless they are dates or times; never a value of it. */
export async function guessClassification(
  engine: Engine,
  profile: ColumnProfile,
  { words, isTime }: { readonly words: readonly string[]; readonly isTime: boolean },
): Promise<ClassificationGuess> {
  const personal = (note: Note): ClassificationGuess => ({ classification: 'personal', notes: [note] });
  // 01.03.2024 has the form of a phone number, too.
  const form = isTime ? undefined : await formOf(engine, profile);
  if (form !== undefined) return personal(form);
  const named = PERSONAL.find((group) => group.words.some((word) => words.includes(word)));
  if (named !== undefined) return personal(review(`Personal, because its header speaks of ${named.what}.`));
  const isName = words.includes('name') || words.length === 1;
  const isLoneName = words.join() === 'name';
  if (isLoneName || (isName && PARTIES.some((word) => words.includes(word)))) {
    return personal(review('Personal, because such names are often those of people.'));
  }
  return { classification: 'internal', notes: [] };
}

async function formOf(engine: Engine, { text, values }: ColumnProfile): Promise<Note | undefined> {
  if (values === 0) return undefined;
  const found = await countWhere(
    engine,
    FORMS.map(({ pattern }) => `regexp_full_match(${text}, ${literal(pattern)})`),
  );
  const at = found.findIndex((count) => count >= values * ENOUGH);
  const { what } = FORMS[at] ?? {};
  if (what === undefined) return undefined;
  const share = `Personal: ${counted(found[at] ?? 0)} of ${counted(values)} values look like ${what}`;
  if (what !== 'IBANs') return seen(`${share}.`);
  const sample = await engine.rows(
    `SELECT DISTINCT ${text} AS v FROM ${SAMPLE_TABLE} WHERE ${text} IS NOT NULL ORDER BY 1 LIMIT 200`,
  );
  const sound = sample.filter((row) => isIban(textOf(row, 'v'))).length;
  return seen(`${share}; the check digits of ${sound} of ${sample.length} looked at are right.`);
}

/** Whether an IBAN's check digits are right (ISO 7064, mod 97). */
export function isIban(text: string): boolean {
  const bare = text.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$/.test(bare)) return false;
  const digits = (bare.slice(4) + bare.slice(0, 4)).replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  );
  return BigInt(digits) % 97n === 1n;
}
