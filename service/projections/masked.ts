import type { AnswerRow, TracedEvent } from '../../etl/asking/stream-answer.ts';
import { MASK } from '../../etl/query/reader.ts';

/** A row, or the data of an event, with a mask for each value of a hidden column. */
export const masked = <Row extends AnswerRow | TracedEvent['data']>(
  row: Row,
  hidden: ReadonlySet<string>,
): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value !== null && hidden.has(name) ? MASK : value]),
  ) as Row;
