import { type Clock, errorMessage, isHoldfastError, redactText, systemClock } from '@holdfast/core';
import type { OtherTarget } from '../config/other-target.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { examine } from '../examine.ts';
import type { RepairRecord } from '../report/deliverables/repair-record.ts';
import type { Target } from '../target.ts';
import { addressesOf, databaseAddress } from './addresses.ts';
import { carryOut, goOn, takeBack, throwIfStopped } from './carry-out.ts';
import { compareUntouched, sumUp } from './compare-untouched.ts';
import { isBeingReplaced } from './hands/processes.ts';
import { whyNoBackupTool, withoutBackupClause } from './missing-backup.ts';
import { planRepairs } from './plan-repairs.ts';
import { judgeProof } from './proof.ts';
import { headlineOfRepair } from './repair-headline.ts';
import {
  findInterrupted,
  isUnfinished,
  type JournaledRepair,
  newRunId,
  openJournal,
  type RepairJournal,
} from './repair-journal.ts';
import type { LeftCause, RepairOptions, RepairReport } from './repair-options.ts';
import { recordOf } from './repair-records.ts';
import type { StepWork } from './steps/step-work.ts';

type AnyTarget = Target | OtherTarget;
type Sums = Awaited<ReturnType<typeof sumUp>>;

/** What was repaired can show what was behind it, so that is planned as well; so often at most. */
const MAX_ROUNDS = 3;
const MOST_LOOKS = 5;
const PAUSE_MS = 1_500;

/** One run of repairs on one system. The caller has the right to repair it. */
export class RepairRunner {
  readonly #options: RepairOptions;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #journal: RepairJournal;
  /** Causes that were dealt with, whatever came of it. */
  readonly #tried = new Set<string>();
  #target: AnyTarget;
  #diagnosis: Diagnosis;
  #earlier: readonly RepairJournal[] = [];
  #left: readonly LeftCause[] = [];
  #before: Sums;
  #isSummedUp = false;
  #whyNoBackup: string | undefined;

  constructor(target: AnyTarget, diagnosis: Diagnosis, options: RepairOptions) {
    const { clock = systemClock, signal = new AbortController().signal } = options;
    this.#options = options;
    this.#clock = clock;
    this.#signal = signal;
    this.#target = target;
    this.#diagnosis = diagnosis;
    const startedAt = this.#now();
    this.#journal = openJournal(options.stateDirectory, {
      ...{ version: 1, id: newRunId(startedAt), startedAt, database: databaseAddress(target) },
      ...{ owner: { pid: process.pid }, backup: null, ended: false, repairs: [] },
    });
  }

  /** No step was begun, by this run or one that was cut off. */
  get hasChangedNothing(): boolean {
    const runs = [this.#journal, ...this.#earlier].map(({ run }) => run);
    return runs.every(({ repairs }) =>
      repairs.every(
        ({ phase, steps }) => phase === 'planned' || steps.every(({ state }) => state === 'pending'),
      ),
    );
  }

  async run(): Promise<RepairReport> {
    // no reason not to repair
    await this.#options.tools.removeLeftovers?.().catch(error => this.#say(redactText(errorMessage(error))));
    this.#earlier = await findInterrupted(this.#options.stateDirectory, databaseAddress(this.#target));
    if (this.#earlier.length > 0) await this.#finishEarlier();
    if (isBeingReplaced(this.#diagnosis)) await this.#examineUntilStill();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (!(await this.#repairRound())) break;
    }
    await this.#finishEarlier();
    await this.#end(this.#journal);
    return this.#report();
  }

  /** Goes on with what was cut off, as far as the database can be reached for it, and examines it. */
  async #finishEarlier(): Promise<void> {
    const open = this.#earlier.filter(({ run }) => run.repairs.some(isUnfinished) || !run.ended);
    if (open.length === 0) return;
    for (const journal of open) {
      for (const item of journal.run.repairs.filter(isUnfinished)) {
        this.#say(`going on with the repair of ${item.code} at ${item.subject}, which was cut off`);
        await goOn(await this.#work(journal, item)).catch(this.#unlessStopped);
      }
    }
    await this.#examine();
    for (const journal of open) {
      await this.#judge(journal);
      await this.#end(journal);
    }
  }

  /** False when there was nothing that could be done. */
  async #repairRound(): Promise<boolean> {
    const planned = await planRepairs({
      ...{ target: this.#target, diagnosis: this.#diagnosis, tools: this.#options.tools },
      ...{ runId: `${this.#journal.run.id}-${this.#journal.run.repairs.length}`, at: this.#now() },
    });
    this.#left = planned.left;
    const fresh = planned.repairs.filter(item => !this.#tried.has(keyOf(item)));
    for (const item of fresh) this.#tried.add(keyOf(item));
    this.#journal.run.repairs.push(...fresh);
    let carriedOut = 0;
    for (const item of fresh) {
      const why = await this.#whyNot(item);
      if (why !== undefined) skip(item, why);
      else {
        carriedOut += 1;
        item.startedAt = this.#now();
        await carryOut(await this.#work(this.#journal, item));
      }
    }
    if (carriedOut === 0) return false;
    await this.#examineUntilStill();
    await this.#judge(this.#journal);
    return true;
  }

  /** Why a repair is not begun; undefined when nothing speaks against it. The backup is taken on the way. */
  async #whyNot(item: JournaledRepair): Promise<string | undefined> {
    const { consent, withoutBackup = false } = this.#options;
    if (item.risk !== 'safe' && !(await consent(this.#record(item, null)))) {
      const option = item.risk === 'destructive' ? '--yes-destructive' : '--yes';
      return `not agreed to; ${option} agrees`;
    }
    if (item.effect === 'none') return undefined;
    await this.#sumUp();
    const { run } = this.#journal;
    if (run.backup !== null || withoutBackup) return undefined;
    this.#whyNoBackup ??= await this.#takeBackup();
    return this.#whyNoBackup === undefined ? undefined : withoutBackupClause(this.#whyNoBackup);
  }

  /** @returns why there is none */
  async #takeBackup(): Promise<string | undefined> {
    const { tools } = this.#options;
    const { backup } = tools;
    if (backup === undefined) return whyNoBackupTool(tools);
    this.#say('taking a backup before anything is changed');
    try {
      this.#journal.run.backup = await backup();
      await this.#journal.save();
      return undefined;
    } catch (error) {
      return redactText(errorMessage(error));
    }
  }

  async #sumUp(): Promise<void> {
    if (this.#isSummedUp) return;
    this.#isSummedUp = true;
    this.#say('summing up the rows of every table');
    this.#before = await this.#sums();
  }

  async #sums(): Promise<Sums> {
    const { administrator } = await addressesOf(this.#target);
    return administrator === undefined ? undefined : sumUp(administrator, this.#signal);
  }

  /**
   * Takes back what did not help, and examines once more when there was something. What could not be seen waits: it is judged by the
   * next examination, of this run or another one.
   */
  async #judge(journal: RepairJournal): Promise<void> {
    let takenBack = 0;
    for (const item of journal.run.repairs.filter(({ phase }) => phase === 'applied').toReversed()) {
      const proof = judgeProof(item.proof, this.#diagnosis.checks);
      if (proof === 'unseen') continue;
      if (proof === 'passes') {
        item.phase = 'helped';
        item.finishedAt = this.#now();
        await journal.save();
        continue;
      }
      takenBack += 1;
      this.#say(`the repair of ${item.code} at ${item.subject} did not help: taking it back`);
      await takeBack(await this.#work(journal, item));
    }
    if (takenBack > 0) await this.#examine();
  }

  async #end(journal: RepairJournal): Promise<void> {
    const { run } = journal;
    if (run.repairs.every(({ phase }) => phase === 'planned') && run.backup === null) return;
    run.ended = !run.repairs.some(isUnfinished);
    await journal.save();
  }

  /** What was started again, or has its database again, needs a moment before everything that rests on it is right. */
  async #examineUntilStill(): Promise<void> {
    for (let time = 0; time < MOST_LOOKS; time += 1) {
      if (time > 0) await this.#clock.sleep(PAUSE_MS);
      await this.#examine();
      const { status, rootCauses, unexplained, undecided } = this.#diagnosis;
      const fresh = rootCauses.some(({ code, subject }) => !this.#tried.has(`${code} ${subject}`));
      const odd =
        unexplained.length + undecided.length > 0 || isUnseen(status) || isBeingReplaced(this.#diagnosis);
      if ((fresh && !isBeingReplaced(this.#diagnosis)) || (!odd && !this.#hasUnseen())) return;
    }
  }

  /** Whether a proof could not be looked at, as on a busy machine. */
  #hasUnseen(): boolean {
    const { checks } = this.#diagnosis;
    return this.#journal.run.repairs.some(
      ({ phase, proof }) => phase === 'applied' && judgeProof(proof, checks) === 'unseen',
    );
  }

  async #examine(): Promise<void> {
    throwIfStopped(this.#signal);
    this.#say('examining again');
    this.#target = (await this.#options.resolve?.()) ?? this.#target;
    const { timeoutMs } = this.#options;
    const options = {
      clock: this.#clock,
      signal: this.#signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    this.#diagnosis = await examine(this.#withoutOwnBackup(), options).catch(error => {
      throwIfStopped(this.#signal);
      throw error;
    });
  }

  /** The backup from before the repair holds what was broken: nothing is to be measured by it. */
  #withoutOwnBackup(): AnyTarget {
    const target = this.#target;
    const { backups } = target;
    const own = [this.#journal, ...this.#earlier].map(({ run }) => run.backup);
    if (backups === undefined) return target;
    return { ...target, backups: async () => (await backups()).filter(({ id }) => !own.includes(id)) };
  }

  async #work(journal: RepairJournal, item: JournaledRepair): Promise<StepWork> {
    return {
      addresses: await addressesOf(this.#target),
      tools: this.#options.tools,
      migrations: 'migrations' in this.#target ? this.#target.migrations : undefined,
      repair: item,
      clock: this.#clock,
      signal: this.#signal,
      save: () => journal.save(),
      onProgress: what => this.#say(what),
    };
  }

  async #report(): Promise<RepairReport> {
    const repairs = this.#journal.run.repairs;
    const begun = this.#earlier.map(({ run }) => ({
      backup: run.backup,
      repairs: run.repairs.filter(({ phase }) => phase !== 'planned'),
    }));
    const resumed = begun.flatMap(run => run.repairs);
    const after = this.#isSummedUp ? await this.#sums() : undefined;
    const touched = [...repairs, ...resumed].flatMap(({ touches, steps }) => [
      ...touches,
      ...steps.flatMap(step => step.touched ?? []),
    ]);
    const untouched = compareUntouched(this.#before, after, touched);
    const diagnosis = this.#diagnosis;
    const isGreen = diagnosis.status === 'healthy' || diagnosis.status === 'degraded';
    const unfinished = [...repairs, ...resumed].some(isUnfinished);
    const report: Omit<RepairReport, 'headline'> = {
      schemaVersion: 1,
      mode: 'apply',
      status: isGreen && !unfinished ? 'green' : 'not_green',
      backup: this.#journal.run.backup,
      resumed: begun.flatMap(run => run.repairs.map(item => this.#record(item, null, run.backup))),
      repairs: repairs.map(item => this.#record(item, untouched)),
      left: this.#left.filter(({ code, subject }) => this.#isStillThere(code, subject)),
      missing: [],
      journal: repairs.some(({ phase }) => phase !== 'planned') ? this.#journal.path : null,
      diagnosis,
    };
    return { ...report, headline: headlineOfRepair(report) };
  }

  #record(
    item: JournaledRepair,
    untouched: RepairRecord['untouched'],
    backup: string | null = this.#journal.run.backup,
  ): RepairRecord {
    return recordOf(item, { backup, checks: this.#diagnosis.checks, untouched });
  }

  #isStillThere(code: string, subject: string): boolean {
    const { rootCauses, undecided } = this.#diagnosis;
    const all = [...rootCauses, ...undecided.flatMap(({ alternatives }) => alternatives.flat())];
    return all.some(cause => cause.code === code && cause.subject === subject);
  }

  readonly #unlessStopped = (error: unknown): void => {
    if (isHoldfastError(error, 'interrupted')) throw error;
    this.#say(redactText(errorMessage(error)));
  };

  #say(what: string): void {
    this.#options.onProgress?.(what);
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function isUnseen(status: Diagnosis['status']): boolean {
  return status === 'not_examined' || status === 'incomplete';
}

function keyOf({ code, subject }: JournaledRepair): string {
  return `${code} ${subject}`;
}

function skip(item: JournaledRepair, why: string): void {
  for (const step of item.steps) {
    step.state = 'skipped';
    step.detail = why;
  }
}
