import { describeBee, loadBees } from '../../bee/index.ts'
import { loadConfig } from '../../config.ts'
import { columns, paint } from '../paint.ts'
import { beesDir } from '../paths.ts'

/** The bees here and their tasks; as JSON with schemas and their hashes. */
export async function list(options: { readonly json?: boolean | undefined }): Promise<void> {
  const config = loadConfig(process.env)
  const bees = await loadBees(beesDir(config), { only: config.BEES_ONLY })
  if (options.json === true) {
    console.log(JSON.stringify(bees.map(describeBee), null, 2))
    return
  }
  if (bees.length === 0) console.log(`No bees in ${beesDir(config)}. Write one: bees new greeter`)
  for (const bee of bees) {
    console.log(`${paint.bold(bee.name)}  ${bee.description}`)
    console.log(
      columns(
        [...bee.tasks.values()].map((task) => [
          paint.cyan(`${bee.name}/${task.name}`),
          `${task.deadlineMs / 1000} s`,
          task.schedule === undefined ? task.description : `${task.description} Every ${task.schedule.everyS} s.`,
        ]),
      ),
    )
  }
}
