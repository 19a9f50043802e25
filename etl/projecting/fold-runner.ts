import type { ColumnType } from '../table/schema.ts';

/** Runs the code of projections, which is the user's: apart from the process's own, with a bounded memory and time. */
export interface FoldRunner {
  /** Throws ConfigError `PROJECTION_CODE` where the code can't be read, or exports no `apply`. */
  open(code: FoldCode): Promise<FoldWorker>;
}

/** The code of a fold, and what its events look like. */
export interface FoldCode {
  /** For messages: where the code is from. */
  readonly file: string;
  /** TypeScript or JavaScript. */
  readonly text: string;
  /** The projection's, which errors name. */
  readonly dataset: string;
  /** Columns of the events, in the order in which batches have their values. */
  readonly columns: readonly EventColumn[];
  /** Positions, among the columns, of what errors name of an event. */
  readonly places: EventPlaces;
  /** What errors may say of a stream's or an event's id, and of what code said when it threw or called a column; absent: as it is. */
  readonly tell?: (text: string, what: 'stream' | 'id' | 'message' | 'name') => string;
}

/** A column of events as code sees it. */
export interface EventColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Where the columns of an event dataset stand among the columns. */
export interface EventPlaces {
  readonly version: number;
  readonly at: number;
  readonly id: number;
}

/**
 * A value of an event on its way to the code. Decimals, dates and times are text (`YYYY-MM-DD`,
 * `YYYY-MM-DDTHH:MM:SS.ffffffZ`), longs are text or safe integers; int and double are numbers.
 */
export type EventValue = string | number | boolean | null;

/** The values of a column, or the JSON of their list: as one text they cost a fifth on their way from the engine. */
export type ColumnValues = readonly EventValue[] | string;

/** Streams to be folded: each with its state so far, and its next events in version order. */
export interface StreamEvents {
  readonly streams: readonly {
    /** The stream's id as text. */
    readonly stream: string;
    /** JSON; absent: the fold begins with what the code exports as `initial`. */
    readonly state?: string;
    /** How many of the batch's events are its own: they follow those of the stream before. */
    readonly events: number;
  }[];
  /** The values of all events, column by column. */
  readonly columns: readonly ColumnValues[];
}

/** What a stream came to after its events. */
export interface FoldedStream {
  readonly stream: string;
  /** JSON; longs are tagged, so that `fold` and `at` take it back as it was. */
  readonly state: string;
  /** What the state gives as rows, by the names that the code uses. */
  readonly rows: readonly FoldedRow[];
  /** Whether the rows are the state itself, or what the code made of it. */
  readonly rowsAre: 'state' | 'made';
}

/** A row as code made it; bigints are as they were. */
export type FoldedRow = Readonly<Record<string, unknown>>;

/** Code that is ready to fold. */
export interface FoldWorker {
  /**
   * Folds the events of each stream into its state, in order; `twice`: the first of them once more in a context of its own,
   * to see whether that gives the same. An event, and what follows it, may take as long as the runner allows, a batch any
   * time. Throws DataError `PROJECTION_THREW`, `PROJECTION_TIMEOUT`,
   * `PROJECTION_MEMORY`, `PROJECTION_NOT_PURE` or `PROJECTION_STATE`, whose context names stream, event and version; after
   * that the worker is ended.
   */
  fold(batch: StreamEvents, check?: 'twice'): Promise<readonly FoldedStream[]>;
  close(): Promise<void>;
}

/** The values of a column. */
export const valuesOf = (column: ColumnValues): readonly EventValue[] =>
  typeof column === 'string' ? (JSON.parse(column) as readonly EventValue[]) : column;
