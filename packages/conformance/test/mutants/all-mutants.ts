import { argumentMutants } from './argument-mutants.ts'
import { clearIfMutants, conditionMutants } from './condition-mutants.ts'
import { lifeMutants } from './life-mutants.ts'
import { listedPropertiesMutants } from './listed-properties-mutants.ts'
import { listingMutants, sizeMutants } from './listing-mutants.ts'
import type { Mutant } from './mutant.ts'
import { nameMutants } from './name-mutants.ts'
import { closedEarlyMutants, closeMutants, laterMutants, orderMutants, syncMutants } from './order-mutants.ts'
import { patchMutants } from './patch-mutants.ts'
import { realTimeMutants } from './real-time-mutants.ts'
import { valueMutants } from './value-mutants.ts'

/** Every store with a deliberate fault. */
export const allMutants: readonly Mutant[] = [
  ...nameMutants,
  ...valueMutants,
  ...patchMutants,
  ...conditionMutants,
  ...clearIfMutants,
  ...lifeMutants,
  ...realTimeMutants,
  ...sizeMutants,
  ...listingMutants,
  ...listedPropertiesMutants,
  ...argumentMutants,
  ...orderMutants,
  ...laterMutants,
  ...closeMutants,
  ...closedEarlyMutants,
  ...syncMutants,
]
