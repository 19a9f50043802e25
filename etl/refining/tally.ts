import { RECORD_KIND } from '../contract/compile-record.ts';
import { FAULT, FAULT_NAME } from '../contract/compile-sealed.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { exactSum } from '../engine/exact-sum.ts';
import { identitySumSql } from '../engine/record-identity.ts';
import { addPii, type PiiCount } from '../privacy/pii/pii-count.ts';
import type { MeasureSum, WrittenOfFile } from '../stages/documents.ts';
import { addDecimals, addSums } from '../sums.ts';
import { findInPassed } from './find-personal.ts';
import { IS_FORGOTTEN_BROKEN, measureSql, precisionOf, scaleOf } from './rejects.ts';

/** What became of one file's records, before attempts and duplicates. */
export interface FileTally {
  silver: number;
  rejected: number;
  blank: number;
  totalRows: number;
  lastContentRow: number;
  /** What the identities of the blank records add up to: their part of the proof by identity. */
  blankIdentity: string;
  /** Of people who were forgotten: how many, what their identities add up to, and their measures, which are no part of `measuresIn`. */
  forgotten: number;
  forgottenIdentity: string;
  forgottenSums: MeasureSum[];
  measuresIn: MeasureSum[];
  /** Personal data among the records that passed; absent where there is none. */
  pii?: PiiCount[];
  /** What was read back of it from Silver's files; absent where nothing was. */
  written?: WrittenOfFile;
}

/** Tallies by source_file_id. */
export type Tallies = Map<string, FileTally>;

/** Adds the staged records that passed to the tallies. */
export async function tallyPassed(engine: Engine, contract: SourceContract, tallies: Tallies): Promise<void> {
  const counts = await engine.rows(
    'SELECT source_file_id, count(*) AS n, max(source_row_number) AS last FROM staged WHERE passed$ GROUP BY ALL',
  );
  for (const row of counts) {
    const tally = tallyOf(tallies, textOf(row, 'source_file_id'));
    tally.silver += integerOf(row, 'n');
    tally.lastContentRow = Math.max(tally.lastContentRow, integerOf(row, 'last'));
  }
  await tallyMeasures(engine, contract, tallies, { which: 'passed$' });
  for (const [id, counts] of await findInPassed(engine, contract)) {
    const tally = tallyOf(tallies, id);
    tally.pii = addPii(tally.pii, counts);
  }
}

/** Adds those of the staged records, after their closer look, that pass by what was said of them earlier, and those of people who were forgotten. */
export async function tallySealed(engine: Engine, contract: SourceContract, tallies: Tallies): Promise<void> {
  const restored = `passed$ AND ${FAULT_NAME} = ${FAULT.gone}`;
  const isForgotten = `record_kind$ = ${RECORD_KIND.forgotten}`;
  const rows = await engine.rows(
    `SELECT source_file_id, count(*) FILTER (${restored}) AS restored, count(*) FILTER (${isForgotten}) AS forgotten,
       ${identitySumSql('source_row_number', { where: isForgotten })} AS identity,
       max(source_row_number) AS last
     FROM staged WHERE (${restored}) OR ${isForgotten} GROUP BY ALL`,
  );
  for (const row of rows) {
    const tally = tallyOf(tallies, textOf(row, 'source_file_id'));
    tally.silver += integerOf(row, 'restored');
    tally.forgotten += integerOf(row, 'forgotten');
    tally.forgottenIdentity = addDecimals(tally.forgottenIdentity, textOf(row, 'identity'));
    tally.lastContentRow = Math.max(tally.lastContentRow, integerOf(row, 'last'));
  }
  if (rows.length === 0) return;
  await tallyMeasures(engine, contract, tallies, { which: restored });
  await tallyMeasures(engine, contract, tallies, { which: isForgotten, sums: 'forgottenSums' });
}

/** Adds the staged records that didn't pass, after their closer look, to the tallies. */
export async function tallyOthers(engine: Engine, contract: SourceContract, tallies: Tallies): Promise<void> {
  const kinds = await engine.rows(
    `SELECT source_file_id, record_kind$ AS kind, count(*) AS n, max(source_row_number) AS last,
       ${identitySumSql('source_row_number', { where: `record_kind$ = ${RECORD_KIND.blank}` })} AS identity
     FROM staged WHERE NOT passed$ AND record_kind$ <> ${RECORD_KIND.forgotten} GROUP BY ALL`,
  );
  for (const row of kinds) {
    const tally = tallyOf(tallies, textOf(row, 'source_file_id'));
    const [kind, n] = [integerOf(row, 'kind'), integerOf(row, 'n')];
    if (kind === RECORD_KIND.rejected) tally.rejected += n;
    else if (kind === RECORD_KIND.blank) tally.blank += n;
    else tally.totalRows += n;
    tally.blankIdentity = addDecimals(tally.blankIdentity, textOf(row, 'identity'));
    if (kind !== RECORD_KIND.blank)
      tally.lastContentRow = Math.max(tally.lastContentRow, integerOf(row, 'last'));
  }
  await tallyMeasures(engine, contract, tallies, { which: `record_kind$ = ${RECORD_KIND.rejected}` });
}

/** Counts the records in `broken` as rejected, or as forgotten: in `staged` they were blank. */
export async function tallyBroken(engine: Engine, tallies: Tallies): Promise<void> {
  const broken = await engine.rows(
    `SELECT source_file_id, ${IS_FORGOTTEN_BROKEN} AS forgotten, count(*) AS n, max(source_row_number) AS last, ${identitySumSql('source_row_number')} AS identity
     FROM broken GROUP BY ALL`,
  );
  for (const row of broken) {
    const tally = tallyOf(tallies, textOf(row, 'source_file_id'));
    const [n, identity] = [integerOf(row, 'n'), textOf(row, 'identity')];
    tally.blank -= n;
    tally.blankIdentity = addDecimals(tally.blankIdentity, `-${identity}`);
    if (row.forgotten === true) {
      tally.forgotten += n;
      tally.forgottenIdentity = addDecimals(tally.forgottenIdentity, identity);
    } else tally.rejected += n;
    tally.lastContentRow = Math.max(tally.lastContentRow, integerOf(row, 'last'));
  }
}

interface MeasuresAsked {
  readonly which: string;
  /** Where they go; `measuresIn` unless said. */
  readonly sums?: 'measuresIn' | 'forgottenSums';
}

async function tallyMeasures(
  engine: Engine,
  contract: SourceContract,
  tallies: Tallies,
  { which, sums: to = 'measuresIn' }: MeasuresAsked,
): Promise<void> {
  for (const [n, { column }] of contract.measures.entries()) {
    const { value, by } = measureSql(contract, n);
    const type = { precision: precisionOf(contract, n), scale: scaleOf(contract, n) };
    const { summand, read } = await exactSum(engine, { value, ...type, from: `staged WHERE ${which}` });
    const sums = await engine.rows(
      `SELECT source_file_id, ${by} AS "by", CAST(sum(${summand}) AS VARCHAR) AS total FROM staged
       WHERE ${which} AND ${value} IS NOT NULL GROUP BY ALL`,
    );
    const byFile = new Map<string, MeasureSum[]>();
    for (const row of sums) {
      const id = textOf(row, 'source_file_id');
      const group = typeof row.by === 'string' ? row.by : null;
      const sum = { measure: column, by: group, sum: read(textOf(row, 'total')) };
      const ofFile = byFile.get(id);
      if (ofFile === undefined) byFile.set(id, [sum]);
      else ofFile.push(sum);
    }
    for (const [id, ofFile] of byFile) {
      const tally = tallyOf(tallies, id);
      tally[to] = addSums([...tally[to], ...ofFile]);
    }
  }
}

/** The file's tally, made where there is none yet. */
export function tallyOf(tallies: Tallies, sourceFileId: string): FileTally {
  const known = tallies.get(sourceFileId);
  if (known !== undefined) return known;
  const fresh: FileTally = {
    silver: 0,
    rejected: 0,
    blank: 0,
    totalRows: 0,
    lastContentRow: 0,
    blankIdentity: '0',
    forgotten: 0,
    forgottenIdentity: '0',
    forgottenSums: [],
    measuresIn: [],
  };
  tallies.set(sourceFileId, fresh);
  return fresh;
}
