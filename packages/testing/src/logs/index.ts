export { generateLog, type LogRequest } from './generate-log.ts';
export type { GeneratedLog, LogTruth } from './generated-log.ts';
export { SCENARIOS, type ScenarioName } from './incident-scenarios.ts';
export { renderJsonLog, renderNginxLog, renderPostgresLog } from './render-log.ts';
export { SeededRandom } from './seeded-random.ts';
