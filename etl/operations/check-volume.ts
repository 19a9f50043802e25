import { join } from 'node:path';
import type { ServiceLevel, SourceContract } from '../contract/contract.ts';
import { readParquet, textOf, withEngine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { retriesPrefix } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Ailment } from './ailment.ts';
import {
  PERIODS,
  type Period,
  periodOf,
  type Span,
  spanOf,
  type Volume,
  volumeIn,
} from './promised-volume.ts';

/** What a contract may promise about how much comes, and how much of it is good. */
const VOLUME_PROMISES = ['minRecords', 'maxRecords', 'maxQuarantineRate'] as const;

/** A rate is looked at over so many days. */
const RATE_DAYS = 30;

interface Promised {
  readonly level: ServiceLevel;
  readonly most: number;
  readonly period: Period | undefined;
}

/** The promise of a property, and what is wrong with it where nobody can read it. */
function promiseOf({ sla }: SourceContract, property: string): Promised | Ailment | undefined {
  const level = sla?.find((one) => one.property === property);
  if (level === undefined) return undefined;
  const value = Number(level.value);
  const isRate = property === 'maxQuarantineRate';
  const isPercent = /^(%|percent)$/i.test(level.unit ?? '');
  const most = isRate && isPercent ? value / 100 : value;
  const period = periodOf(level.unit);
  const isReadable = isRate
    ? most >= 0 && most <= 1 && (isPercent || level.unit === undefined)
    : Number.isSafeInteger(value) && value >= 0 && period !== undefined;
  if (typeof level.value !== 'boolean' && isReadable) return { level, most, period };
  const write = isRate
    ? 'e.g. 0.02, or 2 with unit percent'
    : `a whole number with one of the units ${PERIODS.join(', ')}`;
  const what = `the contract promises a ${property} of ${level.value} ${level.unit ?? ''}, which can't be read: write ${write}`;
  return { code: 'PROMISE', what, next: 'contracts check' };
}

/**
 * Compares what came with what the contract promises: at least so many records in the last whole hour, day, week, month or
 * year (`minRecords`), at most so many in that or in the one under way (`maxRecords`), and at most such a share of those
 * of the last 30 days that failed (`maxQuarantineRate`). A period in which the dataset began, or before, is not judged.
 */
export async function checkVolume(
  effects: Effects,
  contract: SourceContract,
  pointer: Pointer | undefined,
): Promise<Ailment[]> {
  const promises = new Map(VOLUME_PROMISES.map((property) => [property, promiseOf(contract, property)]));
  const wrong = [...promises.values()].filter((one) => one !== undefined && 'code' in one);
  const state = pointer?.tables.source_files;
  if (state === undefined || [...promises.values()].every((one) => one === undefined)) return wrong;
  const { dataset } = contract;
  const files = await filesOf(await openTable(effects.objects, state));
  const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  // Files from before footers were told apart have no such column.
  const rows = `(SELECT CAST(NULL AS BIGINT) AS footer WHERE false UNION ALL BY NAME SELECT * FROM ${readParquet(paths)})`;
  const ledger = `(FROM ${rows} WHERE NOT starts_with(source_file, ${literal(retriesPrefix(dataset))}))`;
  const now = effects.clock.now();
  const scratch = await effects.openScratch('health');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const [row = {}] = await engine.rows(
        `SELECT strftime(min(processed_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS first FROM ${ledger}`,
      );
      const first = typeof row.first === 'string' ? new Date(textOf(row, 'first')) : now;
      const look = (span: Span): Promise<Volume> => volumeIn(engine, ledger, span);
      return [
        ...wrong,
        ...(await shrunken(dataset, promises.get('minRecords'), { now, first, look })),
        ...(await exploding(dataset, promises.get('maxRecords'), { now, first, look })),
        ...(await failing(dataset, promises.get('maxQuarantineRate'), { now, first, look })),
      ];
    });
  } finally {
    await scratch.dispose();
  }
}

interface Looking {
  readonly now: Date;
  /** When the dataset's first file was read. */
  readonly first: Date;
  readonly look: (span: Span) => Promise<Volume>;
}

type MaybePromised = Promised | Ailment | undefined;

const dayOf = (date: Date): string => date.toISOString().slice(0, 16).replace('T00:00', '');

async function shrunken(
  dataset: string,
  promised: MaybePromised,
  { now, first, look }: Looking,
): Promise<Ailment[]> {
  if (promised === undefined || 'code' in promised || promised.period === undefined) return [];
  const span = spanOf(promised.period, now, 1);
  if (first >= span.from) return [];
  const { fresh } = await look(span);
  if (fresh >= promised.most) return [];
  const what = `${fresh} records came in the ${promised.period} from ${dayOf(span.from)}, and at least ${promised.most} are expected`;
  return [{ code: 'SHRUNKEN', what, next: `runs --dataset ${dataset}` }];
}

async function exploding(
  dataset: string,
  promised: MaybePromised,
  { now, look }: Looking,
): Promise<Ailment[]> {
  if (promised === undefined || 'code' in promised || promised.period === undefined) return [];
  for (const back of [0, 1]) {
    const span = spanOf(promised.period, now, back);
    const { fresh } = await look(span);
    if (fresh <= promised.most) continue;
    const what = `${fresh} records came in the ${promised.period} from ${dayOf(span.from)}, and at most ${promised.most} are expected`;
    return [{ code: 'EXPLODING', what, next: `runs --dataset ${dataset}` }];
  }
  return [];
}

async function failing(dataset: string, promised: MaybePromised, { now, look }: Looking): Promise<Ailment[]> {
  if (promised === undefined || 'code' in promised) return [];
  const from = new Date(now.getTime() - RATE_DAYS * 86_400_000);
  const { tested, failed } = await look({ from, to: new Date(now.getTime() + 1) });
  if (tested === 0 || failed / tested <= promised.most) return [];
  const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
  const what = `${failed} of the ${tested} records of the last ${RATE_DAYS} days failed (${percent(failed / tested)}), and at most ${percent(promised.most)} were promised`;
  return [{ code: 'FAILING', what, next: `quarantine list --dataset ${dataset}` }];
}
