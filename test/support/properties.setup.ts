import fc from 'fast-check';

/**
 * A property that fails is made smaller for as long as its test may take; without an end to that, what is told is that
 * the test took too long, and neither the values nor the reason.
 */
fc.configureGlobal({ interruptAfterTimeLimit: 200_000, markInterruptAsFailure: true });
