// Search in the gateway's database: answers page by page, and stands still.
import { useCallback, useEffect, useState } from 'react';
import { getJson, isAbort, type Parameters } from '../shared/api/client';
import type { ExchangePage } from '../shared/api/types';
import { rowsMax } from './feed';
import { FrozenView } from './view';

const pageRows = 300;

export interface HistoryAnswer {
  readonly view: FrozenView;
  readonly next: string | null;
  readonly searched: number;
  readonly total: number;
  readonly busy: boolean;
  readonly error: unknown;
  readonly version: number;
}

const nothing: HistoryAnswer = {
  view: new FrozenView([]),
  next: null,
  searched: 0,
  total: 0,
  busy: false,
  error: null,
  version: 0,
};

// Asks where `parameters` is not null; again where they differ.
export function useHistory(
  parameters: Parameters | null,
): HistoryAnswer & { older: () => Promise<void> } {
  const [answer, setAnswer] = useState(nothing);
  const key = parameters === null ? null : JSON.stringify(parameters);
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    setAnswer((before) => ({ ...before, busy: true, error: null }));
    const asked = [
      ...(JSON.parse(key) as [string, string][]),
      ['source', 'history'],
      ['limit', String(pageRows)],
    ] as [string, string][];
    getJson<ExchangePage>('api/messages', asked, abort.signal)
      .then((page) =>
        setAnswer((before) => ({
          view: new FrozenView([...page.data].reverse()),
          next: page.next,
          searched: page.searched,
          total: page.total,
          busy: false,
          error: null,
          version: before.version + 1,
        })),
      )
      .catch((error: unknown) => {
        if (!isAbort(error)) setAnswer({ ...nothing, error });
      });
    return () => abort.abort();
  }, [key]);

  const older = useCallback(async (): Promise<void> => {
    if (key === null || answer.next === null || answer.busy) return;
    setAnswer((before) => ({ ...before, busy: true }));
    const asked = [
      ...(JSON.parse(key) as [string, string][]),
      ['source', 'history'],
      ['limit', String(pageRows)],
      ['before', answer.next],
    ] as [string, string][];
    try {
      const page = await getJson<ExchangePage>('api/messages', asked);
      setAnswer((before) => ({
        view: before.view.withOlder([...page.data].reverse(), rowsMax),
        next: page.next,
        searched: before.searched + page.searched,
        total: page.total,
        busy: false,
        error: null,
        version: before.version + 1,
      }));
    } catch (error) {
      setAnswer((before) => ({ ...before, busy: false, error }));
    }
  }, [key, answer.next, answer.busy]);
  return { ...answer, older };
}
