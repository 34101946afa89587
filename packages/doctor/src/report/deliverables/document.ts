import type { DependencyGraph } from './dependency-graph.ts';

/** How something stands. Always said in words, too: colour alone tells nothing. */
export type Tone = 'bad' | 'warn' | 'good' | 'plain';

/** A cell of a table; `code` is set as code. */
export type Cell =
  | string
  | number
  | null
  | { readonly text: string; readonly tone?: Tone; readonly code?: boolean };

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

type TimelineSource = 'keeper' | 'logs' | 'migration' | 'deployment' | 'backup' | 'repair' | 'doctor';

export interface TimelineEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly source: TimelineSource;
  readonly tone: Tone;
  readonly what: string;
}

/** A part of a deliverable. Texts are plain: whoever renders escapes them. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'callout'; readonly tone: Tone; readonly title: string; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly caption: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Cell[])[];
      /** Long and of less interest: folded up where that is possible. */
      readonly folded?: boolean;
    }
  /** Lines to be pasted; those that begin with `-- ` or `# ` are comments. */
  | { readonly kind: 'commands'; readonly caption: string; readonly lines: readonly string[] }
  | { readonly kind: 'missing'; readonly what: string; readonly why: string }
  | { readonly kind: 'graph'; readonly graph: DependencyGraph }
  | { readonly kind: 'timeline'; readonly events: readonly TimelineEvent[]; readonly left: number };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The six deliverables, by the name of the Markdown file. */
export const DELIVERABLE_IDS = [
  'summary',
  'database-health',
  'authentication',
  'api-restoration',
  'integration',
  'performance',
] as const;
export type DeliverableId = (typeof DELIVERABLE_IDS)[number];

export interface Deliverable {
  readonly id: DeliverableId;
  readonly title: string;
  readonly tone: Tone;
  /** The answer in a sentence. */
  readonly lead: string;
  readonly sections: readonly Section[];
}

/** A whole report, redacted and ready to be rendered. */
export interface Report {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly version: string;
  readonly status: string;
  readonly tone: Tone;
  readonly headline: string;
  readonly target: readonly (readonly [name: string, value: string])[];
  readonly deliverables: readonly Deliverable[];
}
