import { afterAll, describe, expect, it } from 'vitest'
import { scenarios } from './transcript.ts'
import { TranscriptPlayer } from './transcript-player.ts'

const covered = { scenarios: 0, checked: 0, idle: 0 }

describe('the client plays the recorded transcripts', () => {
  it.each(scenarios)('%s', async (scenario) => {
    const player = new TranscriptPlayer(scenario)
    await player.play()
    covered.scenarios++
    covered.checked += player.checked
    covered.idle += player.idle
  })

  it('covers them all', () => {
    expect(covered.scenarios).toBe(77)
    expect(covered.checked + covered.idle).toBe(1567)
    // What is left is sleeping, listening to silence, and the opening of a socket before its first frame.
    expect(covered.checked).toBeGreaterThanOrEqual(1526)
  })

  afterAll(() => {
    console.log(
      `transcripts: ${covered.scenarios} scenarios, ${covered.checked} of 1567 steps checked, ${covered.idle} without a client's part`,
    )
  })
})
