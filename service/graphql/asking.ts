import type { ProjectionContract } from '../../etl/contract/contract.ts';
import type { LoadedContracts } from '../../etl/contract/load-contracts.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Told } from '../../etl/following/next-changes.ts';
import type { DataStore, Effects } from '../../etl/ports.ts';
import { pageEngine } from '../../etl/query/page-engine.ts';
import type { Sight } from './sight.ts';

/** What the fields of one request are answered with. */
export interface Asking {
  readonly effects: Effects;
  readonly sight: Sight;
  readonly loaded: LoadedContracts;
  /** Is told of each dataset whose rows are read. */
  readonly onRead: (dataset: string) => void;
  /** Follows a projection; undefined where nothing can be, as in a query. */
  readonly follow?: (
    contract: ProjectionContract,
    what: { readonly stream: string | undefined; readonly since: string | undefined },
  ) => AsyncIterable<Told>;
  /** Does work with the request's engine when the work before is done: each makes views of its own in it. */
  inTurn<T>(work: (engine: Engine) => Promise<T>): Promise<T>;
}

/** An asking that ends. */
export interface OpenAsking extends Asking {
  /** Stops what runs, and lets nothing more run. */
  stop(): void;
  close(): Promise<void>;
}

/** Opens what a request is answered with; its engine is opened by the first field that needs one. */
export function openAsking(known: Omit<Asking, 'inTurn'>): OpenAsking {
  const stopped = (): boolean => isStopped;
  const effects = { ...known.effects, data: stoppable(known.effects.data, stopped) };
  let [isStopped, last]: [boolean, Promise<unknown>] = [false, Promise.resolve()];
  let opened: ReturnType<typeof openOne> | undefined;
  const openOne = async () => {
    const scratch = await effects.openScratch('graphql');
    const engine = await openEngine(pageEngine(effects.engine), `${scratch.directory}/spill`);
    if (isStopped) engine.stop();
    return { engine, scratch };
  };
  return {
    ...known,
    effects,
    inTurn: (work) => {
      const turn = last.then(async () => {
        if (isStopped) throw stoppedError();
        opened ??= openOne();
        return await work((await opened).engine);
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    stop: () => {
      isStopped = true;
      void opened?.then(({ engine }) => engine.stop()).catch(() => undefined);
    },
    close: async () => {
      isStopped = true;
      await last;
      const one = await opened?.catch(() => undefined);
      one?.engine.close();
      await one?.scratch.dispose();
    },
  };
}

const stoppedError = (): ConfigError => new ConfigError('QUERY_STOPPED', 'The query was stopped.');

/** Reading that ends, too: looking for lines in a large source file takes longer than a query may. */
function stoppable(data: DataStore, isStopped: () => boolean): DataStore {
  return {
    ...data,
    async *stream(key, range) {
      for await (const piece of data.stream(key, range)) {
        if (isStopped()) throw stoppedError();
        yield piece;
      }
    },
  };
}
