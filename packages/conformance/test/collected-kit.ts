import { type ConformanceOptions, testContextStore } from '@context-store/conformance'

/** A test that the kit registered. */
export interface CollectedTest {
  readonly name: string
  run(): Promise<void>
}

/** The tests that the kit would register with a runner. */
export function collected(options: Omit<ConformanceOptions, 'test' | 'name'>): CollectedTest[] {
  const tests: CollectedTest[] = []
  testContextStore({ ...options, name: 'it', test: (name, run) => tests.push({ name, run }) })
  return tests
}

/** The messages of failing tests, up to `most` of them. */
export async function failuresOf(tests: readonly CollectedTest[], most: number): Promise<string[]> {
  const failures: string[] = []
  for (const { run } of tests) {
    if (failures.length >= most) break
    await run().catch((error: Error) => failures.push(error.message))
  }
  return failures
}
