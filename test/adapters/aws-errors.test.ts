import { expect, test } from '@jest/globals';
import { awsError } from '../../adapters/aws/aws-errors.ts';

/** Which of AWS's errors are waited out, and for how long. The names are those of AWS's API references. */

const DOING = { doing: 'doing it', needs: 'a permission' };
const named = (name: string, status?: number): unknown =>
  awsError(Object.assign(new Error('said so'), { name, $metadata: { httpStatusCode: status } }), DOING);

test.each([
  ['S3', 'SlowDown', 503],
  ['S3 with KMS', 'KMS.ThrottlingException', 400],
  ['Glue, Step Functions', 'ThrottlingException', 400],
  ['Athena', 'TooManyRequestsException', 400],
  ['Lambda', 'TooManyRequestsException', 429],
  ['SNS', 'ThrottledException', 429],
  ['SNS with KMS', 'KMSThrottlingException', 400],
  ['SNS with KMS, by its query protocol', 'KMSThrottling', 400],
  ['CloudFormation', 'Throttling', 400],
  ['SQS', 'RequestThrottled', 403],
  ['Step Functions', 'ExecutionLimitExceeded', 400],
  ['EC2 and others', 'RequestLimitExceeded', 503],
  ['DynamoDB', 'ProvisionedThroughputExceededException', 400],
  ['anybody', 'Whatever', 429],
])('%s throttles as %s (%d): waited out for minutes', (_, name, status) => {
  expect(named(name, status)).toMatchObject({ name: 'ThrottledError', code: 'AWS_THROTTLED' });
});

test.each([
  ['InternalError', 500],
  ['ServiceUnavailable', 503],
  ['TimeoutError', undefined],
  ['RequestTimeout', 400],
])('%s (%d) is passing trouble', (name, status) => {
  expect(named(name, status)).toMatchObject({ name: 'TransientError', code: 'AWS_UNAVAILABLE' });
});

test.each([
  ['AccessDenied', 403],
  ['NoSuchBucket', 404],
])('%s (%d) is nothing that passes', (name, status) => {
  expect(named(name, status)).toMatchObject({ name: 'ConfigError' });
});
