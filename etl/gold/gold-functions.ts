/**
 * Functions that Gold SQL may call: those that DuckDB and Trino both have, with the same meaning, and that give the same
 * whenever they are called. Operators come as functions too, and INTERVAL, EXTRACT and AT TIME ZONE as those of DuckDB
 * that they stand for.
 */
export const GOLD_FUNCTIONS: ReadonlySet<string> = new Set(
  `+ - * / % || ~~ !~~ like_escape not_like_escape date_part timezone trunc
  to_days to_hours to_minutes to_months to_seconds to_weeks to_years
  abs acos asin atan atan2 cbrt ceil ceiling chr concat concat_ws cos cosh date_diff date_trunc day degrees exp floor
  greatest hour least length ln log10 log2 lower lpad ltrim minute mod month nullif pi position pow power quarter radians
  replace reverse round rpad rtrim second sign sin sinh split_part sqrt starts_with strpos substr substring tan tanh
  translate trim upper week year
  avg bool_and bool_or corr count count_if count_star covar_pop covar_samp max max_by min min_by stddev
  stddev_pop stddev_samp sum var_pop var_samp variance
  cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number`.split(
    /\s+/,
  ),
);

/** Names that call a function unless a column has them. The result depends on the time, or on who asks. */
export const VALUE_FUNCTIONS: ReadonlySet<string> = new Set(
  'current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime localtimestamp session_user user'.split(
    ' ',
  ),
);
