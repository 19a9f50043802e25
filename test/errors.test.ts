import { expect, test } from '@jest/globals';
import { outwardMessage } from '../etl/errors.ts';

/** Frames as V8 writes them (https://v8.dev/docs/stack-trace-api). */
test.each([
  ['at literal (file:///srv/secret/assay/etl/engine/sql.ts:12:11)', 'at literal (sql.ts:12:11)'],
  ['at /srv/secret/assay/etl/a.ts:1:2', 'at a.ts:1:2'],
  ['at async /srv/a secret/assay/etl/a.ts:1:2', 'at a.ts:1:2'],
  ['at async Object.read [as run] (/srv/a (secret)/b.ts:1:2)', 'at async Object.read [as run] (b.ts:1:2)'],
  ['at new Reader (C:\\Users\\secret\\b.ts:1:2)', 'at new Reader (b.ts:1:2)'],
  ['at node:internal/process/task_queues:95:5', 'at task_queues:95:5'],
  ['at JSON.parse (<anonymous>)', 'at JSON.parse (<anonymous>)'],
])('%s is told as %s', (frame, told) => {
  const error = new RangeError('a value out of a file');
  error.stack = `RangeError: a value out of a file\n    ${frame}`;
  expect(outwardMessage(error)).toBe(`Something went wrong inside of Assay: RangeError ${told}.`);
});
