import { createHash } from 'node:crypto';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { SuiteCase } from './suite-case.ts';

/** A record as the pipeline gave it back: its fields, or `broken` where it could not be parsed. */
export type ReadRecord = readonly string[] | 'broken';

/** Cases that one contract reads, and where in the lake they go. */
interface Group {
  readonly dataset: string;
  readonly names: readonly string[];
  readonly contract: string;
  readonly cases: SuiteCase[];
}

/**
 * Lets the pipeline read the texts of cases, each under a header of ours; the records by the case's name. The first
 * column is a date, which no suite's first field is: so every record but the blank ones fails, and quarantine has its
 * raw values.
 */
export async function readCases(cases: readonly SuiteCase[]): Promise<ReadonlyMap<string, ReadRecord[]>> {
  const groups = groupsOf(cases);
  const lake = await testLake({ contracts: groups.map(({ contract }) => contract) });
  const read = new Map<string, ReadRecord[]>();
  try {
    for (const group of groups) {
      const records = await readGroup(lake, group);
      for (const one of group.cases) read.set(one.name, records.get(digestOf(fileOf(one, group))) ?? []);
    }
    return read;
  } finally {
    await lake.dispose();
  }
}

/** The fields of a case's first row that isn't blank. */
export function widthOf({ rows }: SuiteCase): number {
  return rows.find((row) => !isBlank(row))?.length ?? 1;
}

/** Whether a row has nothing to test, so that it is counted and goes nowhere. */
export function isBlank(row: readonly string[]): boolean {
  return row.every((field) => /^[ \t]*$/.test(field));
}

function groupsOf(cases: readonly SuiteCase[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of cases) {
    const key = JSON.stringify([widthOf(one), dialectOf(one)]);
    const group = groups.get(key) ?? newGroup(one, `test.g${groups.size}`);
    group.cases.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function dialectOf(one: SuiteCase): Pick<SuiteCase, 'delimiter' | 'quote' | 'escape'> {
  return { delimiter: one.delimiter, quote: one.quote, escape: one.escape };
}

function newGroup(one: SuiteCase, dataset: string): Group {
  const names = Array.from({ length: widthOf(one) }, (_, n) => `c${n}`);
  const columns = names.map((name, n) => (n === 0 ? { name, type: 'date', key: true } : { name }));
  const assay = { csv: dialectOf(one), limits: NO_LIMITS };
  const contract = contractText({ dataset, columns, partitionColumn: 'c0', assay });
  return { dataset, names, contract, cases: [] };
}

async function readGroup(lake: TestLake, group: Group): Promise<ReadonlyMap<string, ReadRecord[]>> {
  const files = group.cases.map((one, n) => [`f${n}.csv`, fileOf(one, group)] as const);
  const { status } = await lake.dropAndRun(Object.fromEntries(files), group.dataset);
  if (status !== 'promoted') throw new Error(`the run of ${group.dataset} ended ${status}`);
  const rows = await lake.rows('quarantine', group.dataset);
  rows.sort((a, b) => Number(a.source_row_number) - Number(b.source_row_number));
  const records = new Map<string, ReadRecord[]>();
  for (const row of rows) {
    const id = String(row.source_file_id);
    const record = typeof row.record === 'string' ? fieldsOf(row.record, group.names) : ('broken' as const);
    records.set(id, [...(records.get(id) ?? []), record]);
  }
  return records;
}

function fileOf({ text, delimiter }: SuiteCase, { names }: Group): string {
  const header = names.join(delimiter);
  return text.startsWith('\ufeff') ? `\ufeff${header}\n${text.slice(1)}` : `${header}\n${text}`;
}

function fieldsOf(record: string, names: readonly string[]): string[] {
  const values: Record<string, string | null> = JSON.parse(record);
  // A suite knows no NULL.
  return names.map((name) => values[name] ?? '');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
