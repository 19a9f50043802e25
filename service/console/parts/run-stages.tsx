import type { RunStage } from '../../../etl/operations/run-stages.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { Table } from './facts.tsx';
import { count, duration, plural, Time } from './text.tsx';

/** The stages that a run came through: how long each took, and how many records went in and out. */
export function RunStages({
  run,
  stages,
}: {
  readonly run: RunRecord;
  readonly stages: readonly RunStage[];
}) {
  if (stages.length === 0) return null;
  return (
    <Table
      caption="Stages"
      columns={['stage', 'done', 'took#', 'what went through']}
      rows={stages.map(({ stage, doneAt, tookMs }) => [
        stage,
        <Time at={doneAt} />,
        duration(tookMs),
        throughput(run, stage),
      ])}
    />
  );
}

function throughput({ files, counts }: RunRecord, stage: string): string {
  switch (stage) {
    case 'plan':
      return plural(files.length, 'file');
    case 'refine and seal':
      return `${plural(counts.records, 'record')}: ${count(counts.silver)} silver, ${count(counts.quarantined)} quarantined, ${count(counts.condemned)} condemned, ${count(counts.blank)} blank`;
    case 'gate and promote':
      return `${plural(counts.silver, 'record')} published`;
    default:
      return '';
  }
}
