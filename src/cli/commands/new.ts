import { relative } from 'node:path'
import { scaffoldBee } from '../../bee/index.ts'
import { paint } from '../paint.ts'
import { projectDir } from '../paths.ts'

/** Writes a working bee with its SQL and test. */
export async function newBee(name: string): Promise<void> {
  const files = await scaffoldBee(name, projectDir, new Date())
  for (const file of files) console.log(`${paint.green('written')} ${relative(projectDir, file)}`)
  console.log(`
Try it:
  npx vitest run test/bees/${name}
  npm start                     a running hive must be started again to see it
  npx bees submit ${name}/hello '{"name":"Ada"}'
Then read docs/adding-a-bee.md.`)
}
