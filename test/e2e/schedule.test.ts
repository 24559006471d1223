import { describe, expect, it } from 'vitest'
import { ColoniesClient } from '../../src/colonies/index.ts'
import { freshDataDir, removeDataDir, runBees, startHiveProcess } from '../support/hive.ts'
import { until } from '../support/index.ts'

const env = { BEES_DIR: new URL('bees', import.meta.url).pathname, BEES_SCHEDULES: 'true' }
const text = async (url: string): Promise<string> => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text()

describe('npm start', () => {
  it('runs what has a schedule, says so, keeps the one cron over a restart and ends in good order', async () => {
    const dataDir = await freshDataDir()
    const crons = (hiveEnv: Readonly<Record<string, string>>) => {
      const url = `http://127.0.0.1:${hiveEnv['COLONIES_SERVER_PORT']}`
      return new ColoniesClient({ url, privateKey: hiveEnv['COLONIES_PRVKEY'] ?? '' }).getCrons('dev')
    }
    try {
      await using first = await startHiveProcess({ dataDir, env })
      await until(async () => (await text(`${first.url}/metrics`)).includes('what="ticks"} 3'), { what: 'the run' })
      const status = JSON.parse(await text(`${first.url}/status.json`))
      expect(status.schedules).toMatchObject([{ name: 'clock/tick', everyS: 3600, state: 'kept', problem: null }])
      expect(await text(first.url)).toContain('clock/tick')
      expect(await text(`${first.url}/metrics`)).toContain('bees_schedule_kept{bee="clock",task="tick"} 1')
      const before = await crons(first.env)
      expect(before.map(({ name }) => name)).toEqual(['clock/tick'])
      expect(await first.sigterm()).toBe(0)
      await first.close()

      await using second = await startHiveProcess({ dataDir, env })
      const kept = async () =>
        (await text(`${second.url}/metrics`)).includes('bees_schedule_kept{bee="clock",task="tick"} 1')
      await until(kept, { what: 'the look of the second hive' })
      expect((await crons(second.env)).map(({ cronid }) => cronid)).toEqual(before.map(({ cronid }) => cronid))
      expect(await second.sigterm()).toBe(0)
      await second.close()
    } finally {
      await removeDataDir(dataDir)
    }
  })

  it('shows it in bees list', async () => {
    expect((await runBees(['list'], { env })).out).toContain('Every 3600 s.')
    expect(JSON.parse((await runBees(['list', '--json'], { env })).out)[0].tasks[0]).toMatchObject({
      everyS: 3600,
      counts: ['ticks'],
    })
  })
})
