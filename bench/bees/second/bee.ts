import { defineBee, defineTask, z } from '../../../src/bee/index.ts'

/** Waits for work that never comes: one of the four bees whose idle cost is measured. */
export default defineBee({
  name: 'second',
  description: 'Has nothing to do, for the benchmark.',
  tasks: {
    nothing: defineTask({
      description: 'Does nothing.',
      input: z.object({}),
      output: z.object({}),
      run: async () => ({}),
    }),
  },
})
