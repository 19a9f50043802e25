import { Buffer } from 'node:buffer';
import { RESCUED_NAME } from '../contract/check-columns.ts';
import type { ContractColumn, DeclaredSubject, SourceContract } from '../contract/contract.ts';
import type { Layout } from '../csv/layout.ts';
import { isReadAsUsual, momentReader } from './cell-moment.ts';
import { UNKNOWN_GROUP } from './protect-rows.ts';
import { type DatasetProtection, subjectOf } from './protection.ts';
import type { PlannedCell, PlannedMoment, PlannedSubject, ProtectionPlan } from './protection-plan.ts';
import { trimBlanks } from './subject-id.ts';

/** A plan, and the fields that dates are read from beside those that it names. */
export interface FilePlan {
  readonly plan: ProtectionPlan;
  readonly dateFields: readonly number[];
}

/** What planning needs of a contract. */
type PlannedContract = Pick<SourceContract, 'dataset' | 'columns' | 'csv' | 'partitionColumn'>;

/**
 * How the records of a file with a layout are protected as its contract says, of which checkProtection has no problem.
 * Columns that the contract doesn't know are sealed in a group of their own, for the dataset's subject.
 */
export function planProtection(
  contract: PlannedContract,
  protection: DatasetProtection,
  layout: Layout,
): FilePlan {
  const subjects = subjectsOf(contract, protection);
  const fieldOf = (name: string): number | undefined =>
    layout.columns[contract.columns.findIndex((column) => column.name === name)];
  const momentIn = (name: string): PlannedMoment | undefined => {
    const [place, column] = [fieldOf(name), contract.columns.find((one) => one.name === name)];
    if (place === undefined || column === undefined) return undefined;
    return { place, of: momentReader(column), isUsual: isReadAsUsual(column) };
  };
  const dated = momentIn(contract.partitionColumn);
  const element = protection.retention?.element ?? contract.partitionColumn;
  const counted = element === contract.partitionColumn ? dated : momentIn(element);
  return {
    plan: {
      dataset: contract.dataset,
      subjects: subjects.map(({ column, kind }) =>
        plannedSubject(contract, { column, kind }, fieldOf(column)),
      ),
      cells: [...knownCells(contract, protection, { subjects, fieldOf }), ...unknownCells(layout)],
      dropped: droppedFields(protection, fieldOf),
      ...(protection.retention === undefined ? {} : { retention: protection.retention.level }),
      ...{ counted, dated },
    },
    dateFields: [dated, counted].flatMap((one) => one?.place ?? []),
  };
}

/** The dataset's subject, and then whoever else columns name, each once. */
function subjectsOf({ columns }: PlannedContract, protection: DatasetProtection): DeclaredSubject[] {
  const named = columns.flatMap(({ name }) => subjectOf(protection, name) ?? []);
  const all = protection.subject === undefined ? named : [protection.subject, ...named];
  return all.filter((one, n) => all.findIndex((other) => isSame(one, other)) === n);
}

const isSame = (one: DeclaredSubject, other: DeclaredSubject): boolean =>
  one.column === other.column && one.kind === other.kind;

/** A place that no row has. */
const NOWHERE = -1;

function plannedSubject(
  { columns, csv }: PlannedContract,
  { column: name, kind }: DeclaredSubject,
  field = NOWHERE,
): PlannedSubject {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) throw new RangeError(`the contract has no column ${name}`);
  return { kind, place: field, column: { ...column, nullValues: nullValuesOf(column, csv) } };
}

function knownCells(
  { columns, csv }: PlannedContract,
  protection: DatasetProtection,
  { subjects, fieldOf }: Places,
): PlannedCell[] {
  return columns.flatMap((column): PlannedCell[] => {
    const [said, subject] = [protection.columns.get(column.name), subjectOf(protection, column.name)];
    const place = fieldOf(column.name);
    const isSealed = said?.as === 'encrypted' || said?.as === 'pseudonym';
    if (!isSealed || subject === undefined || place === undefined) return [];
    const nulls = new Set(['', ...nullValuesOf(column, csv)]);
    return [
      {
        ...{ place, name: column.name, as: said.as, group: said.group },
        isNull: (cell) => nulls.has(trimBlanks(cell)),
        longestNullBytes: Math.max(...[...nulls].map((text) => Buffer.byteLength(text))),
        subject: subjects.findIndex((one) => isSame(one, subject)),
      },
    ];
  });
}

interface Places {
  readonly subjects: readonly DeclaredSubject[];
  readonly fieldOf: (name: string) => number | undefined;
}

/** Of JSON, all that the contract doesn't know is one field. */
const unknownCells = ({ unknown, rescued }: Layout): PlannedCell[] =>
  [...unknown, ...(rescued === undefined ? [] : [{ field: rescued, name: RESCUED_NAME }])].map(
    ({ field, name }) => ({
      ...{
        place: field,
        name: `${UNKNOWN_GROUP} ${name}`,
        group: UNKNOWN_GROUP,
        as: 'encrypted',
        subject: 0,
      },
      isNull: (cell) => trimBlanks(cell) === '',
      longestNullBytes: 0,
    }),
  );

const droppedFields = ({ columns }: DatasetProtection, fieldOf: Places['fieldOf']): number[] =>
  [...columns].flatMap(([name, { as }]) => (as === 'dropped' ? (fieldOf(name) ?? []) : []));

/** Texts that mean no value in a column. */
const nullValuesOf = ({ nullValues = [] }: ContractColumn, csv: SourceContract['csv']): readonly string[] => [
  ...csv.nullValues,
  ...nullValues,
];
