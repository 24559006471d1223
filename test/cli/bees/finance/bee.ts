import { defineBee, defineTask, sensitive, z } from '../../../../src/bee/index.ts'

/** Stands in for the finance bee: the same task name and key, one row an event, and a field that nobody may see. */
export default defineBee({
  name: 'finance',
  description: 'Applies events in the tests of the command line.',
  tasks: {
    apply_stripe_event: defineTask({
      description: 'Writes one row for each event.',
      input: z.object({ event: z.object({ id: z.string(), amount: z.int(), email: sensitive(z.string()) }) }),
      output: z.object({ row: z.number() }),
      key: ({ event }) => event.id,
      run: async ({ transact }) => ({ row: ((await transact()).output as { row: number }).row }),
    }),
  },
})
