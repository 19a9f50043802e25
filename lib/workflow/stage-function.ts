import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import {
  type ILayerVersion,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { resourceName } from '../config/names.ts';
import { ACCESS, type FunctionName } from './access/functions-access.ts';
import type { CodeSource } from './code-source.ts';
import { FunctionRole, type Resources } from './function-role.ts';
import { lambdaArchitecture } from './lambda-architecture.ts';
import { sizeOf } from './sizes.ts';

/** What functions are made from. */
export interface StageFunctionProps extends Resources {
  readonly name: FunctionName;
  readonly code: CodeSource;
  readonly duckDb: ILayerVersion;
  readonly environment: Readonly<Record<string, string>>;
  /** Where events go that it could not deal with; only for functions that are called by events. */
  readonly deadLetters?: IQueue;
}

/** What Node and the handler themselves need beside DuckDB, in MB. */
const OVERHEAD_MB = 256;
/** Memory that comes with one virtual CPU. */
const MB_PER_CPU = 1769;

/** One Lambda function with its own role and log, sized and limited as lib/workflow/sizes.ts says. */
export class StageFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    const { name, config, code, duckDb, deadLetters } = props;
    const size = sizeOf(name, config);
    const functionName = resourceName(config.stage, name);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { role } = new FunctionRole(this, 'Access', { ...props, access: ACCESS[name], logGroup });
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: `Assay ${config.stage}: ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: lambdaArchitecture(config.architecture),
      handler: 'index.handler',
      code: code.functionCode(name),
      ...(size.hasDuckDb ? { layers: [duckDb] } : {}),
      role,
      logGroup,
      memorySize: size.memoryMb,
      ephemeralStorageSize: Size.mebibytes(size.diskMb),
      timeout: Duration.seconds(size.timeoutSeconds),
      tracing: Tracing.ACTIVE,
      ...(config.reservesConcurrency ? { reservedConcurrentExecutions: size.concurrency } : {}),
      environment: {
        ...props.environment,
        ...(size.hasDuckDb ? engineEnvironment(size.memoryMb) : {}),
        POWERTOOLS_SERVICE_NAME: 'assay',
        POWERTOOLS_METRICS_NAMESPACE: 'Assay',
        NODE_OPTIONS: '--enable-source-maps',
      },
      // Lambda ends what seems to call itself for ever after 16 calls; a large file takes more, and comes to an end.
      ...(ACCESS[name].callsItself === true ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      ...(deadLetters === undefined ? {} : { onFailure: new SqsDestination(deadLetters), retryAttempts: 2 }),
    });
  }
}

/** How much of the function's memory and processors DuckDB may take. */
function engineEnvironment(memoryMb: number): Record<string, string> {
  return {
    ASSAY_MEMORY_LIMIT_MB: String(Math.floor(((memoryMb - OVERHEAD_MB) * 2) / 3)),
    ASSAY_THREADS: String(Math.max(1, Math.floor(memoryMb / MB_PER_CPU))),
  };
}
