import { expect, test } from '@jest/globals';
import { mskToken } from '../../adapters/aws/msk-token.ts';

/** What AWS's own signer (aws-msk-iam-sasl-signer-python 1.0.2) made of the same keys at the same second. */
const THEIRS = {
  Action: 'kafka-cluster:Connect',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIDEXAMPLE/20261129/eu-west-1/kafka-cluster/aws4_request',
  'X-Amz-Date': '20261129T184506Z',
  'X-Amz-Expires': '900',
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Security-Token': 'token+/==',
  'X-Amz-Signature': '046bb021ab7ab04e8705b72229a3e9d641df7b93249f296a92cbd75e7aa3d0bf',
};

test("a token for MSK has the signature that AWS's own signer makes", async () => {
  const keys = async () => ({
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: 'token+/==',
  });
  const token = await mskToken('eu-west-1', { keys, now: () => new Date('2026-11-29T18:45:06Z') })();
  expect(token).toMatch(/^[\w-]+$/);
  const url = new URL(Buffer.from(token, 'base64url').toString());
  expect(url.host).toBe('kafka.eu-west-1.amazonaws.com');
  expect(Object.fromEntries(url.searchParams)).toEqual({ ...THEIRS, 'User-Agent': 'assay' });
});

test('without a region it says which variable to set', () => {
  expect(() => mskToken(undefined)).toThrow('$AWS_REGION');
});
