export { type Fault, type FaultyAdapterOptions, faultyAdapter } from './faulty-adapter.ts'
export { type HistoryEntry, isLinearizable, type ModelStep, type SequentialModel } from './history-checker.ts'
export type { TestClock } from './test-clock.ts'
export { type ConformanceOptions, type TestFunction, testContextStore } from './test-context-store.ts'
