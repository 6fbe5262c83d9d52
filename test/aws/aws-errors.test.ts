import { classify, confirmsAbsence, errorFacts, isForeignAnswer, mayMeanDisabled } from '../../lambda/aws/aws-errors';
import { RetentionError } from '../../lambda/core/util/errors';

const named = (name: string, message = 'm', more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('classify', () => {
  it.each([
    ['not-found', ['NotFoundException', 'DoesNotExist']],
    [
      'throttled',
      ['ThrottlingException', 'Throttling', 'TooManyRequestsException', 'com.amazonaws.lightsail#ThrottlingException'],
    ],
    [
      'transient',
      [
        'ServiceException',
        'InternalFailure',
        'ServiceUnavailable',
        'RequestTimeout',
        'RequestTimeoutException',
        'TimeoutError',
      ],
    ],
    ['not-set-up', ['AccountSetupInProgressException', 'RegionSetupInProgressException']],
    [
      'denied',
      [
        ...[
          'AccessDeniedException',
          'UnauthenticatedException',
          'UnrecognizedClientException',
          'ExpiredTokenException',
          'ExpiredToken',
        ],
        ...['OptInRequired', 'CredentialsProviderError', 'InvalidSignatureException'],
      ],
    ],
    ['wrong-input', ['InvalidInputException', 'OperationFailureException']],
    ['unknown', ['SomethingNew', 'Error', 'AbortError']],
  ] as const)('calls %s what is named so, whatever its class and status', (expected, names) => {
    for (const name of names) {
      expect([name, classify(named(name, 'm', { $metadata: { httpStatusCode: 500 }, $fault: 'server' }))]).toEqual([
        name,
        expected,
      ]);
      expect([name, classify({ name: 'Error', code: name })]).toEqual([name, expected]);
    }
  });

  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'EHOSTUNREACH',
    'ERR_STREAM_PREMATURE_CLOSE',
    'HPE_INVALID_CONSTANT',
  ])('calls %s of the network transient, also as a cause', (code) => {
    expect(classify(named('Error', 'x', { code }))).toBe('transient');
    expect(classify(new Error('outer', { cause: new Error('inner', { cause: named('Error', 'x', { code }) }) }))).toBe(
      'transient',
    );
  });

  it.each(['Please try again in a few minutes', 'Sorry. Please wait for it to complete, then go on.'])(
    'calls wrong input transient that says "%s"',
    (message) => {
      expect(classify(named('InvalidInputException', message))).toBe('transient');
      expect(classify(named('OperationFailureException', message))).toBe('wrong-input');
    },
  );

  it('calls "Rate exceeded" throttled even where the code is lost', () => {
    expect(classify(named('Unknown', 'Rate exceeded'))).toBe('throttled');
  });

  it.each([undefined, null, 'text', 7, {}, new Error('no code')])('knows nothing of %p', (error) => {
    expect(classify(error)).toBe('unknown');
  });

  it('ends on a cause that is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('loop');
    error.cause = error;
    expect(classify(error)).toBe('unknown');
  });
});

describe('mayMeanDisabled', () => {
  it('holds for exactly the two codes of a region that is not enabled', () => {
    const codes = ['OptInRequired', 'UnrecognizedClientException', 'AccessDeniedException', 'ExpiredTokenException'];
    expect(codes.map((code) => mayMeanDisabled(named(code)))).toEqual([true, true, false, false]);
  });
});

describe('errorFacts', () => {
  it('takes the name as the code, the first line of the message, and the tip', () => {
    const error = named('com.amazonaws.lightsail#AccessDeniedException', 'no\n  look at $response', {
      tip: 'ask your administrator',
    });
    expect(errorFacts(error)).toEqual({ code: 'AccessDeniedException', message: 'no', tip: 'ask your administrator' });
  });

  it('says the status of an error that names itself nowhere, and of no other', () => {
    const $metadata = { httpStatusCode: 301 };
    expect(errorFacts(named('Unknown', 'UnknownError', { $metadata }))).toEqual({
      code: 'Unknown',
      message: 'UnknownError (HTTP 301)',
    });
    expect(errorFacts(named('Unknown', 'UnknownError'))).toEqual({ code: 'Unknown', message: 'UnknownError' });
    expect(errorFacts(named('SomethingNew', 'm', { $metadata }))).toEqual({ code: 'SomethingNew', message: 'm' });
  });

  it('takes the code of the network, and of our own errors, before the name', () => {
    expect(errorFacts(named('TimeoutError', '', { code: 'ECONNRESET' }))).toEqual({
      code: 'ECONNRESET',
      message: 'ECONNRESET',
    });
    expect(errorFacts(new RetentionError('deadline', 'late'))).toEqual({ code: 'deadline', message: 'late' });
  });

  it.each([
    [undefined, { code: 'unknown', message: 'undefined' }],
    ['boom', { code: 'unknown', message: 'boom' }],
    [new Error('boom'), { code: 'Error', message: 'boom' }],
  ])('says something of %p', (error, expected) => {
    expect(errorFacts(error)).toEqual(expected);
  });
});

describe('an answer that a resource does not exist', () => {
  const answer = (httpStatusCode: number, requestId?: string, name = 'NotFoundException') =>
    Object.assign(new Error('gone'), { name, $metadata: { httpStatusCode, ...(requestId && { requestId }) } });

  it.each([
    ['of the service', answer(400, 'a1b2'), true],
    ['of the service, by its other name', answer(404, 'a1b2', 'DoesNotExist'), true],
    ['in an answer of 200 that names the error', answer(200, 'a1b2'), true],
    ['without a request id, as a gateway gives it', answer(404), false],
    ['as a failure of the server', answer(500, 'a1b2'), false],
    ['that says something else', answer(400, 'a1b2', 'AccessDeniedException'), false],
  ])('counts only as the service gives it: %s', (_, error, counts) => {
    expect(confirmsAbsence(error)).toBe(counts);
  });
});

describe('an answer without a request id', () => {
  it.each([
    [{ httpStatusCode: 503 }, true],
    [{ httpStatusCode: 403, requestId: '' }, true],
    [{ httpStatusCode: 400, requestId: 'a1b2' }, false],
    [{}, false],
  ])('is of a gateway where it has an HTTP status: %j', ($metadata, isForeign) => {
    expect(isForeignAnswer(Object.assign(new Error('denied'), { name: 'AccessDeniedException', $metadata }))).toBe(
      isForeign,
    );
  });
});
