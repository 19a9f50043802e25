import type { ProjectionContract } from '../contract/contract.ts';
import { identifier, literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { readPointer } from '../table/pointer.ts';
import type { SubjectDataset } from './asked-subject.ts';
import { clearOf, holdsReference, type Sought, type StoredRecord } from './find-records.ts';
import { tableOf } from './whole-records.ts';

/**
 * The rows of a projection that are of a person: those of a stream that names them, and those with a value of theirs. The
 * states that they were made of say nothing that the person's events don't.
 */
export async function foldedRecords(
  effects: Effects,
  { dataset, key }: ProjectionContract,
  source: SubjectDataset,
  sought: Sought,
): Promise<StoredRecord[]> {
  if ((await readPointer(effects.objects, 'projection', dataset)) === undefined) return [];
  return await withScratchEngine(effects, 'privacy', async (engine) => {
    const name = tableName('projection', dataset);
    await createLakeViews(engine, effects, name, { kind: 'now' }, { dataset });
    const table = tableOf('projection', dataset);
    const described = await engine.rows(`DESCRIBE ${table}`);
    const texts = described.flatMap((row) =>
      row.column_type === 'VARCHAR' ? [String(row.column_name)] : [],
    );
    const conditions = texts.map((column) => holdsReference(identifier(column), sought.references));
    const [stream = ''] = key;
    const isNamed = clearOf(source.columns).some((column) => column.name === source.contract.events?.stream);
    const ids = sought.asked.subjects.map(({ id }) => literal(id)).join(', ');
    if (isNamed) conditions.push(`CAST(${identifier(stream)} AS VARCHAR) IN (${ids})`);
    const rows = await engine.rows(
      `SELECT * FROM ${table} WHERE ${conditions.join(' OR ') || 'false'} ORDER BY ALL`,
    );
    return rows.map((values) => ({
      ...{ dataset, layer: 'projection', sourceFile: null, sourceFileId: null, sourceRowNumber: null },
      ...{ runId: null, values, reasons: null },
    }));
  });
}
