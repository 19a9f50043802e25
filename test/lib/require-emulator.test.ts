import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { requireEmulator } from '../../lib/config/require-emulator.ts';

/** What is made for an emulator reaches no account. */

const NOBODYS = '000000000000';

describe('-c emulator=true', () => {
  test.each([
    { account: NOBODYS, endpoint: 'https://127.0.0.1:4566' },
    { account: undefined, endpoint: 'http://localhost:4566/' },
    { account: NOBODYS, endpoint: 'https://localhost.localstack.cloud' },
  ])('goes to an emulator: %j', (destination) => {
    expect(() => requireEmulator(destination)).not.toThrow();
  });

  test.each([
    { account: '111122223333', endpoint: undefined },
    { account: '111122223333', endpoint: 'https://127.0.0.1:4566' },
    { account: NOBODYS, endpoint: undefined },
    { account: undefined, endpoint: undefined },
    { account: undefined, endpoint: '' },
    { account: undefined, endpoint: 'not an address' },
    { account: undefined, endpoint: 'https://cloudformation.eu-west-1.amazonaws.com' },
    { account: undefined, endpoint: 'https://cloudformation.cn-north-1.amazonaws.com.cn' },
    { account: undefined, endpoint: 'https://cloudformation.eu-west-1.api.aws' },
  ])('is refused for %j', (destination) => {
    expect(() => requireEmulator(destination)).toThrow(/leave -c emulator=true out/);
  });

  test('stops the app before it makes a template', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/assay.ts'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        ...process.env,
        CDK_CONTEXT_JSON: JSON.stringify({ emulator: 'true' }),
        CDK_DEFAULT_ACCOUNT: '111122223333',
        AWS_ENDPOINT_URL: '',
      },
      encoding: 'utf8',
    });
    expect(stderr).toContain('account 111122223333');
    expect(status).not.toBe(0);
  });
});
