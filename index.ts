/** Assay as a library: docs/library.md says how it is used. */
export { AssayError, ConfigError, ConflictError, DataError, TransientError } from './etl/errors.ts';
export type { JsonVerdict } from './etl/judging/json-judge.ts';
export type { RecordReason } from './etl/judging/record-judge.ts';
export type { Alert } from './etl/ports.ts';
export type { RunRecord } from './etl/stages/outcomes.ts';
export { type Judge, openJudge } from './library/judge.ts';
export {
  type AssayLake,
  type Decision,
  type Ingested,
  type OpenOptions,
  openLake,
  type Row,
} from './library/lake.ts';
