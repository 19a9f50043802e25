import { S3Client } from '@aws-sdk/client-s3';
import { CLIENT_CONFIG } from '../adapters/aws/client-config.ts';
import { filesWaiting, isSweep, protectLanded } from '../adapters/aws/protect-landed.ts';
import { s3Landing } from '../adapters/aws/s3-landing.ts';
import { readEnvironment } from './environment.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishCount } from './telemetry.ts';

const s3 = new S3Client(CLIENT_CONFIG);

/** Protects a file that a source dropped in the landing bucket; every hour, what was left there. */
export const handler = lakeHandler(
  'protect',
  ['ASSAY_ALERTS_TOPIC_ARN', 'ASSAY_LANDING_BUCKET', 'ASSAY_VAULT_TABLE'],
  async (event, lake) => {
    const { ASSAY_LANDING_BUCKET: bucket } = readEnvironment(process.env, ['ASSAY_LANDING_BUCKET']);
    const landing = s3Landing(s3, bucket);
    try {
      return await protectLanded(event, lake, landing);
    } finally {
      // Also where one of them can't be protected now.
      if (isSweep(event)) publishCount('LandedFilesWaiting', await filesWaiting(lake, landing));
    }
  },
);
