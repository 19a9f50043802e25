/** Past forms of English verbs that don't end in `ed`, those of what happens in businesses. */
export const PAST_FORMS: ReadonlySet<string> = new Set(
  `arisen become begun bent bet bid bitten blown born borne bought bound broken brought built burnt burst came cast caught
  chosen come cost cut dealt done drawn driven dug eaten fallen felt flown forbidden forgiven forgotten fought found frozen
  given gone got grown heard held hidden hit hung hurt kept known laid learnt led left lent let lit lost made meant met
  overdrawn overridden overwritten paid proven put quit ran read rebuilt redone repaid rerun reset resold resent
  rewritten ridden risen rung run said sat seen sent set shaken shown shrunk shut slept slid sold spent split spoken spread
  stolen stood struck stuck sworn swept swung taken taught thrown told torn undone understood upheld withdrawn withheld
  won worn wound written`.split(/\s+/),
);
