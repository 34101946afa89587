// apart from the rest, for the HTTP server it brings: commands that only look at the state directory start without it
export { startKeeper } from './start-keeper.ts';
