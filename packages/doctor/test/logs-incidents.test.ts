import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogAnalysis } from '@holdfast/doctor/logs';
import { generateLog, type LogTruth, SCENARIOS, type ScenarioName } from '@holdfast/testing';
import { analyzeAs, FORMATS } from './analyze-generated.ts';

const SEEDS = 20;
const MINUTE_MS = 60_000;

function assertNear(actual: number, expected: number, what: string): void {
  const slack = Math.max(2, expected * 0.05);
  assert.ok(Math.abs(actual - expected) <= slack, `${what}: ${actual}, not about ${expected}`);
}

function assertOnset(onset: string, truth: LogTruth): void {
  const bucket = (time: number) => Math.floor(time / MINUTE_MS);
  const off = bucket(Date.parse(onset)) - bucket(truth.onset);
  assert.ok(Math.abs(off) <= 1, `the onset ${onset} is ${off} minutes off`);
}

function assertIncident({ incidents }: LogAnalysis, truth: LogTruth): void {
  assert.deepEqual(
    incidents.map(({ kind }) => kind),
    [truth.kind],
  );
  const [incident] = incidents;
  assert.ok(incident !== undefined);
  assertOnset(incident.onset, truth);
  assert.ok(incident.endpoints.includes(truth.endpoint), `${incident.endpoints} has no ${truth.endpoint}`);
  const people = incident.affected.by === 'user' ? truth.users : truth.clients;
  assertNear(incident.affected.count, people.size, `affected ${incident.affected.by}s`);
  assert.ok(incident.evidence.length > 0);
}

function assertNoise({ status, incidents, noise }: LogAnalysis, truth: LogTruth): void {
  assert.deepEqual([status, incidents], ['clean', []]);
  const found = noise.find(({ kind }) => kind === truth.kind);
  assert.ok(found !== undefined, `not named: ${noise.map(({ title }) => title)}`);
  if (truth.endpoint === '') return;
  assertOnset(found.onset, truth);
  assert.ok(found.endpoints.includes(truth.endpoint));
}

for (const name of Object.keys(SCENARIOS) as ScenarioName[]) {
  describe(`generated logs with ${name}`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      it(`seed ${seed}`, async () => {
        const log = generateLog({ seed, incident: name });
        const { truth } = log;
        assert.ok(truth !== undefined);
        for (const format of FORMATS) {
          const analysis = await analyzeAs(format, log);
          if (truth.isNoise) assertNoise(analysis, truth);
          else assertIncident(analysis, truth);
        }
      });
    }
  });
}
