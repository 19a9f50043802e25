import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { regionalArn, resourceName } from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';

/** Requests of everybody together: beyond, the gateway answers 429 by itself, and the bill stays small. */
const REQUESTS_PER_SECOND = 100;
const BURST = 200;

/** What is logged of each request: neither its query nor its headers, which may hold what is confidential. */
const LOGGED = {
  requestId: '$context.requestId',
  at: '$context.requestTime',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  address: '$context.identity.sourceIp',
  error: '$context.integrationErrorMessage',
};

/**
 * An HTTP API that hands every request on to one function. It has no authorizer: one of JWTs answers a browser with 401
 * and knows no cookies. The service itself looks who asks.
 */
export class HttpApi extends Construct {
  /** `https://….execute-api.…`, without a slash at its end. */
  readonly url: string;
  readonly #api: CfnApi;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id);
    this.#api = new CfnApi(this, 'Api', {
      name: resourceName(config.stage, 'service'),
      description: `Assay ${config.stage}: the console and the API`,
      protocolType: 'HTTP',
    });
    this.url = this.#api.attrApiEndpoint;
    const log = new LogGroup(this, 'Requests', {
      logGroupName: `/aws/apigateway/${resourceName(config.stage, 'service')}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnStage(this, 'Stage', {
      apiId: this.#api.ref,
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: { throttlingRateLimit: REQUESTS_PER_SECOND, throttlingBurstLimit: BURST },
      accessLogSettings: { destinationArn: log.logGroupArn, format: JSON.stringify(LOGGED) },
    });
  }

  /** Hands every request on to a function. */
  handTo(handler: LambdaFunction): void {
    const integration = new CfnIntegration(this, 'Integration', {
      apiId: this.#api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: handler.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: 30_000,
    });
    const route = new CfnRoute(this, 'Route', {
      apiId: this.#api.ref,
      routeKey: '$default',
      authorizationType: 'NONE',
      target: `integrations/${integration.ref}`,
    });
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'The service signs people in itself, by cookies as browsers have them, and verifies bearer tokens; an authorizer of the gateway knows no cookies and would answer browsers with 401.',
    );
    handler.addPermission('Api', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: regionalArn('execute-api', `${this.#api.ref}/*`),
    });
  }
}
