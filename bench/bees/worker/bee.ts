import { defineBee, defineTask, sensitive, z } from '../../../src/bee/index.ts'

const written = z.object({ row: z.number() })

/** What the benchmark runs: one small task with all that a real one has, and an effect of one row. */
export default defineBee({
  name: 'worker',
  description: 'Writes one row a task, for the benchmark.',
  slots: 16,
  tasks: {
    write: defineTask({
      description: 'Writes one row.',
      input: z.object({
        id: z.string(),
        amount: z.int(),
        customer: z.object({ name: sensitive(z.string()), plan: z.enum(['free', 'pro']) }),
        items: z.array(z.object({ sku: z.string(), count: z.int() })),
      }),
      output: written,
      deadlineMs: 60_000,
      key: ({ id }) => id,
      run: async ({ transact }) => written.parse((await transact()).output),
    }),
  },
})
