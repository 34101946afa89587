export { type AppOptions, buildApp, type RequestTimeouts } from './app.ts';
export { createLogger, type LoggerOptions } from './logger.ts';
export { type RunFile, runFilePath } from './run-file.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
