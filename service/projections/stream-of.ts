import { z } from 'zod';
import { askStream } from '../../etl/asking/ask-stream.ts';
import { parseAt } from '../../etl/asking/parse-at.ts';
import { requireProjection } from '../../etl/asking/require-projection.ts';
import type { StreamAnswer, TracedEvent } from '../../etl/asking/stream-answer.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import type { Effects } from '../../etl/ports.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { MASK, type Reader } from '../../etl/query/reader.ts';
import { hiddenFrom } from '../identity/reader.ts';
import { masked } from './masked.ts';

/** What a stream is asked with, as addresses have it. */
export const STREAM_QUERY = {
  at: z.string().max(40).exactOptional().meta({
    description:
      "only events that had happened by then, by their own time: '2024-05-01', which is all of that day, or '2024-05-01T12:00Z'",
  }),
  asOf: z.string().max(40).exactOptional().meta({
    description:
      'what was known then, folded by the code of then: a time, or a snapshot of the projection or of its event dataset',
  }),
};

/** A stream that somebody asks for. */
export interface AskedStream {
  readonly projection: string;
  readonly stream: string;
  readonly at?: string | undefined;
  readonly asOf?: string | undefined;
  /** So many of the last events are told. */
  readonly traced: number;
}

/** An answer, with what is not shown. */
export interface ShownStream extends StreamAnswer {
  /** Set where the state is left out, since values that the reader may not see went into it. */
  readonly isStateHidden: boolean;
}

/**
 * What a projection says of a stream, as a reader may see it: values of hidden columns are masked, in events and in
 * rows, and no state is shown into which such values of events can have gone.
 */
export async function streamOf(
  effects: Effects,
  reader: Reader,
  { projection, stream, at, asOf, traced }: AskedStream,
): Promise<ShownStream> {
  const loaded = await loadContracts(effects.contracts);
  const contract = requireProjection(requireContract(loaded, projection));
  const answer = await askStream(effects, {
    ...{ projection, stream, traced },
    ...(at === undefined ? {} : { at: parseAt(at) }),
    asOf: asOf === undefined ? { kind: 'now' } : parseAsOf(asOf),
  });
  const ofRows = hiddenFrom(reader, contract);
  const source = requireContract(loaded, contract.inputs[0]);
  const ofEvents = hiddenFrom(reader, source);
  const {
    type = '',
    at: time = '',
    version = '',
    id = '',
  } = source.layer === 'silver' ? (source.events ?? {}) : {};
  const told = <T>(name: string, value: T, instead: T): T =>
    value !== null && ofEvents.has(name) ? instead : value;
  const isStateHidden = ofEvents.size > 0 || ofRows.size > 0;
  const shown = <T extends Pick<StreamAnswer, 'state' | 'rows' | 'version' | 'at'>>(one: T): T => ({
    ...one,
    version: told(version, one.version, null),
    at: told(time, one.at, null),
    state: isStateHidden ? null : one.state,
    rows: one.rows.map((row) => masked(row, ofRows)),
  });
  const event = (one: TracedEvent): TracedEvent =>
    shown({
      ...one,
      id: told(id, one.id, MASK),
      type: told(type, one.type, MASK),
      data: masked(one.data, ofEvents),
    });
  const { trace } = answer;
  return { ...shown(answer), ...(trace === undefined ? {} : { trace: trace.map(event) }), isStateHidden };
}
