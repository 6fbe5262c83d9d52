const WHOLE_NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** `57`, `5,000`. */
export const formatNumber = (amount: number): string => WHOLE_NUMBER.format(amount);

/** `1 snapshot`, `17 snapshots`, `5,000 snapshots`. */
export const formatCount = (amount: number, one: string, many = `${one}s`): string =>
  `${formatNumber(amount)} ${amount === 1 ? one : many}`;

/** `$34.00`, `$10,000.00`. */
export const formatDollars = (amount: number): string => DOLLARS.format(amount);
