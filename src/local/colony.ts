import { ColoniesClient, ColoniesError, identityOf, parsePrivateKey } from '../colonies/index.ts'
import type { LocalKeys } from './keys.ts'

/** The user of the local colony that the webhook and `bees submit` act as. */
export const submitterName = 'submitter'

/** Executor state at the broker. */
const approved = 1

/**
 * Makes the colony and its submitting user on a fresh local server; finds them on one that was there before. Executors of
 * an earlier life are taken off the register, which returns to the queue at once what they were running when they were
 * killed. (A hive that lives elsewhere and shares this server registers itself again.)
 */
export async function prepareColony(url: string, colonyName: string, keys: LocalKeys): Promise<void> {
  const idOf = (hex: string) => identityOf(parsePrivateKey(hex))
  const asServer = new ColoniesClient({ url, privateKey: keys.server })
  const colonies = await asServer.getColonies()
  if (!colonies.some((colony) => colony.name === colonyName)) {
    await asServer.addColony({ colonyid: idOf(keys.colony), name: colonyName })
  }
  const asOwner = new ColoniesClient({ url, privateKey: keys.colony })
  const userid = idOf(keys.submitter)
  const asSubmitter = new ColoniesClient({ url, privateKey: keys.submitter })
  try {
    await asSubmitter.getUsers(colonyName)
  } catch (error) {
    if (!(error instanceof ColoniesError) || error.kind !== 'forbidden') throw error
    await asOwner.addUser({ colonyname: colonyName, userid, name: submitterName, email: '', phone: '' })
  }
  for (const executor of await asSubmitter.getExecutors(colonyName)) {
    if (executor.state === approved) await asOwner.removeExecutor(colonyName, executor.executorname)
  }
}
