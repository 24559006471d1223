import { defineBee, defineTask, z } from '../../../../src/bee/index.ts'

/** Runs by itself and needs no SQL. */
export default defineBee({
  name: 'clock',
  description: 'Counts its runs.',
  tasks: {
    tick: defineTask({
      description: 'Counts.',
      input: z.object({ by: z.int() }),
      output: z.object({ by: z.int() }),
      counts: ['ticks'],
      schedule: { everyS: 3600, input: { by: 3 } },
      run: async ({ input, count }) => {
        count('ticks', input.by)
        return input
      },
    }),
  },
})
