import { expect, test } from '@jest/globals';
import { unansweredByTrino } from '../../adapters/trino/trino-errors.ts';

const PLACE = { server: 'https://trino.example.com:8443', catalog: 'iceberg', schema: 'assay', user: 'ann' };

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TRINO_CERTIFICATE'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TRINO_CERTIFICATE'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TRINO_CERTIFICATE'],
  ['CERT_HAS_EXPIRED', 'TRINO_CERTIFICATE'],
  ['ECONNREFUSED', 'TRINO_UNREACHABLE'],
])('%s is told as %s', (code, told) => {
  const error = Object.assign(new Error('no'), { code });
  expect(unansweredByTrino(PLACE, error)).toMatchObject({ code: told });
});
