/**
 * From so many bytes of files to compare on, `auto` asks Athena. A function has a quarter of an hour, and a disk of
 * 10 GB: up to so much DuckDB reads in that time, a part after the other.
 */
export const SETS_FROM_BYTES = 16 * 1024 ** 3;
