import { defineBee, defineTask, type TaskContext, TerminalError, z } from '../../src/bee/index.ts'

/** What a hive's handlers tell the history that they run in. */
export interface Probe {
  /** A handler begins; the function says that it has ended. */
  begin(task: string, process: string, signal: AbortSignal): () => void
}

const probes = new Map<string, Probe>()

/** Makes a probe known to the bees of hives whose environment names it. */
export function publishProbe(name: string, probe: Probe): () => void {
  probes.set(name, probe)
  return () => probes.delete(name)
}

const input = z.object({ n: z.number(), beforeMs: z.number(), afterMs: z.number() })
const output = z.object({ effects: z.array(z.number()) })
type Context = TaskContext<z.infer<typeof input>, Probe | undefined>

const effectOf = (output: unknown): number => (output as { effect: number }).effect

/** A task of the simulation: begins, thinks, does something, thinks, ends. */
function simulated(
  act: (context: Context, once: (part?: string, step?: number) => Promise<number>, task: string) => Promise<number[]>,
  task: string,
  more: { readonly key?: (input: { readonly n: number }) => string; readonly concurrency?: number } = {},
) {
  return defineTask({
    description: `The task ${task} of the simulation.`,
    input,
    output,
    // Longer than any history: the submissions carry their own limits.
    deadlineMs: 20_000,
    retry: { tries: 4, baseMs: 200, capMs: 2_000 },
    ...more,
    run: async (given) => {
      const context = given as Context
      const ended = context.services?.begin(task, context.process.id, context.signal)
      try {
        await context.clock.sleep(context.input.beforeMs, context.signal)
        const once = async (part = '', step?: number): Promise<number> => {
          const mark = `${task} ${context.input.n}${part}`
          const { output } = await context.transact({ mark }, step === undefined ? {} : { step })
          return effectOf(output)
        }
        const effects = await act(context, once, task)
        await context.clock.sleep(context.input.afterMs, context.signal)
        return { effects }
      } finally {
        ended?.()
      }
    },
  })
}

/** Parts of each task's effect: what has to be there exactly once when it has succeeded. */
export const partsOf = {
  append: [''],
  keyed: [''],
  limited: [''],
  steps: ['/1', '/2', '/3'],
  parallel: ['/1', '/2'],
  // The second one is nobody's promise: at most once.
  careless: ['/1'],
  deaf: [''],
  flaky: [''],
  refused: [],
  terminal: [],
} as const satisfies Record<string, readonly string[]>

export type SimTask = keyof typeof partsOf

/** One bee with every habit that handlers have. */
export const simBee = defineBee({
  name: 'sim',
  description: 'The handlers of the simulation.',
  slots: 2,
  services: (env): Probe | undefined => probes.get(env['PROBE'] ?? ''),
  tasks: {
    append: simulated(async (_context, once) => [await once()], 'append'),
    keyed: simulated(async (_context, once) => [await once()], 'keyed', { key: ({ n }) => `key ${n}` }),
    limited: simulated(async (_context, once) => [await once()], 'limited', { concurrency: 1 }),
    steps: simulated(async (_context, once) => [await once('/1'), await once('/2'), await once('/3')], 'steps'),
    parallel: simulated(async (_context, once) => Promise.all([once('/1', 1), once('/2', 2)]), 'parallel'),
    careless: simulated(async (_context, once) => {
      const first = await once('/1', 1)
      // Nobody waits for it, and its result is nobody's.
      once('/2', 2).catch(() => undefined)
      return [first]
    }, 'careless'),
    deaf: simulated(async ({ clock, process }, once) => {
      if (process.retries === 0) await clock.sleep(process.remainingMs() + 3_000)
      return [await once()]
    }, 'deaf'),
    flaky: simulated(async ({ process }, once) => {
      const effect = await once()
      if (process.retries === 0) throw new Error('not this time')
      return [effect]
    }, 'flaky'),
    refused: simulated(async (_context, once) => [await once()], 'refused'),
    terminal: simulated(() => Promise.reject(new TerminalError('never')), 'terminal'),
  },
})
