import { ConfigError } from '../../etl/errors.ts';
import type { Partition } from '../event.ts';
import type { Claim } from './claim.ts';

/** Other events landed at these offsets before. */
export function offsetsReused({ topic, partition }: Partition, { start, end }: Claim): ConfigError {
  return new ConfigError(
    'OFFSETS_REUSED',
    `Offsets ${start} to ${end - 1} of ${topic}, partition ${partition}, landed before with other events: a topic that was made anew needs another topicId (or --cluster). Nothing was landed in their place.`,
    { context: { topic, partition, offset: start } },
  );
}

/** An event is at an offset that was a hole when those around it landed. */
export function offsetsBetween(
  { topic, partition }: Partition,
  { start, end }: Claim,
  offset: number,
): ConfigError {
  return new ConfigError(
    'OFFSETS_BETWEEN',
    `Offset ${offset} of ${topic}, partition ${partition}, was not there when ${start} to ${end - 1} landed: the file of then was filtered, perhaps. Nothing can land between them any more. Make a file of what was not there, with another topicId in its lines, and one of what is behind offset ${end - 1}; enforce both.`,
    { context: { topic, partition, offset } },
  );
}
