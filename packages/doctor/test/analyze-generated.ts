import { analyzeLogs, type LogAnalysis, memorySource } from '@holdfast/doctor/logs';
import { type GeneratedLog, renderJsonLog, renderNginxLog, renderPostgresLog } from '@holdfast/testing';

type Format = 'nginx' | 'json';
export const FORMATS: readonly Format[] = ['nginx', 'json'];

/** The log as the files that a team would have; nginx knows of no deployment, so it is given by hand. */
export async function analyzeAs(format: Format, log: GeneratedLog): Promise<LogAnalysis> {
  const requests = format === 'nginx' ? renderNginxLog(log) : renderJsonLog(log);
  const sources = [
    memorySource(format === 'nginx' ? 'access.log' : 'server.log', requests),
    memorySource('postgresql.log', renderPostgresLog(log)),
  ];
  const events =
    format === 'nginx' ? log.deployments.map(item => ({ ...item, kind: 'deployment' as const })) : [];
  return analyzeLogs(sources, { events });
}
