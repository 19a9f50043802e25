import { DataError } from '../errors.ts';
import { type FoldCode, type StreamEvents, valuesOf } from './fold-runner.ts';

/** What code may do wrong with an event. */
type FoldErrorCode =
  | 'PROJECTION_THREW'
  | 'PROJECTION_TIMEOUT'
  | 'PROJECTION_MEMORY'
  | 'PROJECTION_STATE'
  | 'PROJECTION_NOT_PURE'
  | 'PROJECTION_BREAKS_CONTRACT';

/** What went wrong, and with which event of which stream of a batch. */
interface Happened {
  /** What the code did, as the end of a sentence. */
  readonly what: string;
  readonly batch: StreamEvents | undefined;
  /** Places in the batch. */
  readonly stream: number;
  readonly at: number;
}

/** An error that names the stream, and the event's version and id, as far as people may see them. */
export function foldError(
  code: FoldCode,
  error: FoldErrorCode,
  { what, batch, stream, at }: Happened,
): DataError {
  const { file, dataset, places, tell = (text: string) => text } = code;
  const text = (place: number): string => String(valuesOf(batch?.columns[place] ?? [])[at] ?? '');
  const named = tell(batch?.streams[stream]?.stream ?? '', 'stream');
  const [version, id] = [text(places.version), tell(text(places.id), 'id')];
  return new DataError(
    error,
    `projections/${file} ${what} (stream ${named}, version ${version}, event ${id}). ${dataset} stays as it was; mend the code, and 'assay project ${dataset}' goes on.`,
    { context: { dataset, stream: named, version, event: id } },
  );
}
