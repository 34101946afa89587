import { alternate, type Benchmark, summarize } from './lib/benchmark.ts';
import { type BenchSystem, startSystem } from './lib/holdfast.ts';
import { insertSessions } from './lib/sessions.ts';

const AT_ONCE = 1_000;
const RETRY_MS = 1_000;
const MAX_ATTEMPTS = 20;

const RACE = `${AT_ONCE} refreshes of one token at once`;
const APART = `${AT_ONCE} refreshes of ${AT_ONCE} tokens at once`;

interface Answer {
  readonly successor: string;
  readonly turnedAway: number;
}

/** A thousand tabs that wake up together with the same token: one successor, and everybody gets it. */
export const refreshRace: Benchmark = {
  name: 'refresh-race',
  run: async ({ rounds, progress }) => {
    const system = await startSystem({ HOLDFAST_LOG_LEVEL: 'warn' });
    let turnedAway = 0;
    try {
      const measure = (sessions: number) => async (): Promise<number> => {
        const tokens = (await insertSessions(system, sessions)).map(session => session.refreshToken);
        const startedAt = performance.now();
        const answers = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) => refresh(system, tokens[index % sessions] ?? '')),
        );
        const seconds = (performance.now() - startedAt) / 1_000;
        const successors = new Set(answers.map(({ successor }) => successor)).size;
        if (successors !== sessions) throw new Error(`${sessions} tokens have ${successors} successors`);
        if (sessions === 1) turnedAway += answers.reduce((sum, answer) => sum + answer.turnedAway, 0);
        return seconds;
      };
      const sides = [
        { name: RACE, measure: measure(1) },
        { name: APART, measure: measure(AT_ONCE) },
      ];
      for (const side of sides) await side.measure();
      turnedAway = 0;
      const samples = await alternate(sides, rounds, progress);
      const notes = [
        `Seconds until all ${AT_ONCE} were answered with the one successor; default settings (10 database connections, 200 may wait).`,
        `${Math.round(turnedAway / rounds)} of them a round were answered 503 first and came again after Retry-After.`,
      ];
      const targets = [{ side: RACE, baseline: APART, target: 'one successor, all answered' }];
      return summarize({ benchmark: 'refresh-race', unit: 'seconds', rounds, notes }, samples, targets);
    } finally {
      await system.stop();
    }
  },
};

async function refresh(system: BenchSystem, refreshToken: string): Promise<Answer> {
  for (let turnedAway = 0; turnedAway < MAX_ATTEMPTS; turnedAway += 1) {
    const response = await fetch(`${system.apiUrl}/api/v1/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
    });
    const body = (await response.json()) as { refreshToken?: string };
    if (response.status === 200) return { successor: String(body.refreshToken), turnedAway };
    if (response.status !== 503) throw new Error(`refresh answered ${response.status}`);
    await new Promise(resolve => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())));
  }
  throw new Error(`a refresh was turned away ${MAX_ATTEMPTS} times`);
}
