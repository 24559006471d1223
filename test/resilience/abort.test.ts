import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { anySignal, manualClock, raceAbort } from '../../src/resilience/index.ts'

describe('raceAbort', () => {
  test('gives what the promise gives, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await raceAbort(Promise.resolve(1), signal)).toBe(1)
    await expect(raceAbort(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    expect(await raceAbort(Promise.resolve(1), undefined)).toBe(1)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('throws the reason at once, and the late error of the work is not unhandled', async () => {
    const controller = new AbortController()
    const work = Promise.withResolvers<never>()
    const race = raceAbort(work.promise, controller.signal)
    controller.abort(new Error('enough'))
    await expect(race).rejects.toThrow('enough')
    work.reject(new Error('late'))
    await expect(raceAbort(new Promise(() => undefined), AbortSignal.abort('before'))).rejects.toBe('before')
  })
})

describe('anySignal', () => {
  test('leaves no listener on the parents, neither after a release nor after an abort', () => {
    const [one, two] = [new AbortController(), new AbortController()]
    anySignal([one.signal, two.signal]).release()
    const second = anySignal([one.signal, two.signal])
    second.abort('own')
    expect(second.signal.reason).toBe('own')
    expect([one, two].flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([])
  })
})

describe('manual clock', () => {
  test('fires in the order of time, what is started on the way included', async () => {
    const clock = manualClock(1000)
    const log: string[] = []
    clock.after(20, () => log.push(`b at ${clock.now()}`))
    clock.after(10, () => {
      log.push(`a at ${clock.now()}`)
      clock.after(5, () => log.push(`c at ${clock.now()}`))
    })
    const takenBack = clock.after(15, () => log.push('never'))
    takenBack()
    const sleeper = clock.sleep(30).then(() => log.push(`d at ${clock.now()}`))
    await clock.advance(30)
    await sleeper
    expect(log).toEqual(['a at 1010', 'c at 1015', 'b at 1020', 'd at 1030'])
  })
})
