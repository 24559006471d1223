import { defineBee, defineTask, sensitive, TerminalError, z } from '../../../../src/bee/index.ts'

const note = z.object({ n: z.string() })
const secret = z.object({ n: z.string(), secret: sensitive(z.string()) })

/** A bee that does everything wrong. */
export default defineBee({
  name: 'wild',
  description: 'Misbehaves.',
  slots: 2,
  tasks: {
    block: defineTask({
      description: 'Blocks the event loop, then writes a row.',
      input: z.object({ n: z.string(), ms: z.int().min(0).max(60_000) }),
      output: z.object({ row: z.int() }),
      deadlineMs: 30_000,
      run: async ({ input, transact }) => {
        const endMs = performance.now() + input.ms
        while (performance.now() < endMs);
        return z.object({ row: z.int() }).parse((await transact({ n: input.n })).output)
      },
    }),
    hang: defineTask({
      description: 'Never ends and listens to nobody.',
      input: note,
      output: z.object({}),
      deadlineMs: 1_000,
      brokerRetries: 1,
      run: () => new Promise<Record<string, never>>(() => undefined),
    }),
    gives_up: defineTask({
      description: 'Says that a repeat would not help, and quotes its input.',
      input: secret,
      output: z.object({}),
      run: async ({ input }) => {
        throw new TerminalError(`cannot do ${input.secret}`)
      },
    }),
    throws: defineTask({
      description: 'Throws something that quotes its input.',
      input: secret,
      output: z.object({}),
      deadlineMs: 1_000,
      brokerRetries: 1,
      run: async ({ input }) => {
        throw new TypeError(`cannot do ${input.secret}`, { cause: input })
      },
    }),
    throws_nothing: defineTask({
      description: 'Throws undefined.',
      input: note,
      output: z.object({}),
      deadlineMs: 1_000,
      brokerRetries: 1,
      run: async () => {
        throw undefined
      },
    }),
    wrong_shape: defineTask({
      description: 'Returns something that its schema does not know.',
      input: secret,
      output: z.object({ row: z.int() }),
      run: async ({ input }) => ({ row: `text with ${input.secret}` }) as unknown as { row: number },
    }),
    unhandled: defineTask({
      description: 'Leaves a promise behind that rejects later, then returns.',
      input: secret,
      output: z.object({}),
      run: async ({ input }) => {
        setTimeout(() => Promise.reject(new Error(`later: ${input.secret}`)), 10)
        return {}
      },
    }),
  },
})
