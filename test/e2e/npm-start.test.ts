import { afterAll, beforeAll, expect, it } from 'vitest'
import { allGone, freshDataDir, type HiveProcess, removeDataDir, startHiveProcess } from '../support/hive.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await freshDataDir()
})
afterAll(() => removeDataDir(dataDir))

// npm hands signals on; what it started must neither survive it nor take one Ctrl-C for two signals.
it.each([
  ['Ctrl-C', (hive: HiveProcess) => hive.interrupt()],
  ['SIGTERM', (hive: HiveProcess) => hive.sigterm()],
] as const)('npm start ends with %s like the hive itself', async (_, end) => {
  await using hive = await startHiveProcess({ dataDir, command: ['npm', 'start'] })
  const children = await hive.descendants()
  const code = await end(hive)
  await allGone(children)
  expect(code).toBe(0)
  expect(hive.logs()).toContain('draining')
  expect(hive.logs()).not.toContain('forcing')
})
