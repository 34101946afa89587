#!/usr/bin/env node
// Starts Holdfast on Node.js 24: in this process when it is new enough, else in the Node.js that the package `node` brings.
// Plain JavaScript without dependencies, because it must run on Node.js 20.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK'];

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) await runHere();
else runOnBundledNode();

async function runHere() {
  cacheCompiledCode();
  const source = new URL('../src/main.ts', import.meta.url);
  const entry = existsSync(source) ? source : new URL('../dist/main.js', import.meta.url);
  if (entry === source) {
    module.registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: [...(context.conditions ?? []), 'holdfast-source'] }),
    });
  }
  const { main } = await import(entry.href);
  await main(process.argv.slice(2));
}

/**
 * Halves the time to start. The cache lies beside the installed packages, so that nobody can write to it who could not
 * change the program itself; where that is not possible there is none.
 */
function cacheCompiledCode() {
  const packages = installedPackages();
  if (packages === undefined) return;
  module.enableCompileCache(join(packages, '.cache', 'holdfast'));
  setTimeout(() => module.flushCompileCache(), 3_000).unref();
}

function runOnBundledNode() {
  const binary = bundledNode();
  if (binary === undefined) {
    process.stderr.write(
      `error: Holdfast needs Node.js ${NEEDED_MAJOR} or newer; this is ${process.version}, and the Node.js that is ` +
        'installed together with Holdfast was not found.\n' +
        `Install Node.js ${NEEDED_MAJOR}, or install Holdfast again with install scripts allowed (npm ci).\n`,
    );
    process.exitCode = 2;
    return;
  }
  // An IPC channel of this process cannot be handed on; the launcher's pid lets a long-running command notice its death.
  const { NODE_CHANNEL_FD: _channel, NODE_CHANNEL_SERIALIZATION_MODE: _mode, ...env } = process.env;
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...env, HOLDFAST_LAUNCHER_PID: String(process.pid) },
  });
  const forward = signal => child.kill(signal);
  const signals = FORWARDED_SIGNALS.filter(signal => signal in constants.signals);
  for (const signal of signals) process.on(signal, forward);
  child.on('error', error => {
    process.stderr.write(`error: ${binary} could not be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward);
    if (signal === null) process.exit(code ?? 1);
    // End the same way as the child did, so that the caller sees the signal; the exit code is for signals that do not end us.
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

function bundledNode() {
  const packages = installedPackages();
  if (packages === undefined) return undefined;
  return ['node', 'node.exe'].map(name => join(packages, 'node', 'bin', name)).find(existsSync);
}

/** The directory node_modules that holds the package `node`. */
function installedPackages() {
  try {
    return dirname(dirname(module.createRequire(import.meta.url).resolve('node/package.json')));
  } catch {
    return undefined;
  }
}
