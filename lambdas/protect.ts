import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { callAgain } from '../adapters/aws/call-again.ts';
import { CLIENT_CONFIG } from '../adapters/aws/client-config.ts';
import { filesWaiting, isSweep, landedEvent, protectLanded } from '../adapters/aws/protect-landed.ts';
import { s3Landing } from '../adapters/aws/s3-landing.ts';
import { readEnvironment } from './environment.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishCount } from './telemetry.ts';

const s3 = new S3Client(CLIENT_CONFIG);
const lambda = new LambdaClient(CLIENT_CONFIG);

/** Protects a file that a source dropped in the landing bucket, a large one call by call; every hour, what was left there. */
export const handler = lakeHandler(
  'protect',
  ['ASSAY_ALERTS_TOPIC_ARN', 'ASSAY_LANDING_BUCKET', 'ASSAY_VAULT_TABLE', 'AWS_LAMBDA_FUNCTION_NAME'],
  async (event, lake) => {
    const { ASSAY_LANDING_BUCKET: bucket, AWS_LAMBDA_FUNCTION_NAME: self } = readEnvironment(process.env, [
      'ASSAY_LANDING_BUCKET',
      'AWS_LAMBDA_FUNCTION_NAME',
    ]);
    const landing = s3Landing(s3, bucket);
    try {
      const done = await protectLanded(event, lake, landing);
      for (const key of done.unfinished ?? []) await callAgain(lambda, self, landedEvent(key));
      return done;
    } finally {
      // Also where one of them can't be protected now.
      if (isSweep(event)) publishCount('LandedFilesWaiting', await filesWaiting(lake, landing));
    }
  },
);
