import { conditionMutants } from './condition-mutants.ts'
import { lifeMutants } from './life-mutants.ts'
import { listingMutants, sizeMutants } from './listing-mutants.ts'
import type { Mutant } from './mutant.ts'
import { nameMutants } from './name-mutants.ts'
import { closeMutants, orderMutants, syncMutants } from './order-mutants.ts'
import { patchMutants } from './patch-mutants.ts'
import { valueMutants } from './value-mutants.ts'

/** Every store that is broken on purpose. */
export const allMutants: readonly Mutant[] = [
  ...nameMutants,
  ...valueMutants,
  ...patchMutants,
  ...conditionMutants,
  ...lifeMutants,
  ...sizeMutants,
  ...listingMutants,
  ...orderMutants,
  ...closeMutants,
  ...syncMutants,
]
