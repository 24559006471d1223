#!/usr/bin/env node
// The launcher. Bees run on Node 24, which reads TypeScript as it is. Where the system's Node is older, the dev
// dependency `node` (24.x) beside this file is used instead, so that `npx bees` works after a plain `npm ci`.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const major = Number(process.versions.node.split('.')[0])
if (major >= 24) {
  // Types are stripped and code is compiled at the first start only; where the folder cannot be written, at each start.
  // The broker, the gateway and the thread of the probes are started by this process and find the folder in the variable.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/bees', import.meta.url))
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('../src/cli/main.ts')
} else {
  const newer = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  if (!existsSync(newer)) {
    process.stderr.write(
      `bees needs Node 24 or newer: this is ${process.version}, and there is no ${newer}.\n` +
        'Run `npm ci` with install scripts and dev dependencies allowed, or install Node 24.\n',
    )
    process.exit(1)
  }
  const child = spawn(newer, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // Whoever signals us means the hive. We stay until it has ended, so that its exit code is ours.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
