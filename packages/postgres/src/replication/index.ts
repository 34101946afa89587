export {
  formatLsn,
  historyName,
  parseLsn,
  parseSegmentBytes,
  parseSegmentName,
  segmentName,
  segmentStart,
} from './lsn.ts';
export { type OpenReplicationOptions, openReplication } from './open-replication.ts';
export type {
  BaseBackup,
  BaseBackupOptions,
  Lsn,
  ReplicationSession,
  StreamWalOptions,
  WalMessage,
  WalStream,
} from './replication-session.ts';
