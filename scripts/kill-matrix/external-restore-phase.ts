import { type RunningCommand, startCommand } from './command.ts';
import { backUp, type RestoreKind } from './restore-phase.ts';
import { externalCommand, type MatrixStage } from './stage.ts';
import { fullDisk, holdfastProcess, killing } from './victims.ts';

/** The restore of a database on another server, out of a logical backup and out of a physical one. */
export async function externalRestore(stage: MatrixStage): Promise<RestoreKind> {
  const { external, homeDisk, random } = stage;
  const { args, variables } = externalCommand(stage);
  const command = (...own: string[]): RunningCommand => startCommand([...own, ...args], variables);
  const logical = await backUp(command, '--engine', 'logical');
  const physical = await backUp(command, '--engine', 'physical');
  return {
    name: 'restore of an external database',
    url: async () => external.url,
    command,
    home: stage.externalHome,
    place: stage.externalBackups,
    slots: 0,
    victims: [
      holdfastProcess,
      killing('PostgreSQL killed', external.kill),
      killing('all killed', external.kill, running => holdfastProcess.strike(running)),
      fullDisk('disk of the database full', homeDisk, random),
    ],
    backups: [logical, physical],
  };
}
