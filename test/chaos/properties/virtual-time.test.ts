import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../support/seeded-random.ts'
import { virtualTime } from './virtual-time.ts'

const startMs = Date.UTC(2026, 0, 1)

describe('virtual time', () => {
  it('does what is due first, and of two at once the one that was asked for first', async () => {
    const time = virtualTime({ startMs })
    const seen: string[] = []
    for (const [ms, name] of [
      [20, 'c'],
      [10, 'a'],
      [20, 'd'],
      [10, 'b'],
    ] as const)
      void time.sleep(ms).then(() => seen.push(`${name} ${time.now() - startMs}`))
    await time.play()
    expect(seen).toEqual(['a 10', 'b 10', 'c 20', 'd 20'])
  })

  it('lets chains of promises run to their next wait before it goes on', async () => {
    const time = virtualTime({ startMs })
    const seen: string[] = []
    const chain = async () => {
      await time.sleep(10)
      for (let link = 0; link < 100; link += 1) await Promise.resolve()
      seen.push('end of the chain')
    }
    void chain()
    void time.sleep(11).then(() => seen.push('later'))
    await time.play()
    expect(seen).toEqual(['end of the chain', 'later'])
  })

  it('waits for a serial work, and not for a parallel one', async () => {
    for (const serial of [true, false]) {
      const time = virtualTime({ startMs, serial })
      const seen: string[] = []
      const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 20))
      void time.perform(10, slow).then(() => seen.push('slow'))
      void time.perform(11, () => undefined).then(() => seen.push('fast'))
      await time.play()
      expect(seen).toEqual(serial ? ['slow', 'fast'] : ['fast', 'slow'])
    }
  })

  it('ends without those who only would have liked to be called', async () => {
    const time = virtualTime({ startMs })
    let called = false
    time.after(1_000_000, () => {
      called = true
    })
    void time.sleep(5)
    await time.play()
    expect([called, time.now() - startMs]).toEqual([false, 5])
  })

  it('is the same again from the same seed', async () => {
    const once = async (seed: number) => {
      const random = randomFrom(seed)
      const time = virtualTime({ startMs })
      const seen: string[] = []
      const runs = Array.from({ length: 20 }, async (_, run) => {
        for (let step = 0; step < 5; step += 1) {
          await time.perform(
            random.integer(0, 9),
            () => new Promise((resolve) => setTimeout(resolve, Math.random() * 2)),
          )
          seen.push(`${run}.${step}`)
        }
      })
      await time.play()
      await Promise.all(runs)
      return seen.join(' ')
    }
    expect(await once(7)).toBe(await once(7))
    expect(await once(7)).not.toBe(await once(8))
  })
})
