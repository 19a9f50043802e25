import { type Engine, openEngine } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import type { QueryAnswer } from './answer.ts';
import { pageEngine } from './page-engine.ts';

/** An answer that lives until it is closed. */
export interface OpenAnswer {
  readonly answer: QueryAnswer;
  /** The answer as a Parquet file. */
  parquet(): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** Answers with an engine of its own, whose memory is bounded, and which is closed with the answer. */
export async function openAnswer<T extends Pick<OpenAnswer, 'answer'>>(
  effects: Effects,
  purpose: string,
  work: (engine: Engine) => Promise<T>,
): Promise<T & OpenAnswer> {
  const scratch = await effects.openScratch(purpose);
  const engine = await openEngine(pageEngine(effects.engine), `${scratch.directory}/spill`);
  const close = async (): Promise<void> => {
    engine.close();
    await scratch.dispose();
  };
  try {
    const answered = await work(engine);
    const parquet = async (): Promise<AsyncIterable<Uint8Array>> => {
      const file = `${scratch.directory}/rows.parquet`;
      await answered.answer.writeParquet(file);
      return copied(scratch.read(file));
    };
    return { ...answered, parquet, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A scratch file's pieces are good only until the next is asked for, and who sends them keeps some. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}
