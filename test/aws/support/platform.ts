import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { bronzeKey } from '../../../etl/naming/bronze.ts';
import { type Layer, type PointerLayer, tableName } from '../../../etl/naming/datasets.ts';
import { runsPrefix, sealKey } from '../../../etl/naming/runs.ts';
import { pointerKey } from '../../../etl/naming/tables.ts';
import { Seal } from '../../../etl/stages/documents.ts';
import { RunRecord } from '../../../etl/stages/outcomes.ts';
import { Pointer } from '../../../etl/table/pointer.ts';
import { type BucketStore, bucketStore } from './bucket-store.ts';
import { type FaultsClient, faultsClient } from './faults-client.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { readSession, type Session } from './session.ts';
import { until } from './until.ts';

/** One execution of the workflow. */
export interface Execution {
  readonly arn: string;
  readonly runId: string;
  readonly status: string;
  readonly dataset: string;
}

/** The deployed platform, as source systems, analysts and the platform team meet it. */
export interface Platform {
  readonly session: Session;
  readonly store: BucketStore;
  readonly faults: FaultsClient;
  readonly inbox: Inbox;
  /** Drops files into a dataset's folder in Bronze, all at once; returns their keys. */
  drop(dataset: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string[]>;
  /** Waits until no execution runs and each of these keys is in a run's record; returns the records that have one, in order. */
  settled(dataset: string, keys: readonly string[], limitMs?: number): Promise<RunRecord[]>;
  /** The records of runs that aren't among these, once there is one and nothing runs; those of failed runs name no files. */
  recordsBeyond(dataset: string, known: readonly RunRecord[]): Promise<RunRecord[]>;
  /** Drops files and waits for them. */
  dropAndSettle(dataset: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<RunRecord[]>;
  /** Calls start-run as its events do; what it answers, or the error that it ended with. */
  start(event: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Waits until no execution of the dataset runs. */
  idle(dataset: string): Promise<void>;
  /** Calls a function and returns what it answers, or the error that it ended with. */
  call(functionName: string, input: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Does some work while a function's role is denied an action. */
  denying<T>(functionName: string, action: string, work: () => Promise<T>): Promise<T>;
  /** Name of a function's role. */
  roleOf(functionName: string): Promise<string>;
  /** Every record of a dataset's runs, in order. */
  records(dataset: string): Promise<RunRecord[]>;
  executions(dataset: string): Promise<Execution[]>;
  /** Starts the workflow and waits for its end. */
  execute(name: string, input: Readonly<Record<string, unknown>>): Promise<{ status: string; error: string }>;
  /** Waits for the end of an execution by its name. */
  ended(name: string): Promise<{ status: string; error: string }>;
  pointer(layer: PointerLayer, dataset: string): Promise<Pointer | undefined>;
  seal(record: RunRecord): Promise<Seal>;
  /** `staging_silver.spend_council_payments`, as Glue and Athena name it. */
  glueName(layer: Layer, dataset: string): string;
  glueTable(
    layer: Layer,
    dataset: string,
  ): Promise<{ metadataLocation: string; parameters: Record<string, string> }>;
}

/** Connects to the deployed platform of this test run. */
export async function connect(inboxName: string): Promise<Platform> {
  const session = await readSession();
  const { outputs } = session;
  const store = bucketStore(outputs);
  const sfn = new SFNClient();
  const glue = new GlueClient();
  const lambda = new LambdaClient();
  const iam = new IAMClient();
  const today = new Date().toISOString().slice(0, 10);

  async function drop(
    dataset: string,
    files: Readonly<Record<string, Uint8Array | string>>,
  ): Promise<string[]> {
    return Promise.all(
      Object.entries(files).map(async ([name, body]) => {
        const key = bronzeKey(dataset, today, name);
        await store.put(key, body);
        return key;
      }),
    );
  }

  async function records(dataset: string): Promise<RunRecord[]> {
    const keys = await store.list(runsPrefix(dataset));
    const documents = await Promise.all(keys.sort().map((key) => store.json(key)));
    return documents.map((document) => RunRecord.parse(document));
  }

  async function executions(dataset: string): Promise<Execution[]> {
    const found: Execution[] = [];
    let nextToken: string | undefined;
    do {
      const page = await sfn.send(
        new ListExecutionsCommand({ stateMachineArn: outputs.StateMachineArn, nextToken }),
      );
      for (const { executionArn = '', name = '', status = '' } of page.executions ?? []) {
        const { input = '{}' } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
        const of = (JSON.parse(input) as { dataset?: string }).dataset ?? '';
        if (of === dataset) found.push({ arn: executionArn, runId: name, status, dataset: of });
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return found.sort((a, b) => (a.runId < b.runId ? -1 : 1));
  }

  async function settled(dataset: string, keys: readonly string[], limitMs?: number): Promise<RunRecord[]> {
    const concerned = ({ files }: RunRecord): boolean => files.some(({ key }) => keys.includes(key));
    return until(
      `${keys.length} files of ${dataset} in a run's record and nothing running`,
      async () => {
        const found = await records(dataset);
        const done = new Set(found.flatMap(({ files }) => files.map(({ key }) => key)));
        if (!keys.every((key) => done.has(key))) return undefined;
        const isRunning = (await executions(dataset)).some(({ status }) => status === 'RUNNING');
        return isRunning ? undefined : (await records(dataset)).filter(concerned);
      },
      limitMs,
    );
  }

  async function recordsBeyond(dataset: string, known: readonly RunRecord[]): Promise<RunRecord[]> {
    const ids = new Set(known.map(({ runId }) => runId));
    const beyond = async () => (await records(dataset)).filter(({ runId }) => !ids.has(runId));
    return until(`the record of a new run of ${dataset}, and nothing running`, async () => {
      if ((await beyond()).length === 0) return undefined;
      const isRunning = (await executions(dataset)).some(({ status }) => status === 'RUNNING');
      return isRunning ? undefined : beyond();
    });
  }

  async function call(functionName: string, input: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { Payload = new Uint8Array() } = await lambda.send(
      new InvokeCommand({
        FunctionName: `assay-staging-${functionName}`,
        Payload: Buffer.from(JSON.stringify(input)),
      }),
    );
    return JSON.parse(Buffer.from(Payload).toString('utf8') || 'null');
  }

  async function roleOf(functionName: string): Promise<string> {
    const FunctionName = `assay-staging-${functionName}`;
    const { Role = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return Role.split('/').at(-1) ?? '';
  }

  async function denying<T>(functionName: string, action: string, work: () => Promise<T>): Promise<T> {
    const policy = { RoleName: await roleOf(functionName), PolicyName: 'taken-away' };
    const Statement = [{ Effect: 'Deny', Action: action, Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    try {
      return await work();
    } finally {
      await iam.send(new DeleteRolePolicyCommand(policy));
    }
  }

  const idle = async (dataset: string): Promise<void> => {
    await until(`no running execution of ${dataset}`, async () =>
      (await executions(dataset)).every(({ status }) => status !== 'RUNNING'),
    );
  };

  async function ended(name: string): Promise<{ status: string; error: string }> {
    const executionArn = `${outputs.StateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    return until(`the end of execution ${name}`, async () => {
      const { status = '', error = '' } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return status === 'RUNNING' ? undefined : { status, error };
    });
  }

  const glueName = (layer: Layer, dataset: string): string =>
    `${outputs.DatabasePrefix}${tableName(layer, dataset).replace(/^source_files\./, 'ops.source_files_')}`;

  return {
    session,
    store,
    faults: faultsClient(session.url),
    inbox: await openInbox(session, inboxName),
    drop,
    records,
    executions,
    settled,
    recordsBeyond,
    idle,
    start: (event) => call('start-run', event),
    call,
    denying,
    roleOf,
    dropAndSettle: async (dataset, files) => settled(dataset, await drop(dataset, files)),
    execute: async (name, input) => {
      const start = new StartExecutionCommand({
        stateMachineArn: outputs.StateMachineArn,
        name,
        input: JSON.stringify(input),
      });
      await sfn.send(start);
      return ended(name);
    },
    ended,
    pointer: async (layer, dataset) => {
      const document = await store.json(pointerKey(layer, dataset));
      return document === undefined ? undefined : Pointer.parse(document);
    },
    seal: async ({ dataset, runId, contractVersion }) =>
      Seal.parse(await store.json(sealKey(dataset, contractVersion ?? '', runId))),
    glueName,
    glueTable: async (layer, dataset) => {
      const [DatabaseName = '', Name = ''] = glueName(layer, dataset).split('.');
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name }));
      const parameters = Table?.Parameters ?? {};
      return { metadataLocation: parameters.metadata_location ?? '', parameters };
    },
  };
}
