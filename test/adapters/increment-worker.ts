import { writeSync } from 'node:fs';
import { lakeFolder } from '../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../adapters/local/object-store.ts';

/**
 * A process of its own that increments a pointer by compare-and-swap: `<lake> <key> <times>`. After every
 * commit that returned it prints the number it committed, unbuffered, so that a kill loses no line
 * but the one of the commit it came between.
 */
const [lake = '', key = '', times = '0'] = process.argv.slice(2);
const store = fileObjectStore(lakeFolder(lake));

for (let done = 0; done < Number(times); ) {
  const current = await store.get(key);
  const value = current === undefined ? 0 : Number(Buffer.from(current.body).toString());
  const condition = current === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: current.etag };
  try {
    await store.put(key, Buffer.from(String(value + 1)), condition);
    writeSync(1, `${value + 1}\n`);
    done += 1;
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ConflictError')) throw error;
  }
}
