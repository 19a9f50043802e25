import { textSql } from '../contract/compile-column.ts';
import { escapeShape } from '../contract/compile-dates.ts';
import type { StageOptions } from '../contract/compile-record.ts';
import { openedSql } from '../contract/compile-sealed.ts';
import type { ContractColumn } from '../contract/contract.ts';
import { roughYearSql } from '../contract/date-sql.ts';
import { fieldSql } from '../contract/raw-record.ts';
import {
  type ZoneField,
  type ZoneInUse,
  type ZoneReadings,
  zonedColumns,
  zoneFields,
} from '../contract/zone-readings.ts';
import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { OFFSET_SHAPE } from '../timezones/offsets.ts';
import { zoneNames } from '../timezones/rules.ts';

type Options = Pick<StageOptions, 'contract' | 'layout' | 'hasEdgeBlanks' | 'unsealing'>;

/**
 * How a segment's times in zones are read: which zones its records name, and in which years, so that of all rules only
 * those go into the SQL. One look at the segment; none where the contract has no zones.
 */
export async function zonesInUse(engine: Engine, source: string, options: Options): Promise<ZoneReadings> {
  const zoned = zonedColumns(options.contract);
  if (zoned.length === 0) return new Map();
  const text = (index: number): string => fieldText(options, index);
  const fields = zoneFields(options.contract, (index) => ({
    raw: fieldSql(options.layout, index),
    text: text(index),
  }));
  const lists = zoned.map(
    ({ column, index }, n) => `${usesSql(column, text(index), fields.get(column.name))} AS c${n}`,
  );
  const [row = {}] = await engine.rows(`SELECT ${lists.join(', ')} FROM ${source}`);
  return new Map(
    zoned.map(({ column }, n) => {
      const field = fields.get(column.name);
      const zones = readUses(row[`c${n}`]);
      return [column.name, field === undefined ? { zones } : { field, zones }];
    }),
  );
}

function fieldText({ contract, layout, hasEdgeBlanks, unsealing }: Options, index: number): string {
  const { name = '', nullValues: own = [] } = contract.columns[index] ?? {};
  const nullValues = [...contract.csv.nullValues, ...own];
  const field = fieldSql(layout, index);
  if (unsealing?.columns.has(name) !== true) return textSql(field, nullValues, hasEdgeBlanks);
  return textSql(openedSql(unsealing, field), nullValues, true);
}

/** The zones in lower case behind the years in which they are named, as one text of lines: `2024 europe/london`. */
function usesSql({ formats }: ContractColumn, text: string, field: ZoneField | undefined): string {
  const year = `CAST(${roughYearSql(text, formats)} AS VARCHAR)`;
  if (field === undefined) return `string_agg(DISTINCT ${year}, chr(10))`;
  const zone = `lower(${field.text})`;
  // Whatever else stands there is no zone, and there may be a lot of it.
  const known = `(${field.text} IS NULL OR regexp_full_match(${zone}, ${literal(KNOWN)}))`;
  return `string_agg(DISTINCT concat_ws(' ', ${year}, ${zone}), chr(10)) FILTER (${year} IS NOT NULL AND ${known})`;
}

const KNOWN = [`(?i:${OFFSET_SHAPE})`, ...[...zoneNames().keys()].map(escapeShape)].join('|');

function readUses(lines: unknown): ZoneInUse[] {
  const years = new Map<string | null, number[]>();
  for (const line of typeof lines === 'string' ? lines.split('\n') : []) {
    const [year, zone = null] = line.split(' ');
    years.set(zone, [...(years.get(zone) ?? []), Number(year)]);
  }
  return [...years].map(([zone, inUse]) => ({ zone, years: inUse }));
}
