const MAX_DIGITS = 3;

/**
 * `16 %` of 28 / 173. Has as many decimals as it needs to be on the same side of a limit as the share itself: 10.4 % is
 * not shown as 10 % beside a limit of 10 %.
 */
export function percentText(share: number, limit?: number): string {
  const rounded = (digits: number): number => Number((100 * share).toFixed(digits));
  const isClear = (percent: number): boolean =>
    limit === undefined || (share > limit ? percent > 100 * limit : percent <= 100 * limit);
  const digits = [0, 1, 2].find((each) => isClear(rounded(each))) ?? MAX_DIGITS;
  return `${rounded(digits)} %`;
}

/** `12.5 %` of a configured share. */
export const exactPercentText = (share: number): string => `${Number((100 * share).toFixed(MAX_DIGITS))} %`;
