/**
 * Writes the generated parts of docs/configuration.md and docs/errors.md: `npm run docs`. The tests compare, so a
 * variable or a code without documentation cannot land.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { configVariables } from '../src/config.ts'
import { admissionCodes } from '../src/error-codes/admission.ts'
import { brokerCodes } from '../src/error-codes/broker.ts'
import type { CodeTable } from '../src/error-codes/code.ts'
import { commandLineCodes } from '../src/error-codes/command-line.ts'
import { deadLetterCodes } from '../src/error-codes/dead-letters.ts'
import { ingressCodes } from '../src/error-codes/ingress.ts'
import { receiptCodes } from '../src/error-codes/receipt.ts'
import { runningCodes } from '../src/error-codes/running.ts'
import { securityCodes } from '../src/error-codes/security.ts'
import { startUpCodes } from '../src/error-codes/start-up.ts'
import { transactionCodes } from '../src/error-codes/transaction.ts'

function fill(file: string, generated: string): void {
  const url = new URL(`../docs/${file}`, import.meta.url)
  const text = readFileSync(url, 'utf8')
  const [before, after] = [text.indexOf('<!-- generated -->'), text.indexOf('<!-- /generated -->')]
  if (before < 0 || after < 0) throw new Error(`docs/${file} has no generated part`)
  writeFileSync(url, `${text.slice(0, before)}<!-- generated -->\n\n${generated}\n\n${text.slice(after)}`)
}

function table(title: string, codes: CodeTable): string {
  const rows = Object.entries(codes).map(
    ([code, { failure, meaning, next }]) => `| \`${code}\` | \`${failure}\` | ${meaning} | ${next} |`,
  )
  return [`## ${title}`, '', '| Code | Class | What happened | What to do |', '|---|---|---|---|', ...rows].join('\n')
}

fill(
  'configuration.md',
  [
    '| Variable | Meaning |',
    '|---|---|',
    ...configVariables.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ].join('\n'),
)
fill(
  'errors.md',
  [
    table('Start-up', startUpCodes),
    table('Admission of a process', admissionCodes),
    table('Running a handler', runningCodes),
    table('Transactions', transactionCodes),
    table('The broker', brokerCodes),
    table('Receipts and keys', receiptCodes),
    table('The webhook', ingressCodes),
    table('Dead letters and redrives', deadLetterCodes),
    table('The Security Bee', securityCodes),
    table('The command line', commandLineCodes),
  ].join('\n\n'),
)
