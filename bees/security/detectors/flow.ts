import type { Memory } from './memory.ts'

/** One number that is computed anew at every point. */
export interface Node {
  readonly key: string
  value: number
}

/** The point that is being taken. */
export interface Arrival {
  /** The value minus the stream's first value, as a 32-bit number: a large constant level costs no precision. */
  value: number
  timeMs: number
  /** How many points were taken before this one. */
  index: number
}

/**
 * The computation of one stream: nodes in the order in which they were asked for, each made once however many others read
 * it. The order decides the layout of the state, so a change of it is a new version of the state.
 */
export interface Flow {
  readonly memory: Memory
  readonly arrival: Arrival
  /** The node of that key; `build` takes its memory and returns the step, which may read the nodes that were made before. */
  readonly node: (key: string, build: () => () => number) => Node
  /** Computes every node for the arrival. */
  readonly run: () => void
}

export function newFlow(memory: Memory): Flow {
  const arrival: Arrival = { value: 0, timeMs: 0, index: 0 }
  const made = new Map<string, Node>()
  const nodes: Node[] = []
  const steps: (() => number)[] = []
  return {
    memory,
    arrival,
    node: (key, build) => {
      const known = made.get(key)
      if (known) return known
      const step = build()
      const node = { key, value: 0 }
      made.set(key, node)
      nodes.push(node)
      steps.push(step)
      return node
    },
    run: () => {
      for (let index = 0; index < steps.length; index++) {
        const [node, step] = [nodes[index], steps[index]]
        if (node && step) node.value = step()
      }
    },
  }
}
