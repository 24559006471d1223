/** `npm run mutants [name…]`: all mutants, or those whose name contains one of the words. */

import { mutants } from './mutants.ts'
import { mutantLines, runMutants } from './run-mutants.ts'

const words = process.argv.slice(2)
const chosen = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
if (chosen.length === 0) {
  console.error(
    `No mutant has ${words.join(' or ')} in its name. There are: ${mutants.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
const verdicts = await runMutants({ mutants: chosen, onVerdict: ({ mutant }) => console.log(`… ${mutant.name}`) })
console.log(mutantLines(verdicts).join('\n'))
process.exit(verdicts.every(({ killed }) => killed) ? 0 : 1)
