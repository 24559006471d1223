import { loadConfig } from '../../config.ts'
import type { FleetDrain } from '../../fleet/index.ts'
import { writeEnvFile } from '../../local/env-file.ts'
import { type LocalStack, startLocalStack } from '../../local/stack.ts'
import { createLog, createMetrics, type Log } from '../../telemetry/index.ts'
import { type Hive, startHive } from '../hive.ts'
import { migrationsDir } from '../paths.ts'
import { refuseStaleSettings } from '../stale-settings.ts'
import { watchStrayErrors } from '../stray-errors.ts'
import { version } from '../version.ts'
import { welcome } from '../welcome.ts'

/**
 * Runs the hive until a signal ends it. What the configuration leaves out (broker, database) is started locally first.
 * The exit code tells the truth: 0 when everything finished or was given back.
 */
export async function start(): Promise<void> {
  const given = loadConfig(process.env)
  const local = given.COLONIES_SERVER_HOST === undefined || given.SUPABASE_URL === undefined
  await refuseStaleSettings(given)
  // On a person's own screen the welcome is the message; what goes wrong is still told.
  const log = createLog({ level: given.BEES_LOG_LEVEL ?? (local ? 'warn' : 'info') })
  const beganMs = performance.now()
  const stack = local
    ? await startLocalStack(given, { migrationsDir, faultControl: process.env['BEES_TEST_FAULTS'] === 'true' })
    : undefined
  try {
    const config = stack === undefined ? given : loadConfig({ ...process.env, ...stack.env })
    const metrics = createMetrics({ version })
    const hive = await startHive(config, {
      ...{ log, metrics, env: { ...process.env, ...stack?.env } },
      cutPollAtStop: given.COLONIES_SERVER_HOST === undefined,
    })
    const envFile = stack && (await writeEnvFile(config.BEES_DATA_DIR, { ...stack.env, BEES_URL: hive.url }))
    console.log(welcome({ config, hive, envFile, bootMs: performance.now() - beganMs }))
    await untilSignal(hive, stack, log)
  } finally {
    await stack?.close()
  }
  // A handler that listens to nobody has been left behind; its timers and sockets must not keep the process.
  process.exit()
}

/** npm hands a Ctrl-C on to us that the terminal has already sent to the whole group: two so close together are one. */
const sameSignalMs = 300

/** The first signal drains, the second forces. A part of the local stack that dies ends the hive too. */
async function untilSignal(hive: Hive, stack: LocalStack | undefined, log: Log): Promise<void> {
  const drained = Promise.withResolvers<FleetDrain>()
  let signals = 0
  let lastSignalMs = Number.NEGATIVE_INFINITY
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (nowMs - lastSignalMs < sameSignalMs) return
    lastSignalMs = nowMs
    signals += 1
    log.info({ signal }, signals === 1 ? 'draining; a second signal forces' : 'forcing')
    ;(signals === 1 ? hive.stop() : hive.force()).then(drained.resolve, drained.reject)
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  let broken = false
  stack?.failed.then((part) => {
    if (signals > 0) return
    broken = true
    log.error({ part }, 'a part of the local stack ended unexpectedly')
    hive.force().then(drained.resolve, drained.reject)
  })
  watchStrayErrors(log, () => {
    broken = true
    hive.stop().then(drained.resolve, drained.reject)
  })
  const { exitCode, givenBack, left, receiptsPending, durationMs } = await drained.promise
  log.info({ givenBack, left, receiptsPending, durationMs: Math.round(durationMs) }, 'drained')
  process.exitCode = broken ? 1 : exitCode
}
