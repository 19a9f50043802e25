import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, test } from '@jest/globals';
import { dynamoPolicies } from '../../../adapters/aws/dynamo-policies.ts';
import { policyStoreSuite, version } from '../../stream/policy/policy-store-suite.ts';
import { dynamo, makeTable } from './test-vault.ts';

afterAll(() => dynamo.destroy());

async function openTable() {
  const table = await makeTable('shelf', 'place');
  const dispose = async (): Promise<void> => {
    await dynamo.send(new DeleteTableCommand({ TableName: table }));
  };
  return { store: dynamoPolicies({ table }), dispose };
}

policyStoreSuite('DynamoDB', openTable);

test('what DynamoDB takes no item of is refused before it is asked', async () => {
  const { store, dispose } = await openTable();
  const huge = version('resolution', 1, 'x'.repeat(400_000));
  await expect(store.write(huge)).rejects.toMatchObject({ code: 'POLICY_TOO_LARGE' });
  await dispose();
});
