import fc from 'fast-check';

const { ASSAY_SEED } = process.env;

fc.configureGlobal({
  // A property that fails is made smaller for as long as its test may take; without an end to that, what is told is that
  // the test took too long, and neither the values nor the reason.
  interruptAfterTimeLimit: 400_000,
  markInterruptAsFailure: true,
  // What decides whether a change lands takes the same values each time (.ci/run); everybody else looks for new ones.
  ...(ASSAY_SEED === undefined ? {} : { seed: Number(ASSAY_SEED) }),
});
