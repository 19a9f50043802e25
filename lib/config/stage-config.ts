import { RemovalPolicy } from 'aws-cdk-lib';
import { CHUNKS_AT_ONCE } from './chunks-at-once.ts';
import { SETS_FROM_BYTES } from './sets-from-bytes.ts';

/** Where the platform is deployed to: one of each in an account and region. */
export type StageName = 'staging' | 'production';

/** What differs between deployments; everything else is the same, so that staging proves production. */
export interface StageConfig {
  readonly stage: StageName;
  /** What becomes of buckets, keys, databases and secrets when their stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  /** What a month may cost in US dollars before people are told. */
  readonly monthlyBudgetUsd: number;
  /** Who gets alerts by email; nobody where it is absent. */
  readonly email?: string;
  /** Whether the address of a Slack webhook is expected in Secrets Manager. */
  readonly hasSlack: boolean;
  /** The lineage server that runs are told to; none where it is absent. */
  readonly lineage?: { readonly url: string; readonly namespace: string };
  /** Who is asked who people are; a user pool of Cognito is made where it is absent. */
  readonly oidc?: OidcConfig;
  /** The service's own address, where a domain is set up for it; the gateway's where it is absent. */
  readonly serviceUrl?: string;
  /** Hours after which people sign in again. */
  readonly sessionHours: number;
  readonly costCentre: string;
  /** The role that alone may delete from Bronze; no role may where it is absent. */
  readonly breakGlassRoleArn?: string;
  /** Whether Lambdas have concurrency of their own; an account whose quota is small can't give it. */
  readonly reservesConcurrency: boolean;
  /** Processor of the functions. */
  readonly architecture: CpuArchitecture;
  /** MB of memory that the account lets a function have; as lib/workflow/sizes.ts says where it is absent. */
  readonly maxMemoryMb?: number;
  /** Chunks of one run that are worked on at once. */
  readonly chunksAtOnce: number;
  /** MiB that one worker refines at most; plan's own size where it is absent. */
  readonly chunkMb?: number;
  /** Bytes of Silver to be written anew from which workers do it and not seal; seal's own measure where it is absent. */
  readonly rewriteFromBytes?: number;
  /** Bytes of files to compare or to add up from which Athena is asked; it never is where it is absent. */
  readonly setsFromBytes?: number;
  /** Whether to leave out what an API emulator doesn't know (lib/config/emulator-gaps.ts). */
  readonly isEmulated: boolean;
  /** Whether the upkeep of the tables is done every night. */
  readonly tends: boolean;
  /** The deployed commit, so that one can go back to it. */
  readonly release: string;
  /** `owner/name` on GitHub whose workflows may deploy; none may where it is absent. */
  readonly repository?: string;
}

/** Processors that Lambda has and DuckDB is built for. */
export type CpuArchitecture = 'x64' | 'arm64';

/** An OpenID Connect issuer, and how the service is known there. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly rolesClaim: string;
  /** Claims with the name that decisions keep, the first that a token has. */
  readonly nameClaims: readonly string[];
}

/** Smaller chunks than a segment of refine (48 MiB) would start more functions than there is work for. */
const LEAST_CHUNK_MB = 64;
/** Less than one virtual CPU's memory, and DuckDB can't hold a segment. */
const LEAST_MEMORY_MB = 1769;

/** How a value of the CDK context is looked up: `-c name=value`. */
export type ReadContext = (name: string) => unknown;

/** The stage's settings from the CDK context. Throws on a stage or a number that it can't use. */
export function readStageConfig(context: ReadContext): StageConfig {
  const stage = text(context, 'stage') ?? 'staging';
  if (stage !== 'staging' && stage !== 'production') {
    throw new Error(`-c stage=${stage}: write staging or production.`);
  }
  const email = text(context, 'email');
  const breakGlassRoleArn = text(context, 'breakGlassRoleArn');
  const repository = text(context, 'repository');
  const isEmulated = isOn(context, 'emulator', false);
  const reservesConcurrency = isOn(context, 'reservedConcurrency', true);
  const lineage = readLineage(context, stage);
  const oidc = readOidc(context);
  const serviceUrl = httpsAddress(context, 'serviceUrl');
  const chunkMb = atLeast(context, 'chunkMb', isEmulated ? 1 : LEAST_CHUNK_MB);
  const setsFromBytes = readEngine(context, isEmulated);
  const rewriteFromBytes = readRewriting(context);
  const maxMemoryMb = atLeast(context, 'maxMemoryMb', LEAST_MEMORY_MB);
  return {
    stage,
    removalPolicy: stage === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    monthlyBudgetUsd: positive(context, 'budget') ?? (stage === 'production' ? 200 : 50),
    ...(email === undefined ? {} : { email }),
    hasSlack: isOn(context, 'slack', false),
    ...(lineage === undefined ? {} : { lineage }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(serviceUrl === undefined ? {} : { serviceUrl }),
    sessionHours: atLeast(context, 'sessionHours', 1) ?? 12,
    costCentre: text(context, 'costCentre') ?? 'data-platform',
    ...(breakGlassRoleArn === undefined ? {} : { breakGlassRoleArn }),
    reservesConcurrency,
    architecture: readArchitecture(context),
    ...(maxMemoryMb === undefined ? {} : { maxMemoryMb }),
    chunksAtOnce: atLeast(context, 'chunksAtOnce', 1) ?? (reservesConcurrency ? CHUNKS_AT_ONCE : 4),
    ...(chunkMb === undefined ? {} : { chunkMb }),
    ...(rewriteFromBytes === undefined ? {} : { rewriteFromBytes }),
    ...(setsFromBytes === undefined ? {} : { setsFromBytes }),
    isEmulated,
    tends: isOn(context, 'tend', true),
    release: text(context, 'release') ?? 'unreleased',
    ...(repository === undefined ? {} : { repository }),
  };
}

/** The processor, as AWS spells it: `-c architecture=x86_64` or arm64. */
function readArchitecture(context: ReadContext): CpuArchitecture {
  const architecture = text(context, 'architecture') ?? 'x86_64';
  if (architecture === 'x86_64') return 'x64';
  if (architecture === 'arm64') return 'arm64';
  throw new Error(`-c architecture=${architecture}: write x86_64 or arm64.`);
}

/** What compares and adds up: `-c engine=auto`, duckdb or athena. An emulator's Athena unloads nothing. */
function readEngine(context: ReadContext, isEmulated: boolean): number | undefined {
  const engine = text(context, 'engine') ?? (isEmulated ? 'duckdb' : 'auto');
  if (engine === 'duckdb') return undefined;
  if (engine === 'auto') return SETS_FROM_BYTES;
  // Of everything but nothing.
  if (engine === 'athena') return 1;
  throw new Error(`-c engine=${engine}: write auto, duckdb or athena.`);
}

/** Who writes Silver's files anew where rows leave them: `-c rewriting=auto` (workers where it is much), workers or seal. */
function readRewriting(context: ReadContext): number | undefined {
  const rewriting = text(context, 'rewriting') ?? 'auto';
  if (rewriting === 'auto') return undefined;
  if (rewriting === 'workers') return 1;
  if (rewriting === 'seal') return Number.MAX_SAFE_INTEGER;
  throw new Error(`-c rewriting=${rewriting}: write auto, workers or seal.`);
}

/** Where lineage goes: `-c openLineageUrl=…`, and the namespace of its jobs, which is the stage's unless said. */
function readLineage(context: ReadContext, stage: StageName): StageConfig['lineage'] {
  const url = text(context, 'openLineageUrl');
  const namespace = text(context, 'openLineageNamespace') ?? `assay-${stage}`;
  if (url === undefined) return undefined;
  if (/^https?:[/][/]/.test(url) && URL.canParse(url)) return { url, namespace };
  throw new Error(`-c openLineageUrl=${url}: write an http or https address.`);
}

/** Who people are: `-c oidcIssuer=… -c oidcAudience=…`, and what else is to be said of it. */
function readOidc(context: ReadContext): StageConfig['oidc'] {
  const issuer = text(context, 'oidcIssuer');
  const audience = text(context, 'oidcAudience');
  if (issuer === undefined) {
    if (audience === undefined) return undefined;
    throw new Error('-c oidcAudience says for whom the tokens of an issuer are: name it by -c oidcIssuer.');
  }
  // As it is: tokens name it by the same text.
  if (!/^https:[/][/]/.test(issuer) || !URL.canParse(issuer))
    throw new Error(`-c oidcIssuer=${issuer}: write the https address that its tokens say in iss.`);
  if (audience === undefined)
    throw new Error(
      '-c oidcAudience is missing: tokens that the issuer made for others would open the service.',
    );
  return {
    issuer,
    audience,
    clientId: text(context, 'oidcClientId') ?? audience,
    rolesClaim: text(context, 'oidcRolesClaim') ?? 'roles',
    nameClaims: [text(context, 'oidcNameClaim') ?? 'sub'],
  };
}

/** An https address of a host, without a path. */
function httpsAddress(context: ReadContext, name: string): string | undefined {
  const value = text(context, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:' && url.pathname === '/' && url.search === '') return url.origin;
  throw new Error(
    `-c ${name}=${value}: write an https address without a path, e.g. https://assay.example.org.`,
  );
}

function text(context: ReadContext, name: string): string | undefined {
  const value = context(name);
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

function positive(context: ReadContext, name: string): number | undefined {
  const value = text(context, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new Error(`-c ${name}=${value}: write an amount above 0.`);
}

/** A whole number of at least so much. */
function atLeast(context: ReadContext, name: string, least: number): number | undefined {
  const value = text(context, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`-c ${name}=${value}: write a whole number of at least ${least}.`);
}

function isOn(context: ReadContext, name: string, otherwise: boolean): boolean {
  const value = text(context, name);
  if (value === undefined) return otherwise;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Error(`-c ${name}=${value}: write true or false.`);
}
