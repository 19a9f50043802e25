import { expect, test } from '@jest/globals';
import { lakeFolder } from '../../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../../adapters/local/object-store.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import { documentsPolicyStore } from '../../../stream/policy/documents-policy-store.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { policyStoreSuite, version } from './policy-store-suite.ts';

policyStoreSuite('documents in files', async () => {
  const { folder, dispose } = await tempFolder();
  return { store: documentsPolicyStore(fileObjectStore(lakeFolder(folder))), dispose };
});

test('whoever dies between two writes leaves what held, and its history, whole', async () => {
  const { folder, dispose } = await tempFolder();
  const objects = fileObjectStore(lakeFolder(folder));
  await documentsPolicyStore(objects).write(version('resolution', 1));
  for (let lives = 0; lives <= 1; lives++) {
    let left = lives;
    const dying: ObjectStore = {
      ...objects,
      put: (...args) => {
        if (left-- === 0) throw new Error('killed');
        return objects.put(...args);
      },
    };
    await expect(documentsPolicyStore(dying).write(version('resolution', 2))).rejects.toThrow('killed');
    const store = documentsPolicyStore(objects);
    expect(await store.read('resolution')).toEqual(version('resolution', 1));
    expect(await store.history('resolution')).toEqual([version('resolution', 1)]);
  }
  await documentsPolicyStore(objects).write(version('resolution', 2));
  expect(await documentsPolicyStore(objects).history('resolution')).toEqual([
    version('resolution', 2),
    version('resolution', 1),
  ]);
  await dispose();
});
