import fc from 'fast-check'

// That a random test fails is all that a mutant needs; making its program small would take most of the time.
fc.configureGlobal({ endOnFailure: true })
