/** Functions that a record rule may call: the same for the same record, whenever and wherever. Operators come as functions too. */
export const RULE_FUNCTIONS: ReadonlySet<string> = new Set(
  `+ - * / // % ** || ~~ !~~ ~~* !~~* like_escape not_like_escape ilike_escape not_ilike_escape
  abs ceil ceiling concat contains date_diff date_part date_trunc datediff datepart day dayofmonth dayofweek dayofyear
  ends_with floor greatest hour ifnull isfinite isnan last_day least left len length list_contains list_value lower lpad
  ltrim make_date minute mod month nullif position prefix quarter regexp_extract regexp_full_match regexp_matches
  regexp_replace replace reverse right round rpad rtrim second sign split_part starts_with strlen strpos substr substring
  suffix timezone to_days to_hours to_minutes to_months to_seconds to_weeks to_years translate trim trunc upper week year`.split(
    /\s+/,
  ),
);

/** Functions that make a text of a length they are told. */
export const PADDING: ReadonlySet<string> = new Set(['lpad', 'rpad']);

/** Longest text that padding may make. */
export const MOST_PADDED = 10_000;
