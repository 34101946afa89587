import { backgroundTraffic, LOGIN, request, type Traffic } from './background-traffic.ts';
import type { GeneratedLog, LoggedMessage, LogTruth } from './generated-log.ts';
import { SCENARIOS, type Scenario, type ScenarioName, type Stage, type Told } from './incident-scenarios.ts';
import { SeededRandom } from './seeded-random.ts';

export interface LogRequest {
  readonly seed: number;
  /** Without one, all is well, apart from what always goes on. */
  readonly incident?: ScenarioName;
  readonly hours?: number;
  /** On average, before sign-ins and refreshes. */
  readonly perMinute?: number;
}

const START = Date.UTC(2026, 3, 7);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The log of some hours of a site, the same for the same seed. */
export function generateLog({ seed, incident, hours = 4, perMinute = 45 }: LogRequest): GeneratedLog {
  const random = new SeededRandom(seed);
  const from = START + random.whole(0, 23) * HOUR_MS;
  const traffic = backgroundTraffic(random, from, hours, perMinute);
  const messages: LoggedMessage[] = [
    { time: from, from: 'server', level: 'info', text: 'listening', version: '1.4.0' },
    { time: from, from: 'postgres', level: 'info', text: 'database system is ready to accept connections' },
  ];
  const deployments: GeneratedLog['deployments'][number][] = [];
  const truth =
    incident === undefined
      ? playHealth(seed, random, traffic, deployments)
      : playIncident(incident, { random, traffic, messages, deployments });
  for (let time = from; time < traffic.to; time += 5 * MINUTE_MS) {
    messages.push({
      time,
      from: 'postgres',
      level: 'info',
      text: `checkpoint complete: wrote ${random.whole(3, 900)} buffers`,
    });
  }
  return {
    requests: traffic.requests.sort((a, b) => a.time - b.time),
    messages: messages.sort((a, b) => a.time - b.time),
    deployments,
    truth,
  };
}

function playIncident(name: ScenarioName, stage: Omit<Stage, 'from' | 'to'>): LogTruth {
  const scenario: Scenario = SCENARIOS[name];
  const { random, traffic } = stage;
  const length = random.whole(...scenario.minutes) * MINUTE_MS;
  const lasts = scenario.lasts === true && random.chance(0.7);
  const latest = traffic.to - length - (lasts ? 0 : 30 * MINUTE_MS);
  const from = lasts ? latest : Math.floor(random.between(traffic.from + HOUR_MS, latest));
  const to = from + length;
  return truthOf(name, scenario.play({ ...stage, from, to }));
}

function truthOf(kind: ScenarioName, { endpoint, lines, isNoise = false }: Told): LogTruth {
  const times = lines.map(({ time }) => time);
  return {
    kind,
    onset: times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY),
    end: times.reduce((most, time) => Math.max(most, time), 0),
    endpoint,
    users: new Set(lines.flatMap(({ user }) => (user === undefined || user === '' ? [] : [user]))),
    clients: new Set(lines.map(({ client }) => client)),
    isNoise,
  };
}

/** What goes on where all is well: nothing, a clean deployment, a busy hour, or somebody who forgot a password. */
function playHealth(
  seed: number,
  random: SeededRandom,
  traffic: Traffic,
  deployments: GeneratedLog['deployments'][number][],
): undefined {
  const at = traffic.from + random.between(0.3, 0.7) * (traffic.to - traffic.from);
  if (seed % 4 === 1) {
    deployments.push({ time: at, label: 'deploy v1.5.0' });
    for (const line of traffic.requests) if (line.time >= at && line.time < at + 8_000) line.status = 503;
  }
  if (seed % 4 === 2) {
    const busy = traffic.requests.filter(({ time }) => time >= at && time < at + 20 * MINUTE_MS);
    traffic.requests.push(...busy.map(line => ({ ...line, time: line.time + 500 })));
  }
  const [first] = traffic.users;
  if (seed % 4 === 3 && first !== undefined) {
    for (let count = 0; count < 11; count += 1) {
      traffic.requests.push(
        request(random, first, 'POST', LOGIN, at + count * 9_000, 401, 'credentials_invalid'),
      );
    }
  }
  return undefined;
}
