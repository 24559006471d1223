import { describe, expect, it } from 'vitest'

import type { ProcessState } from '../../../src/local/colonies/process-row.ts'
import { joinJsonArrays } from '../../../src/local/colonies/workflow/json-arrays.ts'
import { inOrder, type Member, resolveMembers } from '../../../src/local/colonies/workflow/resolve-members.ts'

/** `a>b` edges and states by name; whoever has parents and waits is waiting for them. */
function graph(states: Readonly<Record<string, ProcessState>>, ...edges: readonly string[]): readonly Member[] {
  const pairs = edges.map((edge) => edge.split('>'))
  return Object.entries(states).map(([processid, state]) => {
    const parents = pairs.flatMap(([from = '', to]) => (to === processid ? [from] : []))
    const children = pairs.flatMap(([from, to = '']) => (from === processid ? [to] : []))
    return { processid, state, waitforparents: state === 0 && parents.length > 0, parents, children }
  })
}

describe('a workflow', () => {
  it('waits, runs, succeeds', () => {
    expect(resolveMembers(graph({ a: 0, b: 0 }, 'a>b'))).toEqual({ state: 0, failed: [], released: [] })
    expect(resolveMembers(graph({ a: 1, b: 0 }, 'a>b'))).toEqual({ state: 1, failed: [], released: [] })
    expect(resolveMembers(graph({ a: 2, b: 0 }, 'a>b'))).toEqual({ state: 1, failed: [], released: ['b'] })
    expect(resolveMembers(graph({ a: 2, b: 2 }, 'a>b'))).toEqual({ state: 2, failed: [], released: [] })
  })

  it('releases a join when the last parent has succeeded', () => {
    expect(resolveMembers(graph({ a: 2, b: 1, c: 0 }, 'a>c', 'b>c')).released).toEqual([])
    expect(resolveMembers(graph({ a: 2, b: 2, c: 0 }, 'a>c', 'b>c')).released).toEqual(['c'])
  })

  it('fails as a whole when an inner node fails', () => {
    const { state, failed } = resolveMembers(graph({ a: 2, b: 3, c: 1, d: 0 }, 'a>b', 'a>c', 'b>d'))
    expect(state).toBe(3)
    expect([...failed].sort()).toEqual(['a', 'c', 'd'])
  })

  it('is only marked when a leaf fails; what is ready still runs', () => {
    const resolved = resolveMembers(graph({ a: 2, b: 3, c: 2, d: 0 }, 'a>b', 'a>c', 'c>d'))
    expect(resolved).toEqual({ state: 3, failed: [], released: ['d'] })
  })

  it('is cancelled when a node is, unless one failed', () => {
    expect(resolveMembers(graph({ a: 4, b: 4 }, 'a>b')).state).toBe(4)
    expect(resolveMembers(graph({ a: 4, b: 3 })).state).toBe(3)
  })

  it('fails when a parent was deleted', () => {
    const members = graph({ a: 2, b: 0 }, 'a>b').filter((member) => member.processid !== 'a')
    expect(resolveMembers([...members, ...graph({ r: 2 })]).failed).toEqual([])
    const reached = graph({ r: 2, a: 2, b: 0 }, 'a>b', 'r>b').filter((member) => member.processid !== 'a')
    expect(resolveMembers(reached)).toEqual({ state: 3, failed: ['r', 'b'], released: [] })
  })

  it('never starts a cycle', () => {
    const cycle = graph({ a: 0, b: 0 }, 'a>b', 'b>a')
    expect(inOrder(cycle)).toEqual([])
    expect(resolveMembers(cycle).released).toEqual([])
  })
})

describe('outputs of several parents', () => {
  it.each([
    [['[1]', '["a",{"b":[2]}]'], '[1,"a",{"b":[2]}]'],
    [['[]', 'null', '[ ]', '[3]'], '[3]'],
    [['[12345678901234567890]', '[1e2]'], '[12345678901234567890,1e2]'],
    [['[]', 'null'], undefined],
    [[], undefined],
  ])('%j join to %s', (texts, joined) => {
    expect(joinJsonArrays(texts)).toBe(joined)
  })
})
