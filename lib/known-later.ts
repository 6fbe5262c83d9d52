import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** What `StringParameter.valueFromLookup` gives until `cdk synth` has looked the value up and runs the app again. */
const DUMMY = 'dummy-value-for-';

/**
 * Whether a value holds a text that a lookup has still to replace: an app that refuses it is never asked to look it up.
 */
export const isLookupDummy = (value: unknown): boolean => typeof value === 'string' && value.includes(DUMMY);

/** Whether any text in a value of plain data, keys included, is one that a lookup has still to replace. */
export const holdsLookupDummy = (value: unknown): boolean => anyText(value, isLookupDummy);

/** Whether a value, or anything in a value of plain data, is known at deployment only. */
export const isKnownLater = (value: unknown): boolean =>
  // A stack, which has a method of that name too, is no token.
  !Construct.isConstruct(value) && (Token.isUnresolved(value) || anyText(value, (text) => Token.isUnresolved(text)));

/** An element of a list that is known at deployment only, taken as if it were a text. */
export const isListElement = (value: unknown): boolean => typeof value === 'string' && /^#\{Token\[/.test(value);

function anyText(value: unknown, found: (text: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.some((each) => anyText(each, found));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.entries(value).some(([key, each]) => found(key) || anyText(each, found));
  return found(value);
}
