import type { Node } from 'libpg-query';
import { dispatch, type Handlers } from './node-kinds.ts';
import { dropHits, dropOwnedHits } from './rules/drops.ts';
import { createIndexHits, refreshHits, reindexHits } from './rules/indexes.ts';
import {
  callHits,
  domainHits,
  extensionHits,
  newEnumValueHits,
  ruleHits,
  triggerHits,
  updateExtensionHits,
} from './rules/other-objects.ts';
import { newPartitionHits } from './rules/partitions.ts';
import { renameEnumValueHits, renameHits, setSchemaHits } from './rules/renames.ts';
import { settingHits, settingOf, settingsOfSelect } from './rules/settings.ts';
import {
  changeAllRowsHits,
  clusterHits,
  lockHits,
  moveAllHits,
  truncateHits,
  vacuumHits,
} from './rules/whole-tables.ts';
import type { Hit, Scope } from './scope.ts';

const HANDLERS: Handlers<[Scope], Hit[]> = {
  IndexStmt: (node, scope) => createIndexHits(scope, node),
  ReindexStmt: (node, scope) => reindexHits(scope, node),
  RefreshMatViewStmt: (node, scope) => refreshHits(scope, node),
  DropStmt: (node, scope) => dropHits(scope, node),
  DropOwnedStmt: (node, scope) => dropOwnedHits(scope, node),
  RenameStmt: (node, scope) => renameHits(scope, node),
  AlterObjectSchemaStmt: (node, scope) => setSchemaHits(scope, node),
  AlterEnumStmt: (node, scope) => renameEnumValueHits(scope, node),
  CreateTrigStmt: (node, scope) => triggerHits(scope, node),
  RuleStmt: (node, scope) => ruleHits(scope, node),
  AlterTableMoveAllStmt: (node, scope) => moveAllHits(scope, node),
  CreateStmt: (node, scope) => newPartitionHits(scope, node),
  VacuumStmt: (node, scope) => vacuumHits(scope, node),
  ClusterStmt: (node, scope) => clusterHits(scope, node),
  LockStmt: (node, scope) => lockHits(scope, node),
  TruncateStmt: (node, scope) => truncateHits(scope, node),
  VariableSetStmt: node => settingHits(settingOf(node)),
  SelectStmt: (node, scope) => [
    ...settingHits(settingsOfSelect(node)),
    ...changeAllRowsHits(scope, { SelectStmt: node }),
  ],
  UpdateStmt: (node, scope) => changeAllRowsHits(scope, { UpdateStmt: node }),
  DeleteStmt: (node, scope) => changeAllRowsHits(scope, { DeleteStmt: node }),
  InsertStmt: (node, scope) => changeAllRowsHits(scope, { InsertStmt: node }),
  CreateExtensionStmt: (node, scope) => extensionHits(scope, node),
  AlterExtensionStmt: (node, scope) => updateExtensionHits(scope, node),
  AlterDomainStmt: (node, scope) => domainHits(scope, node),
  CallStmt: (node, scope) => callHits(scope, node),
};

/** What the rules find in a statement; the parts of ALTER TABLE are looked at one by one elsewhere. */
export function statementHits(scope: Scope, node: Node): Hit[] {
  return [...(dispatch(HANDLERS, node, scope) ?? []), ...newEnumValueHits(scope, node)];
}
