import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { type BeeEvent, type BeeState, beeTransitions, createBeeState } from '../../src/fleet/bee-state.ts'

const arrow = /^\s*(\w+) --> (\w+): (\w+)$/gm

describe('the states of a bee', () => {
  it('are drawn in docs/fleet.md as the table has them', async () => {
    const text = await readFile(new URL('../../docs/fleet.md', import.meta.url), 'utf8')
    const diagram = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
    const drawn = [...diagram.matchAll(arrow)].map(([, from, to, event]) => `${from} --> ${to}: ${event}`)
    const declared = Object.entries(beeTransitions).flatMap(([from, row]) =>
      Object.entries(row).map(([event, to]) => `${from} --> ${to}: ${event}`),
    )
    expect([...drawn].sort()).toEqual([...declared].sort())
    expect(drawn).toHaveLength(declared.length)
  })

  it('are explained in docs/fleet.md, each in one row', async () => {
    const text = await readFile(new URL('../../docs/fleet.md', import.meta.url), 'utf8')
    const rows = [...text.matchAll(/^\| *(\w+) +\| /gm)].map(([, name]) => name)
    expect(rows).toEqual(expect.arrayContaining(Object.keys(beeTransitions)))
  })

  it('can all be reached, and all but stopped can be left towards stopped', () => {
    const reach = (from: BeeState): readonly BeeState[] => {
      const found = new Set([from])
      for (const state of found) for (const next of Object.values(beeTransitions[state])) found.add(next)
      return [...found]
    }
    expect([...reach('idle')].sort()).toEqual(Object.keys(beeTransitions).sort())
    for (const state of Object.keys(beeTransitions) as BeeState[]) expect(reach(state)).toContain('stopped')
  })

  it('move by their events only, and tell of each move', () => {
    const moves: string[] = []
    const machine = createBeeState((state, event) => moves.push(`${event}: ${state}`))
    const events: BeeEvent[] = [
      'registered',
      'start',
      'start',
      'registered',
      'full',
      'resume',
      'room',
      'drain',
      'drained',
      'start',
    ]
    expect(events.map((event) => machine.send(event))).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
      true,
      true,
      true,
      false,
    ])
    expect(machine.state).toBe('stopped')
    expect(moves).toEqual([
      'start: starting',
      'registered: polling',
      'full: saturated',
      'room: polling',
      'drain: draining',
      'drained: stopped',
    ])
  })
})
