import { partOfRest, runFolder } from '../naming/tables.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import type { DatasetTable, DatasetTables } from '../stages/dataset-tables.ts';
import type { CommitPlan, SealedFile } from '../stages/documents.ts';
import { ledgerSelect } from '../stages/ledger.ts';
import { type Absorbed, writeAbsorbing } from './absorb.ts';
import { condemnedByPersonsSql } from './carry-over.ts';
import { keepLetGo } from './let-go-places.ts';
import type { ResolvedSilver } from './resolve-silver.ts';
import type { Sealing } from './sealing.ts';
import { verdictSelect } from './verdicts.ts';

/** A reject has its whole record, twice the width of what passed: so many are some 10 MB. */
const REJECTS_AT_ONCE = 20_480;

/** Writes the run's quarantine, condemned and ledger files. */
export async function writeRejectsAndLedger(
  sealing: Sealing,
  tables: DatasetTables,
  { files, silver }: { readonly files: readonly SealedFile[]; readonly silver: ResolvedSilver },
): Promise<CommitPlan> {
  const { effects, engine, scratch, context } = sealing;
  const { plan, contract } = context;
  const write = async (layer: DatasetTable, select: string): Promise<Absorbed> =>
    writeAbsorbing(select, await tables.files(layer), {
      ...{ engine, data: effects.data, scratch },
      table: await tables.table(layer),
      root: runFolder((await tables.table(layer)).root, contract.version, plan.runId),
      part: partOfRest('0000', plan.rest),
      bounded: boundedColumns(contract, layer),
      rowGroupRows: REJECTS_AT_ONCE,
    });
  const letGo = await keepLetGo(sealing, tables);
  const quarantine = await write('quarantine', letGo(verdictSelect('quarantined', plan)));
  const verdicts = letGo(verdictSelect('condemned', plan));
  const condemnedRows =
    silver.gaveWay === 0 ? verdicts : `SELECT * FROM (${verdicts}) UNION ALL SELECT * FROM gave_way_rejects`;
  const condemned = await write(
    'condemned',
    plan.generation === undefined
      ? condemnedRows
      : `SELECT * FROM (${condemnedRows}) UNION ALL (${condemnedByPersonsSql()})`,
  );
  const ledger = await write('source_files', ledgerSelect(plan, files));
  return {
    silver: silver.added,
    removeFromSilver: silver.removed,
    quarantine: quarantine.added,
    condemned: condemned.added,
    ledger: ledger.added,
    absorbed: {
      quarantine: quarantine.absorbed,
      condemned: condemned.absorbed,
      ledger: ledger.absorbed,
    },
  };
}
