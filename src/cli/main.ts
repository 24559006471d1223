import { Command, CommanderError } from 'commander'
import { version } from './version.ts'

const program = new Command('bees')
  .description('Worker bees for a ColonyOS Colonies server: each task one Postgres transaction, each result signed.')
  .version(version)
  .showHelpAfterError('(bees --help tells what there is)')
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    `
A first walk:
  npm start                           a whole hive on this machine, nothing to set up
  npx bees demo                       a customer's story, from signup to refund, with proof
  npx bees new greeter                your own bee
  npx bees submit greeter/hello '{"name":"Ada"}'

Settings are environment variables; docs/configuration.md lists them, bees doctor checks them.`,
  )
  .exitOverride()

program
  .command('start')
  .description('run the hive: all bees here, with what is missing started locally')
  .addHelpText(
    'after',
    '\nCtrl-C (or SIGTERM) drains: running tasks finish, the rest is given back. A second one forces.',
  )
  .action(async () => (await import('./commands/start.ts')).start())

program
  .command('list')
  .description('the bees here and their tasks')
  .option('--json', 'with JSON Schemas, for machines')
  .action(async (options: { json?: boolean }) => (await import('./commands/list.ts')).list(options))

program
  .command('submit')
  .description('sign a task and hand it in')
  .argument('<bee/task>', 'for example greeter/hello')
  .argument('[input]', 'the input as JSON', '{}')
  .option('--file <path>', 'read the input from a file instead (- for standard input)')
  .option('--as-person', "sign with your own key (BEES_APPROVER_KEY), not with the hive's")
  .option('--no-wait', 'do not wait for the result')
  .option('--timeout <seconds>', 'how long to wait', '60')
  .option('--json', 'print the result as JSON')
  .action(async (name: string, input: string, options) =>
    (await import('./commands/submit.ts')).submit(name, input, options),
  )

program
  .command('verify')
  .description('is this receipt genuine, and does it speak of what is stored?')
  .argument('[process id]', 'reads ledger and receipts from the database')
  .option('--receipt <file>', 'offline: a receipt (compact JWS)')
  .option('--keys <file>', 'offline: public keys as a JWK Set, as /.well-known/jwks.json serves them')
  .option('--json', 'print the verdict as JSON')
  .action(async (processId: string | undefined, options) =>
    (await import('./commands/verify.ts')).verify(processId, options),
  )

const dead = program.command('dead').description('what could not be done: dead letters and failed processes')

dead
  .command('list', { isDefault: true })
  .description('all of them, newest first')
  .option('--limit <number>', 'how many, at most 100', '20')
  .option('--before <place>', 'the next page, as the page before has printed it')
  .option('--json', 'print the page as JSON')
  .action(async (options) => (await import('./commands/dead.ts')).deadList(options))

dead
  .command('show')
  .description('one of them, without its sensitive fields')
  .argument('<id>', 'for example stripe/evt_1, or a process id')
  .option('--digest <start>', 'which one, where other bytes came under the same id')
  .option('--json', 'print it as JSON')
  .action(async (id: string, options) => (await import('./commands/dead.ts')).deadShow(id, options))

dead
  .command('redrive')
  .description('hand the same input in again, signed and recorded')
  .argument('<id>', 'for example stripe/evt_1, or a process id')
  .option('--again', 'although it was handed in before and that process has not failed')
  .option('--digest <start>', 'which one, where other bytes came under the same id')
  .option('--no-wait', 'do not wait for the result')
  .option('--timeout <seconds>', 'how long to wait', '60')
  .option('--json', 'print the result as JSON')
  .action(async (id: string, options) => (await import('./commands/dead.ts')).deadRedrive(id, options))

const security = program
  .command('security')
  .description('what the Security Bee has found, and what is to be done about it')

security
  .command('status', { isDefault: true })
  .description('the stream of events, open incidents, noise by rule')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print it as JSON')
  .action(async (options) => (await import('./commands/security.ts')).securityStatus(options))

security
  .command('findings')
  .description('incidents, newest first')
  .option('--tenant <name>', 'whose', 'default')
  .option('--rule <id>', 'with findings of this rule')
  .option('--open', 'only those that go on')
  .option('--trial', 'also those of rules on trial')
  .option('--limit <number>', 'how many, at most 200', '20')
  .option('--json', 'print them as JSON')
  .action(async (options) => (await import('./commands/security.ts')).securityFindings(options))

security
  .command('explain')
  .description('one incident: its findings with their figures, its events, alerts and plans')
  .argument('<id>', 'of an incident, or the key of a finding')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print it as JSON')
  .action(async (id: string, options) => (await import('./commands/security.ts')).securityExplain(id, options))

security
  .command('plans')
  .description('what the bee wants to do, has done, and what is in force')
  .argument('[plan]', 'one plan with everything that a decision needs')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print it as JSON')
  .action(async (plan: string | undefined, options) =>
    (await import('./commands/security.ts')).securityPlans(plan, options),
  )

for (const [name, description] of [
  ['approve', 'show a plan, approve it in your own name, have it carried out'],
  ['reject', 'show a plan and reject it in your own name'],
  ['revert', 'take a plan back: everything as it was before'],
] as const) {
  security
    .command(name)
    .description(description)
    .argument('<plan>', 'for example pln_…')
    .option('--reason <text>', 'why; goes into the audit')
    .option('--json', 'print the outcome as JSON')
    .action(async (plan: string, options) => {
      const decide = await import('./commands/security-decide.ts')
      const run = { approve: decide.securityApprove, reject: decide.securityReject, revert: decide.securityRevert }
      await run[name](plan, options)
    })
}

security
  .command('silence')
  .description('tell nobody of certain incidents for a while')
  .option('--rule <id>', 'incidents of this rule')
  .option('--incident <id>', 'this one')
  .option('--entity <kind:id>', 'incidents about it, such as ip:203.0.113.7')
  .option('--minutes <number>', 'for how long, at most 43200', '60')
  .option('--critical', 'not even of what is critical')
  .option('--reason <text>', 'why; for those who wonder')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print the outcome as JSON')
  .action(async (options) => (await import('./commands/security-alerts.ts')).securitySilence(options))

security
  .command('unsilence')
  .description('end a silence before its time')
  .argument('<id>', 'sil_…; `bees security` lists those that hold')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print the outcome as JSON')
  .action(async (id: string, options) => (await import('./commands/security-alerts.ts')).securityUnsilence(id, options))

security
  .command('ack')
  .description('say that you look after an incident: no reminders, unless it gets worse')
  .argument('<id>', 'of an incident, or the key of a finding')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print the outcome as JSON')
  .action(async (id: string, options) => (await import('./commands/security-alerts.ts')).securityAck(id, options))

security
  .command('settings')
  .description('what is set otherwise than the rules do, and what of it counts for nothing')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print it as JSON')
  .action(async (options) => (await import('./commands/security-rules.ts')).securitySettings(options))

security
  .command('set')
  .description('set a threshold, a list or the mode (on, trial, off) of a rule, in your own name')
  .argument('<rule>', 'its id, as docs/detections.md names it')
  .argument('<setting>', 'one of the settings of the rule, or mode')
  .argument('<value>', 'such as 20, 15m, yes, or a list with commas between')
  .option('--reason <text>', 'why; goes into the audit')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print the outcome as JSON')
  .action(async (rule: string, setting: string, value: string, options) =>
    (await import('./commands/security-rules.ts')).securitySet(rule, setting, value, options),
  )

security
  .command('unset')
  .description('take back what was set: of one setting, or all about the rule')
  .argument('<rule>', 'its id')
  .argument('[setting]', 'only this one')
  .option('--reason <text>', 'why; goes into the audit')
  .option('--tenant <name>', 'whose', 'default')
  .option('--json', 'print the outcome as JSON')
  .action(async (rule: string, setting: string | undefined, options) =>
    (await import('./commands/security-rules.ts')).securityUnset(rule, setting, options),
  )

program
  .command('new')
  .description('write a new bee: module, SQL and test, which passes at once')
  .argument('<name>', 'lower-case letters, digits, hyphens')
  .action(async (name: string) => (await import('./commands/new.ts')).newBee(name))

program
  .command('demo')
  .description('play a story against the running hive and prove the outcome')
  .argument(
    '[story]',
    "money: a customer's way from signup to refund; security: an attack and what is done about it",
    'money',
  )
  .option('--seed <number>', 'repeat a story exactly')
  .action(async (story: string, options) => (await import('./commands/demo.ts')).demo(story, options))

program
  .command('doctor')
  .description('check machine, settings, broker and database, and say what to mend')
  .action(async () => (await import('./commands/doctor.ts')).doctor())

program
  .command('keys')
  .description('make keys, or show the public parts of those that are set')
  .argument('[what]', 'receipt, submitter, approver or executor: make a new one; nothing: show')
  .action(async (what: string | undefined) => (await import('./commands/keys.ts')).keys(what))

program
  .command('migrate')
  .description('bring the database (DATABASE_URL) up to date')
  .action(async () => (await import('./commands/migrate.ts')).migrateDatabase())

// Whoever reads us may stop early (`bees list | head -1`): then there is nobody left to write to, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else process.exitCode = (await import('./print-error.ts')).printError(error)
}
