/** The tables of `ops`, and what each row of them is. */
export const OPS_TABLES = {
  runs: 'One row a run: its verdicts, its reasons, what it published',
  source_files: 'One row each time a source file was dealt with, of every dataset',
  quarantine: 'Records that failed, of every dataset, and whether they are still open',
  condemned: 'Records that were given up, of every dataset',
  alerts: 'What people were told',
  decisions: 'What people decided, by whom and why',
  retries: 'Records that were tested once more, and where they came from',
  corrections: 'Values that people corrected, before and after',
  snapshots: 'Every snapshot of every table that is kept',
  states: 'Which snapshots of the tables of a dataset belong together',
  event_gaps: 'Streams of event datasets in which events are missing now',
  restatements:
    'Figures of Gold and values of projections that changed after they were published, or wait to',
  reveals:
    'Protected values that were seen: by whom and why, of which columns, and how many; one row a column',
  closings: 'Months of Gold tables that were closed, by whom and why, and with which rows',
} as const;
