import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { athenaSite } from '../adapters/aws/athena-site.ts';
import type { AwsLake } from '../adapters/aws/aws-lake.ts';
import { CLIENT_CONFIG } from '../adapters/aws/client-config.ts';
import { awsFetch } from '../adapters/aws/cognito-fetch.ts';
import { dynamoPolicies } from '../adapters/aws/dynamo-policies.ts';
import { dynamoTickets } from '../adapters/aws/dynamo-tickets.ts';
import { answerOf, requestOf } from '../adapters/aws/http-api.ts';
import { largeAnswers } from '../adapters/aws/large-answers.ts';
import { type PlatformRunsOptions, platformRuns, requestPlatformRun } from '../adapters/aws/open-runs.ts';
import { s3Uploads } from '../adapters/aws/s3-uploads.ts';
import { readConsoleFiles } from '../adapters/local/console-files.ts';
import { uploadIntake } from '../adapters/local/upload-intake.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { SENT_PREFIX } from '../etl/naming/landing.ts';
import type { Tickets } from '../etl/ports.ts';
import { isProtected, protectionOf } from '../etl/privacy/protection.ts';
import { usableContract } from '../etl/stages/usable-contract.ts';
import { createApp } from '../service/app.ts';
import { openKeptHealth } from '../service/health/kept-health.ts';
import { openOidc } from '../service/identity/oidc/oidc.ts';
import { openSessions } from '../service/identity/sessions.ts';
import { openProjectionChanges } from '../service/projections/projection-changes.ts';
import { openRecordDesk } from '../service/quarantine/record-desk.ts';
import { distantDesk } from '../service/queries/distant-desk.ts';
import { platformRunDesk } from '../service/runs/platform-desk.ts';
import type { Glue } from '../service/service.ts';
import { openUploadDesk } from '../service/uploads/upload-desk.ts';
import { type Environment, readEnvironment, type VariableName } from './environment.ts';
import { lakeOf } from './lake.ts';
import { logUnforeseen, observed } from './telemetry.ts';

/** What the service needs beside its lake. */
const NEEDED = [
  'ASSAY_DATABASE_PREFIX',
  'ASSAY_ALERTS_TOPIC_ARN',
  'ASSAY_DIGEST_KEY_SECRET_ARN',
  'ASSAY_STATE_MACHINE_ARN',
  'ASSAY_SERVICE_URL',
  'ASSAY_SESSION_HOURS',
  'ASSAY_TICKETS_TABLE',
  'ASSAY_POLICIES_TABLE',
  'ASSAY_ANSWERS_BUCKET',
  'ASSAY_ANSWERS_PREFIX',
  'ASSAY_LANDING_BUCKET',
  'ASSAY_WORKGROUP',
  'ASSAY_START_FUNCTION',
  'ASSAY_OIDC_ISSUER',
  'ASSAY_OIDC_AUDIENCE',
  'ASSAY_OIDC_CLIENT_ID',
  'ASSAY_OIDC_ROLES_CLAIM',
  'ASSAY_OIDC_NAME_CLAIMS',
  'ASSAY_STAGE',
  'ASSAY_RELEASE',
] as const satisfies readonly VariableName[];
type Settings = Environment<(typeof NEEDED)[number]>;

/** The gateway ends a request after 30 s: decisions that take longer go on, and the page that follows shows how. */
const PATIENCE_MS = 15_000;

/** A file that was sent lies on the function's disk while it is looked at; larger ones the source drops itself. */
const MOST_UPLOAD_BYTES = 2 * 1024 ** 3;

/** What people's SQL may take on Athena. */
const QUERY_DEADLINE_MS = 300_000;
const QUERY_KEPT_MS = 3_600_000;

type Fetch = (request: Request) => Response | Promise<Response>;

const openLake = lakeOf(NEEDED);
let opened: Promise<Fetch> | undefined;

/** Answers a request that the HTTP API hands on: the console and the API, under the roles of whoever asks. */
export const handler = observed('service', async (event) => {
  const env = readEnvironment(process.env, NEEDED);
  const publicUrl = new URL(env.ASSAY_SERVICE_URL);
  opened ??= open(env, publicUrl);
  // An opening that failed is tried again at the next request.
  const fetch = await opened.catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  const keepLarge = largeAnswers({ bucket: env.ASSAY_ANSWERS_BUCKET, prefix: env.ASSAY_ANSWERS_PREFIX });
  return await answerOf(await fetch(requestOf(event, publicUrl)), keepLarge);
});

async function open(env: Settings, publicUrl: URL): Promise<Fetch> {
  const lake = await openLake();
  const { effects } = lake;
  const { clock } = effects;
  const tickets = dynamoTickets({ table: env.ASSAY_TICKETS_TABLE, clock });
  const oidc = oidcOf(env, publicUrl, { lake, tickets });
  const isSecure = publicUrl.protocol === 'https:';
  const runs = runsOf(env, lake);
  const app = createApp({
    lake: { effects, runs: platformRuns(runs) },
    lakeName: `Assay ${env.ASSAY_STAGE}`,
    version: env.ASSAY_RELEASE,
    tickets,
    access: oidc.access,
    oidc,
    sessions: openSessions({ tickets, clock, hours: env.ASSAY_SESSION_HOURS }),
    queries: distantDesk({
      site: athenaSite({
        effects,
        workgroup: env.ASSAY_WORKGROUP,
        databasePrefix: env.ASSAY_DATABASE_PREFIX,
      }),
      tickets,
      clock,
      deadlineMs: QUERY_DEADLINE_MS,
      keptMs: QUERY_KEPT_MS,
    }),
    changes: openProjectionChanges(effects),
    health: openKeptHealth(effects),
    policies: dynamoPolicies({ table: env.ASSAY_POLICIES_TABLE }),
    records: openRecordDesk(effects),
    uploads: openUploadDesk({
      site: s3Uploads({ bucket: env.ASSAY_LANDING_BUCKET, prefix: SENT_PREFIX }),
      intake: uploadIntake(lake, MOST_UPLOAD_BYTES),
      isProtected: (dataset) => isProtectedDataset(lake, dataset),
      tickets,
      clock,
    }),
    runs: platformRunDesk(effects, (dataset) => requestPlatformRun(dataset, runs)),
    glue: glueOf(env),
    cookieName: isSecure ? '__Host-assay' : 'assay',
    hosts: new Set([publicUrl.host]),
    isSecure,
    isReadOnly: false,
    assets: await readConsoleFiles(fileURLToPath(new URL('service/', import.meta.url))),
    onError: logUnforeseen,
  });
  return (request) => app.fetch(request);
}

/** Whether files of a dataset are protected before Bronze: that may take longer than a request does. */
async function isProtectedDataset({ effects }: AwsLake, dataset: string): Promise<boolean> {
  const contract = await usableContract(effects, await loadContracts(effects.contracts), dataset);
  return isProtected(protectionOf(contract));
}

function glueOf(env: Settings): Glue {
  const [, , , region = '', account = ''] = env.ASSAY_STATE_MACHINE_ARN.split(':');
  const workgroup = env.ASSAY_WORKGROUP.replace(/service$/, 'analysts');
  return { region, account, databasePrefix: env.ASSAY_DATABASE_PREFIX, workgroup };
}

function oidcOf(
  env: Settings,
  publicUrl: URL,
  { lake, tickets }: { readonly lake: AwsLake; readonly tickets: Tickets },
) {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  return openOidc(
    {
      issuer: env.ASSAY_OIDC_ISSUER,
      audience: env.ASSAY_OIDC_AUDIENCE,
      clientId: env.ASSAY_OIDC_CLIENT_ID,
      rolesClaim: env.ASSAY_OIDC_ROLES_CLAIM,
      nameClaims: env.ASSAY_OIDC_NAME_CLAIMS.split(' '),
      scopes: [],
      publicUrl,
      clock: lake.effects.clock,
      fetch: awsFetch(endpoint),
      // AWS itself has TLS everywhere; an emulator of it need not.
      isPlain: endpoint?.startsWith('http:') === true,
    },
    tickets,
  );
}

function runsOf(env: Settings, { effects, executions }: AwsLake): PlatformRunsOptions {
  return {
    lambda: new LambdaClient(CLIENT_CONFIG),
    sfn: new SFNClient(CLIENT_CONFIG),
    startFunction: env.ASSAY_START_FUNCTION,
    stateMachineArn: env.ASSAY_STATE_MACHINE_ARN,
    objects: effects.objects,
    contracts: effects.contracts,
    clock: effects.clock,
    executions,
    patienceMs: PATIENCE_MS,
  };
}
