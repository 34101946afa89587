import { sql } from '@holdfast/postgres';
import { type Hand, type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import type { NoPlan, PlannedStep, RepairPlan } from '../repair-plan.ts';
import { quoteName } from '../statement.ts';
import { quarantineDuplicates } from './duplicates.ts';

/** Builds an index anew beside the old one, which nobody has to wait for. */
export const reindexIndex: Hand = async (context, { subject }) => {
  const index = nameOfIndex(subject);
  const twins = await twinsOf(context, index);
  if (twins === undefined) return planOf([rebuildStep(index)]);
  return twinsFirst(twins, [rebuildStep(index)]);
};

/** Builds an index that is gone, as the catalog has it. */
export const createIndex: Hand = async (context, { subject }) => {
  const index = nameOfIndex(subject);
  const { catalog } = await context.expected();
  const wanted = catalog.indexes.find(({ schema, name }) => schema === index.schema && name === index.name);
  if (wanted === undefined) return { cannot: `how ${index.name} was defined is not known` };
  if (wanted.partOf != null) return { cannot: 'it is a part of the index of a partitioned table' };
  const live = await context.live();
  const table = live.tables.find(({ schema, name }) => schema === wanted.schema && name === wanted.table);
  if (table?.kind === 'partitioned') return { cannot: 'the index of a partitioned table is built in parts' };
  const dropped = `drop index concurrently if exists ${quoteName(index.schema, index.name)}`;
  const definition = wanted.definition.replace(/^create (unique )?index /i, 'create $1index concurrently ');
  const step: PlannedStep = {
    what: `Build the index ${index.name}`,
    command: `${definition};`,
    action: { kind: 'alone', as: 'owner', statements: [dropped, definition], undo: [dropped] },
  };
  const twins = wanted.unique ? await duplicatesUnder(context, wanted.definition, index) : undefined;
  return twins === undefined
    ? { ...planOf([step]), effect: 'schema', undo: `${dropped};` }
    : twinsFirst(twins, [step]);
};

/** Several rows have one key: the younger ones are put aside, and the index is built anew. */
export const separateTwins: Hand = async (context, { subject }) => {
  const index = nameOfIndex(subject);
  const twins = await twinsOf(context, index);
  if (twins === undefined) return { cannot: `no duplicates were found under ${index.name} any more` };
  return twinsFirst(twins, [rebuildStep(index)]);
};

interface IndexName {
  readonly schema: string;
  readonly name: string;
}

function nameOfIndex(subject: string): IndexName {
  const [schema = 'public', name = ''] = splitName(qualified(nameIn(subject), 2));
  return { schema, name };
}

type Twins = RepairPlan | NoPlan;

/** The plan for the duplicates under an index that is there and unique; undefined when there are none. */
async function twinsOf(context: HandContext, index: IndexName): Promise<Twins | undefined> {
  const db = await context.db();
  const found = await db.maybeOne(sql<{ definition: string }>`
    select pg_catalog.pg_get_indexdef(i.indexrelid) as definition from pg_catalog.pg_index i
    where i.indisunique and i.indexrelid = pg_catalog.to_regclass(${quoteName(index.schema, index.name)})`);
  return found === undefined ? undefined : duplicatesUnder(context, found.definition, index);
}

/** The plan for the duplicates under a unique index, by its definition. */
async function duplicatesUnder(
  context: HandContext,
  definition: string,
  index: IndexName,
): Promise<Twins | undefined> {
  const db = await context.db();
  return quarantineDuplicates(db, { definition, runId: context.runId, index: index.name });
}

function twinsFirst(twins: Twins, steps: readonly PlannedStep[]): Twins {
  if ('cannot' in twins) return twins;
  return { ...twins, steps: [...twins.steps, ...steps] };
}

function planOf(steps: readonly PlannedStep[]): RepairPlan {
  return { risk: 'safe', effect: 'none', touches: [], undo: 'None needed: the rows are not touched.', steps };
}

/** PostgreSQL names what it builds beside after the index, and cuts the name. */
const BESIDE = '_ccnew';
const MAX_NAME_BYTES = 63;

function rebuildStep({ schema, name }: IndexName): PlannedStep {
  const index = quoteName(schema, name);
  const drop = `drop index concurrently if exists ${quoteName(schema, besideName(name))}`;
  const reindex = `reindex index concurrently ${index}`;
  return {
    what: `Build the index ${name} anew`,
    command: `${reindex};`,
    action: { kind: 'alone', as: 'owner', statements: [drop, reindex], undo: [drop] },
  };
}

function besideName(name: string): string {
  const bytes = Buffer.from(name).subarray(0, MAX_NAME_BYTES - BESIDE.length);
  return `${bytes.toString('utf8').replace(/\uFFFD$/, '')}${BESIDE}`;
}
