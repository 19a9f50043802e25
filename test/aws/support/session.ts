import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** What the deployed stacks say of themselves, named as in their outputs. */
const Outputs = z.object({
  BronzeBucket: z.string(),
  LandingBucket: z.string(),
  SilverBucket: z.string(),
  GoldBucket: z.string(),
  QuarantineBucket: z.string(),
  OpsBucket: z.string(),
  ArtifactsBucket: z.string(),
  VaultTable: z.string(),
  VaultKeysTable: z.string(),
  VaultWrappingKeys: z.string(),
  DatabasePrefix: z.string(),
  AlertsTopicArn: z.string(),
  AlertsQueueUrl: z.string(),
  StateMachineArn: z.string(),
  Workgroup: z.string(),
  OperatorsWorkgroup: z.string(),
  StartRunFunction: z.string(),
  DigestKeySecretArn: z.string(),
  LineageUrl: z.string(),
  ServiceUrl: z.string(),
  SignInIssuer: z.string(),
  SignInClient: z.string(),
  UserPoolId: z.string(),
});
export type Outputs = z.infer<typeof Outputs>;

/** The deployed platform that all tests share. */
const Session = z.object({
  /** The proxy's address. */
  url: z.string(),
  plainUrl: z.string(),
  /** The contracts that are deployed: those of the repository, and the protected ones of examples/shop. */
  contractsDir: z.string(),
  python: z.string(),
  folder: z.string(),
  outputs: Outputs,
});
export type Session = z.infer<typeof Session>;

/** Name of the variable that holds the path of the session's file. */
export const SESSION_VARIABLE = 'ASSAY_AWS_SESSION';

/** Keeps a session where the tests find it. */
export async function writeSession(file: string, session: Session): Promise<void> {
  await writeFile(file, `${JSON.stringify(session, null, 2)}\n`);
}

/** The session of these tests; throws where they run without `npm run test:aws`. */
export async function readSession(): Promise<Session> {
  const file = process.env[SESSION_VARIABLE];
  if (file === undefined) throw new Error('No platform is deployed: run these tests with npm run test:aws.');
  return Session.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** The outputs in the file that cdk writes: those of whichever stack has them all. */
export async function readOutputs(file: string): Promise<Outputs> {
  const stacks = z
    .record(z.string(), z.record(z.string(), z.string()))
    .parse(JSON.parse(await readFile(file, 'utf8')));
  return Outputs.parse(Object.assign({}, ...Object.values(stacks)));
}
