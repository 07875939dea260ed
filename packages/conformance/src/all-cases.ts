import { batchCases } from './cases/batch.ts'
import { clearIfCases } from './cases/clear-if.ts'
import { clockCases } from './cases/clock.ts'
import { closeCases } from './cases/close.ts'
import { defaultSessionCases } from './cases/default-session.ts'
import { errorAddressCases } from './cases/error-addresses.ts'
import { errorCases } from './cases/errors.ts'
import { existenceCases } from './cases/existence.ts'
import { historyCases } from './cases/history.ts'
import { idempotenceCases } from './cases/idempotence.ts'
import { identifierCases } from './cases/identifiers.ts'
import { isolationCases } from './cases/isolation.ts'
import { listingCases } from './cases/listings.ts'
import { listingsUnderChangeCases } from './cases/listings-under-change.ts'
import { listingsWithPropertiesCases } from './cases/listings-with-properties.ts'
import { optionCases } from './cases/options.ts'
import { orderOfCallsCases } from './cases/order-of-calls.ts'
import { orderOfEffectsCases } from './cases/order-of-effects.ts'
import { patchCases } from './cases/patch.ts'
import { patchIfCases } from './cases/patch-if.ts'
import { presentCases } from './cases/present.ts'
import { propertyNameCases } from './cases/property-names.ts'
import { realTimeCases } from './cases/real-time.ts'
import { sizeCases } from './cases/size.ts'
import { syncAndAsyncCases } from './cases/sync-and-async.ts'
import { timeToLiveCases } from './cases/time-to-live.ts'
import { updateCases } from './cases/update.ts'
import { updateChangeCases } from './cases/update-change.ts'
import { valueCases } from './cases/values.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { modelCases } from './model-test.ts'

/** Every case, in the order of docs/design.md’s table. */
export const allCases: readonly ConformanceCase[] = [
  ...identifierCases,
  ...defaultSessionCases,
  ...propertyNameCases,
  ...valueCases,
  ...patchCases,
  ...patchIfCases,
  ...presentCases,
  ...clearIfCases,
  ...updateCases,
  ...updateChangeCases,
  ...batchCases,
  ...isolationCases,
  ...existenceCases,
  ...idempotenceCases,
  ...timeToLiveCases,
  ...realTimeCases,
  ...sizeCases,
  ...listingCases,
  ...listingsUnderChangeCases,
  ...listingsWithPropertiesCases,
  ...orderOfEffectsCases,
  ...orderOfCallsCases,
  ...clockCases,
  ...optionCases,
  ...closeCases,
  ...errorCases,
  ...errorAddressCases,
  ...syncAndAsyncCases,
  ...modelCases,
  ...historyCases,
]
