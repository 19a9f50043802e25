import type { ColumnProtection, DeclaredSubject } from '../contract/contract.ts';
import { decide, review } from './notes.ts';
import type { Proposal, ProposedColumn } from './proposal.ts';
import { headerMeaning } from './words.ts';

/** Words of a name, by the data group that such values belong to. */
const GROUPS: readonly (readonly [group: string, words: readonly string[]])[] = [
  [
    'contact',
    ['mail', 'telephone', 'fax', 'postcode', 'street', 'strasse', 'address', 'city', 'contact', 'ip'],
  ],
  ['money', ['iban', 'salary', 'account', 'card', 'cardholder', 'holder']],
  ['text', ['note', 'notes', 'comment', 'comments', 'remark', 'remarks', 'message', 'description']],
];
const OTHER_GROUP = 'identity';

/** Words of a name that say that it tells somebody apart. */
const IDS = ['identifier', 'number', 'reference', 'ref', 'code', 'key'];

/** Of whom a word of a name speaks. */
const KINDS = [
  'customer',
  'employee',
  'patient',
  'tenant',
  'member',
  'borrower',
  'student',
  'passenger',
  'user',
];

/**
 * The proposal with its dataset protected: the column that names a person as a pseudonym, everything else that seems
 * personal as envelopes, free text too. What can't be protected as it is used is left for a person to decide.
 */
export function proposeProtection(proposal: Proposal): Proposal {
  const columns = proposal.columns.map(withFreeText);
  const subject = subjectOf(columns, proposal);
  const protectedColumns = columns.map((column) => withProtection(column, { proposal, subject }));
  const isAny = protectedColumns.some(({ protect }) => protect !== undefined);
  if (!isAny) return proposal;
  const told =
    subject === undefined
      ? decide(
          'Whose data a record is: write assay.subject, with the column that has the id of the person and what kind of person it is, and assay.protect: {as: pseudonym, group: ids} on that column.',
        )
      : review(
          `A record is taken for data of the ${subject.kind} in ${subject.column} (assay.subject). How long values stay readable is for slaProperties to say: a property retention.`,
        );
  return {
    ...proposal,
    columns: protectedColumns,
    ...(subject === undefined ? {} : { subject }),
    notes: { ...proposal.notes, contract: [...proposal.notes.contract, told] },
  };
}

/** Free text is personal: anybody may be spoken of there. */
function withFreeText(column: ProposedColumn): ProposedColumn {
  const isFree = column.type.kind === 'string' && groupOf(column.name) === 'text';
  if (!isFree || column.classification === 'personal') return column;
  const note = review('Personal, because free text may speak of anybody; `as: dropped` keeps none of it.');
  return { ...column, classification: 'personal', notes: [...column.notes, note] };
}

/** The column that names a person best: one whose name says so and speaks of somebody; else the whole key, if it is one column that is personal. */
function subjectOf(
  columns: readonly ProposedColumn[],
  { key, partitionColumn }: Proposal,
): DeclaredSubject | undefined {
  const able = columns.filter(
    ({ name, type, classification, number }) =>
      classification === 'personal' &&
      name !== partitionColumn &&
      number.exponent === undefined &&
      (type.kind === 'string' || type.kind === 'long'),
  );
  const isId = ({ name }: ProposedColumn): boolean => headerMeaning(name).some((word) => IDS.includes(word));
  const found =
    able.find((column) => isId(column) && kindOf(column.name) !== undefined) ??
    able.find(({ name }) => key.length === 1 && key[0] === name);
  return found === undefined ? undefined : { column: found.name, kind: kindOf(found.name) ?? 'person' };
}

const kindOf = (name: string): string | undefined => headerMeaning(name).find((word) => KINDS.includes(word));

function withProtection(
  column: ProposedColumn,
  { proposal, subject }: { readonly proposal: Proposal; readonly subject: DeclaredSubject | undefined },
): ProposedColumn {
  const { name, classification } = column;
  if (classification !== 'personal') return column;
  const { key, partitionColumn, measures, csv } = proposal;
  const isUsed =
    name === partitionColumn ||
    name === csv.totalRowColumn ||
    measures.some((measure) => measure.column === name || measure.by === name) ||
    (key.includes(name) && name !== subject?.column);
  if (isUsed) {
    const text =
      'How it is protected: as it is used here its values must be clear. Write assay.protect: {as: clear, reason: …}, or use another column.';
    return { ...column, notes: [...column.notes, decide(text)] };
  }
  const protect: ColumnProtection =
    name === subject?.column ? { as: 'pseudonym', group: 'ids' } : { as: 'encrypted', group: groupOf(name) };
  return { ...column, protect };
}

const groupOf = (name: string): string =>
  GROUPS.find(([, words]) => headerMeaning(name).some((word) => words.includes(word)))?.[0] ?? OTHER_GROUP;
