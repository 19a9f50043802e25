import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { hashFile } from '../../adapters/local/file-bytes.ts';
import { guarded } from '../../adapters/local/file-errors.ts';
import { eventFile } from '../../adapters/local/stream/event-file.ts';
import { isBareText } from '../../adapters/local/stream/event-text.ts';
import { digestOfText } from '../../adapters/local/stream/file-lines.ts';
import { ConfigError, ConflictError, DataError } from '../../etl/errors.ts';
import { eventSourceKey } from '../../etl/naming/streams.ts';
import type { Effects, ProgressEvent, Scratch } from '../../etl/ports.ts';
import { getDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import type { EventSource } from '../../stream/ports.ts';
import type { Io } from '../io.ts';

/** Events out of a file or stdin, as a command line names them. */
export interface NamedEvents {
  /** A path, or `-` for stdin. */
  readonly from: string;
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
}

/** Events of a batch that comes out of a file. */
const BATCH_EVENTS = 1000;

interface Opening {
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly io: Io;
  readonly progress: (event: ProgressEvent) => void;
}

/** Opens the events that a command line names. Those of stdin are read to their end first, so that the same events again are known. */
export async function openEvents(
  named: NamedEvents,
  { effects, scratch, io, progress }: Opening,
): Promise<EventSource> {
  const file = named.from === '-' ? await spooled(scratch, io) : path.resolve(io.cwd, named.from);
  const fileId = (await textDigest(file)).slice(0, 32);
  const { size: totalBytes } = await stat(file);
  return eventFile({
    ...named,
    ...{ file, fileId, maxEvents: BATCH_EVENTS },
    arrivedMs: await firstArrival(effects, fileId),
    onRead: (doneBytes) =>
      progress({ stage: 'judging', runId: fileId, doneBytes: Math.min(doneBytes, totalBytes), totalBytes }),
  });
}

/** Of the text and not of its packing: a file and its `.gz` hold the same events. */
async function textDigest(file: string): Promise<string> {
  try {
    const { digest } = await guarded(`reading ${file}`, () => hashFile(file));
    return (await isBareText(file)) ? digest : await digestOfText(file);
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'NOT_FOUND') throw error;
    throw new ConfigError('NO_FILE', error.message, { context: { file }, cause: error });
  }
}

async function spooled(scratch: Scratch, io: Io): Promise<string> {
  const copy = await scratch.create('stdin.jsonl');
  for await (const piece of io.inputPieces()) await copy.write(piece);
  await copy.close();
  return copy.path;
}

const Arrival = z.object({ format: z.literal(1), arrivedAt: z.string() });

/** When a file came first: its events have that time, however often it comes. */
async function firstArrival({ objects, clock }: Effects, fileId: string): Promise<number> {
  const key = eventSourceKey(fileId);
  const arrival = { format: 1 as const, arrivedAt: clock.now().toISOString() };
  try {
    await putDocument(objects, key, arrival, { ifNoneMatch: '*' });
    return Date.parse(arrival.arrivedAt);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return Date.parse((await getDocument(objects, key, Arrival)).arrivedAt);
}
