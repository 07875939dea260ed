import fc from 'fast-check'

// A mutant only needs to fail a random test; shrinking the program would take most of the time.
fc.configureGlobal({ endOnFailure: true })
