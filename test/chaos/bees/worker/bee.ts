import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineBee, defineTask, sensitive, z } from '../../../../src/bee/index.ts'

const written = z.object({ row: z.int() })

/** A bee for the chaos tests that can be held up from outside: by time, or by a file that is not there yet. */
export default defineBee({
  name: 'worker',
  description: 'Does what the chaos tests want.',
  slots: 8,
  tasks: {
    write: defineTask({
      description: 'Writes one row a call after a while.',
      input: z.object({ n: z.string(), ms: z.int().min(0).default(0), secret: sensitive(z.string()).optional() }),
      output: written.extend({ secret: sensitive(z.string()).optional() }),
      deadlineMs: 60_000,
      run: async ({ input, transact, signal, log }) => {
        log.info('a write begins', { n: input.n, secret: input.secret, quoted: `with ${input.secret}` })
        if (input.ms > 0) await sleep(input.ms, undefined, { signal })
        const { output } = await transact({ n: input.n })
        return { ...written.parse(output), secret: input.secret }
      },
    }),
    gated: defineTask({
      description: 'Writes one row a call once the gate (a file) is there; ends at its signal.',
      input: z.object({ n: z.string(), gate: z.string() }),
      output: written,
      deadlineMs: 120_000,
      run: async ({ input, transact, signal }) => {
        while (!existsSync(input.gate)) await sleep(20, undefined, { signal })
        return written.parse((await transact({ n: input.n })).output)
      },
    }),
    stubborn: defineTask({
      description: 'Like gated, but listens to nobody.',
      input: z.object({ n: z.string(), gate: z.string() }),
      output: written,
      deadlineMs: 120_000,
      run: async ({ input, transact }) => {
        while (!existsSync(input.gate)) await sleep(20)
        return written.parse((await transact({ n: input.n })).output)
      },
    }),
    uncaught: defineTask({
      description: 'Throws outside of its handler, after it has returned.',
      input: z.object({ n: z.string(), secret: sensitive(z.string()) }),
      output: z.object({}),
      run: async ({ input }) => {
        setTimeout(() => {
          throw new RangeError(`much later: ${input.secret}`)
        }, 100)
        return {}
      },
    }),
  },
})
