import path from 'node:path';
import { type AwsLake, openAwsLake } from '../../../adapters/aws/aws-lake.ts';
import type { SourceContract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../../etl/contract/load-contracts.ts';
import { withEngine } from '../../../etl/engine/engine.ts';
import { type FailedRecord, findRecords, loadFailedRecords } from '../../../etl/quarantine/records.ts';
import { startRun } from '../../../etl/stages/start-run/start-run.ts';
import { ROOT } from './python.ts';
import type { Session } from './session.ts';

/** The platform team at its own machine: its credentials, the deployed lake, the contracts of the repository. */
export interface Operator {
  readonly lake: AwsLake;
  contract(dataset: string): Promise<SourceContract>;
  /** The one record that failed with this transaction id, in one of these states. */
  record(
    dataset: string,
    transactionId: string,
    states: readonly FailedRecord['state'][],
  ): Promise<FailedRecord>;
  /** Starts a run, as `assay run` does. */
  start(dataset: string): Promise<void>;
}

/** Opens the deployed lake for a person. */
export async function operatorOf({ outputs }: Session): Promise<Operator> {
  const lake = await openAwsLake({
    buckets: {
      bronze: outputs.BronzeBucket,
      silver: outputs.SilverBucket,
      gold: outputs.GoldBucket,
      quarantine: outputs.QuarantineBucket,
      ops: outputs.OpsBucket,
    },
    stateMachineArn: outputs.StateMachineArn,
    contractsDir: path.join(ROOT, 'contracts'),
    sqlDir: path.join(ROOT, 'sql/gold'),
    engine: { memoryLimitMb: 512, threads: 1 },
  });
  const { effects, executions } = lake;
  return {
    lake,
    contract: async (dataset) => requireSourceContract(await loadContracts(effects.contracts), dataset),
    start: async (dataset) => {
      const { objects, clock } = effects;
      await startRun(dataset, { objects, clock, executions });
    },
    record: async (dataset, transactionId, states) => {
      const scratch = await effects.openScratch('operator');
      try {
        const records = await withEngine(
          effects.engine,
          path.join(scratch.directory, 'spill'),
          async (engine) => {
            await loadFailedRecords(engine, effects, dataset);
            return findRecords(engine, { ids: [] }, { states });
          },
        );
        const found = records.filter(({ record }) => Object.values(record ?? {}).includes(transactionId));
        const [one] = found;
        if (one === undefined || found.length > 1)
          throw new Error(`${found.length} records of ${dataset} are ${transactionId}.`);
        return one;
      } finally {
        await scratch.dispose();
      }
    },
  };
}
