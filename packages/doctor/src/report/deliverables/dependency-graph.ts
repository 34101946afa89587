import type { Diagnosis, RootCause } from '../../diagnosis.ts';
import { type CheckOutcome, LAYERS, type Layer } from '../../engine/index.ts';

/**
 * cause: lit. suspect: one of several that the evidence cannot tell apart. symptom: failed, and explained by a cause, so
 * dimmed. unexplained: failed for no known reason. weak: degraded. fine and unseen stand for all such checks of a layer.
 */
export type NodeKind = 'cause' | 'suspect' | 'symptom' | 'unexplained' | 'weak' | 'fine' | 'unseen';

export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  /** A second, smaller line. */
  readonly note: string;
}

export interface GraphRow {
  readonly layer: Layer;
  readonly nodes: readonly GraphNode[];
}

/** What broke and what broke with it, from the foundation of the system to its surface. */
export interface DependencyGraph {
  /** From the surface to the foundation, as it is drawn; layers of which nothing is known are left out. */
  readonly rows: readonly GraphRow[];
  /** From a cause or suspect to what it explains, by ids of nodes. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** The same in words. */
  readonly words: readonly string[];
}

/** Beyond this, symptoms of one layer are counted and not drawn. */
const MAX_SYMPTOMS = 5;

/** The graph of a diagnosis. Pure. */
export function dependencyGraph(diagnosis: Diagnosis): DependencyGraph {
  const causes = causeNodes(diagnosis);
  const explained = new Set(causes.flatMap(({ explains }) => explains));
  const rows = LAYERS.toReversed().map(layer => ({
    layer,
    nodes: [
      ...causes.filter(cause => cause.layer === layer).map(({ node }) => node),
      ...failureNodes(diagnosis, layer, explained),
      ...summaryNodes(diagnosis.checks, layer),
    ],
  }));
  const edges = causes.flatMap(({ node, explains }) => edgesFrom(node.id, explains, diagnosis, explained));
  return { rows: rows.filter(({ nodes }) => nodes.length > 0), edges, words: inWords(diagnosis) };
}

interface CauseNode {
  readonly layer: Layer;
  readonly node: GraphNode;
  readonly explains: readonly string[];
}

function causeNodes({ rootCauses, undecided }: Diagnosis): CauseNode[] {
  const known = rootCauses.map((cause, index) => causeNode(cause, 'cause', `cause-${index}`));
  const suspects = undecided
    .flatMap(({ alternatives }) => alternatives.flat())
    .filter(({ code, subject }) => !rootCauses.some(one => one.code === code && one.subject === subject));
  const distinct = [...new Map(suspects.map(one => [`${one.code} ${one.subject}`, one])).values()];
  return [...known, ...distinct.map((one, index) => causeNode(one, 'suspect', `suspect-${index}`))];
}

function causeNode({ code, layer, subject, explains }: RootCause, kind: NodeKind, id: string): CauseNode {
  return { layer, explains, node: { id, kind, title: subject, note: code } };
}

function failedOf({ checks }: Diagnosis, layer: Layer): CheckOutcome[] {
  return checks.filter(check => check.layer === layer && check.outcome === 'fail');
}

function failureNodes(diagnosis: Diagnosis, layer: Layer, explained: ReadonlySet<string>): GraphNode[] {
  const failed = failedOf(diagnosis, layer);
  const symptoms = failed.filter(({ id }) => explained.has(id));
  const drawn = symptoms.slice(0, MAX_SYMPTOMS);
  const more = symptoms.length - drawn.length;
  return [
    ...drawn.map(check => failureNode(check, 'symptom')),
    ...(more > 0
      ? [{ id: `more-${layer}`, kind: 'symptom' as const, title: `${more} more`, note: 'explained as well' }]
      : []),
    ...failed.filter(({ id }) => !explained.has(id)).map(check => failureNode(check, 'unexplained')),
  ];
}

function failureNode({ id, check, subject }: CheckOutcome, kind: NodeKind): GraphNode {
  return { id: `check-${id}`, kind, title: check, note: subject ?? 'failed' };
}

function summaryNodes(checks: readonly CheckOutcome[], layer: Layer): GraphNode[] {
  const amount = (...outcomes: readonly string[]) =>
    checks.filter(check => check.layer === layer && outcomes.includes(check.outcome)).length;
  const node = (kind: NodeKind, count: number, note: string): GraphNode[] =>
    count === 0 ? [] : [{ id: `${kind}-${layer}`, kind, title: checksText(count), note }];
  return [
    ...node('weak', amount('degraded'), 'not at their best'),
    ...node('fine', amount('pass'), 'fine'),
    ...node('unseen', amount('blocked', 'unknown'), 'not examined'),
  ];
}

const checksText = (count: number): string => (count === 1 ? '1 check' : `${count} checks`);

function edgesFrom(
  from: string,
  explains: readonly string[],
  diagnosis: Diagnosis,
  explained: ReadonlySet<string>,
): { from: string; to: string }[] {
  const targets = explains.flatMap(id => {
    const check = diagnosis.checks.find(candidate => candidate.id === id);
    if (check === undefined) return [];
    const place = failedOf(diagnosis, check.layer)
      .filter(one => explained.has(one.id))
      .indexOf(check);
    return [place < MAX_SYMPTOMS ? `check-${id}` : `more-${check.layer}`];
  });
  return [...new Set(targets)].map(to => ({ from, to }));
}

function inWords({ rootCauses, undecided, unexplained, checks, status }: Diagnosis): string[] {
  const lines = [
    ...rootCauses.map(cause => `Cause: ${describe(cause)}`),
    ...undecided.map(({ alternatives }) => {
      const sides = alternatives.map(side => side.map(describe).join(' together with '));
      return `Not decided between: ${sides.join(' — or — ')}`;
    }),
    ...unexplained.map(({ check, layer }) => `Failed without an explanation: ${check} (${layer}).`),
  ];
  const passed = new Set(checks.filter(({ outcome }) => outcome === 'pass').map(({ layer }) => layer));
  const failed = new Set(checks.filter(({ outcome }) => outcome === 'fail').map(({ layer }) => layer));
  const fine = LAYERS.filter(layer => passed.has(layer) && !failed.has(layer));
  if (fine.length > 0) lines.push(`Nothing has failed in: ${fine.join(', ')}.`);
  if (status === 'incomplete') lines.push('The time was over before everything was seen.');
  return status === 'not_examined' ? [...lines, 'What could be seen is too little to say more.'] : lines;
}

function describe({ code, subject, layer, explains }: RootCause): string {
  const what = explains.length === 0 ? 'no check' : explains.join(', ');
  return `${code} of ${subject} in the layer ${layer}, which explains ${what}.`;
}
