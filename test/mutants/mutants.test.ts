import { expect, inject, it } from 'vitest'
import { mutants } from './mutants.ts'
import { mutantLines, runMutants } from './run-mutants.ts'

it('each deliberate mistake is noticed by the test that is named for it', { timeout: 300_000 }, async () => {
  expect(mutants.length).toBeGreaterThanOrEqual(12)
  const verdicts = await runMutants({ databaseUrl: inject('postgres').url })
  console.info(mutantLines(verdicts).join('\n'))
  expect(verdicts).toHaveLength(mutants.length)
  expect(verdicts.filter(({ killed }) => !killed).map(({ mutant, said }) => [mutant.name, said])).toEqual([])
})
