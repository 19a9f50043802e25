import { mkdir, readdir, readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { lakeFolder } from '../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../adapters/local/object-store.ts';
import { ownedName } from '../../adapters/local/owner.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { objectStoreSuite } from './object-store-suite.ts';
import { tempFolder } from './temp-folder.ts';

objectStoreSuite('files', async () => {
  const { folder, dispose } = await tempFolder();
  return { store: fileObjectStore(lakeFolder(folder)), dispose };
});

describe('object store on files', () => {
  let folder: string;
  let dispose: () => Promise<void>;
  let store: ObjectStore;
  beforeEach(async () => {
    ({ folder, dispose } = await tempFolder());
    store = fileObjectStore(lakeFolder(folder));
  });
  afterEach(() => dispose());

  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const file = (key: string): string => path.join(folder, key);
  const read = async (key: string): Promise<string> =>
    String(Buffer.from((await store.get(key))?.body ?? []));

  test.each([
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    '',
    'a/',
    '.versions/a',
    'a/.hidden',
    '.',
    'assay-lake.json',
    'a\0b',
  ])('the key %j is refused', async (key) => {
    const refused = { name: 'ConfigError', code: 'KEY_REFUSED' };
    await expect(async () => await store.get(key)).rejects.toMatchObject(refused);
    await expect(async () => await store.put(key, bytes(''))).rejects.toMatchObject(refused);
    await expect(async () => await store.remove(key)).rejects.toMatchObject(refused);
  });

  test('a prefix that leaves the lake is refused', async () => {
    for (const prefix of ['../', 'a/../../', '.versions/', '/etc/']) {
      await expect(store.list(prefix)).rejects.toMatchObject({ code: 'KEY_REFUSED' });
    }
  });

  test('a key never written conditionally is one plain file and nothing else', async () => {
    await store.put('a/b.json', bytes('1'));
    await store.put('a/b.json', bytes('2'));
    await store.put('a/c.json', bytes('1'), { ifNoneMatch: '*' });
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      '.tmp',
      'a',
      'a/b.json',
      'a/c.json',
    ]);
  });

  test('every version stays, and the file under the key is a copy of the newest', async () => {
    let etag = await store.put('p', bytes('v1'), { ifNoneMatch: '*' });
    for (let n = 2; n <= 40; n++) etag = await store.put('p', bytes(`v${n}`), { ifMatch: etag });
    expect(await readFile(file('p'), 'utf8')).toBe('v40');
    expect((await readdir(file('.versions/p'))).map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    expect(await readFile(file('.versions/p/17'), 'utf8')).toBe('v17');
    expect(await readdir(file('.tmp'))).toEqual([]);
  });

  test('a copy that fell behind, was changed by hand or is lost misleads no reader and is repaired', async () => {
    const one = await store.put('p', bytes('one'), { ifNoneMatch: '*' });
    const two = await store.put('p', bytes('two'), { ifMatch: one });
    const repairs = [
      () => writeFile(file('p'), 'one'),
      () => writeFile(file('p'), 'edited by hand'),
      () => unlink(file('p')),
    ];
    for (const damage of repairs) {
      await damage();
      expect(await store.list('')).toEqual([{ key: 'p', sizeBytes: 3, modifiedMs: expect.any(Number) }]);
      expect((await store.get('p'))?.etag).toBe(two);
      expect(await read('p')).toBe('two');
      expect(await readFile(file('p'), 'utf8')).toBe('two');
    }
  });

  test('a writer that only made the key versioned and died has changed nothing', async () => {
    const etag = await store.put('p', bytes('one'));
    await expect(store.put('p', bytes('x'), { ifMatch: `1-${'0'.repeat(64)}` })).rejects.toMatchObject({
      name: 'ConflictError',
    });
    expect(await readdir(file('.versions/p'))).toEqual(['1']);
    expect((await store.get('p'))?.etag).toBe(etag);
    await store.put('p', bytes('two'), { ifMatch: etag });
    expect(await read('p')).toBe('two');
  });

  test('a copy of the lake without its hidden folders goes on from what the files say', async () => {
    const one = await store.put('p', bytes('one'), { ifNoneMatch: '*' });
    await store.put('p', bytes('two'), { ifMatch: one });
    const other = await tempFolder();
    await writeFile(path.join(other.folder, 'p'), await readFile(file('p')));
    const copied = fileObjectStore(lakeFolder(other.folder));
    const etag = (await copied.get('p'))?.etag ?? '';
    await copied.put('p', bytes('three'), { ifMatch: etag });
    expect(String(Buffer.from((await copied.get('p'))?.body ?? []))).toBe('three');
    await other.dispose();
  });

  test('a removal that died before the copy was gone is a removal', async () => {
    const one = await store.put('p', bytes('one'), { ifNoneMatch: '*' });
    await store.put('p', bytes('two'), { ifMatch: one });
    await mkdir(file('.versions/p/3'));
    expect(await store.list('')).toEqual([]);
    expect(await store.get('p')).toBeUndefined();
    expect(await readdir(folder)).not.toContain('p');
  });

  test('hidden files and folders, and the lake file, are not listed; links are followed', async () => {
    await store.put('a/b', bytes('1'));
    await writeFile(file('a/.b.swp'), '');
    await writeFile(file('assay-lake.json'), '{}');
    await mkdir(file('.git'));
    await writeFile(file('.git/x'), '');
    await symlink(file('a'), file('linked'));
    expect((await store.list('')).map((object) => object.key)).toEqual(['a/b', 'linked/b']);
  });

  test('a file name that is not UTF-8 is named, not left out', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), '');
    await expect(store.list('')).rejects.toMatchObject({ code: 'FILE_NAME_ENCODING' });
  });

  test('a folder in the place of a file is a ConfigError on writing and nothing on reading', async () => {
    await store.put('a/b', bytes('1'));
    expect(await store.get('a')).toBeUndefined();
    expect(await store.get('a/b/c')).toBeUndefined();
    await expect(store.put('a', bytes('1'))).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'STORAGE_REFUSED',
    });
    await expect(store.put('a/b/c', bytes('1'))).rejects.toMatchObject({ name: 'ConfigError' });
  });

  test('opening a lake removes what dead processes were writing, and nothing of living ones', async () => {
    await initLake(folder);
    const living = ownedName('put');
    const dead = living.replace(/^put-\d+/, `put-${2 ** 22 + 1}`);
    const recycled = living.replace(/^put-(\d+)-\d+/, 'put-$1-1');
    const elsewhere = dead.replace(/[0-9a-f]{8}-([0-9a-f]{12})$/, '00000000-$1');
    for (const name of [living, dead, recycled, elsewhere, 'by-hand'])
      await writeFile(file(`.tmp/${name}`), '');
    await openLake(folder, { contractsDir: folder, sqlDir: folder });
    expect((await readdir(file('.tmp'))).sort()).toEqual([living, elsewhere, 'by-hand'].sort());
  });
});
