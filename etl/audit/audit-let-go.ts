import { z } from 'zod';
import { type Engine, integerOf } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import { decisionsPrefix } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { LET_GO_SQL } from '../quarantine/current-rejects.ts';
import { readLetGoNote } from '../quarantine/letting-go/let-go-note.ts';
import { Decision } from '../stages/outcomes.ts';
import { getDocument } from '../stages/stored-documents.ts';
import { openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Problem } from './problem.ts';

const Places = z.object({ places: z.number().int() });

/**
 * Checks that no more rejects are without values than people decided to let go. Needs the views of the reject tables.
 */
export async function auditLetGo(engine: Engine, effects: Effects, pointer: Pointer): Promise<Problem[]> {
  const { dataset } = pointer;
  const sides = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT source_file_id, source_row_number FROM ${tableName(layer, dataset)} WHERE ${LET_GO_SQL}`,
  );
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM (${sides.join(' UNION ')})`);
  const blank = integerOf(row, 'n');
  if (blank === 0) return [];
  const decided = await placesLetGo(effects, pointer);
  if (blank <= decided) return [];
  const problem = `records at ${blank} places in source files have no values, but only those at ${decided} were let go`;
  return [{ code: 'REJECTS', key: tableName('quarantine', dataset), problem }];
}

/** How many places in source files were let go in all, by decisions, and by tables where the decision isn't recorded yet. */
async function placesLetGo(effects: Effects, { dataset, tables }: Pointer): Promise<number> {
  const places = new Map<string, number>();
  const add = (id: string, details: unknown): void => {
    places.set(id, Places.parse(details).places);
  };
  for (const { key } of await effects.objects.list(decisionsPrefix(dataset))) {
    const decision = await getDocument(effects.objects, key, Decision);
    if (decision.kind === 'let-go') add(decision.id, decision.details);
  }
  for (const state of [tables.quarantine, tables.condemned]) {
    if (state === undefined) continue;
    const note = readLetGoNote((await openTable(effects.objects, state)).metadata);
    if (note !== undefined) add(note.last.id, note.last.details);
  }
  return [...places.values()].reduce((sum, one) => sum + one, 0);
}
