import { tableName } from '../naming/datasets.ts';
import { retryTables } from '../quarantine/retry-files.ts';

/** Key of the file in which a row of `traced` came, in SQL. */
export const FILE_OF_TRACED = 'coalesce(o.origin_file, l.source_file)';

/** FROM of `traced`, with its alias, beside what leads from its rows to their files. */
export function fromPlaces(dataset: string): string {
  return `FROM traced LEFT JOIN ${retryTables(dataset).origins} AS o ON o.retry_file_id = traced.source_file_id AND o.source_row_number = traced.source_row_number
       LEFT JOIN (SELECT source_file_id, run_id, min(source_file) AS source_file, min(dialect_digest) AS dialect FROM ${tableName('source_files', dataset)} WHERE status = 'accepted' GROUP BY ALL) AS l
         ON l.source_file_id = traced.source_file_id AND l.run_id = traced.run_id`;
}

/** Repeats of a row that are named. */
const NAMED_REPEATS = 10;

const OFFSET = 'traced.source_row_number - s.twin_first_row_number';

/** SQL of the first records that repeat a row of `traced`, as JSON. */
const REPEATS_OF_TRACED = `CAST((SELECT to_json(list({'sourceFile': f.source_file, 'sourceRowNumber': s.first_row_number + ${OFFSET}} ORDER BY f.source_file, s.first_row_number)[1:${NAMED_REPEATS}])
    FROM repeat_spans AS s JOIN repeat_files AS f USING (source_file_id)
    WHERE s.twin_file_id = traced.source_file_id AND ${OFFSET} BETWEEN 0 AND s.last_row_number - s.first_row_number) AS VARCHAR)`;

/** What is selected of `traced` to find its rows in their files. */
export const PLACE_COLUMNS = `traced.run_id, traced.source_file_id || ' ' || traced.source_row_number AS place, coalesce(o.origin_file_id, traced.source_file_id) AS file_id,
       ${FILE_OF_TRACED} AS file, coalesce(o.origin_row_number, traced.source_row_number) AS n, o.retry_file, l.dialect, ${REPEATS_OF_TRACED} AS repeats`;
