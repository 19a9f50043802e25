import { s3Requests } from '../../etl/estimating/requests.ts';
import type { StageUse } from '../fleet/stage-use.ts';
import { whole } from '../scale/section.ts';

/** Columns of `useLine`. */
export const USE_COLUMNS = [
  'stage',
  'calls',
  'S3 writes',
  'S3 reads',
  'documents read, kB a call',
  'largest document, kB',
  'which',
  'payload, bytes',
  'memory, MiB',
  'CPU s',
];

/** A stage as a line: requests are what its calls would be to S3, with data files of this size. */
export function useLine({ stores, ...use }: StageUse, fileBytes: number): string[] {
  const { writes, reads } = s3Requests(stores, { read: fileBytes, written: fileBytes });
  return [
    use.stage,
    whole(use.calls),
    whole(writes),
    whole(reads),
    (stores.readBytes / use.calls / 1000).toFixed(1),
    (stores.largestBytes / 1000).toFixed(1),
    shortened(stores.largestKey),
    whole(use.payloadBytes),
    whole(use.peakRssBytes / 1024 / 1024),
    (use.cpuMs / 1000).toFixed(1),
  ];
}

/** A key's last part, with numbers and ids left out. */
const shortened = (key: string): string =>
  (key.split('/').at(-1) ?? '').replaceAll(/[0-9a-f]{8}-[0-9a-f-]+|\d{4,}/g, '…');
