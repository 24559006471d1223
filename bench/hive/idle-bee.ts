import { type Bee, defineBee, defineTask, z } from '../../src/bee/index.ts'

/** A bee that waits for work that never comes: two of the four bees whose idle cost is measured. */
export function idleBee(name: string): Bee {
  return defineBee({
    name,
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
}
