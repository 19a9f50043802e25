import { Aws } from 'aws-cdk-lib';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { DATABASES, type DatabaseName, databasePrefix, setsDatabase } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';

const DESCRIPTIONS: Readonly<Record<DatabaseName, string>> = {
  silver: 'Records that passed their contract, with their lineage',
  gold: 'Reports made from Silver, month by month',
  projection: 'What streams of events came to, folded',
  quarantine: 'Records that did not pass, with every reason; append-only',
  condemned: 'Records that failed for good; append-only',
  ops: 'What happened: the ledger of source files, runs, alerts',
};

/** The Glue databases, one a layer, and one for tables that come and go. Their tables are made and moved by promote, never from here. */
export class Catalog extends Construct {
  constructor(scope: Construct, id: string, { config }: { readonly config: StageConfig }) {
    super(scope, id);
    for (const name of DATABASES)
      this.#database(name, config, {
        name: `${databasePrefix(config.stage)}${name}`,
        description: DESCRIPTIONS[name],
      });
    this.#database('sets', config, {
      name: setsDatabase(config.stage),
      description: 'Tables that last as long as a question of a run does',
    });
  }

  #database(
    id: string,
    { removalPolicy }: StageConfig,
    databaseInput: { readonly name: string; readonly description: string },
  ): void {
    const database = new CfnDatabase(this, id, { catalogId: Aws.ACCOUNT_ID, databaseInput });
    database.applyRemovalPolicy(removalPolicy);
  }
}
