import type { SourceContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import { CellSealer } from './cell-sealer.ts';
import { type EnvelopeHeader, emptyEnvelope, readEnvelope } from './envelope.ts';
import { fittingSubjectId } from './fitting-id.ts';
import { openCells } from './open-cells.ts';
import { readableUntil, sealingPeriod } from './period.ts';
import { planProtection } from './plan-protection.ts';
import { protectionOf } from './protection.ts';
import type { PlannedCell, PlannedMoment, PlannedSubject, ProtectionPlan, Row } from './protection-plan.ts';
import { ownSubject } from './row-subjects.ts';
import type { Sodium } from './sodium.ts';
import type { Vault } from './vault.ts';

/** What a record has by column, envelopes among them; null: no value. */
export type RecordValues = Readonly<Record<string, string | null>>;

/** What values that a person writes into a record are sealed with. */
export interface RecordSealing {
  readonly contract: SourceContract;
  readonly vault: Vault;
  readonly sodium: Sodium;
  readonly now: Date;
}

/** A subject of a record: its reference, and its keys by data group. */
interface SealedFor {
  readonly reference: string;
  readonly isOwn: boolean;
  readonly keyOf: (group: string) => Promise<Uint8Array | undefined>;
}

const REFERENCE = /^[a-z2-7]{26}$/;

/**
 * Values that a person gives to a record, as they may be stored: of protected columns envelopes, made for whom the record
 * names. Where that is another now, what the record has of the one before is sealed anew, and stands among the values.
 * Throws ConfigError `FORGOTTEN` where that person was forgotten.
 */
export async function sealGiven(
  given: RecordValues,
  record: RecordValues,
  sealing: RecordSealing,
): Promise<RecordValues> {
  const plan = planOf(sealing.contract);
  const values = { ...record, ...given };
  const sealed: Record<string, string | null> = { ...given };
  for (const name of droppedIn(sealing.contract)) if (name in sealed) sealed[name] = null;
  for (const [n, subject] of plan.subjects.entries()) {
    const idColumn = sealing.contract.columns[subject.place]?.name ?? '';
    const isOther = idColumn in given;
    const cells = plan.cells.filter((cell) => cell.subject === n && (isOther || cell.name in given));
    if (cells.length === 0) continue;
    const owner = await ownerOf(
      { subject, isOther, idColumn, cells: plan.cells.filter((cell) => cell.subject === n) },
      values,
      {
        ...sealing,
        plan,
        record,
      },
    );
    for (const cell of cells) {
      const text =
        cell.name in given
          ? (given[cell.name] ?? null)
          : await openedText(record[cell.name] ?? null, sealing);
      if (text === null || cell.isNull(text)) continue;
      sealed[cell.name] = await sealText(text, cell, { ...sealing, plan, owner, values });
    }
  }
  return sealed;
}

/** The contract's columns as the fields of a file. */
function planOf(contract: SourceContract): ProtectionPlan {
  const layout = {
    fields: contract.columns.length,
    columns: contract.columns.map((_, index) => index),
    unknown: [],
    newline: '\n' as const,
  };
  return planProtection(contract, protectionOf(contract), layout).plan;
}

const droppedIn = ({ columns }: SourceContract): string[] =>
  columns.flatMap(({ name, protect }) => (protect?.as === 'dropped' ? [name] : []));

const rowOf = ({ columns }: SourceContract, values: RecordValues): string[] =>
  columns.map(({ name }) => values[name] ?? '');

const momentIn = (row: Row, moment: PlannedMoment | undefined): Date | undefined =>
  moment?.of(row[moment.place] ?? '');

interface Owned {
  readonly subject: PlannedSubject;
  /** Whether somebody else is named now. */
  readonly isOther: boolean;
  readonly idColumn: string;
  readonly cells: readonly PlannedCell[];
}

interface Owning extends RecordSealing {
  readonly plan: ProtectionPlan;
  readonly record: RecordValues;
}

/** For whom values are sealed: whom the record names now, else whom it named before, else for itself alone. */
async function ownerOf(
  { subject, isOther, idColumn, cells }: Owned,
  values: RecordValues,
  { contract, vault, plan, record, now }: Owning,
): Promise<SealedFor> {
  const named = isOther
    ? undefined
    : cells.map(({ name }) => referenceIn(record[name])).find((one) => one !== undefined);
  if (named !== undefined) {
    const keyOf = async (group: string): Promise<Uint8Array | undefined> => {
      const [key] = await vault.subjectKeys([{ reference: named, group }]);
      if (key === undefined) throw forgotten(contract.dataset);
      return key;
    };
    return { reference: named, isOwn: false, keyOf };
  }
  const row = rowOf(contract, values);
  const id = fittingSubjectId(values[idColumn] ?? '', subject.column);
  const dated = momentIn(row, plan.dated) ?? new Date(0);
  const one =
    id === undefined ? ownSubject(row) : { kind: subject.kind, id, dated: dated < now ? dated : now };
  const groups = [...new Set(cells.map(({ group }) => group))];
  const [found] = await vault.subjects([one], groups);
  if (found?.kind !== 'known') throw forgotten(contract.dataset);
  return {
    reference: found.reference,
    isOwn: id === undefined,
    keyOf: async (group) => found.keys[groups.indexOf(group)],
  };
}

/** Whom a cell names. */
function referenceIn(cell: string | null | undefined): string | undefined {
  if (cell === null || cell === undefined) return undefined;
  return REFERENCE.test(cell) ? cell : readEnvelope(cell)?.subject;
}

async function openedText(cell: string | null, { vault, sodium }: RecordSealing): Promise<string | null> {
  if (cell === null) return null;
  const [opened] = await openCells({ vault, sodium })([cell]);
  if (opened?.kind === 'clear') return opened.text;
  // A reference says nothing of its id; what can't be opened can't be given to somebody else.
  return null;
}

interface Sealing extends RecordSealing {
  readonly plan: ProtectionPlan;
  readonly owner: SealedFor;
  readonly values: RecordValues;
}

async function sealText(
  text: string,
  { name, group, as }: PlannedCell,
  { contract, vault, sodium, now, plan, owner, values }: Sealing,
): Promise<string> {
  if (as === 'pseudonym' && !owner.isOwn) return owner.reference;
  const { dataset } = contract;
  const [column = ''] = await vault.columnIds([{ dataset, column: name, group }]);
  const period = sealingPeriod(momentIn(rowOf(contract, values), plan.counted), now);
  const header: EnvelopeHeader = { column, subject: owner.reference, period };
  const until = plan.retention === undefined ? undefined : readableUntil(period, plan.retention);
  const isPast = until !== undefined && now >= until;
  const [periodKey] = isPast ? [] : await vault.periodKeys([{ dataset, group, period }], 'make');
  const subjectKey = await owner.keyOf(group);
  if (periodKey === undefined || subjectKey === undefined) return emptyEnvelope(header);
  return new CellSealer(sodium).seal(header, group, { subjectKey, periodKey }, text);
}

const forgotten = (dataset: string): ConfigError =>
  new ConfigError(
    'FORGOTTEN',
    `A record of ${dataset} is of somebody who was forgotten: none of its protected values can be corrected any more.`,
    { context: { dataset } },
  );
