// Asks the API. An answer that is no data is an ApiError with the gateway's own sentence.

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number, // 0: no answer at all
    readonly parameter: string | null = null,
  ) {
    super(message);
  }
}

export type Parameters = readonly (readonly [string, string])[];

// Relative, so that it also works behind a proxy that serves the dashboard under a folder.
export function urlOf(path: string, parameters: Parameters = []): string {
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
  return query === '' ? path : `${path}?${query}`;
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as {
      error?: { parameter?: string | null; message?: string };
    };
    const message = body.error?.message;
    if (message) return new ApiError(message, response.status, body.error?.parameter ?? null);
  } catch {
    // No JSON: the status has to do.
  }
  return new ApiError(
    `the gateway answered ${response.status} ${response.statusText}`.trim(),
    response.status,
  );
}

async function ask(url: string, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      ...(signal ? { signal } : {}),
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('the gateway does not answer; is xdpcap-web running?', 0);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function getJson<Answer>(
  path: string,
  parameters: Parameters = [],
  signal?: AbortSignal,
): Promise<Answer> {
  return (await (await ask(urlOf(path, parameters), signal)).json()) as Answer;
}

export async function getText(path: string): Promise<string> {
  return (await ask(path, undefined)).text();
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function messagePath(id: string, ending = ''): string {
  return `api/messages/${encodeURIComponent(id)}${ending}`;
}

export function connectionPath(id: string, ending = ''): string {
  return `api/connections/${encodeURIComponent(id)}${ending}`;
}
