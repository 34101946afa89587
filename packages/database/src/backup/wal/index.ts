export type { ArchivePlace } from './archive-place.ts';
export { type Commit, type CommitsBetween, listCommits } from './list-commits.ts';
export { archivedSystems, openWalArchive } from './open-wal-archive.ts';
export { type ReceiveWalOptions, receiveWal, type WalEvent, walSlotName } from './receive-wal.ts';
