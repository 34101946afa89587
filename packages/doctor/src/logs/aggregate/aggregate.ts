import type { Entry } from '../entry.ts';
import { BoundedCounter } from './bounded-counter.ts';
import { countRequest, EndpointTable, newEndpoint } from './endpoint-table.ts';
import { classOf } from './error-class.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { MilestoneKind } from './milestone.ts';
import { PagedSeries } from './paged-series.ts';
import type { RouteMatcher } from './route-matcher.ts';
import { TemplateMiner } from './template-miner.ts';
import { bucketOf, type TimeWindow } from './time-window.ts';

/** Something that happened to the system. */
export interface Milestone {
  readonly kind: MilestoneKind;
  readonly time: number;
  readonly label: string;
  /** Where it stands; undefined for what was given by hand. */
  readonly source?: number;
  readonly line?: number;
}

/** From here on a message is an error. */
export const ERROR_SEVERITY = 3;
const MAX_MILESTONES = 500;
const MAX_CLIENTS = 20_000;
const MAX_USERS = 30_000;
const MAX_STRANGE_PATHS = 2_000;

/** What all lines of the window come to. Its size is bounded whatever the lines are. */
export class Aggregate {
  readonly window: TimeWindow;
  readonly table: EndpointTable;
  readonly all = newEndpoint('(all requests)');
  readonly statuses = new Uint32Array(600);
  readonly latency = new LatencyHistogram();
  readonly clients = new BoundedCounter(MAX_CLIENTS);
  readonly clientErrors = new BoundedCounter(MAX_CLIENTS);
  readonly clientStrangers = new BoundedCounter(MAX_CLIENTS);
  readonly users = new BoundedCounter(MAX_USERS);
  readonly strangePaths = new BoundedCounter(MAX_STRANGE_PATHS);
  readonly codes = new BoundedCounter(500);
  readonly miner = new TemplateMiner();
  /** Messages that are no requests, and the errors among them. */
  readonly messageSeries = new PagedSeries();
  readonly errorMessageSeries = new PagedSeries();
  readonly milestones: Milestone[] = [];
  readonly milestoneSeries = new Map<MilestoneKind, PagedSeries>();
  requests = 0;
  messages = 0;
  outside = 0;
  firstBucket = Number.POSITIVE_INFINITY;
  lastBucket = -1;
  #version = '';

  constructor(window: TimeWindow, match: RouteMatcher) {
    this.window = window;
    this.table = new EndpointTable(match);
  }

  /** Counts one line; false when it is outside of the window. */
  add(entry: Entry, source: number, line: number): boolean {
    const { time } = entry;
    if (!(time >= this.window.from && time <= this.window.to)) {
      this.outside += 1;
      return false;
    }
    const bucket = bucketOf(this.window, time);
    if (bucket < this.firstBucket) this.firstBucket = bucket;
    if (bucket > this.lastBucket) this.lastBucket = bucket;
    if (entry.status !== 0) this.#addRequest(entry, bucket);
    if (entry.message !== '' && !isRequestLine(entry)) this.#addMessage(entry, bucket, source, line);
    return true;
  }

  note(milestone: Milestone): void {
    const { kind, time } = milestone;
    const series = this.milestoneSeries.get(kind) ?? new PagedSeries();
    this.milestoneSeries.set(kind, series);
    if (time >= this.window.from && time <= this.window.to) series.add(bucketOf(this.window, time), 1);
    // Whatever repeats is in the series; the list keeps the beginnings.
    const before = this.milestones.findLast(other => other.kind === kind);
    const repeated = before !== undefined && Math.abs(time - before.time) < this.window.bucketMs;
    if (!repeated && this.milestones.length < MAX_MILESTONES) this.milestones.push(milestone);
  }

  #addRequest(entry: Entry, bucket: number): void {
    const { status, client, user, durationMs } = entry;
    const errorClass = classOf(status);
    const endpoint = this.table.of(entry);
    this.requests += 1;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    countRequest(endpoint, bucket, errorClass, durationMs);
    countRequest(this.all, bucket, errorClass, durationMs);
    if (client !== '') this.clients.add(client);
    if (user !== '') this.users.add(user);
    if (errorClass < 0) return;
    if (client !== '') this.clientErrors.add(client);
    if (entry.code !== '') this.codes.add(entry.code);
    if (endpoint !== this.table.strangers) return;
    this.strangePaths.add(entry.path);
    if (client !== '') this.clientStrangers.add(client);
  }

  #addMessage(entry: Entry, bucket: number, source: number, line: number): void {
    const { message, severity, time } = entry;
    this.messages += 1;
    if (entry.status === 0) this.messageSeries.add(bucket, 1);
    if (entry.status === 0 && severity >= ERROR_SEVERITY) this.errorMessageSeries.add(bucket, 1);
    const template = this.miner.add(message, severity, time, source, line);
    const kind = template?.milestone;
    if (kind === undefined || bucket < 0) return;
    this.note({ kind, time, label: message.slice(0, 200), source, line });
    if (kind === 'process_start' && entry.version !== '') this.#noteVersion(entry, source, line);
  }

  /** A start with another version than the one before is a deployment, whatever it is called. */
  #noteVersion({ version, time }: Entry, source: number, line: number): void {
    if (this.#version !== '' && this.#version !== version) {
      this.note({ kind: 'deployment', time, label: `version ${this.#version} → ${version}`, source, line });
    }
    this.#version = version;
  }
}

/** What loggers write beside a request when there is nothing to say. */
function isRequestLine({ status, message }: Entry): boolean {
  return status !== 0 && /^(?:incoming )?request(?: completed| errored)?$/i.test(message);
}
