import { ledgerMutants } from './ledger-mutants.ts'
import type { Mutant } from './mutant.ts'
import { orderMutants } from './order-mutants.ts'
import { pipelineMutants } from './pipeline-mutants.ts'

export const mutants: readonly Mutant[] = Object.freeze([...ledgerMutants, ...pipelineMutants, ...orderMutants])
